//! Browsers: sessions, links that work once, tickets.

use super::key;
use crate::http::house::{Answer, Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::event::workspace::Role;
use serde_json::json;

/// The cookie that an answer sets, as a browser sends it back.
fn cookie(answer: &Answer) -> Result<String> {
    let set = answer.header("set-cookie").context("no cookie")?;
    for word in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        ensure!(set.contains(word), "{word}: {set}");
    }
    Ok(set.split(';').next().unwrap_or_default().to_owned())
}

async fn asked(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<u16> {
    Ok(server.ask(method, path, headers, b"").await?.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_logs_in_writes_with_its_proof_and_logs_out() -> Result<()> {
    on_every(async |server| {
        let owner = key(&server, "default", Role::Owner, None).await?;
        let login = server.post("/api/session", &json!({"api_key": owner.text})).await?;
        ensure!(login.status == 201 && login.body["role"] == "owner", "{login:?}");
        let cookie = cookie(&login)?;
        let own = [("Cookie", cookie.as_str())];
        let known = server.ask("GET", "/api/session", &own, b"").await?;
        ensure!(known.status == 200 && known.body["mode"] == "keys", "{known:?}");
        let proof = known.body["csrf_token"].as_str().context("no csrf_token")?.to_owned();
        let pause = json!({"name": "Larry", "capabilities": ["call"]});
        let forged = server.json("POST", "/api/agents", &own, &pause).await?;
        ensure!(forged.status == 403 && forged.body["code"] == "foreign_origin", "{forged:?}");
        let meant = [own[0], ("AX-CSRF", proof.as_str())];
        ensure!(server.json("POST", "/api/agents", &meant, &pause).await?.status == 201);
        ensure!(asked(&server, "DELETE", "/api/session", &meant).await? == 204);
        ensure!(asked(&server, "GET", "/api/session", &own).await? == 401);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_logs_in_once_and_a_session_ends_with_its_key() -> Result<()> {
    on_every(async |server| {
        let keeper = key(&server, "default", Role::Owner, None).await?;
        let owner = key(&server, "default", Role::Owner, None).await?;
        let (name, shown) = owner.header();
        let made = server.ask("POST", "/api/session/links", &[(name, &shown)], b"").await?;
        let path = made.body["path"].as_str().context("no path")?;
        let token = path.split_once('#').context("no token")?.1;
        let login = json!({"login_token": token});
        let first = server.post("/api/session", &login).await?;
        ensure!(first.status == 201, "{first:?}");
        ensure!(server.post("/api/session", &login).await?.status == 401, "it works once");
        let cookie = cookie(&first)?;
        let own = [("Cookie", cookie.as_str())];
        ensure!(asked(&server, "GET", "/api/agents", &own).await? == 200);
        let (name, shown) = keeper.header();
        let gone = format!("/api/keys/{}", owner.id);
        ensure!(asked(&server, "DELETE", &gone, &[(name, &shown)]).await? == 200);
        ensure!(asked(&server, "GET", "/api/agents", &own).await? == 401, "its key is void");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_an_agent_opens_no_browser() -> Result<()> {
    on_every(async |server| {
        let agent = key(&server, "default", Role::Agent, Some("larry")).await?;
        let login = server.post("/api/session", &json!({"api_key": agent.text})).await?;
        ensure!(login.status == 403 && login.header("set-cookie").is_none(), "{login:?}");
        for wrong in [json!({}), json!({"api_key": "ax_", "login_token": "x"})] {
            ensure!(server.post("/api/session", &wrong).await?.status == 422);
        }
        server.stop().await
    })
    .await
}
