//! The plans in the making: found in the log, looked at every now and then, and gone on with after
//! a restart. Several servers on one log may look at the same one: the law takes each step once.

use super::drive::{Drive, Looked, key_of};
use super::{Planexe, PlanexeConfig};
use crate::domain::plan::Plan;
use crate::domain::{PlanId, WorkspaceId};
use crate::engine::{Engine, EngineError, StreamKey};
use crate::store::{LogFilter, Position, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};

/// The kinds of events after which there is something to look at.
const BEGINNINGS: [&str; 2] = ["plan_generation_asked", "plan_generation_retried"];
/// How many of them are read at once.
const PAGE_EVENTS: usize = 500;
/// How many plans are looked at at the same time.
const LOOKS_AT_ONCE_MAX: usize = 8;
/// How long at most before the log is looked at without having been woken.
const IDLE_MS: u64 = 1_000;
/// How long to wait after a failure of the database.
const RETRY_MS: u64 = 500;
/// How long a look that is under way may take when the program stops.
const END_MS_MAX: u64 = 500;
/// How long a plan that another server was asked for must be silent before this one looks at it.
const OTHERS_MS: u64 = 60_000;
/// How often in a row one plan is looked at without a pause.
const AT_ONCE_MAX: u32 = 3;

/// Whether the plans in the making are looked at without being asked to; a test may rather do it
/// step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsItself {
    /// As often as the settings say.
    Yes,
    /// Only by [`Generations::step`].
    OnlyWhenAsked,
}

/// Why the plans in the making cannot be looked at for now.
#[derive(Debug, thiserror::Error)]
pub enum GenerationsError {
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was learnt could not be kept.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The plans in the making; clones are the same ones.
#[derive(Clone)]
pub struct Generations {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    planexe: Option<Planexe>,
    /// Up to where the log was looked through; held by whoever looks.
    position: tokio::sync::Mutex<Position>,
    open: Mutex<Open>,
    others_ms: u64,
    poke: Notify,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What may be in the making.
#[derive(Default)]
struct Open {
    all: BTreeSet<StreamKey>,
    /// Those that this server was asked for.
    own: BTreeSet<StreamKey>,
}

impl Generations {
    /// Starts to look after plans in the making; without a PlanExe there are none. Must be called
    /// within a runtime.
    pub fn start(engine: Engine, config: Option<PlanexeConfig>, runs_itself: RunsItself) -> Self {
        let is_alone = matches!(engine.store(), Store::Sqlite(_));
        let slow_ms = config.as_ref().map_or(0, |config| config.timeout_ms.saturating_mul(2));
        let others_ms = if is_alone { 0 } else { OTHERS_MS.max(slow_ms) };
        let has_planexe = config.is_some();
        let generations = Self {
            inner: Arc::new(Inner {
                engine,
                planexe: config.map(Planexe::new),
                position: tokio::sync::Mutex::default(),
                open: Mutex::default(),
                others_ms,
                poke: Notify::new(),
                stop: watch::Sender::new(false),
                task: Mutex::default(),
            }),
        };
        if has_planexe && runs_itself == RunsItself::Yes {
            *generations.task() = Some(tokio::spawn(generations.clone().follow()));
        }
        generations
    }

    fn task(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.inner.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The PlanExe that is set up.
    pub fn planexe(&self) -> Option<&Planexe> {
        self.inner.planexe.as_ref()
    }

    /// How many plans are in the making, as far as this server has seen.
    pub fn open_count(&self) -> usize {
        self.inner.open().all.len()
    }

    /// Something is to be done for this plan: this server does it, now.
    pub fn poke(&self, workspace: &WorkspaceId, plan_id: &PlanId) {
        let key = key_of(workspace, plan_id);
        let mut open = self.inner.open();
        open.all.insert(key.clone());
        open.own.insert(key);
        drop(open);
        self.inner.poke.notify_one();
    }

    /// Lets this server look after every plan, whoever was asked for it.
    #[doc(hidden)]
    pub async fn adopt_all(&self) -> Result<(), GenerationsError> {
        let mut position = self.inner.position.lock().await;
        self.inner.read_log(&mut position).await?;
        let mut open = self.inner.open();
        open.own = open.all.clone();
        Ok(())
    }

    /// Looks at every plan in the making once; how many there still are.
    pub async fn step(&self) -> Result<usize, GenerationsError> {
        if self.inner.engine.is_paused() {
            return Ok(self.open_count());
        }
        let mut position = self.inner.position.lock().await;
        self.inner.read_log(&mut position).await?;
        let Some(planexe) = &self.inner.planexe else { return Ok(self.open_count()) };
        let open = self.inner.open().all.clone();
        let mut looks = JoinSet::new();
        let mut went_wrong = None;
        for key in open {
            if looks.len() >= LOOKS_AT_ONCE_MAX {
                self.inner.take(looks.join_next().await, &mut went_wrong);
            }
            looks.spawn(look(Arc::clone(&self.inner), planexe.clone(), key));
        }
        while !looks.is_empty() {
            self.inner.take(looks.join_next().await, &mut went_wrong);
        }
        match went_wrong {
            Some(error) => Err(error.into()),
            None => Ok(self.open_count()),
        }
    }

    /// Looks again and again until it is stopped. Every branch that is dropped only waits.
    async fn follow(self) {
        let mut stop = self.inner.stop.subscribe();
        let poll_ms = self.planexe().map_or(IDLE_MS, |planexe| planexe.config().poll_ms);
        while !*stop.borrow_and_update() {
            let wait_ms = match self.step().await {
                Ok(0) => IDLE_MS,
                Ok(_) => poll_ms,
                Err(error) => {
                    tracing::warn!(%error, "plans in the making cannot be looked at for now");
                    RETRY_MS
                }
            };
            tokio::select! {
                () = self.inner.poke.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Stops to look; what PlanExe does goes on, and is gone on with from the log.
    pub async fn stop(&self) {
        self.inner.stop.send_replace(true);
        let Some(mut task) = self.task().take() else { return };
        let limit = Duration::from_millis(END_MS_MAX);
        let ended = match tokio::time::timeout(limit, &mut task).await {
            Ok(ended) => ended,
            Err(_) => {
                task.abort();
                task.await
            }
        };
        if let Err(error) = ended
            && !error.is_cancelled()
        {
            tracing::error!(%error, "the look after plans in the making did not end well");
        }
    }
}

/// What a look ended with.
type LookEnded = Option<Result<Result<Option<StreamKey>, EngineError>, JoinError>>;

impl Inner {
    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a plan that needs no further look; what a look that broke off has left is looked at
    /// again.
    fn take(&self, ended: LookEnded, went_wrong: &mut Option<EngineError>) {
        match ended {
            None | Some(Ok(Ok(None))) => {}
            Some(Ok(Ok(Some(key)))) => {
                let mut open = self.open();
                open.all.remove(&key);
                open.own.remove(&key);
            }
            Some(Ok(Err(error))) => *went_wrong = Some(error),
            Some(Err(error)) => {
                tracing::error!(%error, "a look at a plan in the making broke off");
            }
        }
    }

    /// Takes in what was asked for since.
    async fn read_log(&self, position: &mut Position) -> Result<(), StoreError> {
        let kinds = BEGINNINGS.map(str::to_owned).to_vec();
        let filter = LogFilter { kinds, ..LogFilter::default() };
        loop {
            let page = self.engine.store().read_log(*position, &filter, PAGE_EVENTS).await?;
            let mut open = self.open();
            for event in &page {
                *position = event.position;
                let (workspace, stream) = (event.workspace.clone(), event.stream.clone());
                open.all.insert(StreamKey { workspace, stream });
            }
            if page.len() < PAGE_EVENTS {
                return Ok(());
            }
        }
    }

    fn is_own(&self, key: &StreamKey) -> bool {
        self.open().own.contains(key)
    }
}

/// Looks at one plan; its key, when there is nothing more to be done for it.
async fn look(
    inner: Arc<Inner>,
    planexe: Planexe,
    key: StreamKey,
) -> Result<Option<StreamKey>, EngineError> {
    for _ in 0..AT_ONCE_MAX {
        let look = |plan: &Plan| plan.generation().filter(|it| it.is_open()).cloned();
        let generation =
            inner.engine.look(&key, move |state, _| state.plan().and_then(look)).await?;
        let Some(generation) = generation else { return Ok(Some(key)) };
        let silent_ms = inner.engine.clock().now().ms_since(generation.heard_at);
        if !inner.is_own(&key) && silent_ms < inner.others_ms {
            return Ok(None);
        }
        let drive = Drive { engine: &inner.engine, planexe: &planexe, key: &key, generation };
        if drive.look().await? == Looked::GoesOn {
            return Ok(None);
        }
    }
    Ok(None)
}
