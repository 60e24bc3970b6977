//! Everything that can happen. An event's kind is never renamed or used again; a change of shape
//! raises its version and adds one upcaster.

pub mod agent;
mod generation;
pub mod lifecycle;
pub mod plan;
pub mod record;
mod report;
mod upcast;
pub mod work;
pub mod workspace;

use crate::EventEntry;
use agent::AgentEvent;
use lifecycle::LifecycleEvent;
use plan::PlanEvent;
use record::RecordEvent;
pub use upcast::{UPCASTERS, Upcaster, upcast};
use work::WorkEvent;
use workspace::WorkspaceEvent;

/// Why stored bytes are not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The name is unknown: the log is newer than the program, or it was tampered with.
    #[error(
        "event kind {kind:?} is unknown: this log was written by a newer version of the program"
    )]
    UnknownKind {
        /// The name.
        kind: String,
    },
    /// The shape is unknown.
    #[error("event {kind:?} has shape {schema_version}, and this program knows {known} at most")]
    UnknownVersion {
        /// The name.
        kind: &'static str,
        /// The version of the stored shape.
        schema_version: u16,
        /// The newest version known.
        known: u16,
    },
    /// The bytes are not of that shape.
    #[error("event {kind:?} of shape {schema_version} cannot be read")]
    Malformed {
        /// The name.
        kind: String,
        /// The version of the stored shape.
        schema_version: u16,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

macro_rules! families {
    ($($(#[$doc:meta])* $Family:ident($Events:ident);)+) => {
        /// Something that happened.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $Family($Events),)+
        }

        $(impl From<$Events> for Event {
            fn from(event: $Events) -> Self {
                Self::$Family(event)
            }
        })+

        impl Event {
            /// The stored name of the event.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$Family(event) => event.kind(),)+ }
            }

            /// The version of the shape that is written today.
            pub fn schema_version(&self) -> u16 {
                match self { $(Self::$Family(event) => event.schema_version(),)+ }
            }

            /// The event as the bytes that are stored and hashed.
            pub fn payload(&self) -> Vec<u8> {
                match self { $(Self::$Family(event) => event.payload(),)+ }
            }

            /// Every event there is, by what it happens to.
            pub fn families() -> [(&'static str, &'static [EventEntry]); 6] {
                [$((stringify!($Family), $Events::CATALOGUE)),+]
            }

            /// Every event there is.
            pub fn catalogue() -> impl Iterator<Item = &'static EventEntry> {
                Self::families().into_iter().flat_map(|(_, entries)| entries)
            }

            fn schema_version_of(kind: &str) -> Option<u16> {
                None$(.or_else(|| $Events::schema_version_of(kind)))+
            }

            fn read(kind: &str, payload: &[u8]) -> Option<Result<Self, serde_json::Error>> {
                None$(.or_else(|| Some($Events::read(kind, payload)?.map(Self::$Family))))+
            }
        }
    };
}

families! {
    /// To an execution as a whole.
    Lifecycle(LifecycleEvent);
    /// To a task of an execution.
    Work(WorkEvent);
    /// Beside the work of an execution.
    Record(RecordEvent);
    /// To an agent.
    Agent(AgentEvent);
    /// To a plan.
    Plan(PlanEvent);
    /// To a workspace.
    Workspace(WorkspaceEvent);
}

impl Event {
    /// Reads an event as it was stored, however old its shape is.
    pub fn decode(kind: &str, schema_version: u16, payload: &[u8]) -> Result<Self, EventError> {
        let unknown = || EventError::UnknownKind { kind: kind.to_owned() };
        let malformed =
            |source| EventError::Malformed { kind: kind.to_owned(), schema_version, source };
        if Self::schema_version_of(kind) == Some(schema_version) {
            return Self::read(kind, payload).ok_or_else(unknown)?.map_err(malformed);
        }
        let entry = Self::catalogue().find(|entry| entry.kind == kind).ok_or_else(unknown)?;
        if schema_version == 0 || schema_version > entry.schema_version {
            let known = entry.schema_version;
            return Err(EventError::UnknownVersion { kind: entry.kind, schema_version, known });
        }
        let today = upcast(entry, schema_version, payload).map_err(malformed)?;
        Self::read(kind, &today).ok_or_else(unknown)?.map_err(malformed)
    }
}
