//! The words that every aggregate speaks: ids, texts, times, actors, money.

mod actor;
mod ids;
mod json;
mod policy;
mod task;
mod text;
mod timestamp;
mod usage;
mod words;

pub use actor::{Actor, ActorKind};
pub use ids::{
    AgentId, BlockerId, ExecutionId, ID_BYTES_MAX, IdError, KeyId, LeaseToken, MemberId, PlanId,
    StreamKind, StreamName, TaskId, WebhookId, WorkspaceId,
};
pub use json::{Json, JsonError};
pub use policy::{
    BACKOFF_MS_MAX, Backoff, LEASE_MS_MIN, OnBlocker, OnFailure, Policy, RetryPolicy, Sequencing,
};
pub use task::{Dependency, DependencyType, Priority, TaskDefinition, TaskKind};
pub use text::{ActionName, Label, Text, TextError, Title};
pub use timestamp::Timestamp;
pub use usage::{Budget, Usage};
pub(crate) use words::words;
