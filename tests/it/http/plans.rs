//! `/api/plans`.

use super::house::{Answer, Server, on_every};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

const ID: &str = "plan_larry_prospect_20260211";

/// The prospecting plan of the documents, in their structured form.
fn prospecting() -> Value {
    json!({
        "plan_id": ID,
        "goal": "Prospect dog breeders in Connecticut\nApproach 10 leads, close 3 websites",
        "phase_count": 3,
        "assigned_to": "agent_larry_001",
        "phases": [
            research(),
            {"phase_id": "phase_2", "name": "Cold outreach & discovery", "tasks": [
                {"task_id": "task_2_1", "title": "Call the top 5", "prerequisites": ["phase_1"]},
            ]},
            {"phase_id": "phase_3", "name": "Proposal & close", "tasks": [
                {"task_id": "task_3_1", "title": "Present & negotiate"},
            ]},
        ],
        "dependencies": [
            {"from": "task_1_1", "to": "task_1_2", "type": "finish_to_start"},
            {"from": "task_2_1", "to": "task_3_1", "type": "start_to_start"},
        ],
        "roles_required": ["Business Analyst"],
        "risks": [{
            "risk_id": "risk_1", "description": "Carol is unavailable",
            "mitigation": "A survey as backup",
        }],
        "metadata": {"season": "winter"},
    })
}

fn research() -> Value {
    let retry = json!({"max_attempts": 2, "backoff": "fixed", "backoff_seconds": 90});
    json!({"phase_id": "phase_1", "name": "Research", "duration_weeks": 0.5, "tasks": [
        {
            "task_id": "task_1_1", "title": "Identify 50 breeders", "priority": "high",
            "description": "Near the border", "assignee_role": "Business Analyst",
            "prerequisites": [], "estimated_hours": 1.5,
            "subtasks": [
                {
                    "subtask_id": "task_1_1_a", "action": "search_google_maps",
                    "params": {"query": "dog breeder"}, "timeout_hours": 24,
                    "retry_policy": retry, "success_criteria": ["50 names"],
                },
                {
                    "subtask_id": "task_1_1_b", "title": "Compile", "action": "manage_csv",
                    "params": {}, "depends_on": ["task_1_1_a"],
                },
            ],
        },
        {"task_id": "task_1_2", "title": "Qualify leads", "prerequisites": ["task_1_1"]},
    ]})
}

async fn listed(server: &Server, query: &str) -> Result<Vec<String>> {
    let found = server.get(&format!("/api/plans?{query}")).await?;
    ensure!(found.status == 200, "{found:?}");
    let plans = found.body["plans"].as_array().cloned().unwrap_or_default();
    Ok(plans.iter().map(|plan| plan["plan_id"].as_str().unwrap_or_default().into()).collect())
}

async fn delete(server: &Server, path: &str) -> Result<Answer> {
    server.ask("DELETE", path, &[], b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_read_in_listed_and_found() -> Result<()> {
    on_every(async |server| {
        let made = server.post("/api/plans", &prospecting()).await?;
        ensure!(made.status == 201 && made.body["status"] == "ready", "{made:?}");
        ensure!(made.body["title"] == "Prospect dog breeders in Connecticut", "{made:?}");
        let report = &made.body["import_report"];
        ensure!(report["counts"]["subtasks"] == 2 && report["format"] == "json", "{report}");
        ensure!(report["repaired"][1]["place"] == "task_1_1_a", "{report}");
        ensure!(report["dropped"][0]["place"] == "/dependencies/0", "{report}");
        let path = format!("/api/plans/{ID}?min_position={}", made.position()?);
        let found = server.get(&path).await?;
        ensure!(found.status == 200 && found.header("ax-lag-ms").is_some(), "{found:?}");
        let (mut same, mut first) = (found.body.clone(), made.body.clone());
        for extra in ["event_id", "position", "recorded_at", "import_report"] {
            first.as_object_mut().map(|it| it.remove(extra));
        }
        ensure!(same == first, "{same} for {first}");
        ensure!(same["phase_count"] == 3 && same["task_count"] == 9, "{same}");
        ensure!(same["metadata"].take() == json!({"season": "winter"}), "{same}");
        for query in ["", "q=breeders+close", "status=ready", "assigned_to=agent_larry_001"] {
            ensure!(listed(&server, query).await? == [ID], "{query}");
        }
        for query in ["q=cats", "status=archived", "assigned_to=agent_nobody"] {
            ensure!(listed(&server, query).await?.is_empty(), "{query}");
        }
        for query in ["status=done", "assigned_to=a%2Fb", "q=a%00b", "cursor=x", "limt=1"] {
            let wrong = server.get(&format!("/api/plans?{query}")).await?;
            ensure!(wrong.status == 400 && wrong.body["code"] == "bad_request", "{wrong:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tasks_of_a_plan_stand_in_its_order_with_what_they_wait_for() -> Result<()> {
    on_every(async |server| {
        let made = server.post("/api/plans", &prospecting()).await?;
        let path = format!("/api/plans/{ID}/tasks?min_position={}", made.position()?);
        let first = server.get(&format!("{path}&limit=3")).await?;
        let cursor = first.body["next_cursor"].as_str().unwrap_or_default().to_owned();
        let rest = server.get(&format!("{path}&cursor={cursor}")).await?;
        let lists = [&first, &rest].map(|page| page.body["tasks"].as_array().cloned());
        let tasks: Vec<Value> = lists.into_iter().flatten().flatten().collect();
        let told: Vec<_> = tasks.iter().map(line).collect();
        let wanted = [
            "phase phase_1  null",
            "task task_1_1 phase_1 null",
            "subtask task_1_1_a task_1_1 null",
            "subtask task_1_1_b task_1_1 \"task_1_1_a\" finish_to_start",
            "task task_1_2 phase_1 \"task_1_1\" finish_to_start",
            "phase phase_2  null",
            "task task_2_1 phase_2 \"phase_1\" finish_to_start",
            "phase phase_3  null",
            "task task_3_1 phase_3 \"task_2_1\" start_to_start",
        ];
        ensure!(told == wanted, "{told:#?}");
        ensure!(tasks[0]["estimated_hours"] == 84.0, "{}", tasks[0]);
        ensure!(tasks[1]["estimated_hours"] == 1.5 && tasks[1]["is_leaf"] == false);
        let part = &tasks[2];
        ensure!(part["title"] == "search_google_maps" && part["priority"] == "high", "{part}");
        ensure!(part["params"]["query"] == "dog breeder" && part["is_leaf"] == true, "{part}");
        ensure!(part["timeout_hours"] == 24.0, "{part}");
        let retry = json!({"max_attempts": 2, "backoff": "fixed", "backoff_seconds": 90.0});
        ensure!(part["retry_policy"] == retry, "{part}");
        ensure!(part["success_criteria"] == json!(["50 names"]), "{part}");
        server.stop().await
    })
    .await
}

/// Its kind, id, parent, and what it waits for first.
fn line(task: &Value) -> String {
    let text = |name: &str| task[name].as_str().unwrap_or_default();
    let waits_for = &task["waits_for"][0];
    let kind = waits_for["type"].as_str().unwrap_or_default();
    let (own, id, parent) = (text("kind"), text("task_id"), text("parent_task_id"));
    format!("{own} {id} {parent} {} {kind}", waits_for["task_id"]).trim_end().to_owned()
}

/// Where the wrong value is put (`-` adds to a list), the value, and where the answer points.
fn wrongs() -> Vec<(&'static str, Value, &'static str)> {
    let task = "/phases/0/tasks/1/prerequisites";
    vec![
        ("/goal", json!(" "), "/goal"),
        ("/phases", json!([]), "/phases"),
        ("/phase_count", json!(4), "/phase_count"),
        ("/roles_required", json!(vec!["r"; 501]), "/roles_required"),
        ("/metadata", json!([]), "/metadata"),
        ("/risks/0/risk_id", json!("a b"), "/risks/0/risk_id"),
        ("/phases/1/phase_id", json!("phase_1"), "/phases/1/phase_id"),
        ("/phases/1/tasks/0/task_id", json!("task_1_1"), "/phases/1/tasks/0/task_id"),
        (
            "/phases/0/tasks/0/subtasks/1/subtask_id",
            json!("task_1_1_a"),
            "/phases/0/tasks/0/subtasks/1/subtask_id",
        ),
        (task, json!(["task_9"]), "/phases/0/tasks/1/prerequisites/0"),
        (task, json!(["task_1_1", "task_1_2"]), "/phases/0/tasks/1/prerequisites/1"),
        (task, json!(["phase_1"]), "/phases/0/tasks/1/prerequisites/0"),
        (
            "/phases/0/tasks/0/subtasks/1/depends_on",
            json!(["task_1_1_a", "nobody"]),
            "/phases/0/tasks/0/subtasks/1/depends_on/1",
        ),
        ("/dependencies/1/to", json!("task_9"), "/dependencies/1/to"),
        ("/dependencies/1/from", json!("task_9"), "/dependencies/1/from"),
        ("/dependencies/1/type", json!("later"), "/dependencies/1/type"),
        ("/phases/0/duration_weeks", json!(-1), "/phases/0/duration_weeks"),
        ("/phases/0/tasks/0/estimated_hours", json!(1e9), "/phases/0/tasks/0/estimated_hours"),
        (
            "/phases/0/tasks/0/subtasks/0/timeout_hours",
            json!(0),
            "/phases/0/tasks/0/subtasks/0/timeout_hours",
        ),
        (
            "/phases/0/tasks/0/subtasks/0/retry_policy/max_attempts",
            json!(0),
            "/phases/0/tasks/0/subtasks/0/retry_policy/max_attempts",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_plan_is_refused_where_it_is_wrong_and_nothing_is_stored() -> Result<()> {
    on_every(async |server| {
        for (at, value, pointer) in wrongs() {
            let mut plan = prospecting();
            *plan.pointer_mut(at).expect("it is in the plan") = value;
            refused(&server, &plan, "invalid", pointer).await?;
        }
        let mut unknown = prospecting();
        unknown["phases"][0]["tasks"][1]["owner"] = json!("Mark");
        refused(&server, &unknown, "invalid", "/phases/0/tasks/1/owner").await?;
        let mut twice = prospecting();
        let risk = twice["risks"][0].clone();
        twice["risks"] = json!([risk, risk]);
        refused(&server, &twice, "invalid", "/risks/1/risk_id").await?;
        let mut circle = prospecting();
        circle["dependencies"] = json!([{"from": "task_1_2", "to": "task_1_1"}]);
        let answer = server.post("/api/plans", &circle).await?;
        ensure!(answer.status == 422 && answer.body["code"] == "dependency_circle", "{answer:?}");
        let told = answer.body["detail"].as_str().unwrap_or_default();
        ensure!(told.contains("task_1_1") && told.contains("task_1_2"), "{answer:?}");
        ensure!(server.store.head().await?.position.get() == 0, "something was stored");
        server.stop().await
    })
    .await
}

async fn refused(server: &Server, plan: &Value, code: &str, pointer: &str) -> Result<()> {
    let answer = server.post("/api/plans", plan).await?;
    ensure!(answer.status == 422 && answer.body["code"] == code, "{pointer}: {answer:?}");
    ensure!(answer.body["errors"][0]["pointer"] == pointer, "{pointer}: {answer:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_or_the_same_plan_gets_what_was_made_at_first() -> Result<()> {
    on_every(async |server| {
        let mut nameless = prospecting();
        nameless.as_object_mut().map(|it| it.remove("plan_id"));
        let told = server.post("/api/plans?dry_run=true", &nameless).await?;
        ensure!(told.body["events"][0]["event_type"] == "plan_imported", "{told:?}");
        ensure!(server.store.head().await?.position.get() == 0, "a rehearsal was stored");
        let key = [("Idempotency-Key", "one")];
        let made = server.json("POST", "/api/plans", &key, &nameless).await?;
        let id = made.body["plan_id"].as_str().unwrap_or_default();
        ensure!(made.status == 201 && id.starts_with("plan_0") && id.len() == 37, "{made:?}");
        let again = server.json("POST", "/api/plans", &key, &nameless).await?;
        ensure!(again.status == 200 && again.body == made.body, "{again:?} for {made:?}");
        let other = server.json("POST", "/api/plans", &key, &prospecting()).await?;
        ensure!(other.status == 422 && other.body["code"] == "key_reused", "{other:?}");
        let named = server.post("/api/plans", &prospecting()).await?;
        let same = server.post("/api/plans", &prospecting()).await?;
        ensure!((named.status, same.status) == (201, 200), "{named:?}, then {same:?}");
        ensure!(same.body["version"] == named.body["version"], "{same:?}");
        let mut changed = prospecting();
        changed["title"] = json!("Something else");
        let taken = server.post("/api/plans", &changed).await?;
        ensure!(taken.status == 409 && taken.body["code"] == "already_exists", "{taken:?}");
        let query = format!("min_position={}", named.position()?);
        ensure!(listed(&server, &query).await? == [ID, id], "not the newest first, or made twice");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_plan_is_out_of_sight_like_one_that_never_was() -> Result<()> {
    on_every(async |server| {
        server.post("/api/plans", &prospecting()).await?;
        let path = format!("/api/plans/{ID}");
        let gone = delete(&server, &path).await?;
        ensure!(gone.status == 200 && gone.body["status"] == "deleted", "{gone:?}");
        ensure!(gone.body["plan_id"] == ID && gone.body["position"] == gone.position()?);
        let query = format!("min_position={}", gone.position()?);
        ensure!(listed(&server, &query).await?.is_empty(), "it is still listed");
        ensure!(listed(&server, "status=deleted").await? == [ID], "it is not kept");
        let again = delete(&server, &path).await?;
        ensure!(again.status == 200 && again.body["version"] == gone.body["version"], "{again:?}");
        for absent in [ID, "plan_nobody", "a%2Fb", "%20"] {
            let path = format!("/api/plans/{absent}");
            let answers = [server.get(&path).await?, server.get(&format!("{path}/tasks")).await?];
            for answer in answers {
                ensure!(answer.status == 404 && answer.body["code"] == "not_found", "{answer:?}");
            }
        }
        let [absent, malformed] = ["plan_nobody", "a%2Fb"].map(|id| format!("/api/plans/{id}"));
        let (absent, malformed) =
            (delete(&server, &absent).await?, delete(&server, &malformed).await?);
        ensure!(absent.status == 404 && malformed.status == 404, "{absent:?}, {malformed:?}");
        ensure!(absent.body["detail"] == malformed.body["detail"], "{absent:?}, {malformed:?}");
        server.stop().await
    })
    .await
}
