//! The document's own examples: what an agent that was written from it sends, and what it reads.

use super::{TASK, brought, each, fresh, list, patched, two_steps};
use crate::http::house::on_every;
use anyhow::{Result, ensure};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_quick_start_of_the_document_works_as_it_is_written() -> Result<()> {
    on_every(async |server| {
        let made = server.post("/api/agent-plans", &two_steps()).await?;
        ensure!(made.status == 201, "{made:?}");
        let plan = &made.body;
        let id = plan["id"].as_str().unwrap_or_default();
        ensure!(plan["task_id"] == TASK && plan["plan_type"] == "research", "{plan}");
        ensure!(plan["current_step"] == 1 && plan["total_steps"] == 2, "{plan}");
        ensure!(plan["status"] == "pending", "{plan}");
        ensure!(plan["agent_reasoning"] == "Research first-principles thinking methodology");
        let steps = plan["plan_json"]["steps"].as_array().cloned().unwrap_or_default();
        let said: Vec<_> =
            steps.iter().map(|it| (&it["step"], &it["estimated_duration"])).collect();
        ensure!(said == [(&json!(1), &json!(30)), (&json!(2), &json!(45))], "{plan}");
        let log = json!({"plan_id": id, "step_number": 1, "action_type": "complete_step",
            "description": "Completed research phase", "after_state": {"findings_count": 15},
            "agent_confidence": 0.95});
        let logged = server.post(&format!("/api/agent-plans/{id}/logs"), &log).await?;
        ensure!(logged.status == 201, "{logged:?}");
        ensure!(logged.body["agent_confidence"] == 0.95 && logged.body["step_number"] == 1);
        let context = json!({"task_id": TASK, "plan_id": id, "context_type": "research",
            "context_key": "key_findings",
            "context_value": "First-principles requires questioning assumptions",
            "metadata": {"source": "academic_paper"}});
        let kept = server.json("PUT", "/api/context", &[], &context).await?;
        ensure!(kept.status == 200 && kept.body["context_key"] == "key_findings", "{kept:?}");
        let on = json!({"plan_id": id, "current_step": 2, "status": "in_progress",
            "agent_reasoning": "Research phase complete, starting analysis"});
        let moved = patched(&server, id, &on).await?;
        ensure!(moved.status == 200 && moved.body["status"] == "in_progress", "{moved:?}");
        ensure!(moved.body["current_step"] == 2 && moved.body["updated_at"].is_string());
        let wish = format!("/api/agent-plans/{id}?include_logs=true&include_context=true");
        let full = fresh(&server, &wish).await?;
        ensure!(full.body["agent_reasoning"] == on["agent_reasoning"], "{full:?}");
        let logs = list(&full, "logs")?;
        ensure!(logs.len() == 1 && logs[0]["after_state"] == log["after_state"], "{full:?}");
        ensure!(logs[0]["id"] == logged.body["id"] && logs[0]["plan_id"] == id, "{full:?}");
        let known = list(&full, "context")?;
        ensure!(known.len() == 1 && known[0]["metadata"] == context["metadata"], "{full:?}");
        ensure!(known[0]["id"] == kept.body["id"] && known[0]["task_id"] == TASK, "{full:?}");
        let bare = fresh(&server, &format!("/api/agent-plans/{id}")).await?;
        ensure!(bare.body.get("logs").is_none() && bare.body.get("context").is_none());
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_are_found_by_task_type_and_status_page_by_page() -> Result<()> {
    on_every(async |server| {
        let (first, second) =
            (brought(&server, &two_steps()).await?, brought(&server, &two_steps()).await?);
        let mut other = two_steps();
        other["task_id"] = "deep-2".into();
        other["plan_type"] = "testing".into();
        let third = brought(&server, &other).await?;
        patched(&server, &second, &json!({"status": "in_progress"})).await?;
        let found = async |query: &str| -> Result<Vec<String>> {
            let found = fresh(&server, &format!("/api/agent-plans?{query}")).await?;
            ensure!(found.status == 200, "{query}: {found:?}");
            Ok(each(list(&found, "plans")?, "id").into_iter().map(str::to_owned).collect())
        };
        let [one, two, three] = [&first, &second, &third].map(String::as_str);
        ensure!(found("").await? == [three, two, one]);
        let of_task = format!("task_id={TASK}");
        ensure!(found(&of_task).await? == [two, one]);
        ensure!(found("status=in_progress").await? == [two]);
        ensure!(found("plan_type=testing").await? == [three]);
        ensure!(found("plan_type=testing&status=completed").await?.is_empty());
        ensure!(found("agent_id=owner&limit=1").await? == [three]);
        ensure!(found("limit=1&offset=1").await? == [two]);
        ensure!(found("limit=5&offset=2").await? == [one]);
        ensure!(found("offset=3").await?.is_empty());
        let page = fresh(&server, "/api/agent-plans?limit=2").await?;
        let cursor = page.body["next_cursor"].as_str().unwrap_or_default();
        ensure!(found(&format!("limit=2&cursor={cursor}")).await? == [one]);
        for wrong in ["status=done", "plan_type=x", "limit=0", "offset=10001", "nothing=1"] {
            let refused = fresh(&server, &format!("/api/agent-plans?{wrong}")).await?;
            ensure!(refused.status == 400, "{wrong}: {refused:?}");
        }
        let refused = fresh(&server, "/api/agent-plans?status=done").await?;
        ensure!(refused.body["detail"].to_string().contains("in_progress"), "{refused:?}");
        server.stop().await
    })
    .await
}

/// What is wrong with a plan, where, and a word of what would be right.
fn wrong_plans() -> Vec<(Value, &'static str, &'static str)> {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut plan = two_steps();
        change(&mut plan);
        plan
    };
    vec![
        (with(&|it| it["plan_type"] = "dance".into()), "/plan_type", "subtask_breakdown"),
        (with(&|it| it["steps"] = json!([])), "/steps", "1 to 500"),
        (with(&|it| it["steps"] = vec![it["steps"][0].clone(); 501].into()), "/steps", "500"),
        (with(&|it| it["steps"][1]["step"] = 3.into()), "/steps/1/step", "step 2"),
        (with(&|it| it["steps"][0]["action"] = "".into()), "/steps/0/action", "empty"),
        (
            with(&|it| it["steps"][0]["estimated_duration"] = (-1).into()),
            "/steps/0/estimated_duration",
            "u32",
        ),
        (
            with(&|it| it["steps"][0]["dependencies"] = json!([2])),
            "/steps/0/dependencies/0",
            "earlier",
        ),
        (
            with(&|it| it["steps"][1]["dependencies"] = json!([1, 1])),
            "/steps/1/dependencies/1",
            "once",
        ),
        (with(&|it| it["steps"][1]["more"] = 1.into()), "/steps/1/more", "unknown field"),
        (with(&|it| it["task_id"] = "a b".into()), "/task_id", "id"),
        (with(&|it| it["user_id"] = "x".into()), "/user_id", "unknown field"),
        (with(&|it| it["metadata"] = json!([1])), "/metadata", "map"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_makes_no_sense_is_refused_with_the_place_and_the_words_that_do() -> Result<()>
{
    on_every(async |server| {
        for (plan, pointer, word) in wrong_plans() {
            let refused = server.post("/api/agent-plans", &plan).await?;
            let error = &refused.body["errors"][0];
            ensure!(refused.status == 422 && error["pointer"] == pointer, "{plan}: {refused:?}");
            ensure!(error["message"].to_string().contains(word), "{plan}: {refused:?}");
        }
        let seen = fresh(&server, "/api/agent-plans").await?;
        ensure!(list(&seen, "plans")?.is_empty(), "nothing came of them");
        ensure!(list(&server.get("/api/plans").await?, "plans")?.is_empty());
        ensure!(fresh(&server, "/api/agent-plans/no-such-plan").await?.status == 404);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_wait_for_what_they_name_and_else_for_the_one_before() -> Result<()> {
    on_every(async |server| {
        let step = |step: u32, dependencies: Value| {
            json!({"step": step, "action": "do", "description": format!("Step {step}"),
                "dependencies": dependencies, "metadata": {"n": step}})
        };
        let mut plan = two_steps();
        plan["steps"] = json!([
            step(1, json!(null)),
            step(2, json!(null)),
            step(3, json!([1])),
            step(4, json!([2, 3])),
            step(5, json!([]))
        ]);
        plan["metadata"] = json!({"ticket": 7});
        let id = brought(&server, &plan).await?;
        let seen = fresh(&server, &format!("/api/agent-plans/{id}")).await?;
        let steps = seen.body["plan_json"]["steps"].as_array().cloned().unwrap_or_default();
        let waits: Vec<_> = steps.iter().map(|it| it["dependencies"].clone()).collect();
        ensure!(json!(waits) == json!([[], [1], [1], [2, 3], []]), "{seen:?}");
        ensure!(steps[4]["metadata"] == json!({"n": 5}), "{seen:?}");
        ensure!(seen.body["metadata"] == json!({"ticket": 7}), "{seen:?}");
        server.stop().await
    })
    .await
}
