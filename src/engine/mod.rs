//! The engine: takes commands, loads the state of their stream, lets the law decide, and has the
//! archive keep what was decided. Commands on one stream are done in order, on different streams
//! in parallel.

mod agent_plans;
mod answer;
mod beside;
mod cell;
mod coupled;
mod create;
mod definitions;
mod driver;
mod encode;
mod fingerprint;
mod follow;
mod fork;
mod grants;
mod heartbeat;
mod index;
mod lives;
mod load;
mod lookout;
mod note;
mod own;
mod pause;
mod presence;
mod questions;
mod random;
mod rehearse;
mod request;
mod tasks;
mod timers;
mod watched;

pub use crate::domain::{Command, State};
pub use agent_plans::{AgentPlanRequest, DeleteAgentPlan};
pub use create::CreateRequest;
pub use driver::APPEND_RETRIES_MAX;
pub use fingerprint::fold_fingerprint;
pub use fork::ForkRequest;
pub use grants::{GrantedTask, Work, WorkRequest};
pub use heartbeat::{Beat, BeatVerdict};
pub use index::{Counts, HeldTask};
pub use lookout::{Looked, Lookout};
pub use random::Random;
pub use request::{Describe, EngineError, Metadata, Outcome, Recorded, Request, RequestKey};

use crate::clock::Clock;
use crate::domain::{Actor, ExecutionId, Moment, Policy, StreamName, WorkspaceId};
use crate::store::{Position, RecordedEvent, Store};
use cell::{Cell, Job};
use index::Index;
use lives::Reported;
use presence::Presence;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tasks::Tasks;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How many streams are kept folded in memory, unless it is said otherwise.
pub const CELLS_MAX: usize = 10_000;

/// How the engine works.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How many streams are kept folded in memory.
    pub cells_max: usize,
    /// The rules for new executions.
    pub policy: Policy,
    /// Whether tasks are given out; what agents hold they keep in any case.
    pub gives_work: bool,
    /// Whether time and the log are followed by tasks of the engine's own; a test may rather do
    /// it step by step.
    pub runs_by_itself: bool,
    /// Whether it refuses to start on a log with an execution that cannot be folded; else it leaves
    /// that one behind.
    pub needs_whole_log: bool,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            cells_max: CELLS_MAX,
            policy: Policy::default(),
            gives_work: true,
            runs_by_itself: true,
            needs_whole_log: false,
        }
    }
}

/// A stream of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamKey {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The stream.
    pub stream: StreamName,
}

impl StreamKey {
    /// The stream of an execution.
    pub fn execution(workspace: &WorkspaceId, execution_id: &ExecutionId) -> Self {
        Self { workspace: workspace.clone(), stream: StreamName::execution(execution_id) }
    }

    fn of(event: &RecordedEvent) -> Self {
        Self { workspace: event.workspace.clone(), stream: event.stream.clone() }
    }
}

/// What all handles of one engine share.
struct EngineInner {
    store: Store,
    clock: Clock,
    random: Random,
    config: EngineConfig,
    /// Whether other processes may write to the same log.
    is_shared: bool,
    cells: Mutex<BTreeMap<StreamKey, (Arc<Cell>, u64)>>,
    ticks: AtomicU64,
    index: Index,
    definitions: definitions::Definitions,
    presence: Presence,
    pause: pause::Pause,
    followed: AtomicU64,
    own: own::OwnStretches,
    following: tokio::sync::Mutex<()>,
    rounds: follow::Rounds,
    is_stopping: AtomicBool,
    tasks: Tasks,
    own_tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl EngineInner {
    fn moment(&self, actor: &Actor) -> Moment {
        Moment { at: self.clock.now(), by: actor.clone(), random: self.random.number() }
    }

    fn cached(&self, key: &StreamKey) -> Option<Arc<Cell>> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(key).map(|(cell, _)| Arc::clone(cell))
    }
}

/// The engine; clones are the same one.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<EngineInner>,
}

impl Engine {
    /// Starts on an open archive: rebuilds what it keeps in memory from the log.
    pub async fn start(
        store: Store,
        clock: Clock,
        random: Random,
        config: EngineConfig,
    ) -> Result<Self, EngineError> {
        let is_shared = !matches!(store, Store::Sqlite(_));
        let runs_by_itself = config.runs_by_itself;
        let pause = pause::Pause::of(&store).await?;
        let inner = EngineInner {
            store,
            clock,
            random,
            config,
            is_shared,
            cells: Mutex::default(),
            ticks: AtomicU64::new(0),
            index: Index::default(),
            definitions: definitions::Definitions::default(),
            presence: Presence::default(),
            pause,
            followed: AtomicU64::new(0),
            own: own::OwnStretches::default(),
            following: tokio::sync::Mutex::new(()),
            rounds: follow::Rounds::default(),
            is_stopping: AtomicBool::new(false),
            tasks: Tasks::new(),
            own_tasks: Mutex::default(),
        };
        let engine = Self { inner: Arc::new(inner) };
        engine.inner.presence.load(&engine.inner.store).await?;
        engine.rebuild().await?;
        if runs_by_itself {
            engine.run_by_itself();
        }
        Ok(engine)
    }

    fn run_by_itself(&self) {
        let (follower, timer) = (self.clone(), self.clone());
        let tasks = [
            tokio::spawn(async move { follower.follow().await }),
            tokio::spawn(async move { timer.keep_time().await }),
        ];
        self.inner.own_tasks.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks);
    }

    /// Carries a command out: answered when it is stored, refused, or was so already. Whoever
    /// stops waiting does not stop it. An agent's command is a sign of life, and so is a report
    /// that is taken, whoever hands it in.
    #[tracing::instrument(name = "command", skip_all, fields(stream = %request.stream))]
    pub async fn execute(&self, request: Request) -> Result<Outcome, EngineError> {
        self.note_actor(&request).await?;
        let reported = Reported::of(&request);
        let outcome = self.carry_out(request).await?;
        if let Some(reported) = reported {
            self.note_report(reported, outcome.events.is_empty()).await;
        }
        Ok(outcome)
    }

    async fn carry_out(&self, request: Request) -> Result<Outcome, EngineError> {
        let key =
            StreamKey { workspace: request.workspace.clone(), stream: request.stream.clone() };
        let (reply, outcome) = oneshot::channel();
        self.push(&key, Job::Execute { request: Box::new(request), reply, attempts: 0 })?;
        outcome.await.map_err(|_| EngineError::OutcomeUnknown)?
    }

    /// Says which events a command would lead to, and stores nothing.
    pub async fn dry_run(&self, request: Request) -> Result<Outcome, EngineError> {
        let key =
            StreamKey { workspace: request.workspace.clone(), stream: request.stream.clone() };
        let (reply, outcome) = oneshot::channel();
        self.push(&key, Job::DryRun { request: Box::new(request), reply })?;
        outcome.await.map_err(|_| EngineError::Stopping)?
    }

    /// The index of what is ready, held and due.
    pub fn index(&self) -> &Index {
        &self.inner.index
    }

    /// The archive that it writes to.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Where it reads the time.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// All that the index knows, as text, with the deadlines as the last signs of life put them.
    #[doc(hidden)]
    pub async fn index_written(&self) -> Result<String, EngineError> {
        for key in self.inner.index.keys() {
            self.look(&key, |_, _| ()).await?;
        }
        Ok(self.inner.index.written())
    }

    /// Who was seen when.
    #[doc(hidden)]
    pub fn presence(&self) -> &presence::Presence {
        &self.inner.presence
    }

    /// Stops: finishes what is under way, writes behind what is not yet written, and takes nothing
    /// more. The archive stays open.
    pub async fn stop(&self) {
        self.inner.is_stopping.store(true, Ordering::Release);
        let own: Vec<_> = std::mem::take(
            &mut *self.inner.own_tasks.lock().unwrap_or_else(PoisonError::into_inner),
        );
        for task in &own {
            task.abort();
        }
        for task in own {
            drop(task.await);
        }
        self.inner.tasks.finish().await;
        if let Err(error) = self.inner.presence.flush(&self.inner.store).await {
            tracing::warn!(%error, "the last signs of life were not written");
        }
    }

    fn followed(&self) -> Position {
        Position::new(self.inner.followed.load(Ordering::Acquire))
    }

    fn set_followed(&self, position: Position) {
        self.inner.followed.store(position.get(), Ordering::Release);
    }

    /// Lets jobs wait for their turn, in their order; those that find no room are refused.
    fn push_all(&self, key: &StreamKey, jobs: Vec<Job>) {
        let refused = match self.inner.is_stopping.load(Ordering::Acquire) {
            true => Err((jobs, EngineError::Stopping)),
            false => {
                let pushed = self.cell(key).push_all(&self.inner, jobs);
                pushed.map_err(|jobs| (jobs, EngineError::Busy))
            }
        };
        if let Err((jobs, error)) = refused {
            answer::fail_all(jobs.into(), &error);
        }
    }

    fn push(&self, key: &StreamKey, job: Job) -> Result<(), EngineError> {
        if self.inner.is_stopping.load(Ordering::Acquire) {
            return Err(EngineError::Stopping);
        }
        self.cell(key).push(&self.inner, job).map_err(|_| EngineError::Busy)
    }

    fn cached(&self, key: &StreamKey) -> Option<Arc<Cell>> {
        self.inner.cached(key)
    }

    fn cell(&self, key: &StreamKey) -> Arc<Cell> {
        let tick = self.inner.ticks.fetch_add(1, Ordering::Relaxed);
        let mut cells = self.inner.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((cell, touched)) = cells.get_mut(key) {
            *touched = tick;
            return Arc::clone(cell);
        }
        let is_full = cells.len() >= self.inner.config.cells_max;
        let evicted = if is_full { evict(&mut cells) } else { Vec::new() };
        let cell = Arc::new(Cell::new(key.clone()));
        cells.insert(key.clone(), (Arc::clone(&cell), tick));
        drop(cells);
        drop(evicted);
        cell
    }
}

/// Takes out the tenth of the streams that were not asked for the longest, but for those that
/// somebody is at: a stream must never have two places. Whoever calls lets go of them, and of the
/// states in them, when nobody waits for the lock any more.
fn evict(cells: &mut BTreeMap<StreamKey, (Arc<Cell>, u64)>) -> Vec<Arc<Cell>> {
    let mut ticks: Vec<u64> = cells.values().map(|(_, tick)| *tick).collect();
    ticks.sort_unstable();
    let limit = ticks.get(ticks.len() / 10).copied().unwrap_or(0);
    let is_free = |cell: &Arc<Cell>| Arc::strong_count(cell) == 1 && cell.is_idle();
    let evicted = cells.extract_if(.., |_, (cell, tick)| *tick <= limit && is_free(cell));
    evicted.map(|(_, (cell, _))| cell).collect()
}
