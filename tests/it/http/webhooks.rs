//! `/api/webhooks`.

use super::house::{Server, on_every, to_this_machine};
use crate::store::backend::Backend;
use crate::webhooks::receiver::{Act, Receiver};
use anyhow::{Context, Result, ensure};
use planexe_ax::webhooks::KeySource;
use serde_json::{Value, json};

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}

async fn registered(server: &Server, url: &str) -> Result<(String, String)> {
    let wish = json!({"url": url, "events": ["agent.*"], "description": "the office"});
    let made = server.post("/api/webhooks/register", &wish).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok((text(&made.body["webhook_id"])?, text(&made.body["secret"])?))
}

fn agent(id: &str) -> Value {
    json!({"agent_id": id, "name": id, "capabilities": ["work"]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_registered_sends_and_shows_what_it_sent() -> Result<()> {
    on_every(async |server| {
        let receiver = Receiver::start(&[]).await?;
        let (id, secret) = registered(&server, &receiver.url()).await?;
        ensure!(secret.starts_with("whsec_"), "{secret}");
        let found = server.get(&format!("/api/webhooks/{id}")).await?;
        ensure!(found.body["confirmed"] == false, "{found:?}");
        server.post("/api/agents", &agent("agent_larry")).await?;
        let received = receiver.until(1).await?;
        ensure!(received[0].signed_with(&secret)? == (1, true), "{received:?}");
        let path = format!("/api/webhooks/{id}");
        server.post(&format!("{path}/test"), &json!({})).await?;
        let found = server.get(&path).await?;
        ensure!(found.body["enabled"] == true && found.body["pending"] == 0, "{found:?}");
        ensure!(found.body["confirmed"] == true && receiver.challenges().len() == 1, "{found:?}");
        let listed = server.get("/api/webhooks").await?;
        ensure!(listed.body["webhooks"][0] == found.body, "{listed:?}");
        let sent = server.get(&format!("{path}/deliveries?limit=1")).await?;
        ensure!(sent.body["deliveries"][0]["event_type"] == "webhook_test", "{sent:?}");
        let cursor = text(&sent.body["next_cursor"])?;
        let rest = server.get(&format!("{path}/deliveries?cursor={cursor}")).await?;
        let delivery = &rest.body["deliveries"][0];
        ensure!(delivery["state"] == "delivered" && delivery["last_status"] == 204, "{rest:?}");
        ensure!(delivery["delivery_id"] == received[0].id()?, "{rest:?}");
        ensure!(rest.body["next_cursor"].is_null(), "{rest:?}");
        for answer in [&found, &listed, &sent, &rest] {
            ensure!(!answer.body.to_string().contains("whsec_"), "{answer:?}");
            ensure!(!answer.body.to_string().contains("sealed"), "{answer:?}");
        }
        let again = text(&delivery["delivery_id"])?;
        let tried = server.post(&format!("{path}/deliveries/{again}/retry"), &json!({})).await?;
        ensure!(tried.status == 202, "{tried:?}");
        let received = receiver.until(3).await?;
        ensure!(received[2].id()? == again && received[2].body == received[0].body);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_and_a_webhook_changed_and_removed() -> Result<()> {
    on_every(async |server| {
        let receiver = Receiver::start(&[]).await?;
        let (id, old) = registered(&server, &receiver.url()).await?;
        let path = format!("/api/webhooks/{id}");
        let rotated = server.post(&format!("{path}/rotate"), &json!({})).await?;
        ensure!(rotated.status == 200, "{rotated:?}");
        let new = text(&rotated.body["secret"])?;
        ensure!(rotated.body["old_secret_valid_until"].is_string() && new != old, "{rotated:?}");
        server.post("/api/agents", &agent("agent_1")).await?;
        let received = receiver.until(1).await?;
        ensure!(received[0].signed_with(&new)? == (2, true), "{received:?}");
        ensure!(received[0].signed_with(&old)? == (2, true), "{received:?}");
        let off = server.patch(&path, &json!({"enabled": false, "events": ["*"]})).await?;
        ensure!(off.status == 200 && off.body["enabled"] == false, "{off:?}");
        ensure!(off.body["description"] == "the office", "{off:?}");
        let refused = server.post(&format!("{path}/test"), &json!({})).await?;
        ensure!(refused.status == 409 && refused.body["code"] == "wrong_state", "{refused:?}");
        let gone = server.ask("DELETE", &path, &[], b"").await?;
        ensure!(gone.status == 200 && gone.body["status"] == "removed", "{gone:?}");
        let absent = server.get(&path).await?;
        ensure!(absent.status == 404 && absent.body["code"] == "not_found", "{absent:?}");
        let again = server.ask("DELETE", &path, &[], b"").await?;
        ensure!(again.status == 200, "{again:?}");
        let never = server.ask("DELETE", "/api/webhooks/wh_never", &[], b"").await?;
        ensure!(never.status == 404, "{never:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_makes_one_webhook_and_tells_its_secret_once() -> Result<()> {
    on_every(async |server| {
        let wish = json!({"url": "http://127.0.0.1:9999/", "events": ["*"]});
        let key = [("Idempotency-Key", "one")];
        let made = server.json("POST", "/api/webhooks", &key, &wish).await?;
        let again = server.json("POST", "/api/webhooks", &key, &wish).await?;
        ensure!(made.status == 201 && again.status == 200, "{made:?} {again:?}");
        ensure!(made.body["webhook_id"] == again.body["webhook_id"], "{again:?}");
        ensure!(again.body.get("secret").is_none(), "{again:?}");
        let listed = server.get("/api/webhooks").await?;
        ensure!(listed.body["webhooks"].as_array().is_some_and(|all| all.len() == 1), "{listed:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_became_of_it_and_repeats_nothing_of_the_answer() -> Result<()> {
    on_every(async |server| {
        let receiver = Receiver::start(&[Act::Answer(500, "")]).await?;
        let (id, secret) = registered(&server, &receiver.url()).await?;
        let failed = server.post(&format!("/api/webhooks/{id}/test"), &json!({})).await?;
        ensure!(failed.status == 200 && failed.body["state"] == "failed", "{failed:?}");
        ensure!(failed.body["last_status"] == 500 && failed.body["attempts"] == 1, "{failed:?}");
        ensure!(!failed.body.to_string().contains("raw words"), "{failed:?}");
        let good = server.post(&format!("/api/webhooks/{id}/test"), &json!({})).await?;
        ensure!(good.body["state"] == "delivered", "{good:?}");
        let received = receiver.received();
        ensure!(received[0].json()?["type"] == "webhook.test", "{received:?}");
        ensure!(received[1].signed_with(&secret)? == (1, true), "{received:?}");
        let (counts, _) = server.webhooks.counts().await?;
        ensure!((counts.pending, counts.failed, counts.dead) == (0, 1, 0), "{counts:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_could_not_work_is_refused_and_says_where() -> Result<()> {
    on_every(async |server| {
        for (wish, pointer) in [
            (json!({"url": "ftp://example.com", "events": ["*"]}), "/url"),
            (json!({"url": "https://10.0.0.1/", "events": ["*"]}), "/url"),
            (json!({"url": "https://a:b@example.com/", "events": ["*"]}), "/url"),
            (json!({"url": "https://example.com/", "events": []}), "/events"),
            (json!({"url": "https://example.com/", "events": ["*", "tusk.*"]}), "/events/1"),
            (json!({"url": "https://example.com/", "events": ["key_created"]}), "/events/0"),
            (
                json!({"url": "https://example.com/", "events": ["*"], "agent_id": "agent_none"}),
                "/agent_id",
            ),
            (json!({"url": "https://example.com/", "event": ["*"]}), "/event"),
        ] {
            let refused = server.post("/api/webhooks", &wish).await?;
            ensure!(refused.status == 422, "{wish}: {refused:?}");
            let pointed = &refused.body["errors"][0]["pointer"];
            ensure!(*pointed == pointer, "{wish}: {refused:?}");
        }
        ensure!(server.store.head().await?.position.get() == 0, "something was stored");
        for path in ["/api/webhooks/wh_none", "/api/webhooks/wh_none/deliveries"] {
            ensure!(server.get(path).await?.status == 404, "{path}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_key_refuses_a_webhook_and_says_what_to_set() -> Result<()> {
    if planexe_ax_testkit::postgres_is_skipped() {
        return Ok(());
    }
    let backend = Backend::postgres().await?;
    let mut config = to_this_machine(&backend);
    config.key = KeySource::Nowhere;
    let server = Server::sending(backend, config).await?;
    let wish = json!({"url": "https://example.com/", "events": ["*"]});
    let refused = server.post("/api/webhooks", &wish).await?;
    ensure!(refused.status == 409 && refused.body["code"] == "not_configured", "{refused:?}");
    ensure!(refused.body["detail"].to_string().contains("AX_SECRET_KEY_FILE"), "{refused:?}");
    server.stop().await
}
