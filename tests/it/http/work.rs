//! A whole plan over HTTP: by an agent that knows only the documents, and by a careful one.

use super::house::{Answer, Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::store::{LogFilter, Position};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const LARRY: &str = "/api/agents/agent_larry_001/work";

/// Two phases; the second waits for the first, and has two parts of a task.
fn plan() -> Value {
    json!({
        "plan_id": "plan_prospecting",
        "goal": "Find dog breeders who need a system",
        "phases": [
            {"phase_id": "phase_1", "name": "Lead generation", "tasks": [
                {"task_id": "task_1_1", "title": "List breeders", "assignee_role": "caller",
                 "subtasks": [{"subtask_id": "task_1_1_a", "action": "search_google_maps",
                               "title": "Search the map", "params": {"query": "dog breeders"}}]},
            ]},
            {"phase_id": "phase_2", "name": "Outreach", "tasks": [
                {"task_id": "task_2_1", "title": "Write to them", "prerequisites": ["task_1_1"],
                 "subtasks": [
                    {"subtask_id": "task_2_1_a", "action": "send_email", "title": "Write",
                     "params": {"to": "carol@farm.example"}},
                    {"subtask_id": "task_2_1_b", "action": "send_email", "title": "Write again",
                     "params": {}, "depends_on": ["task_2_1_a"]}]},
            ]},
        ],
    })
}

pub(super) async fn begin(server: &Server) -> Result<String> {
    let larry = json!({"agent_id": "agent_larry_001", "name": "Larry",
        "capabilities": ["search_google_maps", "send_email"]});
    server.post("/api/agents/register", &larry).await?;
    let made = server.post("/api/plans", &plan()).await?;
    ensure!(made.status == 201, "{made:?}");
    let made = server.post("/api/executions", &json!({"plan_id": "plan_prospecting"})).await?;
    ensure!(made.status == 201 && made.body["status"] == "RUNNING", "{made:?}");
    Ok(made.body["execution_id"].as_str().context("no execution_id")?.to_owned())
}

pub(super) async fn report(server: &Server, execution: &str, report: &Value) -> Result<Answer> {
    server.post(&format!("/api/executions/{execution}/events"), report).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_knows_only_the_documents_carries_a_plan_to_its_end() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let mut done = Vec::new();
        loop {
            let work = server.get(LARRY).await?;
            if work.status == 204 {
                break;
            }
            ensure!(work.body["work_available"] == true, "{work:?}");
            let task = work.body["next_task"].clone();
            done.push(task["task_id"].as_str().unwrap_or_default().to_owned());
            let done_so = json!({
                "execution_id": execution, "agent_id": "agent_larry_001",
                "timestamp": "2026-02-11T16:10:00Z", "event_type": "task_complete",
                "task_id": task["task_id"], "result": "success", "output": {"found": 3},
                "next_task_id": "whatever", "notes": "Carol responded positively",
            });
            let answer = report(&server, &execution, &done_so).await?;
            ensure!(answer.status == 201, "{answer:?}");
        }
        ensure!(done == ["task_1_1_a", "task_2_1_a", "task_2_1_b"], "{done:?}");
        let path = format!("/api/executions/{execution}");
        let status = server.get(&format!("{path}/status")).await?;
        let over = json!({"status": "COMPLETED", "pause_requested": false,
            "cancel_requested": false});
        ensure!(status.body == over, "{status:?}");
        let position = server.store.head().await?.position;
        let seen = server.get(&format!("{path}?min_position={position}")).await?;
        ensure!(seen.body["progress"]["percent"] == 100, "{seen:?}");
        ensure!(seen.body["progress"]["tasks_total"] == 3, "{seen:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careful_agent_gets_what_it_holds_again_and_is_told_what_it_needs() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let work = server.get(LARRY).await?;
        let again = server.get(LARRY).await?;
        ensure!(work.body == again.body, "the same grant: {work:?} {again:?}");
        let task = &work.body["next_task"];
        ensure!(task["action"] == "search_google_maps" && task["attempt"] == 1, "{task}");
        ensure!(task["params"] == json!({"query": "dog breeders"}), "{task}");
        ensure!(task["timeout_hours"] == 24.0, "{task}");
        ensure!(task["context"]["upcoming_tasks"] == json!(["Write", "Write again"]), "{task}");
        let beat = json!({"leases": [{"lease": task["lease"], "progress_percent": 40}]});
        let told = server.post("/api/agents/agent_larry_001/heartbeat", &beat).await?;
        ensure!(told.body["leases"][0]["verdict"] == "ok", "{told:?}");
        let paused = json!({"status": "PAUSED", "reason": "lunch"});
        let path = format!("/api/executions/{execution}");
        ensure!(server.patch(&path, &paused).await?.body["status"] == "PAUSED");
        let told = server.post("/api/agents/agent_larry_001/heartbeat", &beat).await?;
        ensure!(told.body["leases"][0]["verdict"] == "pause", "{told:?}");
        ensure!(server.get(LARRY).await?.body["force_pause"] == true);
        ensure!(server.patch(&path, &json!({"status": "RUNNING"})).await?.status == 200);
        let done = json!({"agent_id": "agent_larry_001", "event_type": "subtask_complete",
            "task_id": "task_1_1", "subtask_id": "task_1_1_a", "lease": task["lease"],
            "event_id": "done-1", "output_data": {"breeders": ["Carol"]}});
        let first = report(&server, &execution, &done).await?;
        let repeated = report(&server, &execution, &done).await?;
        ensure!(first.status == 201 && first.body["next_task_id"] == "task_2_1_a", "{first:?}");
        ensure!(repeated.status == 200 && repeated.body == first.body, "{repeated:?}");
        let next = server.get(LARRY).await?;
        let outputs = &next.body["next_task"]["context"]["outputs"];
        ensure!(outputs.is_object(), "{next:?}");
        let mut late = done.clone();
        late["event_id"] = json!("done-2");
        late["output_data"] = json!({"breeders": []});
        let late = report(&server, &execution, &late).await?;
        ensure!(late.status == 200 && late.body["event_id"] == Value::Null, "{late:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_poll_gets_the_work_that_comes_and_a_drained_agent_gets_none() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let marie = json!({"agent_id": "agent_marie", "name": "Marie",
            "capabilities": ["send_email"]});
        server.post("/api/agents/register", &marie).await?;
        let work = server.get(LARRY).await?;
        let parked = server.get("/api/agents/agent_marie/work?wait=30s");
        let finished = async {
            let done = json!({"agent_id": "agent_larry_001", "event_type": "task_complete",
                "task_id": work.body["next_task"]["task_id"]});
            report(&server, &execution, &done).await
        };
        let (parked, finished) = tokio::join!(parked, finished);
        ensure!(finished?.status == 201);
        let parked = parked?;
        ensure!(parked.body["next_task"]["task_id"] == "task_2_1_a", "{parked:?}");
        // A poll that is not sent away ends after a minute by itself: that is too late here.
        let path = format!("{LARRY}?wait=60s");
        let parked = tokio::time::timeout(Duration::from_secs(30), server.get(&path));
        let drain = async {
            server.get("/readyz").await?;
            server.post("/api/agents/agent_larry_001/drain", &json!({})).await
        };
        let (parked, drained) = tokio::join!(parked, drain);
        ensure!(parked??.status == 204, "a drain sends its parked polls away");
        let drained = drained?;
        ensure!(drained.body["status"] == "draining", "{drained:?}");
        ensure!(server.get(&format!("{LARRY}?wait=30s")).await?.status == 204);
        ensure!(server.get("/api/agents/agent_nobody/work").await?.status == 404);
        ensure!(server.get(&format!("{LARRY}?wait=61s")).await?.status == 400);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_makes_no_sense_is_refused_and_the_next_in_the_list_is_taken() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        server.get(LARRY).await?;
        let of = |kind: &str, task: &str| {
            json!({"agent_id": "agent_larry_001", "event_type": kind, "task_id": task})
        };
        let unknown = report(&server, &execution, &of("task_done", "task_1_1_a")).await?;
        ensure!(unknown.status == 422, "{unknown:?}");
        ensure!(unknown.body["errors"][0]["pointer"] == "/event_type", "{unknown:?}");
        let mut elsewhere = of("task_started", "task_1_1_a");
        elsewhere["execution_id"] = json!("exec_other");
        ensure!(report(&server, &execution, &elsewhere).await?.status == 422);
        let mut tampered = of("task_started", "task_1_1_a");
        tampered["lease"] = json!(format!("lease~{execution}~task_1_1_a~1~00000000000000ff"));
        let refused = report(&server, &execution, &tampered).await?;
        ensure!(refused.status == 409, "{refused:?}");
        let list = json!([of("task_started", "task_9"), of("task_started", "task_1_1_a"),
            {"agent_id": "agent_larry_001", "status": "BLOCKED", "task_id": "task_1_1_a",
             "error_message": "Carol's email bounced", "suggestion": "call directly"}]);
        let taken = report(&server, &execution, &list).await?;
        let results = taken.body["results"].as_array().cloned().unwrap_or_default();
        let statuses: Vec<_> = results.iter().map(|it| it["http_status"].as_u64()).collect();
        ensure!(statuses == [Some(404), Some(201), Some(201)], "{taken:?}");
        ensure!(results[2]["next_step_options"] == json!(["call directly"]), "{taken:?}");
        ensure!(report(&server, "exec_absent", &of("task_started", "a")).await?.status == 404);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_did_is_written_down_and_its_heartbeat_needs_no_lease() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        server.get(LARRY).await?;
        let beat = json!({"agent_id": "agent_larry_001", "event_type": "heartbeat",
            "status": "running", "current_task_id": "task_1_1_a", "current_task_progress": 35,
            "tasks_completed": 0, "tasks_total": 12});
        let told = report(&server, &execution, &beat).await?;
        ensure!(told.status == 201 && told.body["verdict"] == "ok", "{told:?}");
        let path = format!("/api/executions/{execution}");
        server.patch(&path, &json!({"status": "PAUSED"})).await?;
        let told = report(&server, &execution, &beat).await?;
        ensure!(told.body["verdict"] == "pause", "{told:?}");
        let mut action = json!({"agent_id": "agent_larry_001", "event_type": "action_logged",
            "event_id": "act-1", "action_type": "update_task", "description": "wrote a draft",
            "agent_confidence": 0.9, "before_state": {"drafts": 0}, "after_state": {"drafts": 1}});
        let told = report(&server, &execution, &action).await?;
        ensure!(told.status == 201, "{told:?}");
        let again = report(&server, &execution, &json!([action])).await?;
        let again = &again.body["results"][0];
        ensure!(again["http_status"] == 200 && again["event_id"] == told.body["event_id"]);
        let position = server.store.head().await?.position.get();
        let filter = LogFilter { kinds: vec!["action_logged".to_owned()], ..Default::default() };
        let logged = server.store.read_log(Position::ZERO, &filter, 10).await?;
        let logged: Vec<Value> = logged
            .iter()
            .map(|it| serde_json::from_slice(&it.payload))
            .collect::<Result<_, _>>()?;
        ensure!(logged.len() == 1 && logged[0]["action_type"] == "update_task", "{logged:?}");
        ensure!(logged[0]["confidence_permille"] == 900, "{logged:?}");
        ensure!(logged[0]["after_state"] == json!({"drafts": 1}), "{logged:?}");
        action["action_type"] = json!("dance");
        action["event_id"] = json!("x".repeat(201));
        let refused = report(&server, &execution, &action).await?;
        ensure!(refused.body["errors"][0]["pointer"] == "/action_type", "{refused:?}");
        action["action_type"] = json!("add_note");
        let refused = report(&server, &execution, &action).await?;
        ensure!(refused.body["errors"][0]["pointer"] == "/event_id", "{refused:?}");
        ensure!(server.store.head().await?.position.get() == position, "something was stored");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_moves_as_the_table_says_and_says_what_is_allowed() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let path = format!("/api/executions/{execution}");
        let cancelled = server.patch(&path, &json!({"status": "CANCELLED"})).await?;
        ensure!(cancelled.body["status"] == "CANCELLED", "{cancelled:?}");
        let refused = server.patch(&path, &json!({"status": "RUNNING"})).await?;
        ensure!(refused.status == 409 && refused.body["code"] == "illegal_transition");
        ensure!(refused.body["current"] == "CANCELLED" && refused.body["allowed"] == json!([]));
        let both = json!({"status": "PAUSED", "priority": "high"});
        ensure!(server.patch(&path, &both).await?.status == 422);
        let again = json!({"plan_id": "plan_prospecting", "start": false, "labels": ["urgent"]});
        let made = server.post("/api/executions", &again).await?;
        ensure!(made.body["status"] == "CREATED", "{made:?}");
        let wish = format!("?label=urgent&min_position={}", made.position()?);
        let found = server.get(&format!("/api/executions{wish}")).await?;
        let listed = found.body["executions"].as_array().cloned().unwrap_or_default();
        ensure!(listed.len() == 1 && listed[0]["execution_id"] == made.body["execution_id"]);
        let absent = json!({"plan_id": "plan_absent"});
        ensure!(server.post("/api/executions", &absent).await?.status == 404);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_clears_what_an_agent_cannot_and_the_tree_shows_it() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        server.get(LARRY).await?;
        let path = format!("/api/executions/{execution}");
        let error = json!({"agent_id": "agent_larry_001", "event_type": "task_error",
            "task_id": "task_1_1_a", "error_type": "external_dependency_blocked",
            "error_message": "Carol's email bounced. Contact info appears invalid.",
            "suggestion": "Verify contact via Google Maps listing or call directly",
            "human_review_required": true, "status_code": 406});
        let told = report(&server, &execution, &error).await?;
        ensure!(told.body["human_review_required"] == true, "{told:?}");
        ensure!(told.body["escalated_to"] == "owner", "{told:?}");
        let blocker = told.body["blocker_id"].as_str().context("no blocker_id")?;
        let why = server.get(&format!("{path}/tasks/task_1_1_a/why")).await?;
        let reasons = why.body["reasons"].to_string();
        ensure!(reasons.contains(blocker), "{why:?}");
        let position = told.body["position"].as_u64().unwrap_or_default();
        let seen = server.get(&format!("{path}/blockers?min_position={position}")).await?;
        ensure!(seen.body["blockers"][0]["blocker_id"] == blocker, "{seen:?}");
        ensure!(seen.body["blockers"][0]["is_open"] == true, "{seen:?}");
        let tree = server.get(&format!("{path}/tasks?min_position={position}")).await?;
        let tasks = tree.body["tasks"].as_array().cloned().unwrap_or_default();
        ensure!(tasks.len() == 7 && tasks[0]["parent_task_id"] == Value::Null, "{tree:?}");
        let task = tasks.iter().find(|it| it["task_id"] == "task_1_1_a").context("no task")?;
        ensure!(task["status"] == "BLOCKED" && task["is_leaf"] == true, "{task}");
        let way = json!({"resolution": "retry", "note": "her number is on the map"});
        let resolved = server.post(&format!("{path}/blockers/{blocker}/resolve"), &way).await?;
        ensure!(resolved.status == 200 && resolved.body["status"] == "RUNNING", "{resolved:?}");
        let again = server.post(&format!("{path}/blockers/{blocker}/resolve"), &way).await?;
        ensure!((400..500).contains(&again.status), "{again:?}");
        ensure!(server.get(LARRY).await?.body["next_task"]["task_id"] == "task_1_1_a");
        ensure!(server.get(&format!("{path}/tasks/nothing/why")).await?.status == 404);
        for of_none in ["tasks", "blockers"] {
            let path = format!("/api/executions/absent/{of_none}");
            ensure!(server.get(&path).await?.status == 404, "{of_none}");
        }
        server.stop().await
    })
    .await
}
