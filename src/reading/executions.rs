//! Executions and their tasks.

use super::{AsOf, Found, List, Marked, ReadError, Reader, Wanted, of, of_execution, text};
use crate::domain::{AgentId, ExecutionId, Label, PlanId, TaskId, WorkspaceId};
use crate::projections::progress::{self, LabelRow, ProgressRow, ProgressWindow};
use crate::projections::task_tree::{self, TaskRow, TaskTreeWindow};
use crate::store::views::Condition;
use std::sync::Arc;

/// Which executions are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecutionFilter {
    /// Those of this plan.
    pub plan_id: Option<PlanId>,
    /// Those with one of these statuses.
    pub statuses: Vec<String>,
    /// Those that this agent alone carries out.
    pub agent_id: Option<AgentId>,
    /// Those with this label.
    pub label: Option<Label>,
    /// Those in whose title these words stand.
    pub search: Option<String>,
}

impl Reader {
    /// Executions, the newest first.
    pub async fn executions(
        &self,
        workspace: &WorkspaceId,
        filter: &ExecutionFilter,
        wanted: &Wanted,
    ) -> Result<Found<Marked<ProgressRow>>, ReadError> {
        if let Some(label) = &filter.label {
            return self.labelled(workspace, label, filter, wanted).await;
        }
        let mut conditions = vec![of(workspace)];
        conditions.extend(filter.conditions());
        let list = List {
            window: "progress",
            table: &progress::TABLES[0],
            conditions,
            search: filter.search.as_deref(),
            order: &["created_at", "execution_id"],
            is_descending: true,
        };
        self.page(list, wanted, ProgressRow::from_row).await
    }

    /// Those with a label: a page of the label's rows, and for each the execution, if it is also
    /// what else is wanted.
    async fn labelled(
        &self,
        workspace: &WorkspaceId,
        label: &Label,
        filter: &ExecutionFilter,
        wanted: &Wanted,
    ) -> Result<Found<Marked<ProgressRow>>, ReadError> {
        let list = List {
            window: "progress",
            table: &progress::TABLES[1],
            conditions: vec![of(workspace), ("label", Condition::Is(text(label.as_str())))],
            search: None,
            order: &["created_at", "execution_id"],
            is_descending: true,
        };
        let labels = self.page(list, wanted, LabelRow::from_row).await?;
        let ids = labels.rows.iter().map(|found| found.row.execution_id.to_string()).collect();
        let mut conditions = vec![of(workspace), ("execution_id", Condition::In(ids))];
        conditions.extend(filter.conditions());
        let list = List {
            window: "progress",
            table: &progress::TABLES[0],
            conditions,
            search: filter.search.as_deref(),
            order: &["created_at", "execution_id"],
            is_descending: true,
        };
        let all = Wanted { limit: Some(super::PAGE_ROWS_MAX), cursor: None };
        let found = self.page(list, &all, ProgressRow::from_row).await?;
        Ok(Found { rows: found.rows, next_cursor: labels.next_cursor, age: labels.age })
    }

    /// One execution, now.
    pub async fn execution(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
    ) -> Result<Found<Marked<ProgressRow>>, ReadError> {
        let list = List {
            window: "progress",
            table: &progress::TABLES[0],
            conditions: of_execution(workspace, execution_id),
            search: None,
            order: &["created_at", "execution_id"],
            is_descending: true,
        };
        self.page(list, &Wanted::default(), ProgressRow::from_row).await
    }

    /// The tasks of an execution in the plan's order, now.
    pub async fn tasks(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        wanted: &Wanted,
    ) -> Result<Found<Marked<TaskRow>>, ReadError> {
        let list = List {
            window: "task_tree",
            table: &task_tree::TABLES[0],
            conditions: of_execution(workspace, execution_id),
            search: None,
            order: &["ordinal", "task_id"],
            is_descending: false,
        };
        self.page(list, wanted, TaskRow::from_row).await
    }

    /// One task of an execution, now.
    pub async fn task(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        task_id: &TaskId,
    ) -> Result<Found<Marked<TaskRow>>, ReadError> {
        let mut conditions = of_execution(workspace, execution_id);
        conditions.push(("task_id", Condition::Is(text(task_id.as_str()))));
        let list = List {
            window: "task_tree",
            table: &task_tree::TABLES[0],
            conditions,
            search: None,
            order: &["ordinal", "task_id"],
            is_descending: false,
        };
        self.page(list, &Wanted::default(), TaskRow::from_row).await
    }

    /// One execution and all its tasks as they were; none when it was not there yet.
    pub async fn execution_then(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        as_of: AsOf,
    ) -> Result<Option<(ProgressRow, Vec<TaskRow>)>, ReadError> {
        let windows: [Arc<dyn crate::projections::Window>; 2] =
            [Arc::new(ProgressWindow), Arc::new(TaskTreeWindow)];
        let Some(then) = self.then(workspace, execution_id, as_of, &windows).await? else {
            return Ok(None);
        };
        let Some((row, _)) = then.rows("progress", 0).next() else { return Ok(None) };
        let tasks = then.rows("task_tree", 0).map(|(row, _)| TaskRow::from_row(row));
        let mut tasks = tasks.collect::<Result<Vec<_>, _>>()?;
        tasks.sort_by_key(|task| task.ordinal);
        Ok(Some((ProgressRow::from_row(row)?, tasks)))
    }
}

impl ExecutionFilter {
    fn conditions(&self) -> Vec<(&'static str, Condition)> {
        let is = |text_of: &str| Condition::Is(text(text_of));
        let mut conditions = Vec::new();
        conditions.extend(self.plan_id.as_ref().map(|id| ("plan_id", is(id.as_str()))));
        conditions.extend(self.agent_id.as_ref().map(|id| ("agent_id", is(id.as_str()))));
        match self.statuses.as_slice() {
            [] => {}
            [one] => conditions.push(("status", is(one))),
            several => conditions.push(("status", Condition::In(several.to_vec()))),
        }
        conditions
    }
}
