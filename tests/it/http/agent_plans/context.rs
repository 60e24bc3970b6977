//! What agents remember: set again, found by words, forgotten.

use super::{TASK, brought, each, escaped, fresh, list, two_steps};
use crate::http::house::{Answer, Server, on_every};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

fn about(key: &str, value: &str) -> Value {
    json!({"context_type": "notes", "context_key": key, "context_value": value})
}

async fn put(server: &Server, body: &Value) -> Result<Answer> {
    server.json("PUT", "/api/context", &[], body).await
}

async fn found(server: &Server, query: &str) -> Result<Vec<String>> {
    let found = fresh(server, &format!("/api/context?{query}")).await?;
    ensure!(found.status == 200, "{query}: {found:?}");
    let mut values = each(list(&found, "context")?, "context_value");
    values.sort_unstable();
    Ok(values.into_iter().map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_scope_type_and_key_is_replaced_and_no_other_is() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        let scopes = [
            json!({}),
            json!({"task_id": TASK}),
            json!({"plan_id": id}),
            json!({"task_id": TASK, "plan_id": id}),
        ];
        let mut ids = Vec::new();
        for round in ["first", "second"] {
            for (place, scope) in scopes.iter().enumerate() {
                let mut body = about("goal", &format!("{round} {place}"));
                for (name, value) in scope.as_object().into_iter().flatten() {
                    body[name] = value.clone();
                }
                let kept = put(&server, &body).await?;
                ensure!(kept.status == 200, "{kept:?}");
                ids.push(kept.body["id"].as_str().context("no id")?.to_owned());
            }
        }
        ensure!(ids[..4] == ids[4..], "an id names its scope, type and key: {ids:?}");
        let all = found(&server, "").await?;
        ensure!(all == ["second 0", "second 1", "second 2", "second 3"], "{all:?}");
        let of_task = found(&server, &format!("task_id={TASK}")).await?;
        ensure!(of_task == ["second 1", "second 3"], "{of_task:?}");
        let of_plan = found(&server, &format!("plan_id={id}")).await?;
        ensure!(of_plan == ["second 2", "second 3"], "{of_plan:?}");
        let mut other = about("goal", "decided");
        other["context_type"] = "decisions".into();
        put(&server, &other).await?;
        ensure!(found(&server, "context_type=decisions").await? == ["decided"]);
        ensure!(found(&server, "context_key=goal").await?.len() == 5);
        ensure!(found(&server, "context_key=nothing").await?.is_empty());
        let same = put(&server, &other).await?;
        ensure!(same.status == 200 && same.body.get("event_id").is_none(), "{same:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_word_that_is_searched_for_must_be_there_and_no_mark_is_an_operator() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        let mut finding =
            about("key_findings", "First-principles requires questioning assumptions");
        finding["plan_id"] = id.as_str().into();
        put(&server, &finding).await?;
        put(&server, &about("other", "Größe zählt; 100 % der Annahmen sind 'offen'")).await?;
        let [first, second] = [
            "First-principles requires questioning assumptions",
            "Größe zählt; 100 % der Annahmen sind 'offen'",
        ];
        let search =
            async |words: &str| found(&server, &format!("search_query={}", escaped(words))).await;
        ensure!(search("questioning").await? == [first]);
        ensure!(search("ASSUMPTIONS first-principles").await? == [first]);
        ensure!(search("key_findings").await? == [first], "the key is searched too");
        ensure!(search("größe").await? == [second]);
        ensure!(search("questioning Größe").await?.is_empty(), "all words must be there");
        for hostile in ["\"", "'", "*", "-", "\"\"\"", "( )", "&|!", "💥", "%", "\\"] {
            ensure!(search(hostile).await?.is_empty(), "{hostile}");
        }
        for hostile in [
            "-questioning",
            "questioning OR nothing",
            "NEAR(questioning nothing)",
            "context_value:questioning AND nothing",
            "nothing' or '1'='1",
            "x*; drop table t; --",
            "questioning\" nothing",
            "nothing:*",
            "!questioning nothing",
            &"a ".repeat(500),
        ] {
            let found = search(hostile).await?;
            let is_plain = hostile.starts_with('-') && found == [first];
            ensure!(found.is_empty() || is_plain, "{hostile}: {found:?}");
        }
        ensure!(search("\"questioning\" (assumptions)").await? == [first]);
        ensure!(found(&server, "search_query=").await?.len() == 2, "no word: no search");
        let nul = fresh(&server, "/api/context?search_query=%00").await?;
        ensure!(nul.status == 400, "{nul:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forgotten_is_not_found_and_cannot_be_forgotten_twice() -> Result<()> {
    on_every(async |server| {
        let id = brought(&server, &two_steps()).await?;
        let mut of_plan = about("goal", "of the plan");
        of_plan["plan_id"] = id.as_str().into();
        let of_plan = put(&server, &of_plan).await?;
        let own = put(&server, &about("goal", "of the agent")).await?;
        for (key, kept) in [("one", &of_plan), ("two", &own)] {
            let path = format!("/api/context/{}", kept.body["id"].as_str().unwrap_or_default());
            let tried = server.ask("DELETE", &format!("{path}?dry_run=true"), &[], b"").await?;
            ensure!(tried.status == 200 && tried.body["dry_run"] == true, "{tried:?}");
            let key = [("Idempotency-Key", key)];
            let gone = server.ask("DELETE", &path, &key, b"").await?;
            ensure!(gone.status == 200 && gone.body["id"] == kept.body["id"], "{gone:?}");
            let again = server.ask("DELETE", &path, &[], b"").await?;
            ensure!(again.status == 404, "{again:?}");
            let repeated = server.ask("DELETE", &path, &key, b"").await?;
            ensure!(repeated.body == gone.body, "its first answer: {repeated:?}");
        }
        ensure!(found(&server, "").await?.is_empty());
        for wrong in ["x", "ctx_", "ctx_00", "ctx_61--61-61", "ctx_6167656e742f--6e-6e"] {
            let refused = server.ask("DELETE", &format!("/api/context/{wrong}"), &[], b"").await?;
            ensure!(refused.status == 404, "{wrong}: {refused:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_remembered_is_refused_with_the_place() -> Result<()> {
    on_every(async |server| {
        let wrong = |name: &str, value: Value| {
            let mut wrong = about("goal", "x");
            wrong[name] = value;
            wrong
        };
        for (body, pointer, word) in [
            (wrong("context_type", "rumours".into()), "/context_type", "code_references"),
            (wrong("context_key", "k".repeat(201).into()), "/context_key", "200"),
            (wrong("context_key", "".into()), "/context_key", "empty"),
            (wrong("context_value", json!({"a": 1})), "/context_value", "string"),
            (wrong("metadata", json!("x")), "/metadata", "map"),
            (wrong("task_id", "a b".into()), "/task_id", "id"),
            (wrong("user_id", "x".into()), "/user_id", "unknown field"),
        ] {
            let refused = put(&server, &body).await?;
            let error = &refused.body["errors"][0];
            ensure!(refused.status == 422 && error["pointer"] == pointer, "{refused:?}");
            ensure!(error["message"].to_string().contains(word), "{refused:?}");
        }
        let absent = put(&server, &wrong("plan_id", "absent".into())).await?;
        ensure!(absent.status == 404, "{absent:?}");
        ensure!(fresh(&server, "/api/context?context_type=rumours").await?.status == 400);
        let mut long = about(&"ü".repeat(100), &"x".repeat(100_000));
        long["metadata"] = json!({"deep": [[["down"]]]});
        let kept = put(&server, &long).await?;
        ensure!(kept.status == 200, "{kept:?}");
        let path = format!("/api/context/{}", kept.body["id"].as_str().unwrap_or_default());
        let gone = server.ask("DELETE", &path, &[], b"").await?;
        ensure!(gone.status == 200, "{gone:?}");
        server.stop().await
    })
    .await
}
