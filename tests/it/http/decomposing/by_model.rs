//! What a language model is asked, how it answers, and what is kept.

use super::fake::{Act, Model};
use super::*;
use crate::http::house::on_every_with;
use crate::store::backend::Backend;
use crate::webhooks::proxy::Proxy;

#[tokio::test(flavor = "multi_thread")]
async fn the_request_of_the_document_is_answered_by_a_model_in_either_manner() -> Result<()> {
    for name in ["gpt-of-the-test", "claude-of-the-test"] {
        let model = Model::start(&[Act::Say(three_steps())]).await?;
        on_every_with(&model.config(name, &[])?, async |server| {
            begin(&server).await?;
            let told = server.post(DECOMPOSE, &request(&json!({"plan_id": PLAN}))).await?;
            ensure!(told.status == 200 && told.body["stored"] == true, "{told:?}");
            ensure!(actions(&told) == ["send_email", "conduct_interview", "document_findings"]);
            ensure!(told.body["executable_subtasks"][0]["params"]["to"] == CAROL, "{told:?}");
            ensure!(told.body["decomposition_confidence"] == 0.92, "{told:?}");
            ensure!(told.body["warnings"] == json!([]), "{told:?}");
            ensure!(told.body["decomposed_by"]["model"]["name"] == name, "{told:?}");
            let kept = decomposed(&server).await?;
            let hash = kept[0]["source"]["model"]["prompt_hash"].as_str().unwrap_or_default();
            ensure!(hash.len() == 64, "{kept:?}");
            let usage = &kept[0]["usage"];
            ensure!(usage["input_tokens"] == 1_000 && usage["output_tokens"] == 200, "{kept:?}");
            ensure!(usage["cost_microusd"] == 1_000 * 3 + 200 * 15, "{kept:?}");
            let said = kept[0].to_string() + &told.body.to_string();
            ensure!(!said.contains("key-of-the-test"), "{said}");
            server.stop().await
        })
        .await?;
        asked_well(&model, name)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_asked_through_the_proxy_unless_it_is_on_this_machine() -> Result<()> {
    let model = Model::start(&[Act::Say(three_steps())]).await?;
    let proxy = Proxy::start().await?;
    let port = model.port();
    for (host, asked) in [("127.0.0.1", 0), ("models.example", 1)] {
        let url = format!("http://{host}:{port}/v1");
        let set = [("AX_DECOMPOSITION_BASE_URL", &*url), ("AX_OUTBOUND_PROXY", &*proxy.url())];
        let server =
            Server::set(Backend::sqlite()?, model.config("gpt-of-the-test", &set)?).await?;
        begin(&server).await?;
        let told = server.post(DECOMPOSE, &request(&json!({"plan_id": PLAN}))).await?;
        ensure!(told.body["decomposed_by"]["model"].is_object(), "{told:?}");
        ensure!(proxy.asked().len() == asked, "{:?}", proxy.asked());
        server.stop().await?;
    }
    ensure!(proxy.asked() == [format!("models.example:{port}")], "{:?}", proxy.asked());
    Ok(())
}

/// In its own manner, with the key, and without anybody's address.
fn asked_well(model: &Model, name: &str) -> Result<()> {
    let asked = model.asked();
    let first = asked.first().context("it was never asked")?;
    ensure!(first.body["model"] == name, "{first:?}");
    ensure!(!first.body.to_string().contains("bittersweet"), "an address went out: {first:?}");
    ensure!(first.user().contains("<<<DATA") && first.user().contains("[EMAIL_1]"), "{first:?}");
    if name.starts_with("claude") {
        ensure!(first.head.starts_with("POST /v1/messages "), "{first:?}");
        ensure!(first.head.contains("x-api-key: key-of-the-test"), "{first:?}");
        ensure!(first.head.contains("anthropic-version: "), "{first:?}");
        ensure!(first.body["tool_choice"]["name"] == "decompose_task", "{first:?}");
        return Ok(());
    }
    ensure!(first.head.starts_with("POST /v1/chat/completions "), "{first:?}");
    ensure!(first.head.contains("authorization: Bearer key-of-the-test"), "{first:?}");
    let form = &first.body["response_format"];
    ensure!(form["type"] == "json_schema" && form["json_schema"]["strict"] == true, "{form}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_shown_what_was_wrong_and_may_mend_it_once() -> Result<()> {
    let mut lie = three_steps();
    lie["subtasks"][0]["action"] = json!("launch_rocket");
    let model = Model::start(&[Act::Say(lie), Act::Say(three_steps())]).await?;
    let config = model.config("gpt-of-the-test", &[])?;
    let server = Server::set(crate::store::backend::Backend::sqlite()?, config).await?;
    begin(&server).await?;
    let told = server.post(DECOMPOSE, &request(&json!({"plan_id": PLAN}))).await?;
    ensure!(told.body["decomposed_by"]["model"].is_object(), "{told:?}");
    let asked = model.asked();
    ensure!(asked.len() == 2, "{asked:?}");
    ensure!(asked[1].user().contains("launch_rocket"), "{asked:?}");
    ensure!(asked[1].user().contains("the agent cannot"), "{asked:?}");
    ensure!(decomposed(&server).await?[0]["usage"]["input_tokens"] == 2_000, "both are counted");
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_asks_no_model_again() -> Result<()> {
    let model = Model::start(&[Act::Say(three_steps())]).await?;
    on_every_with(&model.config("gpt-of-the-test", &[])?, async |server| {
        begin(&server).await?;
        let before = model.asked().len();
        let key = [("Idempotency-Key", "once")];
        let asked = request(&json!({"plan_id": PLAN}));
        let first = server.json("POST", DECOMPOSE, &key, &asked).await?;
        let again = server.json("POST", DECOMPOSE, &key, &asked).await?;
        ensure!(first.status == 200 && again.body == first.body, "{again:?}");
        ensure!(model.asked().len() == before + 1);
        server.stop().await
    })
    .await
}
