//! How far each execution is: one row an execution, and one for each of its labels.

mod row;
mod words;

pub use row::{LabelRow, ProgressRow};
pub use words::message;

use crate::{Changes, FoldError, Happened, Mode, Part, Shape, Subject, Table, Value, Window};
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::{Event, StreamKind};

const EXECUTIONS: usize = 0;
const LABELS: usize = 1;

/// How far each execution is.
#[derive(Debug, Clone, Copy)]
pub struct ProgressWindow;

/// The tables of [`ProgressWindow`].
pub const TABLES: &[Table] = &[
    Table {
        name: "progress",
        columns: ProgressRow::COLUMNS,
        key: 2,
        mode: Mode::Replace,
        indexes: &[
            &["workspace", "created_at", "execution_id"],
            &["workspace", "status", "created_at", "execution_id"],
            &["workspace", "plan_id", "created_at", "execution_id"],
            &["workspace", "agent_id", "created_at", "execution_id"],
        ],
        search: &["title"],
    },
    Table {
        name: "progress_label",
        columns: LabelRow::COLUMNS,
        key: 3,
        mode: Mode::Replace,
        indexes: &[&["workspace", "label", "created_at", "execution_id"]],
        search: &[],
    },
];

impl Window for ProgressWindow {
    fn name(&self) -> &'static str {
        "progress"
    }

    fn version(&self) -> u16 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution]
    }

    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        if let Event::Lifecycle(LifecycleEvent::LabelsChanged(_)) = happened.event {
            touch_labels(subject, changes);
        }
        Ok(())
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        changes.touch(EXECUTIONS, Part::Whole);
        if let Event::Lifecycle(
            LifecycleEvent::ExecutionCreated(_) | LifecycleEvent::LabelsChanged(_),
        ) = happened.event
        {
            touch_labels(subject, changes);
        }
        Ok(())
    }

    fn row(&self, table: usize, subject: &Subject<'_>, part: &Part) -> Shape {
        if table == EXECUTIONS {
            return match ProgressRow::of(subject) {
                Some(row) => Shape::There(row.into_row()),
                None => Shape::Gone(subject.key()),
            };
        }
        LabelRow::of(subject, part).map_or_else(
            || {
                let mut key = subject.key();
                key.push(part.name().map_or(Value::Null, Value::Text));
                Shape::Gone(key)
            },
            |row| Shape::There(row.into_row()),
        )
    }

    fn parts(&self, table: usize, subject: &Subject<'_>) -> Vec<Part> {
        if table == EXECUTIONS { vec![Part::Whole] } else { labels(subject) }
    }
}

fn labels(subject: &Subject<'_>) -> Vec<Part> {
    let header = subject.state.execution().and_then(|execution| execution.header());
    let labels = header.into_iter().flat_map(|header| &header.labels);
    labels.map(|label| Part::Named(label.as_str().into())).collect()
}

fn touch_labels(subject: &Subject<'_>, changes: &mut Changes<'_>) {
    for label in labels(subject) {
        changes.touch(LABELS, label);
    }
}
