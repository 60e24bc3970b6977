//! Agents: what they are, what they hold, and how well they do.

use super::{Found, List, Marked, ReadError, Reader, Wanted, of, text};
use crate::domain::{AgentId, Timestamp, WorkspaceId};
use crate::projections::agents::{self, AgentRow};
use crate::projections::metrics::{self, MetricDurationRow, MetricErrorRow, MetricRow, percentile};
use crate::projections::task_tree::{self, TaskRow};
use crate::projections::{BadCell, Cell as _, Table, Value};
use crate::store::views::Condition;
use std::collections::BTreeMap;

/// How many pages are counted at most.
const COUNTED_PAGES_MAX: usize = 100;

/// What sums are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// All of a workspace.
    Workspace,
    /// A plan.
    Plan(&'a str),
    /// An agent.
    Agent(&'a str),
    /// An action.
    Action(&'a str),
}

/// How finely sums are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grain {
    /// From the beginning.
    Total,
    /// By days.
    Day,
    /// By hours.
    Hour,
}

impl Grain {
    fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }
}

/// The sums of one scope, over a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// A row for each bucket, the first in time first.
    pub rows: Found<Marked<MetricRow>>,
    /// How often which type of error came.
    pub errors: Vec<MetricErrorRow>,
    /// How many attempts took how long, as [`percentile`] takes it.
    pub durations: Vec<(u32, u64)>,
}

/// How one agent did since it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentSums {
    /// What is counted; none before it took anything.
    pub row: Option<MetricRow>,
    /// How many attempts took how long, as [`percentile`] takes it.
    pub durations: Vec<(u32, u64)>,
}

impl AgentSums {
    /// The time that so many thousandths of the attempts stayed under.
    pub fn duration_ms(&self, permille: u32) -> Option<u64> {
        percentile(&self.durations, permille)
    }
}

impl Sums {
    /// The time that so many thousandths of the attempts stayed under.
    pub fn duration_ms(&self, permille: u32) -> Option<u64> {
        percentile(&self.durations, permille)
    }
}

impl Reader {
    /// The agents of a workspace, the newest first.
    pub async fn agents(
        &self,
        workspace: &WorkspaceId,
        status: Option<&str>,
        wanted: &Wanted,
    ) -> Result<Found<Marked<AgentRow>>, ReadError> {
        let mut conditions = vec![of(workspace)];
        conditions.extend(status.map(|status| ("status", Condition::Is(text(status)))));
        let list = List {
            window: "agents",
            table: &agents::TABLES[0],
            conditions,
            search: None,
            order: &["registered_at", "agent_id"],
            is_descending: true,
        };
        self.page(list, wanted, AgentRow::from_row).await
    }

    /// One agent.
    pub async fn agent(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<Found<Marked<AgentRow>>, ReadError> {
        let list = List {
            window: "agents",
            table: &agents::TABLES[0],
            conditions: vec![of(workspace), ("agent_id", Condition::Is(text(agent_id.as_str())))],
            search: None,
            order: &["registered_at", "agent_id"],
            is_descending: true,
        };
        self.page(list, &Wanted::default(), AgentRow::from_row).await
    }

    /// How many agents there are in each status, in one workspace or in all; none are counted
    /// before the window is built, and no more than so many at all.
    pub async fn agent_statuses(
        &self,
        workspace: Option<&WorkspaceId>,
    ) -> Result<BTreeMap<String, u64>, ReadError> {
        let (mut counts, mut wanted) = (BTreeMap::new(), Wanted::default());
        wanted.limit = Some(super::PAGE_ROWS_MAX);
        for _ in 0..COUNTED_PAGES_MAX {
            let list = List {
                window: "agents",
                table: &agents::TABLES[0],
                conditions: vec![workspace.map_or(("workspace", Condition::Something), of)],
                search: None,
                order: &["workspace", "agent_id"],
                is_descending: false,
            };
            let page = self.page(list, &wanted, AgentRow::from_row).await?;
            for row in &page.rows {
                *counts.entry(row.row.status.to_string()).or_default() += 1;
            }
            match page.next_cursor {
                Some(cursor) => wanted.cursor = Some(cursor),
                None => break,
            }
        }
        Ok(counts)
    }

    /// The tasks that an agent holds.
    pub async fn held_by(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
        wanted: &Wanted,
    ) -> Result<Found<Marked<TaskRow>>, ReadError> {
        let conditions = vec![
            of(workspace),
            ("agent_id", Condition::Is(text(agent_id.as_str()))),
            ("status", Condition::Is(text("RUNNING"))),
            ("lease_expires_at", Condition::Something),
        ];
        let list = List {
            window: "task_tree",
            table: &task_tree::TABLES[0],
            conditions,
            search: None,
            order: &["execution_id", "ordinal"],
            is_descending: false,
        };
        self.page(list, wanted, TaskRow::from_row).await
    }

    /// The sums of a scope, for the buckets that begin in this time.
    pub async fn sums(
        &self,
        workspace: &WorkspaceId,
        scope: Scope<'_>,
        grain: Grain,
        time: (Option<Timestamp>, Option<Timestamp>),
        wanted: &Wanted,
    ) -> Result<Sums, ReadError> {
        let conditions = || conditions(workspace, scope, grain, time);
        let list = |table: &'static Table, order| List {
            window: "metrics",
            table,
            conditions: conditions(),
            search: None,
            order,
            is_descending: false,
        };
        let rows = list(&metrics::TABLES[0], &["bucket_at"]);
        let rows = self.page(rows, wanted, MetricRow::from_row).await?;
        let errors = list(&metrics::TABLES[1], &["bucket_at", "error_type"]);
        let errors = self.everything(errors, MetricErrorRow::from_row).await?;
        let durations = list(&metrics::TABLES[2], &["bucket_at", "bits"]);
        let durations = self.everything(durations, MetricDurationRow::from_row).await?;
        let durations =
            durations.iter().map(|it| (it.bits, u64::try_from(it.attempts).unwrap_or(0)));
        Ok(Sums { rows, errors, durations: durations.collect() })
    }

    /// How each of several agents did since it is known; those of whom nothing was counted are
    /// left out.
    pub async fn sums_by_agent(
        &self,
        workspace: &WorkspaceId,
        agents: &[&str],
    ) -> Result<BTreeMap<String, AgentSums>, ReadError> {
        let mut sums: BTreeMap<String, AgentSums> = BTreeMap::new();
        let list = |table: &'static Table, order| List {
            window: "metrics",
            table,
            conditions: vec![
                of(workspace),
                ("scope", Condition::Is(text("agent"))),
                ("scope_id", Condition::In(agents.iter().map(|id| (*id).to_owned()).collect())),
                ("grain", Condition::Is(text(Grain::Total.as_str()))),
            ],
            search: None,
            order,
            is_descending: false,
        };
        let rows = || list(&metrics::TABLES[0], &["scope_id", "bucket_at"]);
        for row in self.every_page(rows, MetricRow::from_row).await? {
            let id = row.scope_id.to_string();
            sums.entry(id).or_default().row = Some(row);
        }
        let durations = || list(&metrics::TABLES[2], &["scope_id", "bucket_at", "bits"]);
        for row in self.every_page(durations, MetricDurationRow::from_row).await? {
            let attempts = u64::try_from(row.attempts).unwrap_or(0);
            sums.entry(row.scope_id.to_string()).or_default().durations.push((row.bits, attempts));
        }
        Ok(sums)
    }

    /// All rows of a list that is not long, page by page.
    async fn every_page<'a, T>(
        &self,
        list: impl Fn() -> List<'a>,
        read: impl Fn(&[Value]) -> Result<T, BadCell>,
    ) -> Result<Vec<T>, ReadError> {
        let mut wanted = Wanted { limit: Some(super::PAGE_ROWS_MAX), cursor: None };
        let mut rows = Vec::new();
        for _ in 0..COUNTED_PAGES_MAX {
            let page = self.page(list(), &wanted, &read).await?;
            rows.extend(page.rows.into_iter().map(|marked| marked.row));
            wanted.cursor = page.next_cursor;
            if wanted.cursor.is_none() {
                break;
            }
        }
        Ok(rows)
    }

    /// The first rows of a short list, without a cursor.
    async fn everything<T>(
        &self,
        list: List<'_>,
        read: impl Fn(&[Value]) -> Result<T, BadCell>,
    ) -> Result<Vec<T>, ReadError> {
        let wanted = Wanted { limit: Some(super::PAGE_ROWS_MAX), cursor: None };
        let found = self.page(list, &wanted, read).await?;
        Ok(found.rows.into_iter().map(|marked| marked.row).collect())
    }
}

fn conditions(
    workspace: &WorkspaceId,
    scope: Scope<'_>,
    grain: Grain,
    (since, until): (Option<Timestamp>, Option<Timestamp>),
) -> Vec<(&'static str, Condition)> {
    let (word, id) = match scope {
        Scope::Workspace => ("workspace", ""),
        Scope::Plan(id) => ("plan", id),
        Scope::Agent(id) => ("agent", id),
        Scope::Action(id) => ("action", id),
    };
    let mut conditions = vec![
        of(workspace),
        ("scope", Condition::Is(text(word))),
        ("scope_id", Condition::Is(text(id))),
        ("grain", Condition::Is(text(grain.as_str()))),
    ];
    conditions.extend(since.map(|at| ("bucket_at", Condition::From(at.to_value()))));
    conditions.extend(until.map(|at| ("bucket_at", Condition::Before(at.to_value()))));
    conditions
}
