//! Every way in which a request can fail, each with a word that never changes.

use crate::domain::Rejection;
use axum::http::StatusCode;

/// Declares the codes: word, status, whether the same request may well work later, title, and what
/// it means.
macro_rules! codes {
    ($(
        $name:ident $word:literal $status:ident $retry:ident $title:literal, $meaning:literal;
    )+) => {
        /// A way in which a request can fail.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $title] $name,)+
        }

        impl Code {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word for it, for ever.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The status that it is answered with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// Whether the same request may well work a little later.
            pub fn is_retryable(self) -> bool {
                match self { $(Self::$name => codes!(@$retry),)+ }
            }

            /// A few words for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// What it means, and what to do.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
    (@later) => { true };
    (@never) => { false };
}

codes! {
    BadJson "bad_json" BAD_REQUEST never "The body is not plain JSON",
        "It cannot be read, or it could be read in two ways: a name stands twice in one object, a \
         text holds NUL or half a character, a number cannot be kept exactly. `errors` says where.";
    BadRequest "bad_request" BAD_REQUEST never "The request cannot be read",
        "A header, a path or a query is not what it must be; the detail says which, and what would \
         be right.";
    Unauthorized "unauthorized" UNAUTHORIZED never "Nobody is named",
        "Send an API key in `Authorization: Bearer …`, or log in.";
    Forbidden "forbidden" FORBIDDEN never "This is not allowed to you",
        "The key is good, but its role may not do this. Ask an owner of the workspace.";
    ForeignOrigin "foreign_origin" FORBIDDEN never "The request comes from another site",
        "A browser sent it for a page of another site. Pages may write to their own server only, \
         and open streams of it and of servers that trust their site.";
    WrongHost "wrong_host" MISDIRECTED_REQUEST never "The server has another name",
        "Without API keys it answers at the names of this machine: 127.0.0.1, [::1], localhost.";
    NotFound "not_found" NOT_FOUND never "There is no such thing",
        "It is not there, or it belongs to another workspace: the two are told alike.";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED never "The method does not fit",
        "The path is right, and takes other methods: `Allow` names them.";
    AlreadyExists "already_exists" CONFLICT never "It is there already",
        "Something with this id was made before. Take another id, or change what is there.";
    IllegalTransition "illegal_transition" CONFLICT never "The execution cannot move like that",
        "`current` is the status that it has, `allowed` are those that it can have next.";
    WrongState "wrong_state" CONFLICT never "It is not in a state for this",
        "The detail names the state that it is in.";
    DependencyCircle "dependency_circle" UNPROCESSABLE_ENTITY never "Dependencies close a circle",
        "The detail names the tasks of the circle: leave one of the dependencies out.";
    SubtasksOpen "subtasks_open" CONFLICT never "The task has open parts",
        "A task is complete when its parts are: complete or skip those that the detail names.";
    LeaseUnknown "lease_unknown" CONFLICT never "The lease was never given",
        "Ask for work, and report under the lease that comes with it.";
    LeaseLost "lease_lost" CONFLICT never "The lease is lost",
        "Stop at once, without side effects, and ask for work again. What was reported is kept as \
         a late report, changes nothing, and may be adopted by a person.";
    NotGrantable "not_grantable" CONFLICT never "The task is not ready for this agent",
        "The detail says what it waits for. Ask for work: what is ready comes by itself.";
    ResolutionDoesNotFit "resolution_does_not_fit" CONFLICT never "The way out does not fit",
        "The detail says which resolutions fit this blocker.";
    PersonNeeded "person_needed" FORBIDDEN never "Only a person may do this",
        "Agents cannot approve, resolve or override.";
    Invalid "invalid" UNPROCESSABLE_ENTITY never "Something in the body is wrong",
        "`errors` points at each place, and says what would be right.";
    KeyReused "key_reused" UNPROCESSABLE_ENTITY never "The key was used for another request",
        "An `Idempotency-Key` or `event_id` names one request for ever: take a new one.";
    VersionMismatch "version_mismatch" PRECONDITION_FAILED never "Somebody was faster",
        "`If-Match` names a version that is not the last any more: read it again, and decide anew.";
    TooLarge "too_large" PAYLOAD_TOO_LARGE never "The body is too large",
        "The detail names the limit. Send fewer reports at once, or put large results elsewhere \
         and report where they are.";
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE never
        "The body is no JSON by its own account",
        "Send `Content-Type: application/json`.";
    UriTooLong "uri_too_long" URI_TOO_LONG never "The path is too long",
        "Path and query together are longer than the limit that the detail names.";
    HeadersTooLarge "headers_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE never
        "The headers are too large",
        "Names and values together are larger than the limit that the detail names.";
    BodyTooSlow "body_too_slow" REQUEST_TIMEOUT later "The body came too slowly",
        "It was not there in time; nothing was stored. Send it again over another connection.";
    RateLimited "rate_limited" TOO_MANY_REQUESTS later "Too many requests",
        "This caller made more requests than it may in a minute. Wait for as long as `Retry-After` \
         says; `RateLimit` says what is left. Heartbeats, polls that wait, streams do not count.";
    ShareTaken "share_taken" TOO_MANY_REQUESTS later "The workspace has too much under way",
        "One workspace may take a share of what the server can do at once; nothing was stored. \
         Ask less at once, and try again after `Retry-After`.";
    TooManyStreams "too_many_streams" TOO_MANY_REQUESTS later "Too many streams are open",
        "Close one that is not needed, or wait for as long as `Retry-After` says: the detail names \
         the limit.";
    Overloaded "overloaded" SERVICE_UNAVAILABLE later "The server has too much to do",
        "Too many requests wait already; nothing was stored. Try again after `Retry-After`.";
    TimedOut "timed_out" SERVICE_UNAVAILABLE later "It took too long",
        "The answer was not there in time, and was given up. Ask again, or ask for less.";
    ExecutionDisabled "execution_disabled" SERVICE_UNAVAILABLE later "Nothing is carried out now",
        "This server was told to make no executions and to give no tasks out \
         (`PLANEXE_EXECUTION_ENABLED=false`). Reports of work that is under way are taken, and \
         everything can be read.";
    PausedAfterRestore "paused_after_restore" SERVICE_UNAVAILABLE later
        "The log was restored, and work waits",
        "The database was made from a backup. Nothing is given out, falls due or is sent until an \
         operator says `ax resume-after-restore`. Reports are taken, and everything can be read.";
    NotYetVisible "not_yet_visible" SERVICE_UNAVAILABLE later "It cannot be seen yet",
        "The windows have not come to `min_position` in five seconds: ask again.";
    NotBuilt "not_built" SERVICE_UNAVAILABLE later "The window is being made",
        "It is made from the log for the first time: ask again in a little while.";
    Busy "busy" SERVICE_UNAVAILABLE later "Too much is under way",
        "Nothing was stored. Try again after `Retry-After`.";
    Stopping "stopping" SERVICE_UNAVAILABLE later "The server stops",
        "Nothing was stored. Try again: another server answers, or this one when it is back.";
    OutcomeUnknown "outcome_unknown" SERVICE_UNAVAILABLE later "The outcome is not known",
        "It was stored or it was not: repeat the request with the same key, and its answer tells.";
    StorageFull "storage_full" INSUFFICIENT_STORAGE later "The disk is full",
        "Nothing was stored; what was acknowledged is safe. It goes on by itself when there is \
         space.";
    Unavailable "unavailable" SERVICE_UNAVAILABLE later "The database does not answer",
        "Nothing was stored. Try again after `Retry-After`.";
    PlanexeUnreachable "planexe_unreachable" BAD_GATEWAY later "PlanExe does not answer",
        "Nothing was stored. The detail says what its operator can look at; try again later.";
    PlanexeRefused "planexe_refused" BAD_GATEWAY never "PlanExe does not give this",
        "Nothing was stored. The detail says why: its key, its credits, its version, or an archive \
         that cannot be used.";
    NotConfigured "not_configured" CONFLICT never "The server is not set up for this",
        "The detail says what its operator must set.";
    Internal "internal" INTERNAL_SERVER_ERROR later "Something is wrong with the server",
        "It is in the server's log under `request_id`. Repeat the request with the same key.";
}

impl From<&Rejection> for Code {
    fn from(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::NotFound { .. } => Self::NotFound,
            Rejection::AlreadyExists { .. } => Self::AlreadyExists,
            Rejection::Invalid { .. } => Self::Invalid,
            Rejection::IllegalMove { .. } => Self::IllegalTransition,
            Rejection::WrongState { .. } => Self::WrongState,
            Rejection::Circle { .. } => Self::DependencyCircle,
            Rejection::SubtasksOpen { .. } => Self::SubtasksOpen,
            Rejection::LeaseUnknown { .. } => Self::LeaseUnknown,
            Rejection::LeaseLost { .. } => Self::LeaseLost,
            Rejection::NotGrantable { .. } => Self::NotGrantable,
            Rejection::ResolutionDoesNotFit { .. } => Self::ResolutionDoesNotFit,
            Rejection::PersonNeeded { .. } => Self::PersonNeeded,
        }
    }
}
