//! Builds generations from the log, stream by stream: several chunks are read and folded ahead, in
//! parallel; each is written in bulk, with how far it is, in one transaction.

mod chunks;
mod cursor;
mod pace;
mod worker;

pub(super) use worker::entry;

use super::ProjectorError;
use super::pack::Member;
use crate::clock::Clock;
use crate::projections::{Stopped, TableWrites};
use crate::store::views::{Generation, Phase, Step, Views, WindowWrite, Written};
use crate::store::{Position, Store};
use chunks::{Chunk, Chunks};
use cursor::Cursor;
use pace::Pace;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;
use worker::{Folded, Task, work};

/// A rebuild that is held back takes no fewer at once.
const CHUNK_EVENTS_MIN: u64 = 100;
/// How many chunks are folded ahead at most.
const CHUNKS_AHEAD_MAX: usize = 8;
/// How often a rebuild that waits looks whether it still should.
const LOOK_MS: u64 = 500;

/// What is built together: generations whose cursor, target and skipped events agree.
pub(super) struct Build {
    store: Store,
    views: Views,
    clock: Clock,
    epoch: u64,
    chunk_events: u64,
    members: Vec<Member>,
    target: Position,
    cursor: Cursor,
    events_done: u64,
    pace: Pace,
}

/// Chunks that are folded ahead: what comes of each, and where it ends.
type Ahead = VecDeque<(Receiver<Result<Folded, ProjectorError>>, Cursor)>;

impl Build {
    /// Of generations that agree.
    pub(super) fn new(
        (store, views, clock): (&Store, &Views, &Clock),
        (epoch, chunk_events): (u64, u64),
        members: Vec<Member>,
    ) -> Result<Self, ProjectorError> {
        let broken = |what: &str| ProjectorError::Broken(what.to_owned());
        let first = &members.first().ok_or_else(|| broken("nothing is to be built"))?.generation;
        let (target, events_done) = (first.target, first.events_done);
        let cursor = Cursor::parse(first.build_cursor.as_deref());
        let cursor = cursor.ok_or_else(|| broken("the cursor cannot be read"))?;
        Ok(Self {
            store: store.clone(),
            views: views.clone(),
            clock: clock.clone(),
            epoch,
            chunk_events,
            members,
            target,
            cursor,
            events_done,
            pace: Pace::new(clock.now()),
        })
    }

    /// Builds them to the end, or until somebody changes one of them. Safe to cancel at any point:
    /// the next one goes on at the cursor.
    pub(super) async fn run(mut self) -> Result<(), ProjectorError> {
        let task = Arc::new(self.task());
        let (store, events) = (self.store.clone(), task.chunk_events);
        let mut chunks = Chunks::new(store, self.cursor, self.target, events);
        let mut workers = JoinSet::new();
        let mut ahead = Ahead::new();
        let ahead_max = std::thread::available_parallelism().map_or(2, |cores| cores.get() + 1);
        loop {
            while ahead.len() < ahead_max.min(CHUNKS_AHEAD_MAX) {
                let Some(chunk) = chunks.next().await? else { break };
                ahead.push_back(begin(&mut workers, &task, chunk));
            }
            let Some((mut pieces, end)) = ahead.pop_front() else { break };
            while let Some(folded) = pieces.recv().await {
                if !self.take(folded?).await? {
                    return Ok(());
                }
            }
            if self.cursor != end {
                return Err(ProjectorError::Broken("a worker ended early".to_owned()));
            }
        }
        self.finish().await
    }

    fn task(&self) -> Task {
        let first = self.members.first().map(|member| &member.generation);
        let limit = first.and_then(|first| first.events_per_second_max).unwrap_or(u64::MAX);
        Task {
            store: self.store.clone(),
            windows: self.members.iter().map(|member| Arc::clone(&member.window)).collect(),
            skipped: first.into_iter().flat_map(|first| first.skipped.iter().copied()).collect(),
            target: self.target,
            chunk_events: limit.max(CHUNK_EVENTS_MIN).min(self.chunk_events),
        }
    }

    /// Writes what came of a chunk; false when there is nothing more to do for this one.
    async fn take(&mut self, folded: Folded) -> Result<bool, ProjectorError> {
        for stopped in &folded.stopped {
            self.stop(stopped).await?;
        }
        if self.members.is_empty() || !self.keep_pace().await? {
            return Ok(false);
        }
        self.events_done += folded.events;
        let events_per_second = self.pace.count(folded.events, self.clock.now());
        self.write(&folded.writes, folded.end, events_per_second).await?;
        self.cursor = folded.end;
        Ok(true)
    }

    async fn stop(&mut self, stopped: &Stopped) -> Result<(), ProjectorError> {
        let is_it = |member: &Member| member.window.name() == stopped.window;
        let Some(at) = self.members.iter().position(is_it) else { return Ok(()) };
        let generation = self.members.remove(at).generation;
        let Stopped { window, position, why } = stopped;
        tracing::error!(
            window,
            position,
            why,
            generation = generation.generation,
            "building window {window} stopped at {position}"
        );
        let place = (*window, generation.generation);
        let at = (Position::new(*position), why.as_str());
        if !self.views.stop(self.epoch, place, at, self.clock.now()).await? {
            return Err(ProjectorError::Overtaken);
        }
        Ok(())
    }

    /// Waits while it is too fast; false when one of the generations is no longer to be built so.
    async fn keep_pace(&mut self) -> Result<bool, ProjectorError> {
        loop {
            let known = self.views.generations().await?;
            let mut limit = None;
            for Member { generation, .. } in &self.members {
                let same = |it: &&Generation| {
                    it.name == generation.name && it.generation == generation.generation
                };
                let is_built = |it: &&Generation| it.phase == Phase::Building && !it.is_paused;
                let Some(found) = known.iter().find(same).filter(is_built) else {
                    return Ok(false);
                };
                limit = [limit, found.events_per_second_max].into_iter().flatten().min();
            }
            let now = self.clock.now();
            let wait_ms = self.pace.wait_ms(limit, now);
            if wait_ms == 0 {
                return Ok(true);
            }
            self.clock.sleep_ms(wait_ms.min(LOOK_MS)).await;
        }
    }

    async fn write(
        &self,
        writes: &[(&'static str, Vec<TableWrites>)],
        end: Cursor,
        events_per_second: u64,
    ) -> Result<(), ProjectorError> {
        let step = Step::Build {
            from: self.cursor.kept(),
            to: end.kept().unwrap_or_default(),
            events_done: self.events_done,
            events_per_second,
        };
        let of = |name: &str| {
            let found = writes.iter().find(|(window, _)| *window == name);
            found.map_or(&[][..], |(_, writes)| writes.as_slice())
        };
        self.write_step(&step, of).await
    }

    /// Nothing is left to build: from here on they follow the log.
    async fn finish(&self) -> Result<(), ProjectorError> {
        let prefix_hash = super::lists::prefix_hash(&self.store, self.target).await?;
        let prefix_hash = prefix_hash.ok_or(ProjectorError::Overtaken)?;
        self.write_step(&Step::Built { prefix_hash }, |_| &[]).await?;
        for Member { generation, window } in &self.members {
            let (name, number) = (window.name(), generation.generation);
            tracing::info!(
                window = name,
                generation = number,
                events = self.events_done,
                "generation {number} of window {name} is built"
            );
        }
        Ok(())
    }

    async fn write_step<'w>(
        &self,
        step: &Step,
        writes: impl Fn(&str) -> &'w [TableWrites],
    ) -> Result<(), ProjectorError> {
        let writes = self.members.iter().map(|member| WindowWrite {
            name: member.window.name(),
            generation: member.generation.generation,
            tables: member.window.tables(),
            writes: writes(member.window.name()),
            step: step.clone(),
        });
        let writes: Vec<_> = writes.collect();
        match self.views.write(self.epoch, &writes, self.clock.now()).await? {
            Written::All => Ok(()),
            Written::Overtaken => Err(ProjectorError::Overtaken),
        }
    }
}

fn begin(
    workers: &mut JoinSet<()>,
    task: &Arc<Task>,
    chunk: Chunk,
) -> (Receiver<Result<Folded, ProjectorError>>, Cursor) {
    let (out, pieces) = channel(1);
    let end = chunk.end();
    workers.spawn(work(Arc::clone(task), chunk, out));
    (pieces, end)
}
