//! Writes a plan as the structured JSON that the API reads: what comes back is the same.

use planexe_ax_domain::plan::Plan;
use planexe_ax_domain::{Dependency, TaskDefinition, TaskId};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const HOUR_SECONDS: f64 = 3_600.0;
const WEEK_SECONDS: f64 = 604_800.0;
/// How deep the form names its parts differently.
const NAMED_DEPTHS: usize = 3;

/// The words of the form at a depth.
struct Words {
    id: &'static str,
    title: &'static str,
    time: (&'static str, f64),
    parts: &'static str,
}

const WORDS: [Words; NAMED_DEPTHS] = [
    Words { id: "phase_id", title: "name", time: ("duration_weeks", WEEK_SECONDS), parts: "tasks" },
    Words {
        id: "task_id",
        title: "title",
        time: ("estimated_hours", HOUR_SECONDS),
        parts: "subtasks",
    },
    Words {
        id: "subtask_id",
        title: "title",
        time: ("estimated_hours", HOUR_SECONDS),
        parts: "subtasks",
    },
];

/// A plan as structured JSON; none when there is no plan to carry out.
pub fn export(plan: &Plan) -> Option<Value> {
    let mut form = Map::new();
    form.insert("plan_id".to_owned(), json!(plan.plan_id()?));
    form.insert("title".to_owned(), json!(plan.title()?));
    if let Some(goal) = plan.goal() {
        form.insert("goal".to_owned(), json!(goal));
    }
    if let Some(agent_id) = plan.assigned_to() {
        form.insert("assigned_to".to_owned(), json!(agent_id));
    }
    form.insert("phases".to_owned(), phases(plan));
    let dependencies: Vec<Value> = plan.dependencies().map(dependency).collect();
    form.insert("dependencies".to_owned(), dependencies.into());
    form.insert("roles_required".to_owned(), json!(plan.roles()));
    form.insert("risks".to_owned(), json!(plan.risks()));
    let metadata = plan.metadata().and_then(|it| serde_json::from_str(it.as_str()).ok());
    if let Some(metadata) = metadata.filter(Value::is_object) {
        form.insert("metadata".to_owned(), metadata);
    }
    Some(Value::Object(form))
}

fn phases(plan: &Plan) -> Value {
    let mut parts: BTreeMap<Option<&TaskId>, Vec<&TaskDefinition>> = BTreeMap::new();
    for task in plan.tasks() {
        parts.entry(task.parent_id.as_ref()).or_default().push(task);
    }
    nodes(None, 0, &parts)
}

/// The parts of a node. The law keeps trees from being deep.
fn nodes(
    parent: Option<&TaskId>,
    depth: usize,
    parts: &BTreeMap<Option<&TaskId>, Vec<&TaskDefinition>>,
) -> Value {
    let own = parts.get(&parent).map_or(&[][..], Vec::as_slice);
    let words = &WORDS[depth.min(NAMED_DEPTHS - 1)];
    let written = own.iter().map(|task| {
        let mut form = node(task, words);
        let id = Some(&task.task_id);
        if depth == 0 || parts.contains_key(&id) {
            form.insert(words.parts.to_owned(), nodes(id, depth + 1, parts));
        }
        Value::Object(form)
    });
    Value::Array(written.collect())
}

fn node(task: &TaskDefinition, words: &Words) -> Map<String, Value> {
    let mut form = Map::new();
    form.insert(words.id.to_owned(), json!(task.task_id));
    form.insert(words.title.to_owned(), json!(task.title));
    form.insert("priority".to_owned(), json!(task.priority));
    let (time, unit) = words.time;
    let retry = task.retry.map(|retry| {
        json!({
            "max_attempts": retry.attempts_max,
            "backoff": retry.backoff,
            "backoff_seconds": seconds(retry.backoff_ms),
        })
    });
    let criteria = Some(&task.success_criteria).filter(|criteria| !criteria.is_empty());
    let fields = [
        ("description", task.description.as_ref().map(|it| json!(it))),
        ("action", task.action.as_ref().map(|it| json!(it))),
        ("params", task.params.as_ref().map(|it| json!(it))),
        ("assignee_role", task.role.as_ref().map(|it| json!(it))),
        ("agent_id", task.agent_id.as_ref().map(|it| json!(it))),
        (time, task.estimated_ms.map(|ms| json!(seconds(ms) / unit))),
        ("timeout_hours", task.timeout_ms.map(|ms| json!(seconds(ms) / HOUR_SECONDS))),
        ("retry_policy", retry),
        ("success_criteria", criteria.map(|it| json!(it))),
        ("approval", task.approval.as_ref().map(|it| json!(it))),
    ];
    let said = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    form.extend(said);
    form
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}

fn dependency(dependency: &Dependency) -> Value {
    let Dependency { from, to, kind, is_implied } = dependency;
    let mut form = json!({"from": from, "to": to, "type": kind});
    if *is_implied {
        form["is_implied"] = true.into();
    }
    form
}
