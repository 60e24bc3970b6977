//! The words of the archive: what is appended, what comes back, what is read.

pub use crate::audit::Hash;
use crate::audit::{self, Leaf};
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use crate::projections::Entry;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};
use uuid::Uuid;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Before the first one.
            pub const ZERO: Self = Self(0);

            /// This number as one of these.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one that follows.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0 + 1)
            }

            /// The one so many places further.
            #[must_use]
            pub const fn plus(self, count: u64) -> Self {
                Self(self.0 + count)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

counters! {
    /// A place in the whole log: 1, 2, 3 … without a gap, in the order of the commits.
    Position;
    /// A place within one stream: 1, 2, 3 … without a gap; 0 for a stream that holds nothing.
    Version;
}

/// An event that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Names the event for ever.
    pub event_id: Uuid,
    /// What happened; never renamed.
    pub kind: Cow<'static, str>,
    /// Which shape its payload has.
    pub schema_version: u16,
    /// The event itself, kept as these bytes.
    pub payload: Vec<u8>,
    /// Who, why, and after what, kept as these bytes.
    pub metadata: Vec<u8>,
    /// When the engine decided it.
    pub recorded_at: Timestamp,
}

/// What a stream must look like for a request to be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It is at this version.
    Exact(Version),
    /// It holds nothing yet.
    NoStream,
    /// Anything will do.
    Any,
}

impl Expected {
    /// Whether a stream at this version is as expected.
    pub fn holds_at(self, version: Version) -> bool {
        match self {
            Self::Exact(wanted) => wanted == version,
            Self::NoStream => version == Version::ZERO,
            Self::Any => true,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(version) => write!(f, "version {version}"),
            Self::NoStream => f.write_str("no stream"),
            Self::Any => f.write_str("any version"),
        }
    }
}

/// Events for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamWrite {
    /// The stream that they belong to.
    pub stream: StreamName,
    /// What it must look like.
    pub expected: Expected,
    /// The events, in order.
    pub events: Vec<NewEvent>,
}

/// What a stream that is not written must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamCondition {
    /// The stream.
    pub stream: StreamName,
    /// What it must look like.
    pub expected: Expected,
}

/// Names a request, so that repeating it does nothing more. Its scope is workspace and actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who asked.
    pub actor: String,
    /// The key that the client chose.
    pub key: String,
    /// A hash of what was asked, to tell a repetition from a misuse.
    pub request_hash: Hash,
}

/// What is stored whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendRequest {
    /// The workspace of all its streams.
    pub workspace: WorkspaceId,
    /// The streams to write, in the order in which their events get positions.
    pub writes: Vec<StreamWrite>,
    /// The streams that are only looked at.
    pub conditions: Vec<StreamCondition>,
    /// The name of this request.
    pub key: Option<IdempotencyKey>,
    /// What to answer when the request is repeated; stored with the key.
    pub answer: Vec<u8>,
}

/// Where the events of a request went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The position of the first event; of a request without events, the head it was decided at.
    pub first_position: Position,
    /// The position of the last event; of a request without events, the head it was decided at.
    pub last_position: Position,
    /// The new last version of each stream that was written.
    pub versions: Vec<(StreamName, Version)>,
}

/// What an accepted request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The events are stored now.
    New(Receipt),
    /// They have been stored before, under the same key.
    Repeated(StoredAnswer),
}

impl Appended {
    /// Where the events are, now or since the first time.
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::New(receipt) => receipt,
            Self::Repeated(stored) => &stored.receipt,
        }
    }
}

/// What is kept of a request that had a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The hash of what was asked.
    pub request_hash: Hash,
    /// Where its events went.
    pub receipt: Receipt,
    /// What it was answered with.
    pub answer: Vec<u8>,
}

/// An event as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its place in the log.
    pub position: Position,
    /// The workspace of its stream.
    pub workspace: WorkspaceId,
    /// The stream that it belongs to.
    pub stream: StreamName,
    /// Its place in the stream.
    pub version: Version,
    /// Names the event for ever.
    pub event_id: Uuid,
    /// What happened.
    pub kind: String,
    /// Which shape its payload has.
    pub schema_version: u16,
    /// The event itself.
    pub payload: Vec<u8>,
    /// Who, why, and after what.
    pub metadata: Vec<u8>,
    /// When the engine decided it.
    pub recorded_at: Timestamp,
    /// The hash over all of the above but position and version.
    pub leaf_hash: Hash,
}

impl RecordedEvent {
    /// The event with its place, as its leaf and an export have it.
    pub fn audited(&self) -> audit::Entry<'_> {
        let leaf = Leaf {
            workspace: self.workspace.as_str(),
            stream: self.stream.as_str(),
            event_id: self.event_id,
            kind: &self.kind,
            schema_version: self.schema_version,
            recorded_at_ms: self.recorded_at.unix_ms(),
            payload: &self.payload,
            metadata: &self.metadata,
        };
        audit::Entry { position: self.position.get(), version: self.version.get(), leaf }
    }

    /// The event as the windows take it.
    pub fn entry(&self) -> Entry<'_> {
        Entry {
            position: self.position.get(),
            workspace: &self.workspace,
            stream: &self.stream,
            version: self.version.get(),
            at: self.recorded_at,
            kind: &self.kind,
            schema_version: self.schema_version,
            payload: &self.payload,
        }
    }
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Names the log: a restored or another database is told by it.
    pub log_id: Uuid,
    /// The position of the last event.
    pub position: Position,
    /// The number of the last batch.
    pub batch_no: u64,
    /// The hash of the last batch, which covers every one before.
    pub batch_hash: Hash,
}

impl Head {
    /// Whether this log, as it is now, may be the one that once had reached another end: one that
    /// is behind it, or went another way, is an old copy or another log.
    pub fn goes_on_from(&self, reached: &Self) -> bool {
        let is_forked = self.batch_no == reached.batch_no && self.batch_hash != reached.batch_hash;
        self.log_id == reached.log_id && self.batch_no >= reached.batch_no && !is_forked
    }
}

/// What was committed at once, as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// 1, 2, 3 …
    pub batch_no: u64,
    /// The position of its first event, or the one after the head when it has none.
    pub first_position: Position,
    /// The position of its last event; one less than the first when it has none.
    pub last_position: Position,
    /// The hash that chains it to the one before.
    pub hash: Hash,
    /// The first eight bytes of each event's leaf hash.
    pub leaf_prefixes: Vec<u8>,
}

/// Which events of the log are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only these kinds; all when empty.
    pub kinds: Vec<String>,
    /// None of these kinds.
    pub kinds_left_out: Vec<String>,
    /// Only this workspace.
    pub workspace: Option<WorkspaceId>,
    /// Only this stream of the workspace (of every workspace, when none is named).
    pub stream: Option<StreamName>,
    /// Only what was recorded then or later.
    pub since: Option<Timestamp>,
    /// Only what was recorded before that.
    pub until: Option<Timestamp>,
}

impl LogFilter {
    /// Whether every event is wanted.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this event is wanted.
    pub fn wants(&self, event: &RecordedEvent) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && !self.kinds_left_out.contains(&event.kind)
            && self.workspace.as_ref().is_none_or(|wanted| *wanted == event.workspace)
            && self.stream.as_ref().is_none_or(|wanted| *wanted == event.stream)
            && self.since.is_none_or(|since| event.recorded_at >= since)
            && self.until.is_none_or(|until| event.recorded_at < until)
    }
}

/// A folded state, kept so that a long stream need not be folded from its start. Disposable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The workspace of the stream.
    pub workspace: WorkspaceId,
    /// The stream that was folded.
    pub stream: StreamName,
    /// Names the fold; a snapshot of another fold is of no use.
    pub fingerprint: [u8; 16],
    /// The last version that was folded.
    pub version: Version,
    /// The state, as the engine encodes it.
    pub state: Vec<u8>,
}
