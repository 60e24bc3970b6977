//! The leader's work: packs of windows, each taken on in turn.

use super::lists::{fingerprint, settle};
use super::pack::{Member, Pack, Surroundings};
use super::{LEAD_MS, ProjectorConfig, ProjectorError, Stepped, owner};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::projections::Window;
use crate::store::views::{Generation, Phase, Views};
use crate::store::{Position, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::watch;

/// What one projector knows.
pub(super) struct Run {
    store: Store,
    views: Views,
    windows: Vec<Arc<dyn Window>>,
    clock: Clock,
    config: ProjectorConfig,
    owner: String,
    lead: Option<Lead>,
}

/// What the leader holds.
struct Lead {
    epoch: u64,
    until: Timestamp,
    packs: Vec<Pack>,
}

impl Run {
    pub(super) fn new(
        store: Store,
        views: Views,
        windows: Vec<Arc<dyn Window>>,
        clock: Clock,
        config: ProjectorConfig,
    ) -> Self {
        Self { store, views, windows, clock, config, owner: owner(), lead: None }
    }

    pub(super) fn wake(&self) -> watch::Receiver<Position> {
        self.store.wake()
    }

    /// The position of the windows that are furthest.
    pub(super) fn reached(&self) -> Position {
        let packs = self.lead.iter().flat_map(|lead| &lead.packs);
        packs.map(|pack| pack.position).max().unwrap_or_default()
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
        let Some(lead) = &mut self.lead else { return Ok(Stepped::Waits) };
        let around = Surroundings {
            store: &self.store,
            views: &self.views,
            config: &self.config,
            epoch: lead.epoch,
            now: self.clock.now(),
        };
        lead.packs.sort_by_key(|pack| std::cmp::Reverse(pack.position));
        let mut events = 0;
        let mut front = None;
        let mut alone = Vec::new();
        for pack in &mut lead.packs {
            let batch = pack.advance(&around, front).await?;
            front = front.or(Some(pack.position));
            events += batch.events;
            for (member, at, why) in batch.failed {
                let from = member.generation.position;
                let mut pack = Pack::new(vec![member], from, pack.skipped.clone());
                pack.stop = Some((at, why));
                alone.push(pack);
            }
        }
        lead.packs.extend(alone);
        let stopped = stop_at_poison(&around, &mut lead.packs).await?;
        let switched = switch(&around, &mut lead.packs).await?;
        merge(&mut lead.packs);
        let has_moved = events > 0 || stopped || switched;
        Ok(if has_moved { Stepped::Moved } else { Stepped::Idle })
    }

    /// Takes the lead, or says again that it is here; with the lead comes a look at everything.
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
        let generations = settle(&self.store, &self.views, &self.windows, now).await?;
        let is_same = self
            .lead
            .as_ref()
            .is_some_and(|lead| lead.epoch == epoch && self.is_as_known(lead, &generations));
        match &mut self.lead {
            Some(lead) if is_same => lead.until = until,
            Some(_) | None => {
                let packs = packs(&self.windows, &generations);
                self.lead = Some(Lead { epoch, until, packs });
            }
        }
        Ok(true)
    }

    /// Whether the packs hold exactly the generations that are to be worked on.
    fn is_as_known(&self, lead: &Lead, generations: &[Generation]) -> bool {
        let place = |it: &Generation| {
            (it.name.clone(), it.generation, it.phase.as_str(), it.skipped.clone())
        };
        let members = lead.packs.iter().flat_map(|pack| &pack.members);
        let held: BTreeSet<_> = members.map(|member| place(&member.generation)).collect();
        let found = members_of(&self.windows, generations);
        held == found.iter().map(|member| place(&member.generation)).collect()
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

/// Generations at one position that skip the same go together, no two of the same window.
fn packs(windows: &[Arc<dyn Window>], generations: &[Generation]) -> Vec<Pack> {
    type Place = (Position, Vec<u64>, usize);
    let mut places: BTreeMap<Place, Vec<Member>> = BTreeMap::new();
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    for member in members_of(windows, generations) {
        let nth = seen.entry(member.window.name()).or_default();
        let place = (member.generation.position, member.generation.skipped.clone(), *nth);
        *nth += 1;
        places.entry(place).or_default().push(member);
    }
    let pack = |((position, skipped, _), members): (Place, Vec<Member>)| {
        Pack::new(members, position, skipped.into_iter().collect())
    };
    places.into_iter().map(pack).collect()
}

/// Notes that the packs which have come to their poison stopped there.
async fn stop_at_poison(
    around: &Surroundings<'_>,
    packs: &mut Vec<Pack>,
) -> Result<bool, ProjectorError> {
    let mut has_stopped = false;
    let mut going = Vec::new();
    for pack in packs.drain(..) {
        let Some((at, why)) = pack.stop.as_ref().filter(|(at, _)| pack.position.next() == *at)
        else {
            going.push(pack);
            continue;
        };
        for Member { generation, .. } in &pack.members {
            let name = generation.name.as_str();
            tracing::error!(window = name, position = %at, why, "window {name} stopped at {at}");
            let place = (name, generation.generation);
            if !around.views.stop(around.epoch, place, (*at, why), around.now).await? {
                return Err(ProjectorError::Overtaken);
            }
        }
        has_stopped = true;
    }
    *packs = going;
    Ok(has_stopped)
}

/// Makes generations that have caught up the ones that are read.
async fn switch(around: &Surroundings<'_>, packs: &mut [Pack]) -> Result<bool, ProjectorError> {
    let front = packs.iter().map(|pack| pack.position).max().unwrap_or_default();
    let mut has_switched = false;
    for pack in packs.iter().filter(|pack| pack.position == front) {
        let caught_up = |it: &&Member| it.generation.phase == Phase::CatchingUp;
        for Member { generation, .. } in pack.members.iter().filter(caught_up) {
            let (name, number) = (generation.name.as_str(), generation.generation);
            if around.views.switch(name, number, around.now).await? {
                tracing::info!(window = name, "window {name} is read from generation {number}");
                has_switched = true;
            }
        }
    }
    if has_switched { Err(ProjectorError::Overtaken) } else { Ok(false) }
}

/// Packs that have met go on as one.
fn merge(packs: &mut Vec<Pack>) {
    let mut merged: Vec<Pack> = Vec::new();
    for pack in packs.drain(..) {
        let fits = |other: &Pack| {
            let is_met = other.position == pack.position && other.skipped == pack.skipped;
            let goes_on = other.stop.is_none() && pack.stop.is_none();
            is_met && goes_on && !pack.members.iter().any(|it| other.has(it.window.name()))
        };
        match merged.iter().position(fits) {
            Some(at) => {
                let mut members = std::mem::take(&mut merged[at].members);
                members.extend(pack.members);
                merged[at] = Pack::new(members, pack.position, pack.skipped);
            }
            None => merged.push(pack),
        }
    }
    merged.retain(|pack| !pack.members.is_empty());
    *packs = merged;
}
