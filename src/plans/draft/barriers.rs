//! What must come before what, containment included: each node has a start and a finish, its
//! parts lie between them, and a dependency leads from the finish of the one to the start of the
//! other. It is a circle here exactly where the tasks would wait for ever.

use super::{Draft, Spot};

/// Starts and finishes, and what follows on each.
pub(super) struct Barriers {
    parents: Vec<Option<Spot>>,
    parts: Vec<Vec<Spot>>,
    /// For each node, those that wait for its finish.
    waiting: Vec<Vec<Spot>>,
    /// For each moment, in which search it was seen last.
    seen: Vec<usize>,
    search: usize,
}

/// The start of a node is even, its finish odd.
type Moment = usize;

fn start(spot: Spot) -> Moment {
    spot * 2
}

fn finish(spot: Spot) -> Moment {
    spot * 2 + 1
}

impl Barriers {
    /// The tree alone, without dependencies.
    pub(super) fn of(draft: &Draft) -> Self {
        Self {
            parents: draft.nodes.iter().map(|node| node.parent).collect(),
            parts: draft.parts(),
            waiting: vec![Vec::new(); draft.nodes.len()],
            seen: vec![0; draft.nodes.len() * 2],
            search: 0,
        }
    }

    pub(super) fn add(&mut self, from: Spot, to: Spot) {
        self.waiting[from].push(to);
    }

    /// The nodes on a way from the start of `to` to the finish of `from`: with the dependency of
    /// `to` on `from` it would be a circle. None when there is no such way.
    pub(super) fn circle(&mut self, from: Spot, to: Spot) -> Option<Vec<Spot>> {
        self.search += 1;
        let mut came_from: Vec<(Moment, usize)> = vec![(start(to), usize::MAX)];
        self.seen[start(to)] = self.search;
        let mut at = 0;
        while let Some(&(moment, _)) = came_from.get(at) {
            if moment == finish(from) {
                return Some(way_to(&came_from, at));
            }
            self.step(moment, at, &mut came_from);
            at += 1;
        }
        None
    }

    fn step(&mut self, moment: Moment, at: usize, came_from: &mut Vec<(Moment, usize)>) {
        let Self { parents, parts, waiting, seen, search } = self;
        let mut go = |next: Moment| {
            if std::mem::replace(&mut seen[next], *search) != *search {
                came_from.push((next, at));
            }
        };
        let spot = moment / 2;
        if moment == start(spot) {
            parts[spot].iter().for_each(|&part| go(start(part)));
            if parts[spot].is_empty() {
                go(finish(spot));
            }
            return;
        }
        waiting[spot].iter().for_each(|&other| go(start(other)));
        if let Some(parent) = parents[spot] {
            go(finish(parent));
        }
    }
}

/// The nodes between which the way that ends there goes by dependencies, with its two ends.
fn way_to(came_from: &[(Moment, usize)], end: usize) -> Vec<Spot> {
    let mut moments = Vec::new();
    let mut at = end;
    while let Some(&(moment, before)) = came_from.get(at) {
        moments.push(moment);
        at = before;
    }
    moments.reverse();
    let is_finish = |moment: Moment| moment == finish(moment / 2);
    let leaps = moments.windows(2).filter(|pair| is_finish(pair[0]) && !is_finish(pair[1]));
    let mut way: Vec<Spot> = moments.first().into_iter().map(|moment| moment / 2).collect();
    way.extend(leaps.flat_map(|pair| [pair[0] / 2, pair[1] / 2]));
    way.extend(moments.last().map(|moment| moment / 2));
    way.dedup();
    way
}
