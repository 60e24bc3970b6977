//! `ax keys` and `ax login`, straight on a database; then a server on it.

use super::super::house::Server;
use crate::program::ended;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use serde_json::json;

fn ax(url: &str, words: &[&str]) -> Result<String> {
    let mut all = words.to_vec();
    all.extend(["--database", url]);
    let output = ended(&all);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success() || !output.stdout.is_empty(), "{words:?}: {said}");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_a_link_that_the_command_line_made_open_the_server() -> Result<()> {
    let backend = Backend::sqlite()?;
    let url = backend.config().url;
    let create = ["keys", "create", "--name", "ada", "--role", "owner"];
    let key = ax(&url, &create)?;
    let listed = ax(&url, &["keys", "list"])?;
    let id = key.split('_').nth(1).context("no id")?;
    ensure!(listed.contains(id) && listed.contains("good"), "{listed}");
    ensure!(!listed.contains(&key), "a key is shown once");
    let link = ax(&url, &["login"])?;
    let server = Server::on(backend).await?;
    ensure!(server.get("/api/agents").await?.status == 401);
    let shown = format!("Bearer {key}");
    let found = server.ask("GET", "/api/session", &[("Authorization", &shown)], b"").await?;
    ensure!(found.status == 200, "{found:?}");
    let token = link.split_once('#').context("no token")?.1;
    let login = server.post("/api/session", &json!({"login_token": token})).await?;
    ensure!(login.status == 201 && login.body["role"] == "owner", "{login:?}");
    let refused = ended(&["keys", "list", "--database", &url]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(refused.status.code() == Some(15) && said.contains("POST /api/keys"), "{said}");
    server.stop().await
}
