//! What agents wrote down of their doing, and notes: one row an entry.

mod row;
#[cfg(test)]
mod tests;

pub use row::AgentLogRow;

use crate::{Changes, FoldError, Happened, Mode, Subject, Table, Window};
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::{Event, StreamKind};

const LOGS: usize = 0;

/// What agents wrote down of their doing.
#[derive(Debug, Clone, Copy)]
pub struct AgentLogsWindow;

/// The tables of [`AgentLogsWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "agent_log",
    columns: AgentLogRow::COLUMNS,
    key: 3,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "plan_id", "logged_at", "event_position"],
        &["workspace", "execution_id", "logged_at", "event_position"],
        &["workspace", "action_type", "logged_at", "event_position"],
        &["workspace", "entity_type", "logged_at", "event_position"],
        &["workspace", "own_agent_id", "logged_at", "event_position"],
        &["workspace", "logged_at", "event_position"],
    ],
    search: &[],
}];

impl Window for AgentLogsWindow {
    fn name(&self) -> &'static str {
        "agent_logs"
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

    fn after(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Event::Record(event) = happened.event else { return Ok(()) };
        let row = match event {
            RecordEvent::ActionLogged(event) => AgentLogRow::of_action(happened, subject, event),
            RecordEvent::NoteAdded(event) => AgentLogRow::of_note(happened, subject, event),
            RecordEvent::BlockerRaised(_)
            | RecordEvent::BlockerEscalated(_)
            | RecordEvent::BlockerResolved(_)
            | RecordEvent::ContextSet(_)
            | RecordEvent::ContextRemoved(_)
            | RecordEvent::UsageRecorded(_)
            | RecordEvent::OwnPlanDescribed(_) => None,
            RecordEvent::OwnPlanDeleted(_) => {
                forget(subject, changes);
                None
            }
        };
        row.into_iter().for_each(|row| changes.put(LOGS, row.into_row()));
        Ok(())
    }
}

/// Takes away every entry of a plan that its agent brought, and that is gone from sight.
fn forget(subject: &Subject<'_>, changes: &mut Changes<'_>) {
    let entries = subject.state.execution().map_or(0, |execution| execution.entries_total());
    for entry in 1..=entries {
        changes.remove(LOGS, row::row_key(subject, entry));
    }
}
