//! What stands in the way of an execution, and who is asked about it.

use crate::event::record::BlockerKind;
use crate::{Actor, BlockerId, TaskId, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// A blocker that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocker {
    /// Its id.
    pub blocker_id: BlockerId,
    /// The task that it stands on; none: the whole execution.
    pub task_id: Option<TaskId>,
    /// Why.
    pub kind: BlockerKind,
    /// What is the matter.
    pub message: Text,
    /// Ways out to choose from.
    pub suggestions: Vec<Text>,
    /// When it escalates.
    pub limit_at: Option<Timestamp>,
    /// When the owner was told.
    pub escalated_at: Option<Timestamp>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who raised it.
    pub raised_by: Actor,
}

impl Blocker {
    /// When it escalates, if it has not yet.
    pub fn escalates_at(&self) -> Option<Timestamp> {
        self.limit_at.filter(|_| self.escalated_at.is_none())
    }
}
