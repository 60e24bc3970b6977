//! `ax audit` and `ax events`, as an auditor types them, straight on a database.

use super::house::House;
use crate::store::backend::Backend;
use crate::store::tampering::allow_tampering;
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::{Database, Durability, Folder, Server, postgres_is_skipped};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A tampered log, an export that does not verify.
const TAMPERED: i32 = 10;

fn ax(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ax"));
    command.args(["--log", "error"]).args(args);
    for name in ["AX_LOG", "AX_URL", "AX_KEY", "DATABASE_URL"] {
        command.env_remove(name);
    }
    command
}

fn at(backend: &Backend, key: &Path, args: &[&str]) -> Result<Output> {
    let mut command = ax(args);
    command.env("DATABASE_URL", backend.config().url).env("AX_AUDIT_KEY_FILE", key);
    Ok(command.output()?)
}

fn said(output: &Output) -> Result<String> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout.clone())?)
}

fn refused(output: &Output, code: i32) -> Result<String> {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(code), "{:?}: {told}", output.status);
    ensure!(told.lines().filter(|line| line.starts_with("error: ")).count() == 1, "{told}");
    Ok(told)
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path")
}

/// Logs of some events, on each database, with a key to sign with.
async fn each(test: impl AsyncFn(Backend, &Folder) -> Result<()>) -> Result<()> {
    let server = if postgres_is_skipped() { None } else { Some(Server::start(Durability::On)?) };
    let mut backends = vec![Backend::sqlite()?];
    if let Some(server) = &server {
        backends.push(Backend::Postgres(Database::on(server).await?));
    }
    for backend in backends {
        let house = House::on(backend).await?;
        house.append(0..300).await?;
        let House { backend, store, folder, .. } = house;
        store.close().await;
        fs::write(folder.path().join("audit.key"), "07".repeat(32))?;
        test(backend, &folder).await?;
    }
    Ok(())
}

async fn append(backend: &Backend, numbers: std::ops::Range<u64>) -> Result<()> {
    use crate::store::backend::write;
    use planexe_ax::store::Expected;
    let store = backend.open().await?;
    for number in numbers {
        store.append(write("more", Expected::Any, number)).await?;
    }
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_elsewhere_with_nothing_but_the_key() -> Result<()> {
    each(async |backend, folder| {
        let key = folder.path().join("audit.key");
        let (out, moved) = (folder.path().join("export"), folder.path().join("moved"));
        let export = ["events", "export", "--out", text(&out)?, "--cloudevents"];
        let told = said(&at(&backend, &key, &export)?)?;
        ensure!(told.contains("verified: 300 events"), "{told}");
        let public = said(&at(&backend, &key, &["audit", "key"])?)?;
        fs::rename(&out, &moved)?;
        let verify = ["audit", "verify", text(&moved)?, "--key", public.trim(), "--json"];
        let told: Value = serde_json::from_str(&said(&ax(&verify).output()?)?)?;
        ensure!(told["events"] == 300 && told["key_was_given"] == true, "{told}");
        ensure!(told["events_per_second"].as_u64().is_some_and(|it| it > 0), "{told}");
        let cloud = fs::read_to_string(moved.join("cloudevents-000000000001.jsonl"))?;
        let first: Value = serde_json::from_str(cloud.lines().next().context("a line")?)?;
        ensure!(first["specversion"] == "1.0" && first["type"] == "planexe-ax.task_started");
        ensure!(first["source"] == "/planexe-ax/acme" && first["axposition"] == "1", "{first}");
        let events = moved.join("events-000000000001.jsonl");
        let changed = fs::read_to_string(&events)?.replacen("\"number\":41}", "\"number\":42}", 1);
        fs::write(&events, changed)?;
        let told = refused(&ax(&verify).output()?, TAMPERED)?;
        let place = "events-000000000001.jsonl, position 42: the event was changed";
        ensure!(told.contains(place), "{told}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_was_broken_off_goes_on_and_a_later_one_adds_to_it() -> Result<()> {
    each(async |backend, folder| {
        let key = folder.path().join("audit.key");
        let out = folder.path().join("export");
        let export = ["events", "export", "--out", text(&out)?];
        said(&at(&backend, &key, &export)?)?;
        fs::remove_file(out.join("manifest.json"))?;
        fs::remove_file(out.join("proofs.jsonl"))?;
        fs::write(out.join("checkpoints.part"), "half a li")?;
        let verify = ["audit", "verify", text(&out)?];
        let told = refused(&ax(&verify).output()?, 2)?;
        ensure!(told.contains("manifest.json: it cannot be read"), "{told}");
        let again = at(&backend, &key, &export)?;
        let kept = String::from_utf8_lossy(&again.stderr).into_owned();
        ensure!(said(&again)?.contains("verified: 300 events"));
        ensure!(kept.contains("1 files of events were there already"), "{kept}");
        append(&backend, 300..310).await?;
        let told = said(&at(&backend, &key, &export)?)?;
        ensure!(told.contains("verified: 310 events"), "{told}");
        ensure!(told.contains("2 checkpoints"), "{told}");
        append(&backend, 310..311).await?;
        let other = folder.path().join("other.key");
        fs::write(&other, "08".repeat(32))?;
        let told = refused(&at(&backend, &other, &["audit", "checkpoint"])?, 2)?;
        ensure!(told.contains("AX_AUDIT_KEY_FILE"), "{told}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_one_event_verifies_and_one_of_another_log_does_not() -> Result<()> {
    each(async |backend, folder| {
        let key = folder.path().join("audit.key");
        let path = folder.path().join("proof.json");
        let proof = said(&at(&backend, &key, &["audit", "prove", "17"])?)?;
        fs::write(&path, &proof)?;
        let public = said(&at(&backend, &key, &["audit", "key"])?)?;
        let verify = |public: &str| {
            let args = ["audit", "verify", text(&path)?, "--key", public.trim()];
            Ok::<_, anyhow::Error>(ax(&args).output()?)
        };
        let told = said(&verify(&public)?)?;
        ensure!(told.contains("verified: the event at position 17"), "{told}");
        let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let told = refused(&verify(other)?, TAMPERED)?;
        ensure!(told.contains("another log's, or by another key"), "{told}");
        fs::write(&path, proof.replace("\"number\":16", "\"number\":15"))?;
        let told = refused(&verify(&public)?, TAMPERED)?;
        ensure!(told.contains("position 17: the event was changed"), "{told}");
        fs::write(&path, "{}")?;
        let told = refused(&verify(&public)?, TAMPERED)?;
        ensure!(told.contains("this is no proof"), "{told}");
        let told = refused(&at(&backend, &key, &["audit", "prove", "301"])?, 12)?;
        ensure!(told.contains("no event at position 301"), "{told}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_verifies_and_what_was_changed_or_cut_off_in_it_is_named() -> Result<()> {
    each(async |backend, folder| {
        let key = folder.path().join("audit.key");
        let kept = folder.path().join("kept.txt");
        fs::write(&kept, said(&at(&backend, &key, &["audit", "checkpoint"])?)?)?;
        append(&backend, 300..305).await?;
        let verify = ["audit", "verify", "--known", text(&kept)?];
        let told = said(&at(&backend, &key, &verify)?)?;
        ensure!(told.contains("verified: 305 events"), "{told}");
        let note = fs::read_to_string(&kept)?.replacen("\n300\n", "\n900\n", 1);
        fs::write(&kept, note)?;
        let told = refused(&at(&backend, &key, &verify)?, TAMPERED)?;
        ensure!(told.contains("went backwards: it ends at 305"), "{told}");
        allow_tampering(&backend).await?;
        backend.execute("update event set kind = 'task_stolen' where position = 99").await?;
        let told = refused(&at(&backend, &key, &["audit", "verify"])?, TAMPERED)?;
        ensure!(told.contains("position 99: the event was changed"), "{told}");
        let out = folder.path().join("export");
        let told =
            refused(&at(&backend, &key, &["events", "export", "--out", text(&out)?])?, TAMPERED)?;
        ensure!(told.contains("position 99: the event was changed"), "{told}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_listed_as_lines_of_an_export() -> Result<()> {
    each(async |backend, folder| {
        let key = folder.path().join("audit.key");
        let list = ["events", "list", "--after", "290", "--limit", "4"];
        let told = said(&at(&backend, &key, &list)?)?;
        let lines: Vec<Value> = told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        ensure!(lines.iter().map(|it| it["position"].as_u64()).eq((291..295).map(Some)));
        ensure!(lines[0]["payload"]["number"] == 290, "{told}");
        Ok(())
    })
    .await
}

#[test]
fn what_cannot_be_verified_is_said_in_a_sentence() -> Result<()> {
    let folder = Folder::new()?;
    let nowhere = folder.path().join("nowhere");
    let told = refused(&ax(&["audit", "verify", text(&nowhere)?]).output()?, 2)?;
    ensure!(told.contains("there is no export"), "{told}");
    let told = refused(&ax(&["audit", "verify", "x", "--key", "x"]).output()?, 2)?;
    ensure!(told.contains("no key, nor a file"), "{told}");
    let told =
        refused(&ax(&["audit", "checkpoint", "--server", "http://127.0.0.1:9"]).output()?, 7)?;
    ensure!(told.contains("no server answers at"), "{told}");
    let told = refused(&ax(&["audit", "checkpoint", "--server", "ftp://x"]).output()?, 2)?;
    ensure!(told.contains("write one like"), "{told}");
    Ok(())
}
