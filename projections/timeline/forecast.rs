//! When each leaf, and the whole, is to be expected.

use super::net::{Net, finish, start};
use super::{TimelineRow, pace};
use crate::task_tree::TaskRow;
use crate::{BadCell, Cell as _};
use planexe_ax_domain::Timestamp;
use planexe_ax_domain::execution::TaskStatus;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The longest that a leaf is thought to take: ten years.
pub(super) const DURATION_MS_MAX: u64 = 10 * 365 * 86_400_000;
/// The share of its duration, in thousandths, that is left of a leaf that outran its estimate and
/// reports no progress.
const LEFT_AT_LEAST: u64 = 100;

/// Three guesses at the same thing: four of five leaves so far took longer than the early one
/// says, and four of five less than the late one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band<T> {
    /// If what is left goes well.
    pub early: T,
    /// If it goes as it went so far.
    pub likely: T,
    /// If it goes badly.
    pub late: T,
}

/// When a leaf is to be expected; when it was, where it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The leaf.
    pub task_id: Arc<str>,
    /// When it starts, or started.
    pub starts_at: Timestamp,
    /// When it ends, or ended.
    pub ends_at: Timestamp,
    /// How much later than planned that is; less than nothing: earlier.
    pub slip_ms: i64,
}

/// When an execution is to be expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// Its leaves, in the order of the rows.
    pub leaves: Vec<Outlook>,
    /// When the whole ends.
    pub ends_at: Band<Timestamp>,
    /// When it was meant to end.
    pub planned_end_at: Timestamp,
    /// How much later than planned it likely ends; less than nothing: earlier.
    pub slip_ms: i64,
    /// How many thousandths of its estimate a leaf takes.
    pub pace_permille: Band<u64>,
}

/// A leaf, as it was planned and as it is.
pub(super) struct Leaf<'a> {
    place: usize,
    pub(super) row: &'a TaskRow,
    pub(super) status: TaskStatus,
    pub(super) planned_ms: u64,
    planned_end_ms: u64,
}

/// Foretells when the leaves and the whole of an execution end, from the rows of its timeline and
/// of its task tree, all of them, and from when it started, if it did.
///
/// What is over stays as it was. What is left takes its estimate times a pace, which is how long
/// the completed leaves took, from their first start to their end, over how long they should have
/// taken; two leaves of average length count as done to plan, so that the first few do not decide
/// alone. The band takes, instead, the pace that one in five leaves stayed under, and that one in
/// five went over, with three leaves of half, just and twice their estimates counted in: without
/// any history the band is from half to twice the plan, and it narrows as leaves are done.
///
/// A leaf at work ends when the share is done that it did not report as done; one that reports
/// nothing, when its duration is over, and one that outran it has a tenth of it left. All others
/// start as soon as what they wait for is expected, and not before now: blockers, pauses and
/// rests count as over now, and an agent as free for each leaf.
pub fn forecast(
    planned: &[TimelineRow],
    tree: &[TaskRow],
    started_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Forecast, BadCell> {
    let net = Net::of(tree)?;
    let leaves = leaves(planned, tree)?;
    let origin = started_at.unwrap_or(now);
    let pace = pace::of(&leaves);
    let expected = |pace| Expected::of(&net, &leaves, tree.len(), now, pace);
    let (early, likely, late) = (expected(pace.early), expected(pace.likely), expected(pace.late));
    let outlook = |leaf: &Leaf<'_>| Outlook {
        task_id: Arc::clone(&leaf.row.task_id),
        starts_at: likely.0[start(leaf.place)],
        ends_at: likely.0[finish(leaf.place)],
        slip_ms: slip(origin.plus_ms(leaf.planned_end_ms), likely.0[finish(leaf.place)]),
    };
    let planned_ms = leaves.iter().map(|leaf| leaf.planned_end_ms).max().unwrap_or_default();
    let planned_end_at = origin.plus_ms(planned_ms);
    let end = |expected: &Expected| {
        let ends = leaves.iter().map(|leaf| expected.0[finish(leaf.place)]);
        ends.max().unwrap_or(origin)
    };
    let ends_at = Band { early: end(&early), likely: end(&likely), late: end(&late) };
    Ok(Forecast {
        leaves: leaves.iter().map(outlook).collect(),
        ends_at,
        planned_end_at,
        slip_ms: slip(planned_end_at, ends_at.likely),
        pace_permille: pace,
    })
}

fn slip(planned: Timestamp, expected: Timestamp) -> i64 {
    expected.unix_ms() - planned.unix_ms()
}

fn leaves<'a>(planned: &[TimelineRow], tree: &'a [TaskRow]) -> Result<Vec<Leaf<'a>>, BadCell> {
    let planned: BTreeMap<&str, &TimelineRow> =
        planned.iter().map(|row| (&*row.task_id, row)).collect();
    let leaves = tree.iter().enumerate().filter(|(_, row)| row.is_leaf);
    let leaf = |(place, row): (usize, &'a TaskRow)| {
        let known = planned.get(&*row.task_id);
        let planned_ms = known.map_or(row.estimated_ms.unwrap_or_default(), |row| row.planned_ms);
        let planned_start_ms = known.map_or(0, |row| row.planned_start_ms);
        let status = TaskStatus::ALL.iter().find(|status| status.as_str() == &*row.status);
        let bad = || BadCell { column: "status", found: row.status.to_value() };
        Ok(Leaf {
            place,
            row,
            status: *status.ok_or_else(bad)?,
            planned_ms: planned_ms.min(DURATION_MS_MAX),
            planned_end_ms: planned_start_ms.saturating_add(planned_ms),
        })
    };
    leaves.map(leaf).collect()
}

/// When each point of a net is to be expected.
struct Expected(Vec<Timestamp>);

impl Expected {
    fn of(net: &Net, leaves: &[Leaf<'_>], rows: usize, now: Timestamp, pace: u64) -> Self {
        let mut at = vec![Timestamp::default(); rows * 2];
        let mut known: Vec<Option<Timestamp>> = vec![None; rows * 2];
        let mut lasts_ms = vec![0; rows * 2];
        for leaf in leaves {
            let (starts, ends) = (start(leaf.place), finish(leaf.place));
            (at[starts], at[ends]) = (now, now);
            known[starts] = leaf.started_at(now);
            known[ends] = leaf.status.is_over().then(|| leaf.row.ended_at.unwrap_or(now));
            match known[starts] {
                Some(began) => at[ends] = now.plus_ms(leaf.left_ms(began, now, pace)),
                None => lasts_ms[starts] = leaf.takes_ms(pace),
            }
        }
        for &point in &net.order {
            at[point] = known[point].unwrap_or(at[point]);
            for &next in net.after(point) {
                let is_own_finish = next == point + 1 && point.is_multiple_of(2);
                let lasts_ms = if is_own_finish { lasts_ms[point] } else { 0 };
                at[next] = at[next].max(at[point].plus_ms(lasts_ms));
            }
        }
        Self(at)
    }
}

impl Leaf<'_> {
    /// When it started, if it is over or at work.
    fn started_at(&self, now: Timestamp) -> Option<Timestamp> {
        let began = self.row.granted_at.or(self.row.started_at);
        match self.status {
            TaskStatus::Running => Some(began.unwrap_or(now)),
            TaskStatus::Complete
            | TaskStatus::Error
            | TaskStatus::Skipped
            | TaskStatus::Cancelled => {
                Some(self.row.started_at.or(self.row.ended_at).unwrap_or(now))
            }
            TaskStatus::Queued | TaskStatus::Blocked => None,
        }
    }

    fn takes_ms(&self, pace: u64) -> u64 {
        self.planned_ms * pace.min(100_000) / 1_000
    }

    /// How much of it is left, when it is at work.
    fn left_ms(&self, began: Timestamp, now: Timestamp, pace: u64) -> u64 {
        let takes_ms = self.takes_ms(pace);
        match self.row.progress_percent {
            0 => takes_ms.saturating_sub(now.ms_since(began)).max(takes_ms * LEFT_AT_LEAST / 1_000),
            percent => takes_ms * u64::from(100 - percent.min(100)) / 100,
        }
    }
}
