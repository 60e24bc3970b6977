//! What the table of patterns answers, and what of it is kept.

use super::*;
use crate::http::house::on_every;

#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_the_document_is_answered_with_its_subtasks() -> Result<()> {
    on_every(async |server| {
        registered(&server).await?;
        let mut context = carols_plan();
        context["phases"][0]["tasks"][0]["subtasks"] = json!([{"subtask_id": "task_1_1_b",
            "action": "document_requirements", "params": {"output_path": "notes/carol.md"}}]);
        let told = server.post(DECOMPOSE, &request(&context)).await?;
        ensure!(told.status == 200 && told.header("ax-position").is_some(), "{told:?}");
        ensure!(actions(&told) == ["send_email", "conduct_interview", "document_findings"]);
        let parts = told.body["executable_subtasks"].clone();
        ensure!(told.body["decomposed_subtasks"] == parts, "{told:?}");
        let ids = json!(["task_1_1_a", "task_1_1_b", "task_1_1_c"]);
        ensure!(told.body["execution_sequence"] == ids, "{told:?}");
        ensure!(told.body["task_id"] == "task_1_1", "{told:?}");
        ensure!(told.body["decomposition_confidence"] == 0.92, "{told:?}");
        ensure!(told.body["human_review_required"] == false, "{told:?}");
        ensure!(told.body["warnings"] == json!([]), "{told:?}");
        ensure!(told.body["notes"].as_str().is_some_and(|it| it.contains("Carol")), "{told:?}");
        let (mail, document) = (&parts[0], &parts[2]);
        ensure!(mail["subtask_id"] == "task_1_1_a" && mail["params"]["to"] == CAROL, "{mail}");
        ensure!(mail["timeout_hours"] == 24.0 && mail["dependencies"] == json!([]), "{mail}");
        ensure!(mail["retry_policy"]["max_attempts"] == 3, "{mail}");
        ensure!(mail["retry_policy"]["backoff"] == "exponential", "{mail}");
        ensure!(document["params"]["output_path"] == "notes/carol.md", "{document}");
        ensure!(document["depends_on"] == json!(["task_1_1_b"]), "{document}");
        for name in ["title", "description", "failure_handling"] {
            ensure!(document[name].as_str().is_some_and(|it| !it.is_empty()), "{name}: {document}");
        }
        ensure!(document["success_criteria"].as_array().is_some_and(|it| !it.is_empty()));
        ensure!(told.body["stored"] == false, "the plan is not one of this server: {told:?}");
        ensure!(decomposed(&server).await?.is_empty());
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_kept_on_the_task_where_the_plan_is_one_of_this_server() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let asked = request(&json!({"plan_id": PLAN}));
        let key = [("Idempotency-Key", "once")];
        let told = server.json("POST", DECOMPOSE, &key, &asked).await?;
        ensure!(told.status == 200 && told.body["stored"] == true, "{told:?}");
        ensure!(told.body["plan_id"] == PLAN && actions(&told).len() == 3, "{told:?}");
        ensure!(told.body["executable_subtasks"][0]["params"]["to"] == CAROL, "{told:?}");
        let again = server.json("POST", DECOMPOSE, &key, &asked).await?;
        ensure!(again.body == told.body, "{again:?}");
        let other = request(&json!({"plan_id": PLAN, "goal": "another"}));
        let reused = server.json("POST", DECOMPOSE, &key, &other).await?;
        ensure!(reused.status == 422 && reused.body["code"] == "key_reused", "{reused:?}");
        let same = server.post(DECOMPOSE, &asked).await?;
        ensure!(same.body["stored"] == true && same.body["event_id"].is_null(), "{same:?}");
        ensure!(decomposed(&server).await?.len() == 1);
        let task = task_of(&server, "task_1_1", told.position()?).await?;
        ensure!(task["decomposition_confidence"] == 0.92, "{task}");
        ensure!(task["review"] == "not_needed" && task["decomposed_by"] == "rules", "{task}");
        ensure!(task["decomposition_notes"].is_string() && task["is_leaf"] == false, "{task}");
        let part = task_of(&server, "task_1_1_b", told.position()?).await?;
        ensure!(part["action"] == "conduct_interview" && part["kind"] == "subtask", "{part}");
        ensure!(part["waits_for"][0]["task_id"] == "task_1_1_a", "{part}");
        let told = server.post(&format!("{DECOMPOSE}?dry_run=true"), &asked).await?;
        ensure!(told.body["dry_run"] == true, "{told:?}");
        server.stop().await
    })
    .await
}

/// The task, what is changed beforehand, and why nothing is kept.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_is_answered_with_the_reason() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let asking = |task_id: &str, title: &str, plan: &str| {
            let mut asked = request(&json!({"plan_id": plan}));
            asked["task"] = json!({"task_id": task_id, "name": title});
            asked
        };
        let interview = "Interview Carol";
        for (asked, why) in [
            (request(&json!({})), "names no plan_id"),
            (asking("task_1_1", interview, "plan_elsewhere"), "no such plan here"),
            (asking("task_9", interview, PLAN), "no such task"),
            (asking("task_1_4", interview, PLAN), "has parts already"),
            (asking("task_1_3", "Feed the llamas", PLAN), "none of the agent's actions fits"),
        ] {
            let told = server.post(DECOMPOSE, &asked).await?;
            ensure!(told.status == 200 && told.body["stored"] == false, "{told:?}");
            let because = told.body["not_stored_because"].as_str().unwrap_or_default();
            ensure!(because.contains(why), "{why}: {told:?}");
        }
        let mut able = request(&json!({"plan_id": PLAN}));
        able["agent_capabilities"] =
            json!(["conduct_interview", "make_phone_call", "draft_document"]);
        let told = server.post(DECOMPOSE, &able).await?;
        let because = told.body["not_stored_because"].as_str().unwrap_or_default();
        ensure!(because.contains("not registered with draft_document"), "{told:?}");
        let llamas = asking("task_1_3", "Feed the llamas", "");
        let told = server.post(DECOMPOSE, &llamas).await?;
        ensure!(told.body["human_review_required"] == true, "{told:?}");
        ensure!(told.body["decomposition_confidence"] == 0.0, "{told:?}");
        ensure!(told.body["executable_subtasks"] == json!([]), "{told:?}");
        ensure!(told.body["warnings"].as_array().is_some_and(|it| !it.is_empty()), "{told:?}");
        ensure!(decomposed(&server).await?.is_empty());
        let unknown = server.post("/api/agents/nobody/decompose", &llamas).await?;
        ensure!(unknown.status == 404, "{unknown:?}");
        let wrong = server.post(DECOMPOSE, &json!({"task": {"task_id": "a b"}})).await?;
        ensure!(wrong.body["errors"][0]["pointer"] == "/task/task_id", "{wrong:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tasks_of_a_plan_without_parts_are_broken_down_at_once() -> Result<()> {
    on_every(async |server| {
        let path = format!("/api/plans/{PLAN}/decompose");
        ensure!(server.post(&path, &json!({})).await?.status == 404);
        ensure!(server.post("/api/plans", &carols_plan()).await?.status == 201);
        let nobody = server.post(&path, &json!({})).await?;
        ensure!(nobody.status == 422, "{nobody:?}");
        let known = server.post("/api/agents/register", &larry()).await?;
        ensure!(known.status == 201, "{known:?}");
        let wish = format!("/api/agents?min_position={}", known.position()?);
        ensure!(server.get(&wish).await?.status == 200);
        let told = server.post(&path, &json!({})).await?;
        ensure!(told.status == 200, "{told:?}");
        let tasks = told.body["decomposed"].as_array().cloned().unwrap_or_default();
        let ids: Vec<_> = tasks.iter().map(|task| task["task_id"].clone()).collect();
        ensure!(ids == ["task_1_1", "task_1_2"], "{told:?}");
        ensure!(tasks[1]["human_review_required"] == true, "buying costs money: {told:?}");
        ensure!(told.body["left_alone"][0]["task_id"] == "task_1_3", "{told:?}");
        ensure!(told.body["tasks_left"] == 0 && told.body["pending_reviews"] == 1, "{told:?}");
        let waiting = format!("/api/plans/{PLAN}/tasks?review=pending&min_position=");
        let waiting = server.get(&format!("{waiting}{}", told.position()?)).await?;
        let rows = waiting.body["tasks"].as_array().cloned().unwrap_or_default();
        ensure!(rows.len() == 1 && rows[0]["task_id"] == "task_1_2", "{waiting:?}");
        let plan = server.get(&format!("/api/plans/{PLAN}")).await?;
        ensure!(plan.body["pending_reviews"] == 1, "{plan:?}");
        let again = server.post(&path, &json!({})).await?;
        ensure!(again.body["decomposed"] == json!([]), "{again:?}");
        let named =
            json!({"agent_id": "agent_larry_001", "task_ids": ["phase_1", "task_1_1", "x"]});
        let told = server.post(&path, &named).await?;
        let why: Vec<_> = told.body["left_alone"].as_array().cloned().unwrap_or_default();
        ensure!(why.len() == 3 && decomposed(&server).await?.len() == 2, "{told:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_breaks_the_tasks_without_parts_down_where_that_is_wished() -> Result<()> {
    on_every(async |server| {
        let path = "/api/plans?decompose=true";
        let made = server.post(path, &carols_plan()).await?;
        ensure!(made.status == 201 && made.body["status"] == "ready", "{made:?}");
        let why = made.body["decomposition"]["not_done_because"].as_str().unwrap_or_default();
        ensure!(why.contains("register"), "nobody could do anything: {made:?}");
        ensure!(made.body["decomposition"]["tasks_left"] == 3, "{made:?}");
        let known = server.post("/api/agents/register", &larry()).await?;
        let wish = format!("/api/agents?min_position={}", known.position()?);
        ensure!(server.get(&wish).await?.status == 200);
        let mut plan = carols_plan();
        plan["plan_id"] = "plan_second".into();
        let key = [("Idempotency-Key", "once")];
        let made = server.json("POST", path, &key, &plan).await?;
        let told = &made.body["decomposition"];
        ensure!(made.status == 201 && told["decomposed"] == json!(["task_1_1", "task_1_2"]));
        ensure!(told["left_alone"][0]["task_id"] == "task_1_3", "{made:?}");
        ensure!(told["tasks_left"] == 0 && told["pending_reviews"] == 1, "{made:?}");
        let wish = format!("/api/plans/plan_second/tasks?min_position={}", made.position()?);
        let rows = server.get(&wish).await?;
        let rows = rows.body["tasks"].as_array().cloned().unwrap_or_default();
        let parts = rows.iter().filter(|row| row["parent_task_id"] == "task_1_1");
        ensure!(parts.count() == 3, "the answer stands where the parts are seen: {rows:?}");
        let again = server.json("POST", path, &key, &plan).await?;
        ensure!(decomposed(&server).await?.len() == 2, "{again:?}");
        ensure!(again.body["decomposition"]["decomposed"] == told["decomposed"], "{again:?}");
        plan["plan_id"] = "plan_third".into();
        let only_told = server.post("/api/plans?decompose=true&dry_run=true", &plan).await?;
        ensure!(only_told.body["dry_run"] == true && decomposed(&server).await?.len() == 2);
        let wrong = server.post("/api/plans?decompose=soon", &plan).await?;
        ensure!(wrong.status == 400, "{wrong:?}");
        server.stop().await
    })
    .await
}
