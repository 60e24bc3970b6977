//! Which packs there are: generations at one position go together.

use super::ProjectorError;
use super::pack::{Member, Pack, Surroundings};
use crate::store::Position;
use std::collections::BTreeMap;

/// Keeps the packs whose members are still to be worked on, and makes packs of those that came.
pub(super) fn adopt(packs: &mut Vec<Pack>, found: Vec<Member>) {
    let mut found = found;
    let mut kept = Vec::new();
    for mut pack in packs.drain(..) {
        let before = pack.members.len();
        let members = std::mem::take(&mut pack.members);
        let known = members.iter().filter_map(|member| take(&mut found, member));
        pack.members = known.collect();
        if pack.members.len() == before {
            kept.push(pack);
        } else if !pack.members.is_empty() {
            let stop = pack.stop;
            let mut fewer = Pack::new(pack.members, pack.position, pack.skipped);
            fewer.stop = stop;
            kept.push(fewer);
        }
    }
    kept.extend(packs_of(found));
    *packs = kept;
}

/// The same generation as it is now, unless it is somewhere else meanwhile.
fn take(found: &mut Vec<Member>, member: &Member) -> Option<Member> {
    let own = &member.generation;
    let is_same = |it: &Member| {
        let it = &it.generation;
        let is_it = it.name == own.name && it.generation == own.generation;
        is_it && it.position == own.position && it.skipped == own.skipped
    };
    let at = found.iter().position(is_same)?;
    Some(found.swap_remove(at))
}

/// Generations at one position that skip the same go together, no two of the same window.
fn packs_of(members: Vec<Member>) -> Vec<Pack> {
    type Place = (Position, Vec<u64>, usize);
    let mut places: BTreeMap<Place, Vec<Member>> = BTreeMap::new();
    let mut seen: BTreeMap<&'static str, usize> = BTreeMap::new();
    for member in members {
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
pub(super) async fn stop_at_poison(
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

/// Packs that have met go on as one.
pub(super) fn merge(packs: &mut Vec<Pack>) {
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
