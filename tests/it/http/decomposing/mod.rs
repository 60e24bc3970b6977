//! Tasks broken down over HTTP: by the rules, by a language model, and by people.

mod by_model;
mod by_rules;
mod fake;
mod misled;
mod reviewing;
mod spending;

use super::house::{Answer, Server};
use anyhow::{Context, Result, ensure};
use planexe_ax::store::{LogFilter, Position};
use serde_json::{Value, json};

pub(super) const DECOMPOSE: &str = "/api/agents/agent_larry_001/decompose";
pub(super) const PLAN: &str = "plan_carol";
pub(super) const CAROL: &str = "carol@bittersweet-farm.example";

/// Larry, with what the request of the document and its third layer name.
pub(super) fn larry() -> Value {
    json!({"agent_id": "agent_larry_001", "name": "Larry", "capabilities": [
        {"action": "schedule_call", "params": ["contact", "duration", "agenda"]},
        {"action": "send_email", "params": ["to", "subject", "body"]},
        {"action": "conduct_interview", "params": ["questions", "duration_minutes"]},
        {"action": "document_findings", "params": ["template", "output_path"]},
        {"action": "buy_tractor", "params": []},
    ]})
}

/// The request of the architecture, with its plan.
pub(super) fn request(plan_context: &Value) -> Value {
    json!({
        "task": {"task_id": "task_1_1", "title": "Interview Carol about current workflow",
            "description": "Understand breeding records, customer management, puppy tracking",
            "assignee_role": "Business Analyst"},
        "plan_context": plan_context,
        "agent_capabilities": larry()["capabilities"],
    })
}

/// The plan of the architecture, with an address and without parts.
pub(super) fn carols_plan() -> Value {
    json!({
        "plan_id": PLAN,
        "goal": "Develop custom dog breeder management system",
        "phases": [{"phase_id": "phase_1", "name": "Discovery", "tasks": [
            {"task_id": "task_1_1", "title": "Interview Carol about current workflow",
             "description": "Understand breeding records, customer management, puppy tracking"},
            {"task_id": "task_1_2", "title": "Buy a tractor"},
            {"task_id": "task_1_3", "title": "Feed the llamas"},
            {"task_id": "task_1_4", "title": "Send Carol the minutes", "subtasks": [
                {"subtask_id": "task_1_4_a", "action": "send_email", "params": {"to": CAROL}}]},
        ]}],
    })
}

/// The answer of the third layer, as a model would give it.
pub(super) fn three_steps() -> Value {
    let step = |key: &str, action: &str, params: Value, waits: &[&str]| {
        json!({"key": key, "title": format!("Step {key}"), "description": "As the plan says",
            "action": action, "params": params, "depends_on": waits, "timeout_hours": 24,
            "max_attempts": 3, "success_criteria": ["It is done"],
            "failure_handling": "Ask a person"})
    };
    let param = |name: &str, value: &str| json!({"name": name, "value": value});
    json!({
        "subtasks": [
            step("ask", "send_email", json!([param("to", "[EMAIL_1]")]), &[]),
            step("talk", "conduct_interview", json!([param("duration_minutes", "90")]), &["ask"]),
            step("write", "document_findings",
                json!([param("template", "interview_notes.md")]), &["talk"]),
        ],
        "confidence": 0.92,
        "notes": "The e-mail needs an answer",
    })
}

pub(super) async fn registered(server: &Server) -> Result<()> {
    let known = server.post("/api/agents/register", &larry()).await?;
    ensure!(known.status == 201, "{known:?}");
    Ok(())
}

pub(super) async fn begin(server: &Server) -> Result<()> {
    registered(server).await?;
    let made = server.post("/api/plans", &carols_plan()).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(())
}

pub(super) fn actions(answer: &Answer) -> Vec<&str> {
    let parts = answer.body["executable_subtasks"].as_array();
    parts.into_iter().flatten().filter_map(|part| part["action"].as_str()).collect()
}

/// What stands in the log of decompositions.
pub(super) async fn decomposed(server: &Server) -> Result<Vec<Value>> {
    let kinds = vec!["plan_task_decomposed".to_owned()];
    let filter = LogFilter { kinds, ..LogFilter::default() };
    let events = server.store.read_log(Position::ZERO, &filter, 100).await?;
    events.iter().map(|event| Ok(serde_json::from_slice(&event.payload)?)).collect()
}

/// The row of a task in the view of the plan.
pub(super) async fn task_of(server: &Server, task_id: &str, position: u64) -> Result<Value> {
    let found = server.get(&format!("/api/plans/{PLAN}/tasks?min_position={position}")).await?;
    let tasks = found.body["tasks"].as_array().cloned().unwrap_or_default();
    tasks.into_iter().find(|task| task["task_id"] == task_id).context("no such task")
}
