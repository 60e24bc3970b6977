//! What agents log, and what is found in it by day, type and thing.

use super::{brought, each, fresh, list, two_steps};
use crate::http::house::{Server, on_every, on_every_with_hands};
use anyhow::{Result, ensure};
use planexe_ax::domain::Timestamp;
use serde_json::{Value, json};

fn entry(description: &str) -> Value {
    json!({"step_number": 1, "action_type": "add_note", "description": description})
}

async fn logged(server: &Server, id: &str, entry: &Value) -> Result<Value> {
    let logged = server.post(&format!("/api/agent-plans/{id}/logs"), entry).await?;
    ensure!(logged.status == 201, "{logged:?}");
    Ok(logged.body)
}

async fn found(server: &Server, query: &str) -> Result<Vec<String>> {
    let found = fresh(server, &format!("/api/agent-logs?{query}")).await?;
    ensure!(found.status == 200, "{query}: {found:?}");
    Ok(each(list(&found, "logs")?, "description").into_iter().map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_found_from_its_first_to_its_last_millisecond() -> Result<()> {
    on_every_with_hands(async |server, hands| {
        let id = brought(&server, &two_steps()).await?;
        let at = |text: &str| Timestamp::parse(text).expect("a time with a zone");
        for moment in [
            "2031-12-31T23:59:59.999Z",
            "2032-01-01T00:00:00.000Z",
            "2032-01-31T23:59:59.999Z",
            "2032-02-01T00:00:00.000Z",
        ] {
            hands.set(at(moment));
            logged(&server, &id, &entry(moment)).await?;
        }
        let january = found(&server, "start_date=2032-01-01&end_date=2032-01-31&limit=100").await?;
        let whole = ["2032-01-31T23:59:59.999Z", "2032-01-01T00:00:00.000Z"];
        ensure!(january == whole, "{january:?}");
        ensure!(found(&server, "start_date=2032-02-01").await? == ["2032-02-01T00:00:00.000Z"]);
        ensure!(found(&server, "end_date=2031-12-31").await? == ["2031-12-31T23:59:59.999Z"]);
        let moment = "start_date=2032-02-01T00:00:00Z&end_date=2032-02-01T00:00:00Z";
        ensure!(found(&server, moment).await? == ["2032-02-01T00:00:00.000Z"]);
        let zone = "end_date=2032-01-01T00:59:59.999%2B01:00";
        ensure!(found(&server, zone).await? == ["2031-12-31T23:59:59.999Z"]);
        let zone = "start_date=2032-02-01T01:00:00%2B01:00";
        ensure!(found(&server, zone).await? == ["2032-02-01T00:00:00.000Z"]);
        for wrong in ["start_date=2032-02-30", "end_date=soon", "start_date=2032-02-01T10:00:00"] {
            let refused = fresh(&server, &format!("/api/agent-logs?{wrong}")).await?;
            ensure!(refused.status == 400, "{wrong}: {refused:?}");
        }
        let crossed = "/api/agent-logs?start_date=2032-02-01&end_date=2032-01-31";
        ensure!(server.get(crossed).await?.status == 400);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_keep_both_states_and_are_found_by_type_thing_and_plan() -> Result<()> {
    on_every(async |server| {
        let (one, other) =
            (brought(&server, &two_steps()).await?, brought(&server, &two_steps()).await?);
        let full = json!({"step_number": 2, "action_type": "update_task", "entity_type": "task",
            "entity_id": "deep-1", "description": "renamed", "before_state": {"title": "a"},
            "after_state": {"title": "b"}, "agent_confidence": 0.333, "error_message": "slow"});
        let told = logged(&server, &one, &full).await?;
        logged(&server, &one, &entry("a note")).await?;
        logged(&server, &other, &entry("elsewhere")).await?;
        let seen =
            fresh(&server, &format!("/api/agent-logs?plan_id={one}&entity_type=task")).await?;
        let seen = &list(&seen, "logs")?[0];
        for (name, value) in full.as_object().into_iter().flatten() {
            ensure!(seen[name] == *value && told[name] == *value, "{name}: {seen} {told}");
        }
        ensure!(seen["id"] == told["id"] && seen["task_id"] == "step_2", "{seen}");
        ensure!(seen["agent_id"] == "owner" && told["agent_id"] == "owner", "{seen}");
        ensure!(found(&server, "action_type=update_task").await? == ["renamed"]);
        ensure!(found(&server, &format!("plan_id={one}")).await? == ["a note", "renamed"]);
        ensure!(found(&server, "limit=1").await? == ["elsewhere"]);
        ensure!(found(&server, "entity_type=nothing").await?.is_empty());
        let page = fresh(&server, "/api/agent-logs?limit=2").await?;
        let cursor = page.body["next_cursor"].as_str().unwrap_or_default();
        ensure!(found(&server, &format!("limit=2&cursor={cursor}")).await? == ["renamed"]);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_makes_no_sense_is_refused_and_a_repeated_one_is_written_once() -> Result<()>
{
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        let path = format!("/api/agent-plans/{id}/logs");
        let wrong = |name: &str, value: Value| {
            let mut wrong = entry("x");
            wrong[name] = value;
            wrong
        };
        for (body, pointer, word) in [
            (wrong("action_type", "dance".into()), "/action_type", "complete_step"),
            (wrong("step_number", 3.into()), "/step_number", "1 to 2"),
            (wrong("agent_confidence", 1.01.into()), "/agent_confidence", "0 to 1"),
            (wrong("agent_confidence", (-0.01).into()), "/agent_confidence", "0 to 1"),
            (wrong("plan_id", "another".into()), "/plan_id", "another plan"),
            (wrong("user_id", "x".into()), "/user_id", "unknown field"),
        ] {
            let refused = server.post(&path, &body).await?;
            let error = &refused.body["errors"][0];
            ensure!(refused.status == 422 && error["pointer"] == pointer, "{refused:?}");
            ensure!(error["message"].to_string().contains(word), "{refused:?}");
        }
        for edge in [json!(0), json!(1), json!(0.0005)] {
            logged(&server, &id, &wrong("agent_confidence", edge)).await?;
        }
        let key = [("Idempotency-Key", "log-1")];
        let body = entry("once");
        let first = server.json("POST", &path, &key, &body).await?;
        let again = server.json("POST", &path, &key, &body).await?;
        ensure!(first.status == 201 && again.status == 200, "{first:?} {again:?}");
        ensure!(first.body == again.body, "{first:?} {again:?}");
        let other = server.json("POST", &path, &key, &entry("twice")).await?;
        ensure!(other.status == 422 && other.body["code"] == "key_reused", "{other:?}");
        ensure!(found(&server, "").await?.len() == 4);
        ensure!(fresh(&server, "/api/agent-logs?action_type=dance").await?.status == 400);
        let absent = server.post("/api/agent-plans/absent/logs", &body).await?;
        ensure!(absent.status == 404, "{absent:?}");
        server.stop().await
    })
    .await
}
