//! The leader's work: packs of windows, each taken on in turn.

use super::crew::Crew;
use super::lists::{fingerprint, settle};
use super::pack::{Member, Pack, Surroundings};
use super::packs::{adopt, merge, stop_at_poison};
use super::{LEAD_MS, ProjectorConfig, ProjectorError, Stepped, WAIT_MS, owner};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::projections::Window;
use crate::store::views::{Generation, Phase, Views};
use crate::store::{Position, Store};
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// What one projector knows.
pub(super) struct Run {
    store: Store,
    views: Views,
    windows: Vec<Arc<dyn Window>>,
    clock: Clock,
    config: ProjectorConfig,
    owner: String,
    poke: Arc<Notify>,
    lead: Option<Lead>,
}

/// What the leader holds.
struct Lead {
    epoch: u64,
    until: Timestamp,
    /// When the generations were last looked at; none when they must be at once.
    looked_at: Option<Timestamp>,
    packs: Vec<Pack>,
    /// The generations that are read.
    live: Vec<Generation>,
    crew: Crew,
}

impl Run {
    pub(super) fn new(
        store: Store,
        views: Views,
        windows: Vec<Arc<dyn Window>>,
        clock: Clock,
        config: ProjectorConfig,
    ) -> Self {
        let poke = Arc::new(Notify::new());
        Self { store, views, windows, clock, config, owner: owner(), poke, lead: None }
    }

    pub(super) fn wake(&self) -> watch::Receiver<Position> {
        self.store.wake()
    }

    /// Told when there is something else to do than to follow the log.
    pub(super) fn poke(&self) -> Arc<Notify> {
        Arc::clone(&self.poke)
    }

    /// The position of the windows that are furthest.
    pub(super) fn reached(&self) -> Position {
        let packs = self.lead.iter().flat_map(|lead| &lead.packs);
        packs.map(|pack| pack.position).max().unwrap_or_default()
    }

    /// The generations are looked at before anything else is done.
    pub(super) fn look_again(&mut self) {
        if let Some(lead) = &mut self.lead {
            lead.looked_at = None;
        }
    }

    /// Waits for a while for what is built or compared; false when nothing is.
    pub(super) async fn wait_for_crew(&mut self) -> bool {
        let Some(lead) = &mut self.lead else { return false };
        if lead.crew.is_idle() {
            return false;
        }
        lead.crew.wait().await;
        true
    }

    /// Takes each pack on by a batch. What fails leaves nothing half done: everything is looked at
    /// anew.
    pub(super) async fn step(&mut self) -> Result<Stepped, ProjectorError> {
        let stepped = self.step_or_fail().await;
        if stepped.is_err() {
            self.lead = None;
        }
        stepped
    }

    async fn step_or_fail(&mut self) -> Result<Stepped, ProjectorError> {
        if !self.keep_lead().await? {
            return Ok(Stepped::Waits);
        }
        self.look().await?;
        let Some(lead) = &mut self.lead else { return Ok(Stepped::Waits) };
        let around = Surroundings {
            store: &self.store,
            views: &self.views,
            config: &self.config,
            epoch: lead.epoch,
            now: self.clock.now(),
        };
        let events = lead.advance(&around).await?;
        let stopped = stop_at_poison(&around, &mut lead.packs).await?;
        let switched = lead.switch(&around).await?;
        merge(&mut lead.packs);
        if switched || stopped {
            lead.looked_at = None;
        }
        let has_moved = events > 0 || stopped || switched;
        Ok(if has_moved { Stepped::Moved } else { Stepped::Idle })
    }

    /// Takes the lead, or says again that it is here.
    async fn keep_lead(&mut self) -> Result<bool, ProjectorError> {
        let now = self.clock.now();
        if let Some(lead) = &self.lead
            && lead.until.ms_since(now) > LEAD_MS / 2
        {
            return Ok(true);
        }
        let until = now.plus_ms(LEAD_MS);
        let Some(epoch) = self.views.lead(&self.owner, now, until).await? else {
            self.lead = None;
            return Ok(false);
        };
        match &mut self.lead {
            Some(lead) if lead.epoch == epoch => lead.until = until,
            Some(_) | None => {
                let crew = Crew::new(Arc::clone(&self.poke), self.clock.clone());
                let (packs, live) = (Vec::new(), Vec::new());
                self.lead = Some(Lead { epoch, until, looked_at: None, packs, live, crew });
            }
        }
        Ok(true)
    }

    /// Looks every now and then which generations there are, and has done what follows.
    async fn look(&mut self) -> Result<(), ProjectorError> {
        let now = self.clock.now();
        let Some(lead) = &mut self.lead else { return Ok(()) };
        if lead.looked_at.is_some_and(|at| now.ms_since(at) < WAIT_MS) {
            return Ok(());
        }
        let generations = settle(&self.store, &self.views, &self.windows, now).await?;
        adopt(&mut lead.packs, members_of(&self.windows, &generations));
        let around = Surroundings {
            store: &self.store,
            views: &self.views,
            config: &self.config,
            epoch: lead.epoch,
            now,
        };
        lead.crew.tend(&around, &self.windows, &generations).await?;
        lead.live = generations.into_iter().filter(|it| it.phase == Phase::Live).collect();
        lead.looked_at = Some(now);
        Ok(())
    }

    /// Lets others lead.
    pub(super) async fn resign(&mut self) {
        if self.lead.take().is_some()
            && let Err(error) = self.views.resign(&self.owner).await
        {
            tracing::warn!(%error, "the lead over the windows could not be given up; it expires");
        }
    }
}

impl Lead {
    /// Takes each pack on by a batch, none further than the one in front; answers by how many
    /// events.
    async fn advance(&mut self, around: &Surroundings<'_>) -> Result<usize, ProjectorError> {
        self.packs.sort_by_key(|pack| std::cmp::Reverse(pack.position));
        let (mut events, mut front, mut alone) = (0, None, Vec::new());
        for pack in &mut self.packs {
            let batch = pack.advance(around, front).await?;
            front = front.or(Some(pack.position));
            events += batch.events;
            for (member, at, why) in batch.failed {
                let from = member.generation.position;
                let mut pack = Pack::new(vec![member], from, pack.skipped.clone());
                pack.stop = Some((at, why));
                alone.push(pack);
            }
        }
        self.packs.extend(alone);
        Ok(events)
    }

    /// Makes generations that have caught up, and hold what they must, the ones that are read.
    async fn switch(&mut self, around: &Surroundings<'_>) -> Result<bool, ProjectorError> {
        let front = self.packs.iter().map(|pack| pack.position).max().unwrap_or_default();
        let mut has_switched = false;
        for pack in self.packs.iter().filter(|pack| pack.position == front) {
            let caught_up = |it: &&Member| it.generation.phase == Phase::CatchingUp;
            for member in pack.members.iter().filter(caught_up) {
                let own = &member.generation;
                let (name, number) = (own.name.as_str(), own.generation);
                if own.compared.is_none() {
                    let live = self.live.iter().find(|live| live.name == name).cloned();
                    self.crew.compare(around, member, live);
                } else if own.switches_by_itself
                    && !own.is_refused
                    && around.views.switch(name, number, around.now).await?
                {
                    tracing::info!(window = name, "window {name} is read from generation {number}");
                    has_switched = true;
                }
            }
        }
        Ok(has_switched)
    }
}

/// The generations that follow the log, with their windows.
fn members_of(windows: &[Arc<dyn Window>], generations: &[Generation]) -> Vec<Member> {
    let mut members = Vec::new();
    for window in windows {
        let fingerprint = fingerprint(window.as_ref());
        let own = generations.iter().filter(|it| it.name == window.name());
        let own = own.filter(|it| it.fingerprint == fingerprint && it.phase.follows());
        let own = own.filter(|it| it.stopped.is_none());
        members.extend(own.map(|it| Member { generation: it.clone(), window: Arc::clone(window) }));
    }
    members
}
