//! The window: how many tasks each agent completed on each day.

use planexe_ax::domain::{Event, StreamKind, event::work::WorkEvent};
use planexe_ax::projections::{Cell, Changes, FoldError, Happened, Mode, Subject, Table, Window};
use std::sync::Arc;

planexe_ax::projections::rows! {
    /// What an agent completed on a day.
    struct Completed {
        /// The workspace.
        workspace: Arc<str>,
        /// The agent.
        agent_id: Arc<str>,
        /// The day.
        day: Arc<str>,
        /// How many tasks; a row that comes is added to the one that is there.
        tasks: u64,
    }
}

pub(crate) const TABLE: Table = Table {
    name: "completed",
    columns: Completed::COLUMNS,
    key: 3,
    mode: Mode::Add,
    indexes: &[],
    search: &[],
};

pub(crate) struct CompletedByDay;

type Told = Result<(), FoldError>;

impl Window for CompletedByDay {
    fn name(&self) -> &'static str {
        "completed_by_day"
    }

    fn tables(&self) -> &'static [Table] {
        &[TABLE]
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution]
    }

    /// Before it completes, the task has its lease, and with that its agent.
    fn before(&self, happened: &Happened<'_>, at: &Subject<'_>, changes: &mut Changes<'_>) -> Told {
        let Event::Work(WorkEvent::TaskCompleted(event)) = happened.event else { return Ok(()) };
        let tree = at.state.execution().map(|execution| execution.tree());
        let node = tree.and_then(|tree| tree.find(&event.task_id).map(|spot| tree.node(spot)));
        if let Some(lease) = node.and_then(|node| node.leaf.lease()) {
            let (agent, day) = (lease.agent_id.as_str(), &event.at.to_string()[..10]);
            let key = [at.workspace_cell(), agent.into(), day.into()];
            changes.add(0, key.map(|cell| cell.to_value()).to_vec(), &[1]);
        }
        Ok(())
    }
}
