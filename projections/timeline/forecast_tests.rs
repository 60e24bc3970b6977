//! Forecasts of executions that are told by hand.

use super::{Band, Forecast, TimelineRow, TimelineWindow, forecast};
use crate::story::{Story, execution_of, minute};
use crate::task_tree::{TaskRow, TaskTreeWindow};
use planexe_ax_domain::Timestamp;
use serde_json::json;

const HOUR: u64 = 60;
const HOUR_MS: i64 = 3_600_000;

/// Three tasks of an hour each, one after the other.
fn story() -> Story {
    let task = |id: &str| json!({"task_id": id, "estimated_ms": HOUR_MS});
    let tasks = json!([task("list"), task("call"), task("write")]);
    execution_of(&tasks, &json!([{"from": "list", "to": "call"}, {"from": "call", "to": "write"}]))
}

fn done(story: Story, task_id: &str, from: u64, to: u64) -> Story {
    story
        .granted(from, task_id, "larry")
        .then(from, "task_started", json!({"task_id": task_id, "epoch": 1}))
        .then(to, "task_completed", json!({"task_id": task_id, "epoch": 1}))
}

fn foretold(story: &Story, now: Timestamp) -> Forecast {
    let planned = story.rows(TimelineWindow).remove(0);
    let planned = planned.iter().map(|row| TimelineRow::from_row(row).expect("a row"));
    let tree = story.rows(TaskTreeWindow).remove(0);
    let tree = tree.iter().map(|row| TaskRow::from_row(row).expect("a row"));
    let (planned, tree): (Vec<_>, Vec<_>) = (planned.collect(), tree.collect());
    forecast(&planned, &tree, Some(minute(0)), now).expect("the rows are whole")
}

fn outlook(forecast: &Forecast, task_id: &str) -> (Timestamp, Timestamp, i64) {
    let leaf = forecast.leaves.iter().find(|leaf| &*leaf.task_id == task_id);
    let leaf = leaf.expect("a leaf");
    (leaf.starts_at, leaf.ends_at, leaf.slip_ms)
}

#[test]
fn without_history_all_goes_to_plan_and_the_band_is_from_half_to_twice() {
    let forecast = foretold(&story(), minute(0));
    let hours = |n| minute(n * HOUR);
    let ends_at = Band { early: minute(90), likely: hours(3), late: hours(6) };
    assert_eq!((forecast.ends_at, forecast.slip_ms), (ends_at, 0));
    assert_eq!(forecast.planned_end_at, hours(3));
    assert_eq!(outlook(&forecast, "call"), (hours(1), hours(2), 0));
}

#[test]
fn time_that_passes_without_work_is_slip() {
    let forecast = foretold(&story(), minute(HOUR));
    assert_eq!(forecast.slip_ms, HOUR_MS);
    assert_eq!(outlook(&forecast, "list"), (minute(60), minute(120), HOUR_MS));
}

#[test]
fn what_took_longer_lets_the_rest_take_longer_too() {
    let story = done(story(), "list", 0, 4 * HOUR);
    let forecast = foretold(&story, minute(4 * HOUR));
    assert_eq!(forecast.pace_permille, Band { early: 500, likely: 2_000, late: 4_000 });
    assert_eq!(outlook(&forecast, "list"), (minute(0), minute(240), 3 * HOUR_MS));
    assert_eq!(outlook(&forecast, "call"), (minute(240), minute(360), 4 * HOUR_MS));
    assert_eq!(forecast.ends_at.likely, minute(8 * HOUR));
}

#[test]
fn what_is_at_work_ends_by_its_progress() {
    let half = json!({"task_id": "list", "epoch": 1, "progress_percent": 75});
    let story = story().granted(0, "list", "larry");
    assert_eq!(outlook(&foretold(&story, minute(20)), "list").1, minute(60));
    assert_eq!(outlook(&foretold(&story, minute(100)), "list").1, minute(106));
    let story = story.then(20, "task_progressed", half);
    assert_eq!(outlook(&foretold(&story, minute(20)), "list").1, minute(35));
}

#[test]
fn when_all_is_over_nothing_is_left_to_foretell() {
    let story = done(story(), "list", 0, 30);
    let story = done(done(story, "call", 30, 60), "write", 60, 90);
    let forecast = foretold(&story, minute(999));
    let end = minute(90);
    assert_eq!(forecast.ends_at, Band { early: end, likely: end, late: end });
    assert_eq!(forecast.slip_ms, -HOUR_MS * 3 / 2);
}
