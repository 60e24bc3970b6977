//! Everything that happens, in sentences: one row an event.

mod beside;
mod lifecycle;
mod record;
mod row;
#[cfg(test)]
mod tests;
mod told;
mod work;

pub use row::FeedRow;
pub use told::Group;

use crate::{Changes, FoldError, Happened, Mode, Subject, Table, Window};
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::{Event, StreamKind};
use told::{Scene, Told};

const FEED: usize = 0;

/// Everything that happens.
#[derive(Debug, Clone, Copy)]
pub struct FeedWindow;

/// The tables of [`FeedWindow`].
pub const TABLES: &[Table] = &[Table {
    name: "feed",
    columns: FeedRow::COLUMNS,
    key: 2,
    mode: Mode::Replace,
    indexes: &[
        &["workspace", "execution_id", "event_position"],
        &["workspace", "execution_id", "task_id", "event_position"],
        &["workspace", "agent_id", "event_position"],
        &["workspace", "plan_id", "event_position"],
        &["workspace", "event_group", "event_position"],
    ],
    search: &[],
}];

impl Window for FeedWindow {
    fn name(&self) -> &'static str {
        "feed"
    }

    fn version(&self) -> u16 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &StreamKind::ALL
    }

    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        if is_told_before(happened.event) {
            tell(happened, subject, changes);
        }
        Ok(())
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        if !is_told_before(happened.event) {
            tell(happened, subject, changes);
        }
        Ok(())
    }
}

/// Whether what the sentence needs is gone after the event.
fn is_told_before(event: &Event) -> bool {
    matches!(event, Event::Record(RecordEvent::BlockerResolved(_)))
}

fn tell(happened: &Happened<'_>, subject: &Subject<'_>, changes: &mut Changes<'_>) {
    let scene = Scene(subject.state.execution());
    let told: Told<'_> = match happened.event {
        Event::Lifecycle(event) => lifecycle::tell(event),
        Event::Work(event) => work::tell(event, scene),
        Event::Record(event) => record::tell(event, scene),
        Event::Agent(event) => beside::tell_agent(event, subject.state.agent()),
        Event::Plan(event) => beside::tell_plan(event),
        Event::Workspace(event) => beside::tell_workspace(event),
    };
    changes.put(FEED, FeedRow::of(happened, subject, told).into_row());
}
