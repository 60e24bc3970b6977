//! When the tasks of an execution are meant to happen, when they did, and when they will.

use super::{Age, AsOf, Found, List, Marked, ReadError, Reader, Wanted, of_execution};
use crate::domain::{ExecutionId, Timestamp, WorkspaceId};
use crate::projections::task_tree::{TaskRow, TaskTreeWindow};
use crate::projections::timeline::{self, Forecast, TimelineRow, TimelineWindow, forecast};
use std::sync::Arc;

/// The most tasks of one timeline.
const TASKS_MAX: usize = 50_000;

/// The timeline of an execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// When the leaves are meant to happen.
    pub planned: Vec<TimelineRow>,
    /// The tasks as they are.
    pub tasks: Vec<TaskRow>,
    /// When they will likely happen.
    pub forecast: Forecast,
    /// How old this is; none for another moment than now.
    pub age: Option<Age>,
}

impl Reader {
    /// The timeline of an execution, now.
    pub async fn timeline(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
    ) -> Result<Option<Timeline>, ReadError> {
        let execution = self.execution(workspace, execution_id).await?;
        let Some(found) = execution.rows.into_iter().next() else { return Ok(None) };
        let (mut planned, mut tasks) = (Vec::new(), Vec::new());
        let mut wanted = Wanted { limit: Some(super::PAGE_ROWS_MAX), cursor: None };
        while planned.len() < TASKS_MAX {
            let page = self.planned(workspace, execution_id, &wanted).await?;
            planned.extend(page.rows.into_iter().map(|it| it.row));
            wanted.cursor = page.next_cursor;
            if wanted.cursor.is_none() {
                break;
            }
        }
        while tasks.len() < TASKS_MAX {
            let page = self.tasks(workspace, execution_id, &wanted).await?;
            tasks.extend(page.rows.into_iter().map(|it| it.row));
            wanted.cursor = page.next_cursor;
            if wanted.cursor.is_none() {
                break;
            }
        }
        let forecast = forecast(&planned, &tasks, found.row.started_at, self.clock.now())?;
        Ok(Some(Timeline { planned, tasks, forecast, age: Some(execution.age) }))
    }

    async fn planned(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        wanted: &Wanted,
    ) -> Result<Found<Marked<TimelineRow>>, ReadError> {
        let list = List {
            window: "timeline",
            table: &timeline::TABLES[0],
            conditions: of_execution(workspace, execution_id),
            search: None,
            order: &["ordinal", "task_id"],
            is_descending: false,
        };
        self.page(list, wanted, TimelineRow::from_row).await
    }

    /// The timeline as it was, with the forecast of that time; none when the execution was not
    /// there yet.
    pub async fn timeline_then(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        as_of: AsOf,
        at: Timestamp,
    ) -> Result<Option<Timeline>, ReadError> {
        let windows: [Arc<dyn crate::projections::Window>; 2] =
            [Arc::new(TimelineWindow), Arc::new(TaskTreeWindow)];
        let Some(then) = self.then(workspace, execution_id, as_of, &windows).await? else {
            return Ok(None);
        };
        let planned = then.rows("timeline", 0).map(|(row, _)| TimelineRow::from_row(row));
        let planned = planned.collect::<Result<Vec<_>, _>>()?;
        let tasks = then.rows("task_tree", 0).map(|(row, _)| TaskRow::from_row(row));
        let mut tasks = tasks.collect::<Result<Vec<_>, _>>()?;
        tasks.sort_by_key(|task| task.ordinal);
        let started_at = then.state.execution().and_then(|execution| execution.started_at());
        let forecast = forecast(&planned, &tasks, started_at, at)?;
        Ok(Some(Timeline { planned, tasks, forecast, age: None }))
    }
}
