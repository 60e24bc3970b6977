//! The tables that can be taken away, each with its columns and its pages.

use super::App;
use crate::domain::{ExecutionId, WorkspaceId};
use crate::http::events::EventShown;
use crate::http::feed::entry;
use crate::projections::agents::AgentRow;
use crate::projections::blockers::BlockerRow;
use crate::projections::feed::FeedRow;
use crate::projections::plans::PlanRow;
use crate::projections::progress::ProgressRow;
use crate::projections::task_tree::TaskRow;
use crate::projections::{JsonObject, ShownField};
use crate::reading::{
    EventFilter, ExecutionFilter, FeedFilter, Found, Marked, PAGE_ROWS_MAX, PlanFilter, ReadError,
    Wanted,
};
use crate::store::{Position, Version};
use serde_json::Value;

/// What is shown of an event.
const EVENT_COLUMNS: [&str; 10] = [
    "position",
    "version",
    "event_id",
    "stream",
    "event_type",
    "schema_version",
    "recorded_at",
    "data",
    "metadata",
    "leaf_hash",
];

/// A table that can be taken away.
pub(super) enum Rows {
    Executions,
    Plans,
    Agents,
    OpenBlockers,
    Feed(Option<ExecutionId>),
    Tasks(ExecutionId),
    Blockers(ExecutionId),
    Events(ExecutionId),
}

/// Some of its rows.
pub(super) struct Page {
    pub(super) rows: Vec<JsonObject>,
    pub(super) next_cursor: Option<String>,
    pub(super) position: Position,
}

impl Page {
    fn of<T>(found: Found<Marked<T>>, shown: impl Fn(&Marked<T>) -> JsonObject) -> Self {
        let rows = found.rows.iter().map(shown).collect();
        Self { rows, next_cursor: found.next_cursor, position: found.age.position }
    }
}

impl Rows {
    /// What the file is called.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Executions => "executions",
            Self::Plans => "plans",
            Self::Agents => "agents",
            Self::OpenBlockers | Self::Blockers(_) => "blockers",
            Self::Feed(_) => "feed",
            Self::Tasks(_) => "tasks",
            Self::Events(_) => "events",
        }
    }

    /// The columns, in their order.
    pub(super) fn columns(&self) -> Vec<&'static str> {
        let mut columns = match self {
            Self::Executions => names(ProgressRow::SHOWN),
            Self::Plans => names(PlanRow::SHOWN),
            Self::Agents => names(AgentRow::SHOWN),
            Self::OpenBlockers | Self::Blockers(_) => names(BlockerRow::SHOWN),
            Self::Feed(_) => names(FeedRow::SHOWN),
            Self::Tasks(_) => names(TaskRow::SHOWN),
            Self::Events(_) => return EVENT_COLUMNS.to_vec(),
        };
        if let Self::Feed(_) = self {
            columns.insert(0, "recorded_at");
        }
        columns
    }

    /// A page of the rows.
    pub(super) async fn page(
        &self,
        app: &App,
        workspace: &WorkspaceId,
        cursor: Option<String>,
    ) -> Result<Page, ReadError> {
        let (reader, wanted) = (&app.reader, Wanted { limit: Some(PAGE_ROWS_MAX), cursor });
        Ok(match self {
            Self::Executions => {
                let all = ExecutionFilter::default();
                let found = reader.executions(workspace, &all, &wanted).await?;
                Page::of(found, |it| it.row.to_json())
            }
            Self::Plans => {
                let found = reader.plans(workspace, &PlanFilter::default(), &wanted).await?;
                Page::of(found, |it| it.row.to_json())
            }
            Self::Agents => {
                let found = reader.agents(workspace, None, &wanted).await?;
                Page::of(found, |it| it.row.to_json())
            }
            Self::OpenBlockers => {
                Page::of(reader.open_blockers(workspace, &wanted).await?, |it| it.row.to_json())
            }
            Self::Blockers(id) => {
                Page::of(reader.blockers(workspace, id, &wanted).await?, |it| it.row.to_json())
            }
            Self::Tasks(id) => {
                Page::of(reader.tasks(workspace, id, &wanted).await?, |it| it.row.to_json())
            }
            Self::Feed(id) => {
                let filter = FeedFilter { execution_id: id.clone(), ..FeedFilter::default() };
                Page::of(reader.feed(workspace, &filter, &wanted).await?, entry)
            }
            Self::Events(id) => events(app, workspace, id, wanted.cursor).await?,
        })
    }
}

fn names(fields: &'static [ShownField]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name).filter(|name| *name != "workspace").collect()
}

/// The events of an execution in the order in which they happened; the cursor is a version.
async fn events(
    app: &App,
    workspace: &WorkspaceId,
    id: &ExecutionId,
    cursor: Option<String>,
) -> Result<Page, ReadError> {
    let after = cursor.and_then(|cursor| cursor.parse().ok()).map_or(Version::ZERO, Version::new);
    let (all, limit) = (EventFilter::default(), PAGE_ROWS_MAX);
    let found = app.reader.events_after(workspace, id, &all, after, limit).await?;
    let shown = |event| match serde_json::to_value(EventShown::from(event)) {
        Ok(Value::Object(object)) => object,
        Ok(_) | Err(_) => JsonObject::new(),
    };
    let position = app.engine.store().head().await.map_err(ReadError::Store)?.position;
    let rows = found.events.iter().map(shown).collect();
    Ok(Page { rows, next_cursor: found.next.map(|version| version.to_string()), position })
}
