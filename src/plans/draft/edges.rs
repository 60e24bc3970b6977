//! Judges what waits for what: what cannot be is dropped, and said so.

use super::barriers::Barriers;
use super::{Draft, Edge, Spot, TaskIds};
use crate::error::PlanError;
use crate::planted::is_planted;
use crate::report::Report;
use planexe_ax_domain::plan::DEPENDENCIES_MAX;
use std::collections::BTreeSet;

/// How many dependencies that point backward are looked at one by one.
pub(super) const CIRCLE_CHECKS_MAX: usize = 500;
/// How many tasks of a circle a line names.
const CIRCLE_NAMED_MAX: usize = 8;

/// Keeps the dependencies that can be, and gives back what must come before what.
pub(super) fn keep_possible(
    draft: &mut Draft,
    ids: &TaskIds,
    report: &mut Report,
) -> Result<Barriers, PlanError> {
    check_count(draft)?;
    drop_senseless(draft, ids, report);
    Ok(break_circles(draft, ids, report))
}

pub(super) fn check_count(draft: &Draft) -> Result<(), PlanError> {
    let count = draft.edges.len();
    if count <= DEPENDENCIES_MAX {
        return Ok(());
    }
    let limit = ("DEPENDENCIES_MAX", DEPENDENCIES_MAX);
    Err(PlanError::too_large("the plan", "dependencies", limit, count))
}

/// Drops what waits for itself, for what it is a part of or for a part of it, and what stands
/// twice.
fn drop_senseless(draft: &mut Draft, ids: &TaskIds, report: &mut Report) {
    let mut known = BTreeSet::new();
    let edges = std::mem::take(&mut draft.edges);
    for edge in edges {
        let (from, to) = (ids.get(edge.from), ids.get(edge.to));
        let why = if edge.from == edge.to {
            format!("{to} cannot wait for itself")
        } else if draft.above(edge.to).any(|above| above == edge.from) {
            format!("{to} cannot wait for {from}, which it is a part of")
        } else if draft.above(edge.from).any(|above| above == edge.to) {
            format!("{to} cannot wait for {from}, a part of itself")
        } else if !known.insert((edge.from, edge.to)) {
            format!("that {to} waits for {from} stands twice")
        } else {
            draft.edges.push(edge);
            continue;
        };
        report.dropped(&edge.place, || why);
    }
}

/// Whether it points backward in the order of the plan: the others alone never close a circle.
pub(super) fn is_backward(edge: &Edge) -> bool {
    edge.from > edge.to
}

fn break_circles(draft: &mut Draft, ids: &TaskIds, report: &mut Report) -> Barriers {
    let mut barriers = Barriers::of(draft);
    for edge in draft.edges.iter().filter(|edge| !is_backward(edge)) {
        barriers.add(edge.from, edge.to);
    }
    let mut checks = 0;
    draft.edges.retain(|edge| {
        if !is_backward(edge) {
            return true;
        }
        checks += 1;
        if checks > CIRCLE_CHECKS_MAX {
            report.dropped(&edge.place, || {
                format!(
                    "{} waits for {}, which stands behind it: more than {CIRCLE_CHECKS_MAX} such \
                     are not looked at (CIRCLE_CHECKS_MAX)",
                    ids.get(edge.to),
                    ids.get(edge.from)
                )
            });
            return false;
        }
        let circle = barriers.circle(edge.from, edge.to);
        let Some(circle) = circle.filter(|_| !is_planted("plan_circle_kept")) else {
            barriers.add(edge.from, edge.to);
            return true;
        };
        report.dropped(&edge.place, || {
            format!(
                "{} waits for {}, which closes a circle ({}): this one points backward",
                ids.get(edge.to),
                ids.get(edge.from),
                named(&circle, ids)
            )
        });
        false
    });
    barriers
}

fn named(circle: &[Spot], ids: &TaskIds) -> String {
    let named = circle.iter().take(CIRCLE_NAMED_MAX).map(|&spot| ids.get(spot).as_str());
    let mut text = named.collect::<Vec<_>>().join(" → ");
    if circle.len() > CIRCLE_NAMED_MAX {
        text += " → …";
    }
    text
}

/// What must come before what, of dependencies that the law judges as they are.
pub(super) fn taken_as_they_are(draft: &Draft) -> Result<Barriers, PlanError> {
    check_count(draft)?;
    let mut barriers = Barriers::of(draft);
    for edge in &draft.edges {
        barriers.add(edge.from, edge.to);
    }
    Ok(barriers)
}
