//! What `ax` cannot start on: one sentence that says what to do, a documented exit code, and the
//! log as it was.

use crate::program::{Server, ax, ended, ended_or_killed};
use crate::store::backend::{Backend, exactly};
use anyhow::{Result, ensure};
use planexe_ax::domain::{StreamName, Timestamp, WorkspaceId};
use planexe_ax::exit::Exit;
use planexe_ax::store::{AppendRequest, Expected, NewEvent, Store, StreamWrite};
use planexe_ax_testkit::{
    Confinement, Database, Durability, Folder, Server as Postgres, SqliteFile, confined,
    postgres_is_skipped,
};
use std::path::Path;
use std::process::Output;
use uuid::Uuid;

/// Checks that it ended with this code, and with one sentence that holds these words.
fn check(output: &Output, exit: Exit, words: &[&str]) -> Result<()> {
    let said = String::from_utf8(output.stderr.clone())?;
    ensure!(output.status.code() == Some(exit.code().into()), "{:?}: {said}", output.status);
    ensure!(output.stdout.is_empty() && said.lines().count() == 1, "{said}");
    ensure!(said.starts_with("error: "), "{said}");
    let missing = words.iter().find(|word| !said.contains(**word));
    ensure!(missing.is_none(), "{missing:?} is not in {said}");
    Ok(())
}

/// Starts `ax` on a database that it must refuse.
fn refused(url: &str, exit: Exit, words: &[&str]) -> Result<()> {
    check(&ended(&["--listen", "127.0.0.1:0", "--database", url]), exit, words)
}

fn event(number: u128, kind: &'static str, payload: &str) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(number),
        kind: kind.into(),
        schema_version: 1,
        payload: payload.as_bytes().to_vec(),
        metadata: br#"{"actor":{"kind":"system","id":"system"}}"#.to_vec(),
        recorded_at: Timestamp::from_unix_ms(0),
    }
}

/// Appends one event to the execution of the golden files.
async fn append(store: &Store, expected: Expected, event: NewEvent) -> Result<()> {
    let stream = StreamName::parse("execution/exec_20260211_prospecting")?;
    let request = AppendRequest {
        workspace: WorkspaceId::parse("default")?,
        writes: vec![StreamWrite { stream, expected, events: vec![event] }],
        conditions: Vec::new(),
        key: None,
        answer: Vec::new(),
    };
    store.append(request).await?;
    Ok(())
}

/// A log with an execution and, when one is given, another event of it.
async fn log_with(backend: &Backend, second: Option<NewEvent>) -> Result<()> {
    let store = backend.open().await?;
    let created = include_str!("../golden/execution_created.v1.json");
    append(&store, Expected::NoStream, event(1, "execution_created", created)).await?;
    if let Some(second) = second {
        append(&store, exactly(1), second).await?;
    }
    store.close().await;
    Ok(())
}

/// A SQLite file, and a database on a server that keeps what it acknowledges.
async fn backends(server: Option<&Postgres>) -> Result<Vec<Backend>> {
    let mut backends = vec![Backend::sqlite()?];
    if let Some(server) = server {
        backends.push(Backend::Postgres(Database::on(server).await?));
    }
    Ok(backends)
}

fn durable_server() -> Result<Option<Postgres>> {
    if postgres_is_skipped() {
        return Ok(None);
    }
    Postgres::start(Durability::On).map(Some)
}

async fn refused_as_it_was(backend: &Backend, exit: Exit, words: &[&str]) -> Result<()> {
    let before = contents(backend).await?;
    refused(&backend.config().url, exit, words)?;
    ensure!(contents(backend).await? == before, "the log was changed");
    Ok(())
}

/// All that the log holds, and the list of migrations, as far as two numbers can tell.
async fn contents(backend: &Backend) -> Result<(i64, i64)> {
    let sums = [
        "select coalesce(sum(position * 31 + length(payload)), 0) from event",
        "select sum(number * 31 + length(checksum)) from schema_migration",
    ];
    Ok(match backend {
        Backend::Sqlite(file) => (file.number(sums[0]).await?, file.number(sums[1]).await?),
        Backend::Postgres(database) => {
            let whole = sums.map(|sum| format!("select ({sum})::bigint"));
            (database.number(&whole[0]).await?, database.number(&whole[1]).await?)
        }
        Backend::Memory(_) => (0, 0),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_it_cannot_follow_is_refused_at_the_first_wrong_event() -> Result<()> {
    let server = durable_server()?;
    let resumed = r#"{"at":"2026-01-01T00:00:00Z","by":{"kind":"user","id":"x"}}"#;
    let mut newer_shape = event(2, "task_started", "{}");
    newer_shape.schema_version = 9;
    let malformed = event(2, "task_started", r#"{"task_id":7}"#);
    let impossible = event(2, "execution_resumed", resumed);
    for second in [impossible, newer_shape, malformed] {
        let server = server.as_ref().filter(|_| second.schema_version == 9);
        for backend in backends(server).await? {
            log_with(&backend, Some(second.clone())).await?;
            let words = ["restore it from a backup", "execution/exec_20260211", "position 2"];
            refused_as_it_was(&backend, Exit::DatabaseCorrupt, &words).await?;
        }
    }
    for backend in backends(server.as_ref()).await? {
        log_with(&backend, Some(event(2, "task_teleported", "{}"))).await?;
        let words = ["task_teleported", "position 2", "install the newer program"];
        refused_as_it_was(&backend, Exit::DatabaseVersion, &words).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_not_its_own_is_refused() -> Result<()> {
    let server = durable_server()?;
    let changes = [
        (
            "update schema_migration set checksum = substr(checksum, 2) where number = 2",
            ["migration 2 is not the one", "use the program"],
        ),
        (
            "delete from schema_migration where number = 2",
            ["migration 2 is missing", "restore it from a good backup"],
        ),
        (
            "insert into schema_migration select 99, 'later', checksum from schema_migration \
             where number = 1",
            ["newer than this program", "install the newer program"],
        ),
    ];
    for backend in backends(server.as_ref()).await? {
        log_with(&backend, None).await?;
        for (change, words) in changes {
            backend.execute(change).await?;
            refused_as_it_was(&backend, Exit::DatabaseVersion, &words).await?;
        }
    }
    Ok(())
}

/// A user who has to give a password.
const GUARDED: &str = "create role guarded login password 'right'; \
     do $$ begin execute format('copy (values (''local all guarded scram-sha-256''), \
     (''local all all trust'')) to %L', current_setting('hba_file')); end $$; \
     select pg_reload_conf()";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_let_it_in_is_named_without_the_password() -> Result<()> {
    let nobody = "postgres://ax:s3cret@127.0.0.1:1/ax";
    refused(nobody, Exit::DatabaseUnreachable, &["cannot be reached", "that it is running"])?;
    let Some(server) = durable_server()? else { return Ok(()) };
    let database = Database::on(&server).await?;
    let words = ["no such database", "create it"];
    refused(&server.url("not_here"), Exit::DatabaseUnreachable, &words)?;
    database.execute(GUARDED).await?;
    let url = database.url.replace("user=postgres", "user=guarded&password=s3cret");
    let output = ended(&["--listen", "127.0.0.1:0", "--database", &url]);
    check(&output, Exit::DatabaseUnreachable, &["the user and the password"])?;
    ensure!(!String::from_utf8(output.stderr)?.contains("s3cret"), "it tells the password");
    let url = url.replace("s3cret", "right");
    refused(&url, Exit::DatabaseRights, &["check that the user may create tables"])?;
    let unsafe_one = Database::shared().await?;
    refused(&unsafe_one.url, Exit::DatabaseUnsafe, &["set fsync, full_page_writes to on"])
}

#[test]
fn a_file_that_is_none_of_its_own_is_left_as_it_was() -> Result<()> {
    let file = SqliteFile::new()?;
    let text = "a shopping list, and certainly no database at all\n".repeat(100);
    std::fs::write(file.path(), &text)?;
    refused(&file.url(), Exit::DatabaseCorrupt, &["is not a database", "choose another file"])?;
    ensure!(std::fs::read_to_string(file.path())? == text);
    let below_a_file = format!("sqlite:{}/data/ax.db", file.path().display());
    refused(&below_a_file, Exit::DatabaseRights, &["cannot be opened", "its folder"])
}

#[test]
fn a_second_process_on_a_file_is_told_who_has_it_and_the_first_goes_on() -> Result<()> {
    let server = Server::start_in(Folder::new()?);
    let url = format!("sqlite:{}", server.dir.path().join("data/ax.db").display());
    refused(&url, Exit::DatabaseInUse, &["in use by process", "use PostgreSQL"])?;
    ensure!(server.get("/healthz").0.starts_with("HTTP/1.1 200 OK"));
    Ok(())
}

fn start_in(folder: &Path) -> Result<Output> {
    let unused = Folder::new()?;
    let mut command = ax(&["--listen", "127.0.0.1:0"], &unused);
    Ok(ended_or_killed(command.env("AX_DATA_DIR", folder)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_or_read_only_is_told_apart() -> Result<()> {
    let test = "starting::a_disk_that_is_full_or_read_only_is_told_apart";
    let Some(disk) = confined(test, Confinement::SmallDisk(1 << 10))? else { return Ok(()) };
    let url = format!("sqlite:{}", disk.join("ax.db").display());
    Store::open(&planexe_ax::store::StoreConfig::new(url)).await?.close().await;
    std::fs::write(disk.join("ballast"), vec![1; 4 << 20]).expect_err("it fills the disk");
    for folder in [disk.clone(), disk.join("fresh")] {
        check(&start_in(&folder)?, Exit::DiskFull, &["disk of the database is full", "free some"])?;
    }
    let remount = ["-o", "remount,ro"];
    let status = std::process::Command::new("mount").args(remount).arg(&disk).status()?;
    ensure!(status.success());
    for folder in [disk.clone(), disk.join("other")] {
        check(&start_in(&folder)?, Exit::DatabaseRights, &["cannot be opened", "may be written"])?;
    }
    Ok(())
}
