//! Agents that name an address and are called there, instead of asking again and again.

use super::house::{Answer, Server, on_every};
use super::work::{LARRY, begin};
use crate::webhooks::receiver::{Act, Received, Receiver};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;

/// How long one waits for a call before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);
const AGENT: &str = "/api/agents/agent_larry_001";

async fn register(server: &Server, url: Option<&str>) -> Result<Answer> {
    let larry = json!({"agent_id": "agent_larry_001", "name": "Larry", "webhook_url": url,
        "capabilities": ["search_google_maps", "send_email"]});
    server.post("/api/agents/register", &larry).await
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}

/// The last of so many calls, which are all signed.
async fn call(receiver: &Receiver, count: usize, secret: &str) -> Result<Value> {
    let received: Vec<Received> = receiver.until(count).await?;
    ensure!(received.len() == count, "{received:?}");
    ensure!(received[count - 1].signed_with(secret)? == (1, true), "{received:?}");
    received[count - 1].json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_called_when_there_is_work_and_when_it_is_to_do_something_else() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let receiver = Receiver::start(&[]).await?;
        let known = register(&server, Some(&receiver.url())).await?;
        ensure!(known.status == 200, "{known:?}");
        let webhook = &known.body["webhook"];
        ensure!(webhook["status"] == "unconfirmed", "{known:?}");
        let secret = text(&webhook["secret"])?;
        let called = call(&receiver, 1, &secret).await?;
        ensure!(called["type"] == "work.available", "{called}");
        ensure!(called["data"]["agent_id"] == "agent_larry_001", "{called}");
        let seen = server.get(AGENT).await?;
        ensure!(seen.body["webhook"]["status"] == "confirmed", "{seen:?}");
        ensure!(!seen.body.to_string().contains("whsec_"), "{seen:?}");
        ensure!(server.get(LARRY).await?.status == 200);
        let path = format!("/api/executions/{execution}");
        server.patch(&path, &json!({"status": "PAUSED"})).await?;
        let called = call(&receiver, 2, &secret).await?;
        ensure!(called["type"] == "agent.directive", "{called}");
        let again = register(&server, Some(&receiver.url())).await?;
        ensure!(again.body["webhook"]["status"] == "confirmed", "{again:?}");
        ensure!(again.body["webhook"].get("secret").is_none(), "{again:?}");
        let off = register(&server, None).await?;
        ensure!(off.body["webhook"]["status"] == "off", "{off:?}");
        ensure!(receiver.challenges().len() == 1, "{:?}", receiver.challenges());
        server.stop().await
    })
    .await
}

/// Waits until a webhook has as many deliveries, and looks whether they are these.
async fn waiting(server: &Server, webhook: &str, wanted: &[&str]) -> Result<()> {
    let path = format!("/api/webhooks/{webhook}/deliveries");
    let patience = tokio::time::timeout(PATIENCE, async {
        loop {
            let listed = server.get(&path).await?;
            let all = listed.body["deliveries"].as_array().context("no list")?;
            let mut kinds: Vec<_> = all.iter().filter_map(|it| it["event_type"].as_str()).collect();
            kinds.sort_unstable();
            if kinds.len() >= wanted.len() {
                ensure!(kinds == wanted, "{kinds:?}");
                return Ok(());
            }
        }
    });
    patience.await.context("nothing came for too long")?
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_are_one_of_a_kind_however_much_happens() -> Result<()> {
    on_every(async |server| {
        let execution = begin(&server).await?;
        let receiver = Receiver::start(&[]).await?;
        for _ in 0..100 {
            receiver.challenged(Act::Answer(500, ""));
        }
        let known = register(&server, Some(&receiver.url())).await?;
        let webhook = text(&known.body["webhook"]["webhook_id"])?;
        waiting(&server, &webhook, &["work_available"]).await?;
        ensure!(server.get(LARRY).await?.status == 200);
        let of = format!("/api/executions/{execution}");
        for _ in 0..5 {
            server.patch(&of, &json!({"status": "PAUSED"})).await?;
            server.patch(&of, &json!({"status": "RUNNING"})).await?;
        }
        server.patch(&of, &json!({"status": "PAUSED"})).await?;
        waiting(&server, &webhook, &["agent_directive", "work_available"]).await?;
        ensure!(receiver.received().is_empty(), "it was called without a yes");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_cannot_be_called_is_said_and_keeps_no_agent_from_its_work() -> Result<()> {
    on_every(async |server| {
        for url in ["http://10.0.0.1/hook", "ftp://example.com/", "nowhere"] {
            let known = register(&server, Some(url)).await?;
            ensure!(matches!(known.status, 200 | 201), "{known:?}");
            let webhook = &known.body["webhook"];
            ensure!(webhook["status"] == "refused" && webhook["detail"].is_string(), "{known:?}");
            ensure!(known.body["webhook_url"] == url, "{known:?}");
        }
        ensure!(server.get(AGENT).await?.body["webhook"].is_null());
        let without = json!({"url": "https://example.com/", "events": ["work.available"]});
        let refused = server.post("/api/webhooks", &without).await?;
        ensure!(refused.status == 422, "{refused:?}");
        ensure!(refused.body["errors"][0]["pointer"] == "/agent_id", "{refused:?}");
        let mut with = without.clone();
        with["agent_id"] = "agent_larry_001".into();
        ensure!(server.post("/api/webhooks", &with).await?.status == 201);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_takes_the_webhook_away_has_the_last_word() -> Result<()> {
    on_every(async |server| {
        let receiver = Receiver::start(&[]).await?;
        let known = register(&server, Some(&receiver.url())).await?;
        let path = format!("/api/webhooks/{}", text(&known.body["webhook"]["webhook_id"])?);
        let shown = server.get(&path).await?;
        ensure!(shown.body["agent_id"] == "agent_larry_001", "{shown:?}");
        let off = server.patch(&path, &json!({"enabled": false})).await?;
        ensure!(off.status == 200, "{off:?}");
        let again = register(&server, Some(&receiver.url())).await?;
        ensure!(again.body["webhook"]["status"] == "off", "{again:?}");
        ensure!(server.ask("DELETE", &path, &[], b"").await?.status == 200);
        let again = register(&server, Some(&receiver.url())).await?;
        ensure!(again.body["webhook"]["status"] == "refused", "{again:?}");
        let detail = text(&again.body["webhook"]["detail"])?;
        ensure!(detail.contains("removed"), "{again:?}");
        server.stop().await
    })
    .await
}
