//! What people and programs ask of the windows: pages of typed rows, with their age, now or as
//! they were at another moment.

mod agent_plans;
mod agents;
mod as_of;
mod cursor;
mod diff;
mod events;
mod executions;
mod freshness;
mod inbox;
mod plans;
mod timeline;

pub use agent_plans::{AgentPlanFilter, OFFSET_MAX};
pub use agents::{AgentSums, Grain, Scope, Sums};
pub use as_of::{AsOf, Then};
pub use cursor::CursorError;
pub use diff::{Change, RowChange};
pub use events::{EventFilter, EventPage};
pub use executions::ExecutionFilter;
pub use inbox::FeedFilter;
pub use plans::{LogEntryFilter, MemoryFilter, PlanFilter};
pub use timeline::Timeline;

use crate::clock::Clock;
use crate::domain::{ExecutionId, WorkspaceId};
use crate::projections::{BadCell, Mark, Row, Table, Value};
use crate::store::views::{Condition, Page, Select, Views};
use crate::store::{Position, Store, StoreError};
use cursor::Cursor;
use tokio::sync::watch;

/// How many rows a page has at most.
pub const PAGE_ROWS_MAX: usize = 500;
/// How many rows a page has when nothing is said.
pub const PAGE_ROWS: usize = 100;

/// Why a question cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The windows have not come that far yet.
    #[error("position {wanted} cannot be seen yet, the windows are at {reached}: ask again")]
    NotYetVisible {
        /// What was asked for.
        wanted: Position,
        /// What can be seen.
        reached: Position,
    },
    /// The window is being made for the first time.
    #[error("window {window} is being made from the log: ask again in a little while")]
    NotBuilt {
        /// The window.
        window: String,
    },
    /// The cursor is not one that such a list gave.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// What is stored is not what the window's columns say.
    #[error("a row of a window cannot be read")]
    Row(#[from] BadCell),
    /// The log holds what cannot be folded.
    #[error("the log cannot be folded up to there: {0}")]
    Broken(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks the windows; clones ask the same ones.
#[derive(Clone)]
pub struct Reader {
    store: Store,
    views: Views,
    clock: Clock,
    reached: watch::Receiver<Position>,
}

/// What a list is to be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// How many rows at most; [`PAGE_ROWS`] when nothing is said.
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// What was found, and how old it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// What was found.
    pub rows: Vec<T>,
    /// Where the next page begins, when there is one.
    pub next_cursor: Option<String>,
    /// How old it is.
    pub age: Age,
}

/// How old an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// The last event that the answer takes into account.
    pub position: Position,
    /// For how long there has been something newer; 0 when there is nothing.
    pub lag_ms: u64,
    /// Whether the window stopped at the next event and waits for an operator.
    pub is_stopped: bool,
}

/// A row and the last event that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked<T> {
    /// What the row says.
    pub row: T,
    /// The last event that changed it.
    pub mark: Mark,
}

/// A list, as a query puts it together.
struct List<'a> {
    window: &'static str,
    table: &'static Table,
    conditions: Vec<(&'static str, Condition)>,
    search: Option<&'a str>,
    order: &'static [&'static str],
    is_descending: bool,
}

impl Reader {
    /// Asks the windows of an archive. `reached` says how far this process has written them.
    pub fn new(
        store: Store,
        views: Views,
        clock: Clock,
        reached: watch::Receiver<Position>,
    ) -> Self {
        Self { store, views, clock, reached }
    }

    /// A page of a list.
    async fn page<T>(
        &self,
        list: List<'_>,
        wanted: &Wanted,
        read: impl Fn(&[Value]) -> Result<T, BadCell>,
    ) -> Result<Found<Marked<T>>, ReadError> {
        let limit = wanted.limit.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS_MAX);
        let cursor = wanted.cursor.as_deref().map(|text| Cursor::read(text, &list)).transpose()?;
        let select = Select {
            window: list.window,
            table: list.table,
            conditions: list.conditions.clone(),
            search: list.search,
            order: list.order,
            is_descending: list.is_descending,
            after: cursor.map(|cursor| cursor.after),
            limit: limit + 1,
        };
        let mut page = self.views.read(&select).await?;
        let age = self.age(list.window, &page).await?;
        let is_more = page.rows.len() > limit;
        page.rows.truncate(limit);
        let last = page.rows.last().filter(|_| is_more);
        let next_cursor = last.map(|seen| Cursor::after(&list, &seen.row).write());
        let rows =
            page.rows.into_iter().map(|seen| Ok(Marked { row: read(&seen.row)?, mark: seen.mark }));
        let rows = rows.collect::<Result<_, BadCell>>()?;
        Ok(Found { rows, next_cursor, age })
    }

    async fn age(&self, window: &str, page: &Page) -> Result<Age, ReadError> {
        let window = || window.to_owned();
        let position = page.position.ok_or_else(|| ReadError::NotBuilt { window: window() })?;
        let lag_ms = self.lag_ms(position).await?;
        Ok(Age { position, lag_ms, is_stopped: page.is_stopped })
    }
}

impl List<'_> {
    /// What a row has in the columns of the order.
    fn place_of(&self, row: &Row) -> Vec<Value> {
        let places = self.order.iter().filter_map(|column| self.table.place(column));
        places.map(|at| row[at].clone()).collect()
    }
}

/// The condition that rows belong to a workspace.
fn of(workspace: &WorkspaceId) -> (&'static str, Condition) {
    ("workspace", Condition::Is(text(workspace.as_str())))
}

/// The conditions that rows belong to an execution.
fn of_execution(
    workspace: &WorkspaceId,
    execution_id: &ExecutionId,
) -> Vec<(&'static str, Condition)> {
    vec![of(workspace), ("execution_id", Condition::Is(text(execution_id.as_str())))]
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}
