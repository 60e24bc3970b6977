//! What comes before what: the start and the finish of every node of a tree, and what ties them.

use crate::task_tree::TaskRow;
use crate::{BadCell, Cell as _};
use planexe_ax_domain::{DependencyType, TaskId};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a task waits for, as its row has it.
#[derive(Deserialize)]
struct WaitsFor {
    task_id: TaskId,
    #[serde(rename = "type")]
    kind: DependencyType,
}

/// Points in time, two for each row: its start, and behind it its finish.
pub(super) struct Net {
    /// The points that come after each point.
    after: Vec<Vec<usize>>,
    /// The points, each behind all that come before it.
    pub(super) order: Vec<usize>,
}

/// The point at which the row of that place starts.
pub(super) fn start(row: usize) -> usize {
    2 * row
}

/// The point at which the row of that place finishes.
pub(super) fn finish(row: usize) -> usize {
    2 * row + 1
}

impl Net {
    /// The net of these rows, all of one tree.
    pub(super) fn of(rows: &[TaskRow]) -> Result<Self, BadCell> {
        let place: BTreeMap<&str, usize> = rows.iter().map(|row| &*row.task_id).zip(0..).collect();
        let mut after = vec![Vec::new(); rows.len() * 2];
        for (at, row) in rows.iter().enumerate() {
            after[start(at)].push(finish(at));
            if let Some(&parent) = row.parent_task_id.as_deref().and_then(|id| place.get(id)) {
                after[start(parent)].push(start(at));
                after[finish(at)].push(finish(parent));
            }
            for WaitsFor { task_id, kind } in waits_for(row)? {
                let Some(&from) = place.get(task_id.as_str()) else { continue };
                let from = if kind.needs_start_only() { start(from) } else { finish(from) };
                let to = if kind.gates_start() { start(at) } else { finish(at) };
                after[from].push(to);
            }
        }
        let order = in_order(&after);
        Ok(Self { after, order })
    }

    /// The points that come after a point.
    pub(super) fn after(&self, point: usize) -> &[usize] {
        &self.after[point]
    }
}

fn waits_for(row: &TaskRow) -> Result<Vec<WaitsFor>, BadCell> {
    let Some(json) = &row.waits_for else { return Ok(Vec::new()) };
    let bad = |_| BadCell { column: "waits_for", found: json.to_value() };
    serde_json::from_str(&json.0).map_err(bad)
}

fn in_order(after: &[Vec<usize>]) -> Vec<usize> {
    let mut before = vec![0_u32; after.len()];
    after.iter().flatten().for_each(|&next| before[next] += 1);
    let mut order: Vec<usize> = (0..after.len()).filter(|&point| before[point] == 0).collect();
    let mut next = 0;
    while let Some(&point) = order.get(next) {
        for &to in &after[point] {
            before[to] -= 1;
            if before[to] == 0 {
                order.push(to);
            }
        }
        next += 1;
    }
    order
}
