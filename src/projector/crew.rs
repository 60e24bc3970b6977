//! What a leader has done beside its packs, by tasks of its own: generations are built, and
//! compared with the live ones. Dropped, it ends them all.

use super::compare::compare;
use super::lists::fingerprint;
use super::pack::{Member, Surroundings};
use super::rebuild::Build;
use super::{ProjectorError, WAIT_MS};
use crate::clock::Clock;
use crate::projections::Window;
use crate::store::Store;
use crate::store::views::{Generation, Phase, Views};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};

/// A window and the number of a generation.
type Place = (String, u64);
type Ended = Result<(Id, Result<(), ProjectorError>), JoinError>;

/// The tasks of a leader.
pub(super) struct Crew {
    tasks: JoinSet<Result<(), ProjectorError>>,
    places: BTreeMap<Id, BTreeSet<Place>>,
    failed: Vec<(BTreeSet<Place>, ProjectorError)>,
    poke: Arc<Notify>,
    clock: Clock,
}

fn place(generation: &Generation) -> Place {
    (generation.name.clone(), generation.generation)
}

impl Crew {
    pub(super) fn new(poke: Arc<Notify>, clock: Clock) -> Self {
        let (tasks, places) = (JoinSet::new(), BTreeMap::new());
        Self { tasks, places, failed: Vec::new(), poke, clock }
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Waits for one of the tasks to end, but not for long.
    pub(super) async fn wait(&mut self) {
        let pause = std::time::Duration::from_millis(WAIT_MS);
        if let Ok(Some(ended)) = tokio::time::timeout(pause, self.tasks.join_next_with_id()).await {
            self.note(ended);
        }
    }

    fn note(&mut self, ended: Ended) {
        let (id, failure) = match ended {
            Ok((id, Ok(()) | Err(ProjectorError::Overtaken))) => (id, None),
            Ok((id, Err(error))) => (id, Some(error)),
            Err(error) => (error.id(), Some(ProjectorError::Broken(error.to_string()))),
        };
        let places = self.places.remove(&id).unwrap_or_default();
        if let Some(error) = failure {
            tracing::warn!(%error, ?places, "a rebuild failed; it is tried again");
            self.failed.push((places, error));
        }
    }

    /// Notes which tasks have ended, and has built what is to be built.
    pub(super) async fn tend(
        &mut self,
        around: &Surroundings<'_>,
        windows: &[Arc<dyn Window>],
        generations: &[Generation],
    ) -> Result<(), ProjectorError> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.note(ended);
        }
        for (places, error) in std::mem::take(&mut self.failed) {
            for (name, generation) in &places {
                let (place, failure) = ((name.as_str(), *generation), error.to_string());
                around.views.fail(around.epoch, place, &failure).await?;
            }
        }
        for members in self.to_build(windows, generations) {
            let places = members.iter().map(|member| place(&member.generation)).collect();
            let pace = (around.epoch, around.config.build_events);
            let build = Build::new((around.store, around.views, &self.clock), pace, members)?;
            self.spawn(places, build.run());
        }
        Ok(())
    }

    fn spawn(
        &mut self,
        places: BTreeSet<Place>,
        task: impl Future<Output = Result<(), ProjectorError>> + Send + 'static,
    ) {
        let poke = Arc::clone(&self.poke);
        let task = self.tasks.spawn(async move {
            let ended = task.await;
            poke.notify_one();
            ended
        });
        self.places.insert(task.id(), places);
    }

    fn is_busy_with(&self, generation: &Generation) -> bool {
        self.places.values().any(|places| places.contains(&place(generation)))
    }

    /// What is to be built and is not under way yet, together where it can be.
    fn to_build(
        &self,
        windows: &[Arc<dyn Window>],
        generations: &[Generation],
    ) -> Vec<Vec<Member>> {
        let mut groups: BTreeMap<_, Vec<Member>> = BTreeMap::new();
        for window in windows {
            let fingerprint = fingerprint(window.as_ref());
            let is_due = |it: &&Generation| {
                it.name == window.name()
                    && it.fingerprint == fingerprint
                    && it.phase == Phase::Building
                    && !it.is_paused
                    && it.stopped.is_none()
                    && !self.is_busy_with(it)
            };
            for (nth, it) in generations.iter().filter(is_due).enumerate() {
                let start = (it.build_cursor.clone(), it.target, it.skipped.clone());
                let group = (start, it.events_per_second_max, nth);
                let member = Member { generation: it.clone(), window: Arc::clone(window) };
                groups.entry(group).or_default().push(member);
            }
        }
        groups.into_values().collect()
    }

    /// Has a generation compared with the live one, unless that is under way.
    pub(super) fn compare(
        &mut self,
        around: &Surroundings<'_>,
        member: &Member,
        live: Option<Generation>,
    ) {
        if self.is_busy_with(&member.generation) {
            return;
        }
        let (store, views) = (around.store.clone(), around.views.clone());
        let (member, epoch, clock) = (member.clone(), around.epoch, self.clock.clone());
        let places = BTreeSet::from([place(&member.generation)]);
        self.spawn(places, judge((store, views, clock), epoch, member, live));
    }
}

async fn judge(
    (store, views, clock): (Store, Views, Clock),
    epoch: u64,
    member: Member,
    live: Option<Generation>,
) -> Result<(), ProjectorError> {
    let Some(verdict) = compare(&store, &views, &member, live.as_ref()).await? else {
        return Ok(());
    };
    let own = &member.generation;
    let (name, generation) = (own.name.as_str(), own.generation);
    let compared = verdict.compared.as_str();
    if verdict.is_refused {
        tracing::error!(window = name, generation, compared, "window {name} is not switched");
    }
    let waits = !verdict.is_refused && !own.switches_by_itself;
    let to = if waits { Phase::Ready } else { Phase::CatchingUp };
    views.judge(epoch, (name, generation), (&verdict, to), clock.now()).await?;
    Ok(())
}
