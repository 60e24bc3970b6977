//! A task in the hands of an agent, as it is told of it.

use crate::domain::TaskDefinition;
use crate::domain::execution::Execution;
use crate::domain::execution::tree::{Node, Spot, Tree};
use crate::engine::GrantedTask;
use serde_json::{Map, Value, json};

/// How many tasks before and after are named.
const NEIGHBOURS_MAX: usize = 20;
/// How many answers come along.
const ANSWERS_MAX: usize = 20;
/// How many remembered things come along.
const MEMORY_MAX: usize = 50;

/// All that an agent needs to know of its task.
pub(super) fn task_shown(execution: &Execution, task: &GrantedTask) -> Value {
    let mut shown = more_shown(task);
    let policy = execution.rules();
    let definition = &task.definition;
    let retry = definition.retry.unwrap_or(policy.retry);
    let timeout_ms = definition.timeout_ms.unwrap_or(policy.timeout_ms);
    shown["timeout_hours"] = hours(timeout_ms).into();
    shown["retry_policy"] = json!({
        "max_attempts": retry.attempts_max,
        "backoff": retry.backoff,
        "backoff_seconds": retry.backoff_ms / 1_000,
    });
    shown["context"] = context(execution, definition);
    shown
}

/// What is said of a task that comes along with the first.
pub(super) fn more_shown(task: &GrantedTask) -> Value {
    let definition = &task.definition;
    json!({
        "execution_id": task.execution_id,
        "plan_id": task.plan_id,
        "task_id": definition.task_id,
        "parent_task_id": definition.parent_id,
        "title": definition.title,
        "description": definition.description,
        "action": definition.action,
        "params": definition.params,
        "attempt": task.attempt,
        "lease": task.lease.to_string(),
        "lease_expires_at": task.lease_expires_at.to_string(),
        "times_out_at": task.times_out_at.to_string(),
        "checkpoint": task.checkpoint,
        "success_criteria": definition.success_criteria,
    })
}

fn hours(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64() / 3_600.0
}

fn context(execution: &Execution, definition: &TaskDefinition) -> Value {
    let tree = execution.tree();
    let Some(own) = tree.find(&definition.task_id) else { return Value::Null };
    let leaves: Vec<Spot> = tree.leaves().collect();
    let at = leaves.iter().position(|leaf| *leaf == own).unwrap_or_default();
    let title = |spot: &Spot| tree.node(*spot).definition.title.to_string();
    let is_done = |spot: &&Spot| tree.node(**spot).is_finished;
    let before = leaves[..at].iter().rev().filter(is_done).take(NEIGHBOURS_MAX);
    let mut before: Vec<_> = before.map(title).collect();
    before.reverse();
    let after = leaves[at..].iter().skip(1).filter(|spot| !is_done(spot)).take(NEIGHBOURS_MAX);
    json!({
        "plan_goal": execution.header().and_then(|header| header.goal.as_ref()),
        "previous_tasks": before,
        "upcoming_tasks": after.map(title).collect::<Vec<_>>(),
        "outputs": outputs(tree, own),
        "answers": answers(tree, own),
        "memory": memory(execution, definition),
    })
}

/// What came out of the tasks that this one, or one that it is a part of, waited for.
fn outputs(tree: &Tree, own: Spot) -> Map<String, Value> {
    let nodes = std::iter::once(own).chain(tree.chain(own)).map(|spot| tree.node(spot));
    let waited_for = nodes.flat_map(|node: &Node| node.waits_for.iter().map(|edge| edge.other));
    let output = |spot: Spot| {
        let node = tree.node(spot);
        let output = node.output.as_ref()?;
        let value = serde_json::from_str(output.as_str()).ok()?;
        Some((node.definition.task_id.to_string(), value))
    };
    waited_for.filter_map(output).collect()
}

/// What persons answered to what stood in the way of this task, the last last.
fn answers(tree: &Tree, own: Spot) -> Vec<Value> {
    let history = tree.node(own).history.as_ref();
    let answers = history.map_or(&[][..], |history| &history.answers);
    answers.iter().skip(answers.len().saturating_sub(ANSWERS_MAX)).map(|it| json!(it)).collect()
}

/// What is remembered of the execution and of this task.
fn memory(execution: &Execution, definition: &TaskDefinition) -> Vec<Value> {
    let concerns =
        |task_id: &Option<_>| task_id.as_ref().is_none_or(|it| *it == definition.task_id);
    let entries = execution.memory().filter(|((task_id, ..), _)| concerns(task_id));
    let shown = entries.take(MEMORY_MAX).map(|((task_id, kind, key), memory)| {
        json!({
            "task_id": task_id,
            "context_type": kind,
            "context_key": key,
            "context_value": memory.value,
        })
    });
    shown.collect()
}
