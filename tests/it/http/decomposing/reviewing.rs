//! What a person says of parts, and what is carried out before and after.

use super::*;
use crate::http::house::on_every;

const WORK: &str = "/api/agents/agent_larry_001/work";
const TASK: &str = "/api/plans/plan_carol/tasks/task_1_2";

/// The task that costs money is broken down, and waits.
async fn waiting(server: &Server) -> Result<()> {
    begin(server).await?;
    let only = json!({"agent_id": "agent_larry_001", "task_ids": ["task_1_2"]});
    let told = server.post(&format!("/api/plans/{PLAN}/decompose"), &only).await?;
    ensure!(told.body["pending_reviews"] == 1, "{told:?}");
    Ok(())
}

async fn execute(server: &Server) -> Result<String> {
    let made = server.post("/api/executions", &json!({"plan_id": PLAN})).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(format!("/api/executions/{}", made.body["execution_id"].as_str().context("no id")?))
}

/// The tasks that Larry gets and does, one after the other, until there are no more, or until he
/// holds this one.
async fn granted(server: &Server, execution: &str, until: Option<&str>) -> Result<Vec<String>> {
    let mut granted = Vec::new();
    loop {
        let work = server.get(WORK).await?;
        let task = work.body["next_task"]["task_id"].as_str();
        let Some(task) = task.filter(|task| Some(*task) != until) else { return Ok(granted) };
        let done = json!({"agent_id": "agent_larry_001", "event_type": "task_complete",
            "task_id": task});
        let told = server.post(&format!("{execution}/events"), &done).await?;
        ensure!(told.status == 201, "{told:?}");
        granted.push(task.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_nobody_reviewed_are_not_granted_until_a_person_approves() -> Result<()> {
    on_every(async |server| {
        waiting(&server).await?;
        let execution = execute(&server).await?;
        let first = granted(&server, &execution, None).await?;
        ensure!(!first.contains(&"task_1_2_a".to_owned()), "{first:?}");
        let head = server.store.head().await?.position;
        let found = server.get(&format!("{execution}/blockers?min_position={head}")).await?;
        let blocker = &found.body["blockers"][0];
        ensure!(blocker["kind"] == "decomposition_review", "{found:?}");
        ensure!(blocker["task_id"] == "task_1_2", "{found:?}");
        let resolve = format!(
            "{execution}/blockers/{}/resolve",
            blocker["blocker_id"].as_str().unwrap_or_default()
        );
        let way = json!({"resolution": "approve_alternative"});
        let cleared = server.post(&resolve, &way).await?;
        ensure!(cleared.status == 200, "{cleared:?}");
        let then = granted(&server, &execution, None).await?;
        ensure!(then.contains(&"task_1_2_a".to_owned()), "{then:?}");
        let said = server.post(&format!("{TASK}/review"), &json!({"decision": "approve"})).await?;
        ensure!(said.body["review"] == "approved", "{said:?}");
        ensure!(said.body["pending_reviews"] == 0, "{said:?}");
        let next = execute(&server).await?;
        let all = granted(&server, &next, None).await?;
        ensure!(all.contains(&"task_1_2_a".to_owned()), "approved in the plan: {all:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_rejects_edits_and_overrides_and_no_machine_takes_it_back() -> Result<()> {
    on_every(async |server| {
        waiting(&server).await?;
        let review = format!("{TASK}/review");
        let reject = json!({"decision": "reject", "note": "Rent one"});
        let said = server.post(&review, &reject).await?;
        ensure!(said.status == 200 && said.body["review"] == "rejected", "{said:?}");
        let task = task_of(&server, "task_1_2", said.position()?).await?;
        ensure!(task["is_leaf"] == true && task["review"] == "rejected", "{task}");
        let again = server.post(&review, &reject).await?;
        ensure!(again.status == 200 && again.body["pending_reviews"] == 0, "{again:?}");
        let wrong = server.post(&review, &json!({"decision": "edit"})).await?;
        ensure!(wrong.body["errors"][0]["pointer"] == "/subtasks", "{wrong:?}");
        let parts = json!([
            {"subtask_id": "rent", "action": "send_email", "title": "Ask for a tractor"},
            {"subtask_id": "fetch", "action": "schedule_call", "depends_on": ["rent"]},
        ]);
        let edit = json!({"decision": "edit", "subtasks": parts});
        let said = server.post(&review, &edit).await?;
        ensure!(said.status == 200 && said.body["decomposed_by"] == "person", "{said:?}");
        ensure!(said.body["execution_sequence"] == json!(["rent", "fetch"]), "{said:?}");
        ensure!(said.body["human_review_required"] == false, "{said:?}");
        let own = format!("{TASK}/subtasks");
        let fewer = json!({"subtasks": [parts[0]], "notes": "Enough"});
        let said = server.json("PUT", &own, &[], &fewer).await?;
        ensure!(said.status == 200 && said.body["notes"] == "Enough", "{said:?}");
        let same = server.json("PUT", &own, &[], &fewer).await?;
        ensure!(same.status == 200 && same.body["event_id"].is_null(), "{same:?}");
        ensure!(same.body["executable_subtasks"] == said.body["executable_subtasks"]);
        let circle = json!({"subtasks": parts, "dependencies": [{"from": "fetch", "to": "rent"}]});
        let refused = server.json("PUT", &own, &[], &circle).await?;
        ensure!(refused.body["code"] == "dependency_circle", "{refused:?}");
        let mut asked = request(&json!({"plan_id": PLAN}));
        asked["task"] = json!({"task_id": "task_1_2", "title": "Buy a tractor"});
        let told = server.post(DECOMPOSE, &asked).await?;
        ensure!(told.body["stored"] == false, "a person's word holds: {told:?}");
        let task = task_of(&server, "task_1_2", same.position()?).await?;
        ensure!(task["decomposed_by"] == "person" && task["review"] == "not_needed", "{task}");
        let absent = server.post("/api/plans/plan_carol/tasks/x/review", &reject).await?;
        ensure!(absent.status == 404, "{absent:?}");
        server.stop().await
    })
    .await
}

/// The documents' second scenario, to its end: the user breaks it down by hand.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_does_not_understand_a_person_breaks_down_by_hand() -> Result<()> {
    on_every(async |server| {
        begin(&server).await?;
        let execution = execute(&server).await?;
        let failed = json!({"agent_id": "agent_larry_001", "event_type": "task_error",
            "task_id": "task_1_4_a", "error_type": "decomposition_failed",
            "human_review_required": true});
        granted(&server, &execution, Some("task_1_4_a")).await?;
        let told = server.post(&format!("{execution}/events"), &failed).await?;
        ensure!(told.status == 201 && told.body["human_review_required"] == true, "{told:?}");
        let wish = format!("{execution}/blockers?min_position={}", told.position()?);
        let found = server.get(&wish).await?;
        ensure!(found.body["blockers"][0]["kind"] == "decomposition_review", "{found:?}");
        let parts = json!({"subtasks": [
            {"subtask_id": "minutes", "action": "document_findings"},
            {"subtask_id": "mail", "action": "send_email", "depends_on": ["minutes"]}]});
        let path = format!("{execution}/tasks/task_1_4_a/subtasks");
        let set = server.json("PUT", &path, &[], &parts).await?;
        ensure!(set.status == 200 && set.body["status"] == "RUNNING", "{set:?}");
        let done = granted(&server, &execution, None).await?;
        ensure!(
            done.contains(&"minutes".to_owned()) && done.contains(&"mail".to_owned()),
            "{done:?}"
        );
        server.stop().await
    })
    .await
}
