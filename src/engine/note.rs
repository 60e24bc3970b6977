//! What the index, the presence and the cell are told of a stream's state.

use super::cell::Job;
use super::driver::Drive;
use super::{EngineInner, StreamKey};
use crate::domain::execution::Execution;
use crate::domain::{Event, StreamKind, StreamName};
use crate::store::{Receipt, Version};
use std::sync::Arc;

impl EngineInner {
    /// Tells the other streams of an append that they hold more than they have folded, and hands
    /// them what is known of it. Where all of an execution's append is known, nothing is left to do
    /// when it is read in the log.
    pub(super) fn note_stored(
        self: &Arc<Self>,
        written: &StreamKey,
        receipt: &Receipt,
        beside: &[(StreamName, Vec<Event>)],
    ) {
        let Receipt { first_position, last_position, versions } = receipt;
        let mut is_known = written.stream.kind() == StreamKind::Execution;
        for (stream, version) in versions.iter().filter(|(name, _)| *name != written.stream) {
            let events = beside.iter().find(|(name, _)| name == stream).map(|(_, events)| events);
            let (workspace, stream) = (written.workspace.clone(), stream.clone());
            let cell = self.cached(&StreamKey { workspace, stream });
            if let Some(cell) = &cell {
                cell.set_stored(*version);
            }
            let (Some(cell), Some(events)) = (cell, events) else {
                is_known &= events.is_some();
                continue;
            };
            let job = Job::Beside { events: events.clone(), version: *version };
            is_known &= cell.push(self, job).is_ok();
        }
        if is_known {
            self.own.note(*first_position, *last_position);
        }
    }
}

impl Drive {
    /// Folds what was stored here beside another stream, where it follows on what is folded; else
    /// the cell knows that it holds more, and it is read when it is asked for.
    pub(super) fn take_beside(&mut self, events: &[Event], version: Version) {
        let Some(loaded) = &mut self.loaded else { return };
        let written = u64::try_from(events.len()).unwrap_or(u64::MAX);
        if loaded.version.plus(written) != version {
            return;
        }
        if events.iter().try_for_each(|event| loaded.state.apply(event)).is_ok() {
            loaded.version = version;
            self.cell.set_seen(version);
        } else {
            self.loaded = None;
        }
    }

    /// Brings the index up to date: before anybody is told of what it has to know.
    pub(super) fn note_state(&mut self) {
        if let Some(loaded) = &mut self.loaded {
            let presence = &self.engine.presence;
            self.engine.index.update(&self.cell.key, &loaded.state, presence);
            loaded.ready_noted = Some(loaded.ready_total());
            self.cell.set_stored(loaded.version);
            self.cell.set_seen(loaded.version);
        }
    }

    /// What the log tells of the agents that hold tasks: they were seen then, by whomever.
    pub(super) fn note_holders(&self) {
        let loaded = self.loaded.as_ref();
        if let Some(execution) = loaded.and_then(|loaded| loaded.state.execution()) {
            self.engine.presence.learn_holders(&self.cell.key.workspace, execution);
        }
    }

    /// The same after what was stored. Where it only put deadlines off, the index need not know:
    /// whoever asks for them too early finds nothing due.
    pub(super) fn note_events(&mut self, events: &[Event]) {
        let Some(loaded) = &mut self.loaded else {
            return;
        };
        if u64::try_from(events.len()).is_ok_and(|made| made == loaded.version.get()) {
            self.engine.definitions.share(&self.cell.key, &mut loaded.state);
        }
        let is_known = loaded.ready_noted == Some(loaded.ready_total());
        if !is_known || !events.iter().all(Execution::is_quiet) {
            return self.note_state();
        }
        self.cell.set_stored(loaded.version);
        self.cell.set_seen(loaded.version);
    }
}
