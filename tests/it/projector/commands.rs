//! `ax projections`, as an operator types it.

use super::house::House;
use super::story::write_all;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::projections::windows;
use planexe_ax::store::views::Phase;
use planexe_ax_testkit::{Database, Durability, Server, postgres_is_skipped};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

fn ax(backend: &Backend, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ax"));
    command.args(["--log", "error", "projections"]).args(args);
    command.env("DATABASE_URL", backend.config().url).env_remove("AX_LOG");
    command
}

fn said(output: &Output) -> Result<Vec<Value>> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| serde_json::from_str(line).context("a JSON line")).collect()
}

/// A server with the settings that the program insists on.
fn safe_server() -> Result<Option<Server>> {
    if postgres_is_skipped() { Ok(None) } else { Server::start(Durability::On).map(Some) }
}

/// Archives with a log of some executions, on each database.
async fn each(test: impl AsyncFn(Backend) -> Result<()>) -> Result<()> {
    let server = safe_server()?;
    let mut backends = vec![Backend::sqlite()?];
    if let Some(server) = &server {
        backends.push(Backend::Postgres(Database::on(server).await?));
    }
    for backend in backends {
        let house = House::on(backend).await?;
        write_all(&house.store, 800..840, 6).await?;
        test(house.closed().await.backend).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_without_a_server_does_the_work_and_shows_how_it_gets_on() -> Result<()> {
    each(async |backend| {
        let rebuilt = said(&ax(&backend, &["rebuild", "--all"]).output()?)?;
        let last = rebuilt.last().context("it says something")?;
        ensure!(last["phase"] == "live" && last["generation"] == 1, "{last}");
        let again = said(&ax(&backend, &["rebuild", "progress", "--no-switch"]).output()?)?;
        let last = again.last().context("it says something")?;
        ensure!(last["phase"] == "ready" && last["generation"] == 2, "{last}");
        let compared = last["compared"].as_str().unwrap_or_default();
        ensure!(compared.starts_with("equal to generation 1"), "{last}");
        ensure!(ax(&backend, &["switch", "progress", "2"]).output()?.status.success());
        ensure!(ax(&backend, &["rollback", "progress"]).output()?.status.success());
        ensure!(ax(&backend, &["drop", "progress", "2"]).output()?.status.success());
        let listed = said(&ax(&backend, &["list"]).output()?)?;
        let of_progress: Vec<_> =
            listed.iter().filter(|it| it["projection"] == "progress").collect();
        ensure!(of_progress.len() == 1 && of_progress[0]["phase"] == "live", "{listed:?}");
        let house = House::on(backend).await?;
        house.check().await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_killed_goes_on_where_it_was() -> Result<()> {
    each(async |backend| {
        ax(&backend, &["rebuild", "--all"]).output()?;
        let slowly = ["rebuild", "progress", "--rate", "100"];
        let mut child = ax(&backend, &slowly).stdout(Stdio::piped()).spawn()?;
        let lines = BufReader::new(child.stdout.take().context("it is piped")?).lines();
        let mut done = 0;
        for line in lines {
            let shown: Value = serde_json::from_str(&line?)?;
            done = shown["progress"]["events_done"].as_u64().context("it is being built")?;
            if done > 0 {
                break;
            }
        }
        child.kill()?;
        child.wait()?;
        let house = House::on(backend).await?;
        let killed = house.newest("progress").await?;
        ensure!(killed.phase == Phase::Building && killed.events_done >= done, "{killed:?}");
        ensure!(killed.build_cursor.is_some(), "{killed:?}");
        ensure!(killed.events_done < killed.target.get(), "{killed:?}");
        house.operator(planexe_ax::projections::windows()).set_rate("progress", None).await?;
        let backend = house.closed().await.backend;
        let went_on = said(&ax(&backend, &["rebuild", "progress"]).output()?)?;
        let of = |shown: &Value| shown["progress"]["events_done"].as_u64();
        let least = went_on.iter().filter_map(of).min();
        ensure!(least.is_none_or(|least| least >= done), "{went_on:?}");
        let house = House::on(backend).await?;
        let built = house.newest("progress").await?;
        ensure!(built.generation == killed.generation, "{built:?}");
        ensure!(built.phase == Phase::Live, "{built:?}");
        ensure!(built.events_done == built.target.get(), "each event was folded once: {built:?}");
        house.check().await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_has_an_exit_code_and_a_sentence() -> Result<()> {
    let backend = Backend::sqlite()?;
    let code = |args: &[&str]| -> Result<(Option<i32>, String)> {
        let output = ax(&backend, args).output()?;
        Ok((output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned()))
    };
    ensure!(code(&["rebuild", "nothing"])?.0 == Some(2));
    ensure!(code(&["rebuild", "progress"])?.0 == Some(0));
    let (status, sentence) = code(&["switch", "progress", "9"])?;
    ensure!(status == Some(12) && sentence.contains("no generation 9"), "{status:?} {sentence}");
    ensure!(code(&["rollback", "progress"])?.0 == Some(12));
    ensure!(code(&["skip", "progress"])?.0 == Some(12));
    ensure!(code(&["pause", "progress"])?.0 == Some(12));
    let house = House::on(backend).await?;
    let output = ax(&house.backend, &["rebuild", "progress"]).output()?;
    let sentence = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.code() == Some(15), "{sentence}");
    ensure!(sentence.contains("only the server can do this"), "{sentence}");
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_windows_can_be_looked_at_while_they_are_written() -> Result<()> {
    let house = House::on(Backend::sqlite()?).await?;
    ensure!(house.projector(20).finish().await?, "it leads");
    let Backend::Sqlite(file) = &house.backend else { anyhow::bail!("it is a file") };
    let writing = file.hold_at(&file.path().with_extension("views.db")).await?;
    let shown = said(&ax(&house.backend, &["list"]).output()?)?;
    ensure!(shown.len() == windows().len(), "{shown:?}");
    drop(writing);
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_beside_a_server_only_asks_it() -> Result<()> {
    let Some(safe) = safe_server()? else { return Ok(()) };
    let house = House::on(Backend::Postgres(Database::on(&safe).await?)).await?;
    write_all(&house.store, 850..860, 6).await?;
    let server = house.serving().await?;
    let backend = &house.backend;
    let shown = said(&ax(backend, &["rebuild", "progress"]).output()?)?;
    ensure!(shown.last().is_some_and(|last| last["phase"] == "live"), "{shown:?}");
    ensure!(server.catch_up().await?, "the server leads as it did before");
    server.stop().await;
    house.check().await?;
    house.close().await;
    Ok(())
}
