//! Plans that agents brought and carry out themselves.

use super::{Found, List, Marked, PAGE_ROWS_MAX, ReadError, Reader, Wanted, of, text};
use crate::domain::{AgentId, PlanId, TaskId, WorkspaceId};
use crate::projections::agent_plans::{self, AgentPlanRow};
use crate::store::views::Condition;

/// How many plans may be left out before a page.
pub const OFFSET_MAX: usize = 10_000;

/// Which agents' own plans are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentPlanFilter {
    /// The one with this id.
    pub plan_id: Option<PlanId>,
    /// Those of this agent.
    pub agent_id: Option<AgentId>,
    /// Those for this task, by the agent's own reference.
    pub task_id: Option<TaskId>,
    /// Those of this sort.
    pub plan_type: Option<String>,
    /// Those with this status.
    pub status: Option<String>,
}

impl Reader {
    /// Agents' own plans, the newest first, behind as many as are left out.
    pub async fn agent_plans(
        &self,
        workspace: &WorkspaceId,
        filter: &AgentPlanFilter,
        wanted: &Wanted,
        offset: usize,
    ) -> Result<Found<Marked<AgentPlanRow>>, ReadError> {
        let mut wanted = wanted.clone();
        let mut left_out = 0;
        while left_out < offset.min(OFFSET_MAX) {
            let limit = (offset - left_out).min(PAGE_ROWS_MAX);
            let before = Wanted { limit: Some(limit), cursor: wanted.cursor.clone() };
            let mut page = self.page_of_agent_plans(workspace, filter, &before).await?;
            let Some(cursor) = page.next_cursor else {
                page.rows.clear();
                return Ok(page);
            };
            wanted.cursor = Some(cursor);
            left_out += limit;
        }
        self.page_of_agent_plans(workspace, filter, &wanted).await
    }

    async fn page_of_agent_plans(
        &self,
        workspace: &WorkspaceId,
        filter: &AgentPlanFilter,
        wanted: &Wanted,
    ) -> Result<Found<Marked<AgentPlanRow>>, ReadError> {
        let columns = [
            ("plan_id", filter.plan_id.as_ref().map(PlanId::as_str)),
            ("agent_id", filter.agent_id.as_ref().map(AgentId::as_str)),
            ("task_id", filter.task_id.as_ref().map(TaskId::as_str)),
            ("plan_type", filter.plan_type.as_deref()),
            ("status", filter.status.as_deref()),
        ];
        let set = columns.into_iter().filter_map(|(column, wanted)| Some((column, wanted?)));
        let mut conditions = vec![of(workspace)];
        conditions.extend(set.map(|(column, wanted)| (column, Condition::Is(text(wanted)))));
        let list = List {
            window: "agent_plans",
            table: &agent_plans::TABLES[0],
            conditions,
            search: None,
            order: &["created_at", "plan_id"],
            is_descending: true,
        };
        self.page(list, wanted, AgentPlanRow::from_row).await
    }
}
