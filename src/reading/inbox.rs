//! What people look at first: what stands in the way, and what happened.

use super::{Found, List, Marked, ReadError, Reader, Wanted, of, of_execution, text};
use crate::domain::{AgentId, ExecutionId, PlanId, TaskId, WorkspaceId};
use crate::projections::blockers::{self, BlockerRow};
use crate::projections::feed::{self, FeedRow};
use crate::projections::{Cell as _, Value};
use crate::store::Position;
use crate::store::views::Condition;

/// What the feed is about; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedFilter {
    /// This execution.
    pub execution_id: Option<ExecutionId>,
    /// This task, of the execution.
    pub task_id: Option<TaskId>,
    /// This agent.
    pub agent_id: Option<AgentId>,
    /// This plan.
    pub plan_id: Option<PlanId>,
    /// These groups of events.
    pub groups: Vec<String>,
    /// These kinds of events.
    pub kinds: Vec<String>,
    /// What stands before this position of the log.
    pub before: Option<Position>,
}

impl Reader {
    /// The blockers of an execution, the newest first, past ones too.
    pub async fn blockers(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        wanted: &Wanted,
    ) -> Result<Found<Marked<BlockerRow>>, ReadError> {
        let list = List {
            window: "blockers",
            table: &blockers::TABLES[0],
            conditions: of_execution(workspace, execution_id),
            search: None,
            order: &["raised_at", "blocker_id"],
            is_descending: true,
        };
        self.page(list, wanted, BlockerRow::from_row).await
    }

    /// What waits for a person in a workspace, the longest first.
    pub async fn open_blockers(
        &self,
        workspace: &WorkspaceId,
        wanted: &Wanted,
    ) -> Result<Found<Marked<BlockerRow>>, ReadError> {
        let list = List {
            window: "blockers",
            table: &blockers::TABLES[0],
            conditions: vec![of(workspace), ("is_open", Condition::Is(true.to_value()))],
            search: None,
            order: &["raised_at", "execution_id", "blocker_id"],
            is_descending: false,
        };
        self.page(list, wanted, BlockerRow::from_row).await
    }

    /// What was resolved in a workspace, the last first.
    pub async fn past_blockers(
        &self,
        workspace: &WorkspaceId,
        wanted: &Wanted,
    ) -> Result<Found<Marked<BlockerRow>>, ReadError> {
        let list = List {
            window: "blockers",
            table: &blockers::TABLES[0],
            conditions: vec![of(workspace), ("is_open", Condition::Is(false.to_value()))],
            search: None,
            order: &["resolved_at", "execution_id", "blocker_id"],
            is_descending: true,
        };
        self.page(list, wanted, BlockerRow::from_row).await
    }

    /// What happened, the last first.
    pub async fn feed(
        &self,
        workspace: &WorkspaceId,
        filter: &FeedFilter,
        wanted: &Wanted,
    ) -> Result<Found<Marked<FeedRow>>, ReadError> {
        let mut conditions = vec![of(workspace)];
        conditions.extend(filter.conditions());
        let list = List {
            window: "feed",
            table: &feed::TABLES[0],
            conditions,
            search: None,
            order: &["event_position"],
            is_descending: true,
        };
        self.page(list, wanted, FeedRow::from_row).await
    }
}

impl FeedFilter {
    fn conditions(&self) -> Vec<(&'static str, Condition)> {
        let ids = [
            ("execution_id", self.execution_id.as_ref().map(ExecutionId::as_str)),
            ("task_id", self.task_id.as_ref().map(TaskId::as_str)),
            ("agent_id", self.agent_id.as_ref().map(AgentId::as_str)),
            ("plan_id", self.plan_id.as_ref().map(PlanId::as_str)),
        ];
        let ids =
            ids.into_iter().filter_map(|(column, id)| Some((column, Condition::Is(text(id?)))));
        let lists = [("event_group", &self.groups), ("kind", &self.kinds)];
        let lists = lists.into_iter().filter_map(|(column, texts)| match texts.as_slice() {
            [] => None,
            [one] => Some((column, Condition::Is(Value::Text(one.as_str().into())))),
            several => Some((column, Condition::In(several.to_vec()))),
        });
        let before =
            self.before.map(|it| ("event_position", Condition::Before(it.get().to_value())));
        ids.chain(lists).chain(before).collect()
    }
}
