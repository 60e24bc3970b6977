//! Every node of every execution's tree: one row a node.

mod row;
mod touched;

pub use row::TaskRow;

use crate::{Changes, FoldError, Happened, Mode, Part, Shape, Subject, Table, Value, Window};
use planexe_ax_domain::execution::Execution;
use planexe_ax_domain::execution::tree::Spot;
use planexe_ax_domain::{StreamKind, TaskId};
use touched::Reach;

const TASKS: usize = 0;

/// Every node of every execution's tree.
#[derive(Debug, Clone, Copy)]
pub struct TaskTreeWindow;

/// The tables of [`TaskTreeWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "task_tree",
    columns: TaskRow::COLUMNS,
    key: 3,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "execution_id", "ordinal"],
        &["workspace", "agent_id", "status", "execution_id", "ordinal"],
    ],
    search: &[],
}];

impl Window for TaskTreeWindow {
    fn name(&self) -> &'static str {
        "task_tree"
    }

    fn version(&self) -> u16 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution]
    }

    /// Tasks and blockers that go are known only before they went.
    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Some(execution) = subject.state.execution() else { return Ok(()) };
        match touched::of(happened.event) {
            Reach::Removing(tasks) => {
                tasks.iter().for_each(|task_id| touch_below(execution, task_id, changes));
            }
            Reach::Blocker(blocker_id) => {
                let blocker = execution.blocker(blocker_id);
                let task_id = blocker.and_then(|blocker| blocker.task_id.as_ref());
                task_id.into_iter().for_each(|task_id| touch_chain(execution, task_id, changes));
            }
            Reach::Nothing | Reach::Task(_) | Reach::TaskAndParts(_) | Reach::Everything => {}
        }
        Ok(())
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Some(execution) = subject.state.execution() else { return Ok(()) };
        match touched::of(happened.event) {
            Reach::Nothing | Reach::Blocker(_) => {}
            Reach::Everything | Reach::Removing(_) => changes.touch_all(TASKS),
            Reach::Task(task_id) => {
                touch_chain(execution, task_id, changes);
                touch_finished_with(execution, task_id, changes);
            }
            Reach::TaskAndParts(task_id) => {
                touch_chain(execution, task_id, changes);
                touch_finished_with(execution, task_id, changes);
                touch_below(execution, task_id, changes);
            }
        }
        Ok(())
    }

    fn row(&self, _table: usize, subject: &Subject<'_>, part: &Part) -> Shape {
        let row = part.task().and_then(|task_id| TaskRow::of(subject, task_id));
        row.map_or_else(
            || {
                let mut key = subject.key();
                key.push(part.task().map_or(Value::Null, |id| Value::Text(id.as_str().into())));
                Shape::Gone(key)
            },
            |row| Shape::There(row.into_row()),
        )
    }

    fn parts(&self, _table: usize, subject: &Subject<'_>) -> Vec<Part> {
        let Some(execution) = subject.state.execution() else { return Vec::new() };
        let tree = execution.tree();
        tree.spots().map(|spot| Part::Task(tree.node(spot).definition.task_id.clone())).collect()
    }
}

/// Touches a task and its ancestors.
fn touch_chain(execution: &Execution, task_id: &TaskId, changes: &mut Changes<'_>) {
    let tree = execution.tree();
    for spot in tree.find(task_id).into_iter().flat_map(|spot| tree.chain(spot)) {
        changes.touch(TASKS, Part::Task(tree.node(spot).definition.task_id.clone()));
    }
}

/// Touches what was done already, and only waited for this task, or for one above it, to finish.
fn touch_finished_with(execution: &Execution, task_id: &TaskId, changes: &mut Changes<'_>) {
    let tree = execution.tree();
    let mut reached: Vec<Spot> =
        tree.find(task_id).into_iter().flat_map(|spot| tree.chain(spot)).collect();
    let mut next = 0;
    while let Some(&at) = reached.get(next) {
        next += 1;
        let edges = tree.node(at).holds_back.iter().filter(|edge| !edge.kind.gates_start());
        for held in edges.map(|edge| edge.other).filter(|&spot| tree.node(spot).is_finished) {
            for spot in tree.chain(held) {
                if !reached.contains(&spot) {
                    changes.touch(TASKS, Part::Task(tree.node(spot).definition.task_id.clone()));
                    reached.push(spot);
                }
            }
        }
    }
}

/// Touches a task and all below it.
fn touch_below(execution: &Execution, task_id: &TaskId, changes: &mut Changes<'_>) {
    let tree = execution.tree();
    for spot in tree.find(task_id).into_iter().flat_map(|spot| tree.below(spot)) {
        changes.touch(TASKS, Part::Task(tree.node(spot).definition.task_id.clone()));
    }
}
