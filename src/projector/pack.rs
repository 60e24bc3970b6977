//! Windows that are at the same position, and are folded together.

use super::lists::hex;
use super::load::{entry, provide};
use super::{ProjectorConfig, ProjectorError};
use crate::domain::Timestamp;
use crate::planted::is_planted;
use crate::projections::{Folder, Stopped, TableWrites, Window};
use crate::store::views::{Generation, Step, Views, WindowWrite, Written};
use crate::store::{LogFilter, Position, RecordedEvent, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A generation, and the window that folds into it.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) generation: Generation,
    pub(super) window: Arc<dyn Window>,
}

/// Windows that are at the same position, no two of the same name.
pub(super) struct Pack {
    pub(super) members: Vec<Member>,
    pub(super) position: Position,
    pub(super) skipped: BTreeSet<u64>,
    /// Where it stops for good, and why.
    pub(super) stop: Option<(Position, String)>,
    folder: Folder,
}

/// What a pack works with.
pub(super) struct Surroundings<'a> {
    pub(super) store: &'a Store,
    pub(super) views: &'a Views,
    pub(super) config: &'a ProjectorConfig,
    pub(super) epoch: u64,
    pub(super) now: Timestamp,
}

/// What became of a pack's batch.
pub(super) struct Batch {
    /// How many events were taken in.
    pub(super) events: usize,
    /// The members that could not go on, each with the event it failed at: they are to go up to
    /// the one before, by themselves.
    pub(super) failed: Vec<(Member, Position, String)>,
}

impl Pack {
    /// A pack of generations that stand at the same position and skip the same events.
    pub(super) fn new(members: Vec<Member>, position: Position, skipped: BTreeSet<u64>) -> Self {
        let windows = members.iter().map(|member| Arc::clone(&member.window)).collect();
        Self { members, position, skipped, stop: None, folder: Folder::new(windows) }
    }

    /// Whether a window of that name is in it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.window.name() == name)
    }

    /// Takes in what follows in the log, no further than `limit`, and writes it.
    pub(super) async fn advance(
        &mut self,
        around: &Surroundings<'_>,
        limit: Option<Position>,
    ) -> Result<Batch, ProjectorError> {
        let from = self.position;
        let (mut stopped, mut last, mut events) = (Vec::new(), None, 0);
        while events < around.config.batch_events {
            let page = self.read(around, limit).await?;
            for event in &page {
                stopped.extend(self.take(around.store, event).await?);
                last = Some(hex(&event.leaf_hash));
                self.position = event.position;
            }
            events += page.len();
            if page.len() < around.config.page_events {
                break;
            }
        }
        let flushed = self.folder.flush();
        stopped.extend(flushed.stopped);
        if is_planted("poison_skipped") {
            stopped.clear();
        }
        let failed = self.leave(from, stopped);
        if let Some(prefix_hash) = last {
            self.write(around, from, prefix_hash, &flushed.writes).await?;
        }
        self.folder.forget_beyond(around.config.streams_kept);
        Ok(Batch { events, failed })
    }

    async fn read(
        &self,
        around: &Surroundings<'_>,
        limit: Option<Position>,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let stop = self.stop.as_ref().map(|(at, _)| self.halfway(*at));
        let limit = limit.into_iter().chain(stop).min();
        let room = limit.map_or(u64::MAX, |limit| limit.get().saturating_sub(self.position.get()));
        let count = around.config.page_events.min(usize::try_from(room).unwrap_or(usize::MAX));
        if count == 0 {
            return Ok(Vec::new());
        }
        around.store.read_log(self.position, &LogFilter::default(), count).await
    }

    /// Half of what is left before the place where it stops: where a row could not be made, the
    /// event that did it may well come earlier.
    fn halfway(&self, stop: Position) -> Position {
        let left = stop.get().saturating_sub(1).saturating_sub(self.position.get());
        self.position.plus(left.div_ceil(2))
    }

    async fn take(
        &mut self,
        store: &Store,
        event: &RecordedEvent,
    ) -> Result<Vec<Stopped>, ProjectorError> {
        if event.position != self.position.next() {
            return Err(StoreError::WentBackwards.into());
        }
        provide(store, &mut self.folder, event, &self.skipped).await?;
        if self.skipped.contains(&event.position.get()) {
            self.folder.skip(&entry(event));
            return Ok(Vec::new());
        }
        Ok(self.folder.fold(&entry(event)))
    }

    /// Those that failed leave the pack, as they were before this batch.
    fn leave(&mut self, from: Position, stopped: Vec<Stopped>) -> Vec<(Member, Position, String)> {
        let mut failed = Vec::new();
        for Stopped { window, position, why } in stopped {
            let Some(at) = self.members.iter().position(|it| it.window.name() == window) else {
                continue;
            };
            let mut member = self.members[at].clone();
            member.generation.position = from;
            failed.push((member, Position::new(position), why));
        }
        let is_failed = |name: &str| {
            failed.iter().any(|(member, ..): &(Member, _, _)| member.window.name() == name)
        };
        self.members.retain(|member| !is_failed(member.window.name()));
        failed
    }

    async fn write(
        &mut self,
        around: &Surroundings<'_>,
        from: Position,
        prefix_hash: String,
        writes: &[(&'static str, Vec<TableWrites>)],
    ) -> Result<(), ProjectorError> {
        let step = Step::Move { from, to: self.position, prefix_hash };
        let of = |member: &Member| {
            let name = member.window.name();
            let found = writes.iter().find(|(window, _)| *window == name);
            found.map_or(&[][..], |(_, writes)| writes.as_slice())
        };
        let writes = self.members.iter().map(|member| WindowWrite {
            name: member.window.name(),
            generation: member.generation.generation,
            tables: member.window.tables(),
            writes: of(member),
            step: step.clone(),
        });
        let writes: Vec<_> = writes.collect();
        match around.views.write(around.epoch, &writes, around.now).await? {
            Written::All => {}
            Written::Overtaken => return Err(ProjectorError::Overtaken),
        }
        for member in &mut self.members {
            member.generation.position = self.position;
        }
        Ok(())
    }
}
