//! The sums of the metrics, added up once more: event by event, straight into every bucket.

use crate::folded::{All, rows};
use crate::world::Line;
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::event::work::{Remarks, WorkEvent};
use planexe_ax_domain::execution::Execution;
use planexe_ax_domain::execution::tree::Node;
use planexe_ax_domain::{Event, TaskId, Timestamp, Usage};
use planexe_ax_projections::metrics::TABLES;
use planexe_ax_projections::{Row, Value};
use std::collections::BTreeMap;

/// A scope, its id, a grain and a bucket; a column; perhaps an error or the bits of a duration.
type Cell = ([String; 3], i64, String);
type Sums = BTreeMap<Cell, i64>;

pub(crate) fn are_those_of_the_log(all: &All, log: &[Line]) {
    let mut executions: BTreeMap<&str, Execution> = BTreeMap::new();
    let mut sums = Sums::new();
    for line in log.iter().filter(|line| line.stream.as_str().starts_with("execution/")) {
        let execution = executions.entry(line.stream.as_str()).or_default();
        count(&mut sums, line, execution);
        execution.apply(&line.event).expect("the log is legal");
    }
    sums.retain(|_, sum| *sum != 0);
    let mut found = Sums::new();
    for (table, key) in [(0, 5), (1, 6), (2, 6)] {
        rows(all, "metrics", table).iter().for_each(|row| read(&mut found, table, key, row));
    }
    assert_eq!(found, sums);
    let tokens = executions.values().map(|it| i64::try_from(it.usage().input_tokens));
    let tokens: i64 = tokens.map(|tokens| tokens.expect("a small number")).sum();
    let total = (["workspace", "", "total"].map(str::to_owned), 0, "input_tokens".to_owned());
    assert_eq!(found.get(&total).copied().unwrap_or(0), tokens);
}

fn read(found: &mut Sums, table: usize, key: usize, row: &Row) {
    let text = |at: usize| match &row[at] {
        Value::Text(text) => text.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Null => panic!("a key has no gap"),
    };
    let number = |at: usize| if let Value::Integer(number) = row[at] { number } else { 0 };
    for at in key..row.len() {
        let column = match table {
            0 => TABLES[0].columns[at].name.to_owned(),
            1 => format!("error {}", text(5)),
            _durations => format!("bits {}", text(5)),
        };
        if number(at) != 0 {
            found.insert(([text(1), text(2), text(3)], number(4), column), number(at));
        }
    }
}

/// Whose counts an event adds to.
#[derive(Clone)]
struct Whose {
    plan: String,
    agent: Option<String>,
    action: Option<String>,
    at: Timestamp,
}

fn add(sums: &mut Sums, whose: &Whose, column: &str, amount: u64) {
    let amount = i64::try_from(amount).expect("a small number");
    let scopes = [
        ("workspace", Some("")),
        ("plan", Some(whose.plan.as_str())),
        ("agent", whose.agent.as_deref()),
        ("action", whose.action.as_deref()),
    ];
    let ms = whose.at.unix_ms();
    let grains = [("total", ms), ("day", ms % 86_400_000), ("hour", ms % 3_600_000)];
    for (scope, id) in scopes {
        let Some(id) = id else { continue };
        for (grain, into_bucket) in grains {
            let key = [scope, id, grain].map(str::to_owned);
            *sums.entry((key, ms - into_bucket, column.to_owned())).or_default() += amount;
        }
    }
}

fn count(sums: &mut Sums, line: &Line, execution: &Execution) {
    let mut whose = Whose {
        plan: execution.header().map_or("p1".to_owned(), |header| header.plan_id.to_string()),
        agent: None,
        action: None,
        at: line.at,
    };
    match &line.event {
        Event::Lifecycle(event) => {
            let tied = execution.header().and_then(|header| header.agent_id.as_ref());
            whose.agent = tied.map(ToString::to_string);
            if let LifecycleEvent::ExecutionCreated(event) = event {
                whose.agent = event.agent_id.as_ref().map(ToString::to_string);
            }
            let column = match event.kind() {
                "execution_created" => "executions_created",
                "execution_completed" => "executions_completed",
                "execution_failed" => "executions_failed",
                "execution_cancelled" => "executions_cancelled",
                _other => return,
            };
            add(sums, &whose, column, 1);
        }
        Event::Work(event) => count_work(sums, whose, event, execution),
        Event::Record(event) => count_record(sums, whose, event, execution),
        Event::Agent(_) | Event::Plan(_) | Event::Workspace(_) => {}
    }
}

fn node<'a>(execution: &'a Execution, task_id: &TaskId) -> &'a Node {
    let spot = execution.tree().find(task_id).expect("the task is there");
    execution.tree().node(spot)
}

/// By the agent that has or had the task, and for the task's action.
fn on(whose: Whose, node: &Node) -> Whose {
    let last = node.leaf.closing.as_ref().map(|closing| closing.agent_id.to_string());
    let agent = node.leaf.lease().map(|lease| lease.agent_id.to_string()).or(last);
    Whose { agent, action: node.definition.action.as_ref().map(ToString::to_string), ..whose }
}

fn cost(sums: &mut Sums, whose: &Whose, usage: Usage) {
    add(sums, whose, "input_tokens", usage.input_tokens);
    add(sums, whose, "output_tokens", usage.output_tokens);
    add(sums, whose, "cost_microusd", usage.cost_microusd);
}

fn work(sums: &mut Sums, whose: &Whose, node: &Node, at: Timestamp) {
    let Some(lease) = node.leaf.lease() else { return };
    let work_ms = at.ms_since(lease.granted_at);
    add(sums, whose, "work_ms", work_ms);
    add(sums, whose, "work_count", 1);
    let bits = (0..64).find(|bits| work_ms >> bits == 0).expect("not that long");
    add(sums, whose, &format!("bits {bits}"), 1);
}

fn count_work(sums: &mut Sums, whose: Whose, event: &WorkEvent, execution: &Execution) {
    let payload: serde_json::Value =
        serde_json::from_slice(&event.payload()).expect("an event is JSON");
    let task_id = payload["task_id"].as_str().expect("work is on a task");
    let task = node(execution, &TaskId::parse(task_id).expect("an id"));
    let mut whose = on(whose, task);
    if let Some(agent_id) =
        payload["agent_id"].as_str().filter(|_| event.kind() != "task_reassigned")
    {
        whose.agent = Some(agent_id.to_owned());
    }
    let remarks = payload.get("remarks").cloned().unwrap_or_else(|| serde_json::json!({}));
    let remarks: Remarks = serde_json::from_value(remarks).expect("remarks");
    cost(sums, &whose, remarks.usage.unwrap_or_default());
    if let WorkEvent::TaskSkipped(event) = event {
        let tree = execution.tree();
        let spot = tree.find(&event.task_id).expect("the task is there");
        for leaf in tree.leaves_below(spot).into_iter().map(|spot| tree.node(spot)) {
            let whose = on(whose.clone(), leaf);
            add(sums, &whose, "tasks_skipped", u64::from(!leaf.status().is_over()));
        }
    }
    match event.kind() {
        "task_granted" => {
            let since = task.leaf.ready_since.expect("only what is ready is granted");
            let at = Timestamp::parse(payload["at"].as_str().expect("a time")).expect("a time");
            add(sums, &whose, "tasks_granted", 1);
            add(sums, &whose, "queue_ms", at.ms_since(since));
            add(sums, &whose, "queue_count", 1);
        }
        "task_completion_held" | "task_completed" | "task_failed" => {
            let at = Timestamp::parse(payload["at"].as_str().expect("a time")).expect("a time");
            work(sums, &whose, task, at);
        }
        _other => {}
    }
    if let Some(error_type) = payload["error"]["error_type"].as_str()
        && event.kind() == "task_failed"
    {
        add(sums, &whose, &format!("error {error_type}"), 1);
    }
    let column = match event.kind() {
        "task_completed" => "tasks_completed",
        "task_failed" => "attempts_failed",
        "task_given_up" => "tasks_given_up",
        "retry_scheduled" => "retries",
        "lease_expired" => "leases_expired",
        "late_report_kept" => "late_reports",
        _other => return,
    };
    add(sums, &whose, column, 1);
}

fn count_record(sums: &mut Sums, mut whose: Whose, event: &RecordEvent, execution: &Execution) {
    let action = |task_id: Option<&TaskId>| {
        let task = &node(execution, task_id?).definition;
        task.action.as_ref().map(ToString::to_string)
    };
    if let RecordEvent::BlockerRaised(event) = event {
        whose.action = action(event.task_id.as_ref());
        add(sums, &whose, "blockers_raised", 1);
    }
    if let RecordEvent::BlockerEscalated(event) = event {
        let blocker = execution.blocker(&event.blocker_id).expect("it stands");
        whose.action = action(blocker.task_id.as_ref());
        add(sums, &whose, "escalations", 1);
    }
    if let RecordEvent::BlockerResolved(event) = event {
        let blocker = execution.blocker(&event.blocker_id).expect("it stands");
        whose.action = action(blocker.task_id.as_ref());
        add(sums, &whose, "blockers_resolved", 1);
        add(sums, &whose, "human_wait_ms", event.at.ms_since(blocker.raised_at));
        add(sums, &whose, "human_wait_count", 1);
    }
    if let RecordEvent::UsageRecorded(event) = event {
        let whose = match &event.task_id {
            Some(task_id) => on(whose, node(execution, task_id)),
            None => whose,
        };
        cost(sums, &whose, event.usage);
    }
}
