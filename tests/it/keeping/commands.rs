//! `ax backup`, `ax restore` and `ax resume-after-restore`, as an operator types them.

use crate::program::{Server, ax};
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::{Database, Durability, Folder, SqliteFile, postgres_is_skipped};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

const NOT_POSSIBLE: i32 = 12;

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path")
}

fn said(output: &Output) -> Result<String> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout.clone())?)
}

fn refused(output: &Output, code: i32) -> Result<String> {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(code), "{:?}: {told}", output.status);
    Ok(told)
}

/// Makes an agent known at a server; answers the position.
fn register(server: &Server, agent: &str) -> Result<u64> {
    let body = format!(r#"{{"agent_id":"{agent}","name":"Larry","capabilities":["x"]}}"#);
    let (head, told) = server.send(&format!(
        "POST /api/agents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    ensure!(head.starts_with("HTTP/1.1 201"), "{head} {told}");
    health(server)?["position"].as_u64().context("no position")
}

fn health(server: &Server) -> Result<Value> {
    Ok(serde_json::from_str(&server.get("/healthz").1)?)
}

fn start(database: &str) -> Result<Server> {
    Ok(Server::start_with(&["--database", database], Folder::new()?))
}

/// Backs a running server up, restores that elsewhere, and lets work go on there.
fn back_up_and_restore(original: &str, target: &str) -> Result<()> {
    let (folder, mut server) = (Folder::new()?, start(original)?);
    let position = register(&server, "larry")?;
    let to = folder.path().join("monday");
    let backup = ["backup", text(&to)?, "--database", original, "--json"];
    let taken = ax(&backup, &folder).output()?;
    let told: Value = serde_json::from_str(&said(&taken)?)?;
    ensure!(told["position"] == position, "{told}");
    if original.starts_with("sqlite:") {
        let warned = String::from_utf8_lossy(&taken.stderr).into_owned();
        let both = warned.contains("audit.key") && warned.contains("secret.key");
        ensure!(both && warned.contains("keep it apart"), "{warned}");
    }
    refused(&ax(&backup, &folder).output()?, NOT_POSSIBLE)?;
    register(&server, "carol")?;
    let rehearsed = ["restore", text(&to)?, "--database", target, "--dry-run"];
    let told = said(&ax(&rehearsed, &folder).output()?)?;
    ensure!(told.contains("nothing was written"), "{told}");
    let restore = ["restore", text(&to)?, "--database", target];
    let told = said(&ax(&restore, &folder).output()?)?;
    ensure!(told.contains("ax resume-after-restore"), "{told}");
    ensure!(server.terminate().success());
    let told = refused(&ax(&restore, &folder).output()?, NOT_POSSIBLE)?;
    ensure!(told.contains("is there already"), "{told}");
    let server = start(target)?;
    let found = health(&server)?;
    ensure!(found["paused"] == "after_restore" && found["position"] == position, "{found}");
    let address = format!("http://{}", server.address());
    let resume = ["resume-after-restore", "--server", &address];
    let told: Value = serde_json::from_str(&said(&ax(&resume, &folder).output()?)?)?;
    ensure!(told["is_paused"] == false, "{told}");
    ensure!(health(&server)?.get("paused").is_none());
    ensure!(register(&server, "carol")? == position + 1);
    Ok(())
}

#[test]
fn a_running_server_is_backed_up_and_restored_elsewhere() -> Result<()> {
    let (original, target) = (SqliteFile::new()?, SqliteFile::new()?);
    back_up_and_restore(&original.url(), &target.url())
}

#[test]
fn the_same_on_postgresql_and_from_there_to_a_file() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let server = planexe_ax_testkit::Server::start(Durability::On)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let original = runtime.block_on(Database::on(&server))?;
    let target = runtime.block_on(Database::on(&server))?;
    back_up_and_restore(&original.url, &target.url)?;
    let file = SqliteFile::new()?;
    back_up_and_restore(&original_again(&runtime, &server)?, &file.url())
}

fn original_again(
    runtime: &tokio::runtime::Runtime,
    server: &planexe_ax_testkit::Server,
) -> Result<String> {
    Ok(runtime.block_on(Database::on(server))?.url)
}

#[test]
fn without_a_server_it_is_said_to_the_database() -> Result<()> {
    let (original, target, folder) = (SqliteFile::new()?, SqliteFile::new()?, Folder::new()?);
    let mut server = start(&original.url())?;
    register(&server, "larry")?;
    ensure!(server.terminate().success());
    let to = folder.path().join("monday");
    said(&ax(&["backup", text(&to)?, "--database", &original.url()], &folder).output()?)?;
    said(&ax(&["restore", text(&to)?, "--database", &target.url()], &folder).output()?)?;
    let resume = |url: &str| ax(&["resume-after-restore", "--database", url], &folder).output();
    let told: Value = serde_json::from_str(&said(&resume(&target.url())?)?)?;
    ensure!(told["is_paused"] == false && told["resumed_by"] == "user:operator", "{told}");
    let told = refused(&resume(&original.url())?, NOT_POSSIBLE)?;
    ensure!(told.contains("was not made from a backup"), "{told}");
    ensure!(health(&start(&target.url())?)?.get("paused").is_none());
    Ok(())
}

#[test]
fn what_is_not_there_is_said_in_a_sentence() -> Result<()> {
    let (file, folder) = (SqliteFile::new()?, Folder::new()?);
    let to = folder.path().join("monday");
    let backup = ["backup", text(&to)?, "--database", &file.url()];
    let told = refused(&ax(&backup, &folder).output()?, 11)?;
    ensure!(told.contains("cannot be opened") && !to.exists(), "{told}");
    let restore = ["restore", text(folder.path())?, "--database", &file.url()];
    let told = refused(&ax(&restore, &folder).output()?, 2)?;
    ensure!(told.contains("holds no backup") && !file.path().exists(), "{told}");
    Ok(())
}
