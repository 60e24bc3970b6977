//! Sums, told by hand.

use super::row::{COUNTERS, Counter};
use super::{MetricDurationRow, MetricErrorRow, MetricRow, MetricsWindow, percentile};
use crate::story::{Story, execution_of, minute};
use crate::{Row, Value};
use serde_json::json;

const MINUTE_MS: i64 = 60_000;

/// Larry fails once, is put off, and succeeds.
fn story() -> Story {
    let tasks = json!([{"task_id": "call", "action": "phone"}]);
    let error = json!({"error_type": "timeout"});
    let again = json!({
        "task_id": "call", "agent_id": "larry", "epoch": 2, "attempt": 2, "nonce": 1,
        "lease_ms": 60_000, "times_out_at": minute(999),
    });
    execution_of(&tasks, &json!([]))
        .granted(10, "call", "larry")
        .then(
            30,
            "task_failed",
            json!({
                "task_id": "call", "agent_id": "larry", "epoch": 1, "attempt": 1, "error": error,
                "remarks": {"usage": {"input_tokens": 70, "output_tokens": 7, "cost_microusd": 9}},
            }),
        )
        .then(30, "retry_scheduled", json!({"task_id": "call", "retry_at": minute(40)}))
        .then(40, "retry_came_due", json!({"task_id": "call"}))
        .then(41, "task_granted", again)
        .then(101, "task_completed", json!({"task_id": "call", "epoch": 2}))
        .then(101, "execution_completed", json!({}))
}

fn metrics(story: &Story, scope: &str, grain: &str) -> Vec<MetricRow> {
    let rows = story.rows(MetricsWindow).remove(0);
    let rows = rows.iter().map(|row| MetricRow::from_row(row).expect("a row"));
    rows.filter(|row| &*row.scope == scope && &*row.grain == grain).collect()
}

#[test]
fn each_counter_has_its_column() {
    let columns = MetricRow::COLUMNS.len();
    assert_eq!(columns, 5 + COUNTERS);
    let name = |counter: Counter| MetricRow::COLUMNS[5 + counter as usize].name;
    assert_eq!(name(Counter::ExecutionsCreated), "executions_created");
    assert_eq!(name(Counter::CostMicrousd), "cost_microusd");
}

#[test]
fn what_happened_is_summed_for_each_scope() {
    let [row] = &metrics(&story(), "agent", "total")[..] else { panic!("one agent") };
    assert_eq!((&*row.scope_id, row.bucket_at.unix_ms()), ("larry", 0));
    assert_eq!((row.tasks_granted, row.tasks_completed), (2, 1));
    assert_eq!((row.attempts_failed, row.retries), (1, 1));
    assert_eq!((row.queue_ms, row.queue_count), (11 * MINUTE_MS, 2));
    assert_eq!((row.work_ms, row.work_count), (80 * MINUTE_MS, 2));
    assert_eq!((row.input_tokens, row.output_tokens, row.cost_microusd), (70, 7, 9));
    assert_eq!((row.executions_created, row.executions_completed), (0, 0));
    for scope in ["workspace", "plan"] {
        let [whole] = &metrics(&story(), scope, "total")[..] else { panic!("one {scope}") };
        assert_eq!((whole.executions_created, whole.executions_completed), (1, 1));
        assert_eq!(whole.work_ms, row.work_ms);
    }
    assert_eq!(&*metrics(&story(), "action", "total")[0].scope_id, "phone");
}

#[test]
fn hours_add_up_to_the_day_and_days_to_the_total() {
    let hours = metrics(&story(), "workspace", "hour");
    assert!(hours.len() > 1);
    let sum: i64 = hours.iter().map(|row| row.work_ms).sum();
    assert_eq!(sum, 80 * MINUTE_MS);
    let [day] = &metrics(&story(), "workspace", "day")[..] else { panic!("one day") };
    assert_eq!((day.work_ms, day.bucket_at.unix_ms() % (24 * 60 * MINUTE_MS)), (sum, 0));
}

#[test]
fn how_long_a_person_let_wait_is_summed() {
    let blocker = json!({"blocker_id": "b1", "task_id": "call", "kind": "approval",
        "message": "may I?"});
    let story = execution_of(&json!([{"task_id": "call", "action": "phone"}]), &json!([]))
        .then(5, "blocker_raised", blocker)
        .then(6, "blocker_escalated", json!({"blocker_id": "b1"}))
        .then(9, "blocker_resolved", json!({"blocker_id": "b1", "resolution": "retry"}));
    let [row] = &metrics(&story, "action", "total")[..] else { panic!("one action") };
    assert_eq!((row.blockers_raised, row.blockers_resolved, row.escalations), (1, 1, 1));
    assert_eq!((row.human_wait_ms, row.human_wait_count), (4 * MINUTE_MS, 1));
}

#[test]
fn errors_and_durations_are_counted_by_kind() {
    let tables = story().rows(MetricsWindow);
    let is_total =
        |row: &&Row| row[1..4] == ["plan", "p1", "total"].map(|word| Value::Text(word.into()));
    let errors: Vec<_> = tables[1].iter().filter(is_total).collect();
    let error = MetricErrorRow::from_row(errors[0]).expect("a row");
    assert_eq!((errors.len(), &*error.error_type, error.attempts), (1, "timeout", 1));
    let durations = tables[2].iter().filter(is_total).map(|row| MetricDurationRow::from_row(row));
    let durations: Vec<_> = durations.map(|row| row.expect("a row")).collect();
    let bits: Vec<_> = durations.iter().map(|row| (row.bits, row.attempts)).collect();
    assert_eq!(bits, [(21, 1), (22, 1)]);
}

#[test]
fn a_percentile_lies_in_its_bucket() {
    assert_eq!(percentile(&[], 500), None);
    assert_eq!(percentile(&[(0, 4)], 500), Some(0));
    assert_eq!(percentile(&[(11, 1)], 500), Some(1_536));
    let spread = [(11, 90), (14, 9), (17, 1)];
    let of = |permille| percentile(&spread, permille).expect("attempts");
    assert!((1_024..2_048).contains(&of(500)) && (8_192..16_384).contains(&of(950)));
    assert!((65_536..131_072).contains(&of(1_000)) && of(10) <= of(500));
    assert_eq!(percentile(&[(64, 1)], 990), Some(u64::MAX / 4 * 3 + 3));
}
