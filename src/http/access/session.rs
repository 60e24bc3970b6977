//! `/api/session`: a browser logs in with a key or a link that works once, and is known by a cookie
//! from then on. The key itself never stays in the browser.

use super::RoleWord;
use crate::clock::Clock;
use crate::domain::event::workspace::Role;
use crate::domain::{Actor, KeyId, Timestamp};
use crate::http::App;
use crate::http::body::Body;
use crate::http::caller::{Caller, Who};
use crate::http::code::Code;
use crate::http::gate::SESSION_COOKIE;
use crate::http::problem::Problem;
use crate::http::schemas::{Id, Moment};
use crate::keys::{Bearer, hash_of, random_token};
use crate::store::{Store, StoreError, Token, TokenHash, TokenKind};
use axum::Json as Answer;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How long a session lasts at most.
const SESSION_MS: u64 = 7 * 24 * 3_600_000;
/// How long a session lasts that nobody uses.
const IDLE_MS: u64 = 12 * 3_600_000;
/// How long a link to log in with works.
const LINK_MS: u64 = 10 * 60_000;
/// How sharp it is known when a session was last used.
const SEEN_MS: u64 = 60_000;

/// Who a token lets in, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::http) struct Admitted {
    /// The key that it was opened with: when that is void, so is the token.
    pub(in crate::http) key_id: Option<KeyId>,
    pub(in crate::http) role: Role,
    pub(in crate::http) actor: Actor,
}

impl Admitted {
    /// Somebody who showed a key.
    pub(in crate::http) fn by(bearer: &Bearer) -> Self {
        let (key_id, role) = (Some(bearer.key_id.clone()), bearer.role);
        Self { key_id, role, actor: actor_of(bearer) }
    }

    fn written(&self) -> String {
        serde_json::to_string(self).expect("texts always become JSON")
    }
}

/// Who acts with a key: the agent or the member that it belongs to, or else the key by its name.
pub(in crate::http) fn actor_of(bearer: &Bearer) -> Actor {
    let member = bearer.member_id.as_ref().map(|id| id.as_str());
    let user = || Actor::user(member.unwrap_or(bearer.key_id.as_str())).expect("an id is a name");
    bearer.agent_id.as_ref().map_or_else(user, Actor::agent)
}

/// What a browser logs in with: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Login {
    api_key: Option<String>,
    /// What stands behind the `#` of a link that `ax login` made.
    login_token: Option<String>,
}

/// Who is there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(in crate::http) struct SessionShown {
    /// `single_user` while there are no keys, else `keys`.
    mode: &'static str,
    #[schema(value_type = Id)]
    workspace_id: String,
    role: RoleWord,
    /// Who acts, such as `user:ada`.
    actor: String,
    /// To be sent back as the header `AX-CSRF` with every write of this session.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
}

impl SessionShown {
    fn of(caller: &Caller, session: Option<&str>) -> Self {
        Self {
            mode: if caller.who == Who::OnePerson { "single_user" } else { "keys" },
            workspace_id: caller.workspace.to_string(),
            role: caller.role.into(),
            actor: caller.actor.to_string(),
            csrf_token: session.map(csrf_token),
        }
    }
}

/// What proves that a write comes from a page that may read this server's answers.
pub(in crate::http) fn csrf_token(session: &str) -> String {
    let hash = hash_of(&format!("csrf:{session}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Logs a browser in.
#[utoipa::path(post, path = "/api/session", operation_id = "log_in", tag = "access",
    security(()), request_body = Login,
    responses((status = 201, description = "The cookie is set.", body = SessionShown)))]
pub(in crate::http) async fn log_in(
    Shared(app): Shared<Arc<App>>,
    Body { value, .. }: Body<Login>,
) -> Result<Response, Problem> {
    let now = app.engine.clock().now();
    let (workspace, admitted) = match (&value.api_key, &value.login_token) {
        (Some(key), None) => {
            let bearer = app.keys.bearer(key).map_err(refused)?;
            if bearer.agent_id.is_some() {
                let detail = "this is the key of an agent: a person logs in with a key of theirs";
                return Err(Problem::new(Code::Forbidden, detail));
            }
            let admitted = Admitted::by(&bearer);
            (bearer.workspace, admitted)
        }
        (None, Some(link)) => {
            let spent = app.engine.store().spend_token(hash_of(link), TokenKind::Login).await?;
            let spent = spent.filter(|token| now < token.until);
            let over = "this link was used, or its ten minutes are over: make another, ax login";
            let token = spent.ok_or_else(|| Problem::new(Code::Unauthorized, over))?;
            let admitted: Option<Admitted> = serde_json::from_str(&token.bearer).ok();
            let admitted = admitted.ok_or_else(|| Problem::new(Code::Unauthorized, over))?;
            (token.workspace, admitted)
        }
        (_, _) => {
            let detail = "send api_key, or the login_token of a link";
            return Err(Problem::new(Code::Invalid, detail));
        }
    };
    let secret = random_token();
    let bearer = admitted.written();
    let token = Token { workspace, bearer, seen_at: now, until: now.plus_ms(SESSION_MS) };
    app.engine.store().sweep_tokens(now).await?;
    app.engine.store().keep_token(hash_of(&secret), TokenKind::Session, &token).await?;
    let caller = app.admitted(&token, admitted).ok_or_else(session_over)?;
    let shown = Answer(SessionShown::of(&caller, Some(&secret)));
    let mut response = (StatusCode::CREATED, shown).into_response();
    set_cookie(&mut response, &secret, SESSION_MS / 1_000);
    Ok(response)
}

fn set_cookie(response: &mut Response, secret: &str, seconds: u64) {
    let cookie = format!(
        "{SESSION_COOKIE}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}"
    );
    let cookie = HeaderValue::from_str(&cookie).expect("digits and letters make a header");
    response.headers_mut().insert(header::SET_COOKIE, cookie);
}

/// Who the caller is.
#[utoipa::path(get, path = "/api/session", operation_id = "get_session", tag = "access",
    security(("key" = ["read"])),
    responses((status = 200, description = "Who the caller is.", body = SessionShown)))]
pub(in crate::http) async fn get(caller: Caller, headers: HeaderMap) -> Answer<SessionShown> {
    Answer(SessionShown::of(&caller, cookie_of(&headers)))
}

/// Logs the browser out.
#[utoipa::path(delete, path = "/api/session", operation_id = "log_out", tag = "access",
    security(("key" = ["read"])),
    responses((status = 204, description = "The cookie is good for nothing any more.")))]
pub(in crate::http) async fn log_out(
    Shared(app): Shared<Arc<App>>,
    _: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(secret) = cookie_of(&headers) {
        app.engine.store().spend_token(hash_of(secret), TokenKind::Session).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, "", 0);
    Ok(response)
}

/// A link to log in with.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct LoginLink {
    /// Where to open it: the token stands behind the `#`, which no server and no log sees.
    path: String,
    #[schema(value_type = Moment)]
    expires_at: String,
}

/// Makes a link that logs another browser in once, as the same person.
#[utoipa::path(post, path = "/api/session/links", operation_id = "create_login_link",
    tag = "access", security(("key" = ["command"])),
    responses((status = 201, description = "It works once, for ten minutes.", body = LoginLink)))]
pub(in crate::http) async fn link(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    let store = app.engine.store();
    let admitted = Admitted::of(&caller);
    let (path, until) = login_link(store, app.engine.clock(), &caller, &admitted).await?;
    Ok((StatusCode::CREATED, Answer(LoginLink { path, expires_at: until.to_string() }))
        .into_response())
}

async fn login_link(
    store: &Store,
    clock: &Clock,
    caller: &Caller,
    admitted: &Admitted,
) -> Result<(String, Timestamp), StoreError> {
    let (secret, now) = (random_token(), clock.now());
    let until = now.plus_ms(LINK_MS);
    let (workspace, bearer) = (caller.workspace.clone(), admitted.written());
    let token = Token { workspace, bearer, seen_at: now, until };
    store.keep_token(hash_of(&secret), TokenKind::Login, &token).await?;
    Ok((format!("/login#{secret}"), until))
}

/// Makes a link that logs a browser in once as an owner: for whoever has the database.
pub async fn owner_link(
    store: &Store,
    clock: &Clock,
    workspace: &crate::domain::WorkspaceId,
) -> Result<String, StoreError> {
    let mut caller = Caller::one_person();
    caller.workspace = workspace.clone();
    let admitted = Admitted { key_id: None, role: Role::Owner, actor: caller.actor.clone() };
    Ok(login_link(store, clock, &caller, &admitted).await?.0)
}

impl Admitted {
    pub(in crate::http) fn of(caller: &Caller) -> Self {
        let key_id = match &caller.who {
            Who::OnePerson => None,
            Who::Bearer { key_id, .. } => key_id.clone(),
        };
        Self { key_id, role: caller.role, actor: caller.actor.clone() }
    }
}

/// The secret of the session, in the cookie.
pub(in crate::http) fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()).flat_map(|it| it.split(';'));
    let mut named = cookies.filter_map(|cookie| cookie.trim().split_once('='));
    named.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, secret)| secret)
}

impl App {
    /// Who a session lets in.
    pub(in crate::http) async fn by_session(&self, secret: &str) -> Result<Caller, Problem> {
        let (hash, now) = (hash_of(secret), self.engine.clock().now());
        let store = self.engine.store();
        let token = store.find_token(hash, TokenKind::Session).await?.ok_or_else(session_over)?;
        if token.until <= now || token.seen_at.plus_ms(IDLE_MS) <= now {
            return Err(session_over());
        }
        let admitted = serde_json::from_str(&token.bearer).map_err(|_| session_over())?;
        let caller = self.admitted(&token, admitted).ok_or_else(session_over)?;
        self.note_session(hash, &token, now).await?;
        Ok(caller)
    }

    async fn note_session(
        &self,
        hash: TokenHash,
        token: &Token,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if token.seen_at.plus_ms(SEEN_MS) <= now {
            self.engine.store().renew_token(hash, now).await?;
        }
        Ok(())
    }

    /// The caller whom a token lets in; none when the key that it was opened with is void.
    pub(in crate::http) fn admitted(&self, token: &Token, admitted: Admitted) -> Option<Caller> {
        let Admitted { key_id, role, actor } = admitted;
        let bearer = match &key_id {
            Some(key_id) => Some(self.keys.still(key_id)?),
            None => None,
        };
        let role = bearer.as_ref().map_or(role, |bearer| bearer.role);
        let agent_id = bearer.and_then(|bearer| bearer.agent_id);
        let workspace = token.workspace.clone();
        Some(Caller { workspace, actor, role, who: Who::Bearer { key_id, agent_id } })
    }
}

pub(in crate::http) fn session_over() -> Problem {
    Problem::new(Code::Unauthorized, "this session is over: log in again").next("POST /api/session")
}

/// Why a key lets nobody in.
pub(in crate::http) fn refused(why: crate::keys::Refused) -> Problem {
    Problem::new(Code::Unauthorized, why.to_string())
}
