//! Plans and their tasks, what agents wrote down, and what executions remember.

use super::{Found, List, Marked, ReadError, Reader, Wanted, of, text};
use crate::domain::event::plan::{PlanEvent, PlanImported};
use crate::domain::{
    AgentId, Event, ExecutionId, PlanId, StreamName, TaskId, Timestamp, WorkspaceId,
};
use crate::projections::Cell as _;
use crate::projections::agent_logs::{self, AgentLogRow};
use crate::projections::memory::{self, MemoryRow};
use crate::projections::plans::{self, PlanRow, PlanTaskRow};
use crate::store::views::Condition;
use crate::store::{RecordedEvent, Version};

/// How many events of a plan are read at once.
const PAGE_EVENTS: usize = 100;
/// The kind of event by which a plan is read in.
const IMPORTED: &str = "plan_imported";

/// Which plans are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanFilter {
    /// Those with this status.
    pub status: Option<String>,
    /// Those that are meant for this agent.
    pub assigned_to: Option<AgentId>,
    /// Those in whose title or goal these words stand.
    pub search: Option<String>,
}

/// Which entries of agents' logs are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEntryFilter {
    /// Those of this plan.
    pub plan_id: Option<PlanId>,
    /// Those of this execution.
    pub execution_id: Option<ExecutionId>,
    /// Those of this type.
    pub action_type: Option<String>,
    /// Those about this type of thing.
    pub entity_type: Option<String>,
    /// Those of plans that are this agent's own.
    pub own_agent_id: Option<AgentId>,
    /// What was logged then or later.
    pub since: Option<Timestamp>,
    /// What was logged before that.
    pub until: Option<Timestamp>,
}

/// Which remembered things are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryFilter {
    /// Those of this execution.
    pub execution_id: Option<ExecutionId>,
    /// Those of this plan.
    pub plan_id: Option<PlanId>,
    /// Those of this task.
    pub task_id: Option<TaskId>,
    /// Those of this type.
    pub context_type: Option<String>,
    /// Those of this name.
    pub context_key: Option<String>,
    /// What this agent remembers, of its own plans and beside them.
    pub agent_id: Option<AgentId>,
    /// The one with this id.
    pub context_id: Option<String>,
    /// Those in which these words stand.
    pub search: Option<String>,
}

/// The conditions that columns hold what is set.
fn set<'a>(
    columns: impl IntoIterator<Item = (&'static str, Option<&'a str>)>,
) -> Vec<(&'static str, Condition)> {
    let is = |(column, wanted): (_, Option<&str>)| Some((column, Condition::Is(text(wanted?))));
    columns.into_iter().filter_map(is).collect()
}

impl Reader {
    /// Plans, the newest first; deleted ones only when asked for by their status.
    pub async fn plans(
        &self,
        workspace: &WorkspaceId,
        filter: &PlanFilter,
        wanted: &Wanted,
    ) -> Result<Found<Marked<PlanRow>>, ReadError> {
        let mut conditions = vec![of(workspace)];
        conditions.extend(set([
            ("status", filter.status.as_deref()),
            ("assigned_to", filter.assigned_to.as_ref().map(AgentId::as_str)),
        ]));
        if filter.status.is_none() {
            let shown = ["importing", "ready", "archived"].map(str::to_owned).to_vec();
            conditions.push(("status", Condition::In(shown)));
        }
        let list = List {
            window: "plans",
            table: &plans::TABLES[0],
            conditions,
            search: filter.search.as_deref(),
            order: &["created_at", "plan_id"],
            is_descending: true,
        };
        self.page(list, wanted, PlanRow::from_row).await
    }

    /// One plan.
    pub async fn plan(
        &self,
        workspace: &WorkspaceId,
        plan_id: &PlanId,
    ) -> Result<Found<Marked<PlanRow>>, ReadError> {
        let list = List {
            window: "plans",
            table: &plans::TABLES[0],
            conditions: vec![of(workspace), ("plan_id", Condition::Is(text(plan_id.as_str())))],
            search: None,
            order: &["created_at", "plan_id"],
            is_descending: true,
        };
        self.page(list, &Wanted::default(), PlanRow::from_row).await
    }

    /// How a plan was read in, from the log; none where nothing was read in yet.
    pub async fn plan_imported(
        &self,
        workspace: &WorkspaceId,
        plan_id: &PlanId,
    ) -> Result<Option<PlanImported>, ReadError> {
        let stream = StreamName::plan(plan_id);
        let mut at = Version::ZERO;
        loop {
            let page = self.store.read_stream(workspace, &stream, at, PAGE_EVENTS).await?;
            let Some(last) = page.last() else { return Ok(None) };
            at = last.version;
            for event in &page {
                if let Some(imported) = imported_by(event)? {
                    return Ok(Some(imported));
                }
            }
        }
    }

    /// The tasks of a plan, in its order; when it is said, only those whose parts are so reviewed.
    pub async fn plan_tasks(
        &self,
        workspace: &WorkspaceId,
        (plan_id, review): (&PlanId, Option<&str>),
        wanted: &Wanted,
    ) -> Result<Found<Marked<PlanTaskRow>>, ReadError> {
        let mut conditions = vec![of(workspace)];
        conditions.extend(set([("plan_id", Some(plan_id.as_str())), ("review", review)]));
        let list = List {
            window: "plans",
            table: &plans::TABLES[1],
            conditions,
            search: None,
            order: &["ordinal", "task_id"],
            is_descending: false,
        };
        self.page(list, wanted, PlanTaskRow::from_row).await
    }

    /// What agents wrote down of their doing, the last first.
    pub async fn agent_logs(
        &self,
        workspace: &WorkspaceId,
        filter: &LogEntryFilter,
        wanted: &Wanted,
    ) -> Result<Found<Marked<AgentLogRow>>, ReadError> {
        let mut conditions = vec![of(workspace)];
        conditions.extend(set([
            ("plan_id", filter.plan_id.as_ref().map(PlanId::as_str)),
            ("execution_id", filter.execution_id.as_ref().map(ExecutionId::as_str)),
            ("action_type", filter.action_type.as_deref()),
            ("entity_type", filter.entity_type.as_deref()),
            ("own_agent_id", filter.own_agent_id.as_ref().map(AgentId::as_str)),
        ]));
        let since = filter.since.map(|at| ("logged_at", Condition::From(at.to_value())));
        let until = filter.until.map(|at| ("logged_at", Condition::Before(at.to_value())));
        conditions.extend(since.into_iter().chain(until));
        let list = List {
            window: "agent_logs",
            table: &agent_logs::TABLES[0],
            conditions,
            search: None,
            order: &["logged_at", "event_position"],
            is_descending: true,
        };
        self.page(list, wanted, AgentLogRow::from_row).await
    }

    /// What executions and agents remember, the last set first.
    pub async fn memory(
        &self,
        workspace: &WorkspaceId,
        filter: &MemoryFilter,
        wanted: &Wanted,
    ) -> Result<Found<Marked<MemoryRow>>, ReadError> {
        let mut conditions = vec![of(workspace)];
        conditions.extend(set([
            ("execution_id", filter.execution_id.as_ref().map(ExecutionId::as_str)),
            ("plan_id", filter.plan_id.as_ref().map(PlanId::as_str)),
            ("task_id", filter.task_id.as_ref().map(TaskId::as_str)),
            ("context_type", filter.context_type.as_deref()),
            ("context_key", filter.context_key.as_deref()),
            ("agent_id", filter.agent_id.as_ref().map(AgentId::as_str)),
            ("context_id", filter.context_id.as_deref()),
        ]));
        let list = List {
            window: "memory",
            table: &memory::TABLES[0],
            conditions,
            search: filter.search.as_deref(),
            order: &["set_at", "holder", "task_id", "context_type", "context_key"],
            is_descending: true,
        };
        self.page(list, wanted, MemoryRow::from_row).await
    }
}

/// What an event says of an import, where it is one.
fn imported_by(event: &RecordedEvent) -> Result<Option<PlanImported>, ReadError> {
    if event.kind != IMPORTED {
        return Ok(None);
    }
    match Event::decode(&event.kind, event.schema_version, &event.payload) {
        Ok(Event::Plan(PlanEvent::PlanImported(imported))) => Ok(Some(imported)),
        Ok(_) => Ok(None),
        Err(error) => Err(ReadError::Broken(format!("position {}: {error}", event.position))),
    }
}
