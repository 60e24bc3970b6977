//! `ax archive`: what is over, in folders that are verified with nothing but the key.

use crate::program::ax;
use crate::projector::story::write_all;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::{Database, Durability, Folder, Server, postgres_is_skipped};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

const TAMPERED: i32 = 10;

fn run(backend: &Backend, folder: &Folder, args: &[&str]) -> Result<Output> {
    let mut command = ax(args, folder);
    command.env("DATABASE_URL", backend.config().url);
    command.env("AX_AUDIT_KEY_FILE", folder.path().join("audit.key"));
    Ok(command.output()?)
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

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path")
}

/// A log of random executions on each database, with a key to sign with.
async fn each(test: impl AsyncFn(Backend, &Folder) -> Result<()>) -> Result<()> {
    let server = if postgres_is_skipped() { None } else { Some(Server::start(Durability::On)?) };
    let mut backends = vec![Backend::sqlite()?];
    if let Some(server) = &server {
        backends.push(Backend::Postgres(Database::on(server).await?));
    }
    for backend in backends {
        let folder = Folder::new()?;
        fs::write(folder.path().join("audit.key"), "07".repeat(32))?;
        let store = backend.open().await?;
        write_all(&store, 0..12, 4).await?;
        store.close().await;
        test(backend, &folder).await?;
    }
    Ok(())
}

/// What is told of each execution.
fn lines(told: &str) -> Result<Vec<Value>> {
    Ok(told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_archived_once_and_verifies_elsewhere() -> Result<()> {
    each(async |backend, folder| {
        let (to, moved) = (folder.path().join("archive"), folder.path().join("moved"));
        let archive = ["archive", "--to", text(&to)?, "--json"];
        let rehearsed = [&archive[..], &["--dry-run"]].concat();
        let would = lines(&said(&run(&backend, folder, &rehearsed)?)?)?;
        ensure!(!would.is_empty() && !to.exists(), "{would:?}");
        let done = lines(&said(&run(&backend, folder, &archive)?)?)?;
        ensure!(done.len() == would.len(), "{done:?}");
        ensure!(done.iter().all(|it| it["state"] == "archived"), "{done:?}");
        let again = lines(&said(&run(&backend, folder, &archive)?)?)?;
        ensure!(again.iter().all(|it| it["state"] == "there_already"), "{again:?}");
        let young = [&archive[..], &["--older-than", "36500"]].concat();
        ensure!(lines(&said(&run(&backend, folder, &young)?)?)?.is_empty());
        let key = said(&run(&backend, folder, &["audit", "key"])?)?;
        fs::rename(&to, &moved)?;
        for one in &done {
            let id = one["execution_id"].as_str().context("no id")?;
            let at = moved.join("acme").join(id);
            let verify = ["audit", "verify", text(&at)?, "--key", key.trim(), "--json"];
            let told: Value = serde_json::from_str(&said(&ax(&verify, folder).output()?)?)?;
            ensure!(told["events"] == one["events"] && told["key_was_given"] == true, "{told}");
            ensure!(told["stream"] == format!("execution/{id}"), "{told}");
        }
        tampered(&moved.join("acme"), key.trim(), folder)
    })
    .await
}

/// Whatever is changed in an archive is found.
fn tampered(above: &Path, key: &str, folder: &Folder) -> Result<()> {
    let first = fs::read_dir(above)?.next().context("there is one")??.path();
    let verify = ["audit", "verify", text(&first)?, "--key", key];
    for name in ["events.jsonl", "proofs.jsonl", "checkpoint.txt", "key.txt"] {
        let path = first.join(name);
        let whole = fs::read_to_string(&path)?;
        let cut: String = whole.lines().skip(1).map(|line| format!("{line}\n")).collect();
        for wrong in [cut, whole.replacen('1', "2", 1), String::new()] {
            fs::write(&path, wrong)?;
            refused(&ax(&verify, folder).output()?, TAMPERED)?;
        }
        fs::write(&path, whole)?;
    }
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let others = ["audit", "verify", text(&first)?, "--key", other];
    let told = refused(&ax(&others, folder).output()?, TAMPERED)?;
    ensure!(told.contains("not the key that you trust"), "{told}");
    said(&ax(&verify, folder).output()?)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_execution_is_archived_when_it_is_over_and_refused_when_not() -> Result<()> {
    each(async |backend, folder| {
        let to = folder.path().join("archive");
        let would = ["archive", "--to", text(&to)?, "--json", "--dry-run"];
        let over = lines(&said(&run(&backend, folder, &would)?)?)?;
        let id = over[0]["execution_id"].as_str().context("no id")?;
        let archive = ["archive", id, "--to", text(&to)?];
        let told = said(&run(&backend, folder, &archive)?)?;
        ensure!(told.contains("events, verified"), "{told}");
        let told = refused(&run(&backend, folder, &["archive", "none", "--to", text(&to)?])?, 12)?;
        ensure!(told.contains("none is not over"), "{told}");
        let mut never = ax(&["archive", "--to", text(&to)?], folder);
        never.env("DATABASE_URL", backend.config().url);
        never.env("PLANEXE_EVENT_LOG_RETENTION_DAYS", "0");
        let told = refused(&never.output()?, 2)?;
        ensure!(told.contains("--older-than"), "{told}");
        Ok(())
    })
    .await
}
