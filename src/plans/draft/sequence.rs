//! The orders that are made on request: each phase after the one before it, or every node after
//! its elder sibling. What would close a circle is left out.

use super::barriers::Barriers;
use super::edges::{CIRCLE_CHECKS_MAX, is_backward};
use super::{Draft, Edge, Spot, TaskIds};
use crate::read::Sequencing;
use crate::report::Report;
use std::collections::BTreeSet;

/// Adds the order that is asked for.
pub(super) fn sequence(
    draft: &mut Draft,
    mode: Sequencing,
    ids: &TaskIds,
    (barriers, report): (&mut Barriers, &mut Report),
) {
    let pairs = pairs(draft, mode);
    let known: BTreeSet<_> = draft.edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let crossed = Crossed::of(draft);
    let mut checks = 0;
    let mut added = 0;
    for (before, after) in pairs.into_iter().filter(|pair| !known.contains(pair)) {
        if crossed.is_at(after) {
            checks += 1;
            let closes = checks > CIRCLE_CHECKS_MAX || barriers.circle(before, after).is_some();
            if closes {
                let (before, after) = (ids.get(before), ids.get(after));
                report.dropped(after.as_str(), || {
                    format!("it does not wait for {before}: that would close a circle")
                });
                continue;
            }
        }
        barriers.add(before, after);
        draft.edges.push(Edge { is_implied: true, ..Edge::new(before, after, "the sequencing") });
        added += 1;
    }
    if added > 0 {
        report.derived("the plan", || {
            format!("{added} dependencies follow from the sequencing that was asked for")
        });
    }
}

/// Siblings that follow each other, of the roots only or of all.
fn pairs(draft: &Draft, mode: Sequencing) -> Vec<(Spot, Spot)> {
    let spots = 0..draft.nodes.len();
    let roots: Vec<Spot> = spots.filter(|&spot| draft.nodes[spot].parent.is_none()).collect();
    let groups = match mode {
        Sequencing::Explicit => Vec::new(),
        Sequencing::Phases => vec![roots],
        Sequencing::Waterfall => std::iter::once(roots).chain(draft.parts()).collect(),
    };
    let follow = |group: &Vec<Spot>| -> Vec<(Spot, Spot)> {
        group.windows(2).map(|pair| (pair[0], pair[1])).collect()
    };
    groups.iter().flat_map(follow).collect()
}

/// Before which nodes a dependency that points backward leads across: only there can an order
/// close a circle.
struct Crossed(Vec<bool>);

impl Crossed {
    fn of(draft: &Draft) -> Self {
        let ends = ends(draft);
        let mut changes = vec![0_isize; draft.nodes.len() + 1];
        for edge in draft.edges.iter().filter(|edge| is_backward(edge)) {
            changes[edge.to + 1] += 1;
            changes[ends[edge.from] + 1] -= 1;
        }
        let open = changes.iter().scan(0, |open, change| {
            *open += change;
            Some(*open > 0)
        });
        Self(open.collect())
    }

    fn is_at(&self, spot: Spot) -> bool {
        self.0.get(spot).is_none_or(|is_crossed| *is_crossed)
    }
}

/// The last node at or below each node.
fn ends(draft: &Draft) -> Vec<Spot> {
    let mut ends: Vec<Spot> = (0..draft.nodes.len()).collect();
    for spot in (0..draft.nodes.len()).rev() {
        if let Some(parent) = draft.nodes[spot].parent {
            ends[parent] = ends[parent].max(ends[spot]);
        }
    }
    ends
}
