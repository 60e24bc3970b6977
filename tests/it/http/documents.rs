//! What the source documents show, request by request, in their own words. A test for a section,
//! named after it.

use super::house::{Answer, Server, on_every, on_every_with_hands};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

const LARRY: &str = "/api/agents/agent_larry_001";
const EXECUTION: &str = "exec_carol_breeder_20260211_001";
const HOUR_MS: u64 = 3_600_000;

/// The plan of the architecture, section 1, as it stands there.
fn carols_plan() -> Value {
    json!({
        "plan_id": "plan_carol_breeder_sys_20260211",
        "goal": "Develop custom dog breeder management system",
        "phase_count": 3,
        "phases": [{
            "phase_id": "phase_1", "name": "Discovery & Requirements", "duration_weeks": 2,
            "tasks": [{
                "task_id": "task_1_1",
                "title": "Interview Carol about current workflow",
                "description": "Understand breeding records, customer management, puppy tracking",
                "assignee_role": "Business Analyst",
                "prerequisites": [],
                "estimated_hours": 8,
                "subtasks": [
                    {"subtask_id": "task_1_1_a", "action": "schedule_call", "params": {
                        "contact": "carol@bittersweet-farm.example", "duration_minutes": 90,
                        "agenda": "Breeding records, customer database, puppy tracking"}},
                    {"subtask_id": "task_1_1_b", "action": "document_requirements", "params": {
                        "format": "markdown",
                        "output_path": "requirements/carol_breeder_system.md"}},
                ],
            }],
        }],
        "dependencies": [{"from": "task_1_1", "to": "task_1_2", "type": "finish_to_start"}],
        "roles_required": ["Business Analyst", "Full-Stack Developer", "DevOps Engineer"],
        "risks": [{"risk_id": "risk_1", "description": "Carol unavailable for interviews",
            "mitigation": "Async survey as backup"}],
    })
}

/// The same without what is wrong with it.
fn mended() -> Value {
    let mut plan = carols_plan();
    plan["phase_count"] = json!(1);
    plan["dependencies"] = json!([]);
    plan
}

async fn report(server: &Server, report: &Value) -> Result<Answer> {
    server.post(&format!("/api/executions/{EXECUTION}/events"), report).await
}

/// Larry is registered and carries Carol's plan out.
async fn begin(server: &Server) -> Result<()> {
    let larry = json!({"agent_id": "agent_larry_001", "name": "Larry the Laptop Lobster",
        "capabilities": ["schedule_call", "document_requirements"]});
    ensure!(server.post("/api/agents/register", &larry).await?.status == 201);
    ensure!(server.post("/api/plans", &mended()).await?.status == 201);
    let order = json!({"plan_id": "plan_carol_breeder_sys_20260211", "execution_id": EXECUTION,
        "agent_id": "agent_larry_001"});
    let made = server.post("/api/executions", &order).await?;
    ensure!(made.status == 201 && made.body["execution_id"] == EXECUTION, "{made:?}");
    Ok(())
}

/// The document's example contradicts itself: it counts three phases and shows one, and a
/// dependency names `task_1_2`, which it lacks. Both are pointed at; without them it is taken.
#[tokio::test(flavor = "multi_thread")]
async fn architecture_1_how_agents_receive_plans() -> Result<()> {
    on_every(async |server| {
        let mut plan = carols_plan();
        let refused = server.post("/api/plans", &plan).await?;
        ensure!(refused.status == 422, "{refused:?}");
        ensure!(refused.body["errors"][0]["pointer"] == "/phase_count", "{refused:?}");
        plan["phase_count"] = json!(1);
        let refused = server.post("/api/plans", &plan).await?;
        let pointer = refused.body["errors"][0]["pointer"].as_str().unwrap_or_default();
        ensure!(refused.status == 422 && pointer.starts_with("/dependencies/0"), "{refused:?}");
        let made = server.post("/api/plans", &mended()).await?;
        ensure!(made.status == 201, "{made:?}");
        let path = "/api/plans/plan_carol_breeder_sys_20260211";
        let wish = format!("?min_position={}", made.position()?);
        let seen = server.get(&format!("{path}{wish}")).await?;
        ensure!(seen.body["goal"] == "Develop custom dog breeder management system", "{seen:?}");
        ensure!(seen.body["phase_count"] == 1, "{seen:?}");
        ensure!(seen.body["roles_required"] == carols_plan()["roles_required"], "{seen:?}");
        ensure!(seen.body["risks"] == carols_plan()["risks"], "{seen:?}");
        let tasks = server.get(&format!("{path}/tasks{wish}")).await?;
        ensure!(tasks.status == 200 && tasks.body.to_string().contains("task_1_1_b"), "{tasks:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn architecture_3_how_agents_report_progress() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        server.get(&format!("{LARRY}/work")).await?;
        let heartbeat = json!({"execution_id": EXECUTION, "agent_id": "agent_larry_001",
            "timestamp": "2026-02-11T15:35:00Z", "event_type": "heartbeat", "status": "running",
            "current_task_id": "task_1_1_a", "current_task_progress": 35, "tasks_completed": 0,
            "tasks_total": 12});
        let told = report(&server, &heartbeat).await?;
        ensure!(told.status == 201 && told.body["verdict"] == "ok", "{told:?}");
        let complete = json!({"execution_id": EXECUTION, "agent_id": "agent_larry_001",
            "timestamp": "2026-02-11T16:10:00Z", "event_type": "task_complete",
            "task_id": "task_1_1_a", "result": "success",
            "output": {"email_sent_to": "carol@bittersweet-farm.example",
                "timestamp": "2026-02-11T16:09:45Z", "response_received": true,
                "response_excerpt": "Sounds good, let's schedule for Thursday at 2 PM"},
            "next_task_id": "task_1_1_b",
            "notes": "Carol responded positively, ready for interview"});
        let told = report(&server, &complete).await?;
        ensure!(told.status == 201 && told.body["next_task_id"] == "task_1_1_b", "{told:?}");
        ensure!(told.body["next_action"] == "document_requirements", "{told:?}");
        server.get(&format!("{LARRY}/work")).await?;
        let error = json!({"execution_id": EXECUTION, "agent_id": "agent_larry_001",
            "timestamp": "2026-02-11T17:00:00Z", "event_type": "task_error",
            "task_id": "task_1_1_b", "error_type": "external_dependency_blocked",
            "error_message": "Carol's email bounced. Contact info appears invalid.",
            "suggestion": "Verify contact via Google Maps listing or call directly",
            "human_review_required": true, "status_code": 406});
        let told = report(&server, &error).await?;
        ensure!(told.status == 201 && told.body["human_review_required"] == true, "{told:?}");
        let ways_out = json!(["Verify contact via Google Maps listing or call directly"]);
        ensure!(told.body["next_step_options"] == ways_out, "{told:?}");
        ensure!(told.body["status"] == "BLOCKED", "{told:?}");
        let seen = server.get(&format!("/api/executions/{EXECUTION}/status")).await?;
        ensure!(seen.body["status"] == "BLOCKED", "{seen:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn architecture_4_the_execution_loop() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let ready = "/api/plans?status=ready&assigned_to=agent_larry";
        ensure!(server.get(ready).await?.body["plans"] == json!([]));
        let path = format!("/api/executions/{EXECUTION}");
        let signal = |pause: bool, cancel: bool| {
            json!({"pause_requested": pause, "cancel_requested": cancel})
        };
        for (wanted, expected) in [
            ("PAUSED", signal(true, false)),
            ("RUNNING", signal(false, false)),
            ("CANCELLED", signal(false, true)),
        ] {
            let moved = server.patch(&path, &json!({"status": wanted})).await?;
            ensure!(moved.status == 200 && moved.body["status"] == wanted, "{moved:?}");
            let seen = server.get(&format!("{path}/status")).await?;
            for (name, value) in expected.as_object().context("an object")? {
                ensure!(seen.body[name] == *value, "{wanted}: {seen:?}");
            }
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn architecture_5_the_api_of_users_and_agents() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let (plan, execution) =
            ("/api/plans/plan_carol_breeder_sys_20260211", format!("/api/executions/{EXECUTION}"));
        let head = server.store.head().await?.position;
        for path in ["/api/plans", plan, "/api/executions", &execution, LARRY] {
            let seen = server.get(&format!("{path}?min_position={head}")).await?;
            ensure!(seen.status == 200, "{path}: {seen:?}");
        }
        let tasks = server.get(&format!("{plan}/tasks")).await?;
        ensure!(tasks.status == 200, "{tasks:?}");
        let known = server.get(&format!("{LARRY}/capabilities")).await?;
        let actions = known.body["capabilities"].as_array().map(Vec::len);
        ensure!(actions == Some(2), "{known:?}");
        ensure!(server.ask("DELETE", plan, &[], b"").await?.status == 200);
        ensure!(server.patch(&execution, &json!({"status": "CANCELLED"})).await?.status == 200);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn architecture_6_larrys_entry_in_the_registry() -> Result<()> {
    on_every(async |server| {
        let entry = include_str!("../../../examples/larry/larry.json");
        let json = [("Content-Type", "application/json")];
        let known = server.ask("POST", "/api/agents/register", &json, entry.as_bytes()).await?;
        ensure!(known.status == 201 && known.body["agent_id"] == "agent_larry_001", "{known:?}");
        let wish = format!("{LARRY}?min_position={}", known.position()?);
        let seen = server.get(&wish).await?;
        let entry: Value = serde_json::from_str(entry)?;
        for name in ["name", "role", "capabilities", "integration_endpoints"] {
            ensure!(seen.body[name] == entry[name], "{name}: {seen:?}");
        }
        server.stop().await
    })
    .await
}

/// The transitions of the checklist's state machine, and the one that must fail.
#[tokio::test(flavor = "multi_thread")]
async fn checklist_1_the_state_machine() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let path = format!("/api/executions/{EXECUTION}");
        for task in ["task_1_1_a", "task_1_1_b"] {
            server.get(&format!("{LARRY}/work")).await?;
            let blocked = json!({"agent_id": "agent_larry_001", "task_id": task,
                "status": "BLOCKED", "error_message": "waiting for Carol"});
            let told = report(&server, &blocked).await?;
            let blocker = told.body["blocker_id"].as_str().context("no blocker_id")?;
            let resolve = format!("{path}/blockers/{blocker}/resolve");
            let resolved = server.post(&resolve, &json!({"resolution": "retry"})).await?;
            ensure!(resolved.body["status"] == "RUNNING", "{resolved:?}");
            server.get(&format!("{LARRY}/work")).await?;
            let done = json!({"agent_id": "agent_larry_001", "event_type": "task_complete",
                "task_id": task, "status": "success", "output_data": {}});
            ensure!(report(&server, &done).await?.status == 201);
        }
        let seen = server.get(&format!("{path}/status")).await?;
        ensure!(seen.body["status"] == "COMPLETED", "{seen:?}");
        let refused = server.patch(&path, &json!({"status": "RUNNING"})).await?;
        ensure!(refused.status == 409 && refused.body["current"] == "COMPLETED", "{refused:?}");
        ensure!(refused.body["allowed"] == json!([]), "{refused:?}");
        server.stop().await
    })
    .await
}

/// The history of the checklist's first phase, with the filters of its third.
#[tokio::test(flavor = "multi_thread")]
async fn checklist_1_and_3_the_history_of_events() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        server.get(&format!("{LARRY}/work")).await?;
        let done = json!({"agent_id": "agent_larry_001", "event_type": "task_complete",
            "task_id": "task_1_1_a", "status": "success"});
        let told = report(&server, &done).await?;
        let path = format!("/api/executions/{EXECUTION}/events");
        let all = server.get(&path).await?;
        let all = all.body["events"].as_array().cloned().context("no events")?;
        let versions: Vec<_> = all.iter().filter_map(|it| it["version"].as_u64()).collect();
        ensure!(versions.len() > 3 && versions.is_sorted_by(|a, b| a > b), "newest first: {all:?}");
        let page = server.get(&format!("{path}?limit=2&offset=1")).await?;
        ensure!(page.body["events"] == json!(all[1..3]), "{page:?}");
        let wish = format!("{path}?type=task_complete&task_id=task_1_1_a");
        let found = server.get(&wish).await?;
        ensure!(found.body["events"].as_array().is_some_and(|it| it.len() == 1), "{found:?}");
        ensure!(found.body["events"][0]["event_id"] == told.body["event_id"], "{found:?}");
        let none = server.get(&format!("{path}?type=task_error")).await?;
        ensure!(none.body["events"] == json!([]), "{none:?}");
        server.stop().await
    })
    .await
}

/// The checklist's commands for development: they report on `task_1_1` of `exec_test_001`.
#[tokio::test(flavor = "multi_thread")]
async fn checklist_quick_commands() -> Result<()> {
    on_every(async |server| {
        let nobody = server.get(LARRY).await?;
        ensure!(nobody.status == 404, "{nobody:?}");
        let none = json!({"name": "Larry", "role": "caller", "capabilities": []});
        let refused = server.post("/api/agents", &none).await?;
        ensure!(refused.status == 422, "at least one capability: {refused:?}");
        let plan = json!({"plan_id": "plan_test", "goal": "Test", "phases": [
            {"phase_id": "phase_1", "name": "Test", "tasks": [
                {"task_id": "task_1_1", "title": "Test"}]}]});
        ensure!(server.post("/api/plans", &plan).await?.status == 201);
        let larry = json!({"agent_id": "agent_larry_001", "name": "Larry", "role": "caller",
            "capabilities": ["send_email"]});
        ensure!(server.post("/api/agents", &larry).await?.status == 201);
        ensure!(server.get(&format!("{LARRY}/work")).await?.status == 204);
        let order = json!({"plan_id": "plan_test", "execution_id": "exec_test_001"});
        let made = server.post("/api/executions", &order).await?;
        let seen = format!("{LARRY}?min_position={}", made.position()?);
        ensure!(server.get(&seen).await?.body["agent_id"] == "agent_larry_001");
        let work = server.get(&format!("{LARRY}/work")).await?;
        ensure!(work.body["next_task"]["task_id"] == "task_1_1", "{work:?}");
        let body = br#"{"agent_id":"agent_larry_001","event_type":"task_complete",
            "task_id":"task_1_1","status":"success"}"#;
        let json = [("Content-Type", "application/json")];
        let told = server.ask("POST", "/api/executions/exec_test_001/events", &json, body).await?;
        ensure!(told.status == 201 && told.body["status"] == "COMPLETED", "{told:?}");
        let wish = format!("plan_id=plan_test&status=COMPLETED&min_position={}", told.position()?);
        let found = server.get(&format!("/api/executions?{wish}")).await?;
        ensure!(found.body["executions"][0]["execution_id"] == "exec_test_001", "{found:?}");
        ensure!(server.get("/api/executions/exec_none").await?.status == 404);
        server.stop().await
    })
    .await
}

/// Scenario 1: an agent that does not poll for 30 minutes.
#[tokio::test(flavor = "multi_thread")]
async fn integration_points_12_an_agent_that_is_unreachable() -> Result<()> {
    on_every_with_hands(async |server, hands| {
        begin(&server).await?;
        ensure!(server.get(&format!("{LARRY}/work")).await?.status == 200);
        hands.advance_ms(HOUR_MS);
        server.engine.run_due().await?;
        let seen = server.get(&format!("/api/executions/{EXECUTION}/status")).await?;
        ensure!(seen.body["status"] == "BLOCKED", "{seen:?}");
        let work = server.get(&format!("{LARRY}/work?wait=25s")).await?;
        ensure!(work.status == 200, "back again: {work:?}");
        server.stop().await
    })
    .await
}

/// Scenarios 2 and 4: what an agent does not understand, and what it waits for, a person resolves.
#[tokio::test(flavor = "multi_thread")]
async fn integration_points_12_what_only_a_person_can_clear() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let failed = json!({"event_type": "task_error", "error_type": "decomposition_failed",
            "human_review_required": true, "task_id": "task_1_1_a"});
        let waits = json!({"status": "BLOCKED", "task_id": "task_1_1_b"});
        for mut said in [failed, waits] {
            server.get(&format!("{LARRY}/work")).await?;
            said["agent_id"] = json!("agent_larry_001");
            let told = report(&server, &said).await?;
            ensure!(told.status == 201 && told.body["blocker_id"].is_string(), "{told:?}");
            ensure!(told.body["escalated_to"] == "owner", "{told:?}");
        }
        server.stop().await
    })
    .await
}

/// Scenario 3: a subtask that times out is tried three times, then a person is asked.
#[tokio::test(flavor = "multi_thread")]
async fn integration_points_12_a_subtask_that_times_out() -> Result<()> {
    on_every_with_hands(async |server, hands| {
        begin(&server).await?;
        for attempt in 1..=3 {
            let work = server.get(&format!("{LARRY}/work?wait=25s")).await?;
            ensure!(work.body["next_task"]["attempt"] == attempt, "{work:?}");
            let failed = json!({"agent_id": "agent_larry_001", "event_type": "task_error",
                "error_type": "timeout", "task_id": "task_1_1_a"});
            let told = report(&server, &failed).await?;
            ensure!(told.status == 201, "{told:?}");
            ensure!(told.body["blocker_id"].is_string() == (attempt == 3), "{told:?}");
            if attempt < 3 {
                done_meanwhile(&server).await?;
                hands.advance_ms(HOUR_MS);
            }
        }
        server.stop().await
    })
    .await
}

/// The other subtask does not wait for the first: order in a plan is no dependency.
async fn done_meanwhile(server: &Server) -> Result<()> {
    let work = server.get(&format!("{LARRY}/work")).await?;
    if work.status == 200 {
        let done = json!({"agent_id": "agent_larry_001", "event_type": "task_complete",
            "task_id": work.body["next_task"]["task_id"]});
        ensure!(report(server, &done).await?.status == 201);
    }
    Ok(())
}
