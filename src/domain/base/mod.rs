//! The words that every aggregate speaks: ids, texts, times, actors, money.

mod actor;
mod ids;
mod json;
mod text;
mod timestamp;

pub use actor::{Actor, ActorKind};
pub use ids::{
    AgentId, BlockerId, ExecutionId, IdError, KeyId, LeaseToken, MemberId, PlanId, StreamKind,
    StreamName, TaskId, WebhookId, WorkspaceId,
};
pub use json::{Json, JsonError};
pub use text::{ActionName, Label, Text, TextError, Title};
pub use timestamp::Timestamp;
