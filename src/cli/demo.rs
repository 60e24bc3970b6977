//! `ax demo`: a server of its own on a database of its own, the demonstration carried out on it,
//! and its tree, live, to the end. Nothing is left behind.

use super::exec::watch;
use super::out;
use super::remote::{Remote, failed};
use super::serve::serve_until;
use crate::config::{Config, Flags};
use crate::demo::EXECUTION;
use crate::exit::{Exit, Failure};
use anyhow::{Context, anyhow};
use planexe_ax_client::{Client, Patience, WayOut, WriteTerms};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a visitor has to answer a question before it is answered for them.
const ANSWER_MS: u64 = 8_000;
/// How often is looked whether there is a question.
const LOOK_MS: u64 = 250;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    /// How many times as fast as it is meant to be watched
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pace: u64,
    #[command(flatten)]
    remote: Remote,
}

/// Shows it.
pub(super) async fn demo(asked: &Asked) -> Result<(), Failure> {
    let folder = OwnFolder::make()?;
    let config = config(&folder.0)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = oneshot::channel::<SocketAddr>();
    let announce = |doors: &super::serve::Doors, _: &_, _: &_| {
        let address = doors.public.local_addr().context("cannot tell the address")?;
        tell.send(address).map_err(|_| Exit::Other.because(anyhow!("nobody waits for a server")))
    };
    let serving = serve_until(&config, asked.pace, announce, async move {
        stopped.await.unwrap_or_default();
    });
    let watching = async {
        let seen = match told.await {
            Ok(address) => watched(asked, address).await,
            // The server says by itself why it did not come so far.
            Err(_) => Ok(()),
        };
        stop.send(()).unwrap_or_default();
        seen
    };
    let (served, seen) = tokio::join!(serving, watching);
    served.and(seen)
}

async fn watched(asked: &Asked, address: SocketAddr) -> Result<(), Failure> {
    let address = format!("http://{address}");
    out::note(&format!("a server of its own: {address}/ in a browser shows the same"));
    let client = Client::new(&address).map_err(failed)?.with_patience(Patience::SHORT);
    let enough = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    // What is dropped is not needed again: the server stops next.
    tokio::select! {
        seen = watch::follow(&asked.remote, &client, EXECUTION, Some(0)) => seen,
        failure = answered(&client, asked.pace) => Err(failure),
        () = enough => Ok(()),
    }
}

/// Answers the question of the demonstration where the visitor does not.
async fn answered(client: &Client, pace: u64) -> Failure {
    loop {
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        let open = match client.blockers(EXECUTION, None, None).await {
            Ok(page) => page.entries.into_iter().find(|blocker| blocker.is_open),
            Err(error) if error.is_retryable() || error.has_code("not_found") => None,
            Err(error) => return failed(error),
        };
        let Some(blocker) = open else { continue };
        tokio::time::sleep(Duration::from_millis(ANSWER_MS / pace.max(1))).await;
        let way_out = WayOut {
            resolution: "approve_alternative".to_owned(),
            option: blocker.suggestions[0].as_str().map(str::to_owned),
            note: Some("answered by ax demo, since nobody else did".to_owned()),
            ..WayOut::default()
        };
        let terms = WriteTerms::default();
        let id = &blocker.blocker_id;
        match client.resolve_blocker(EXECUTION, id, &way_out, &terms).await {
            Ok(_) => {}
            // The visitor was faster.
            Err(error) if error.problem().is_some_and(|it| it.status == 409) => {}
            Err(error) => return failed(error),
        }
    }
}

/// What it is set to: nothing of what this machine's user set for their own server.
fn config(folder: &Path) -> Result<Config, Failure> {
    let mut flags = Flags::default();
    let values = [("data_dir", folder.display().to_string()), ("listen", "127.0.0.1:0".to_owned())];
    flags.values.extend(values);
    Config::resolve_in(&flags, &|_| None).map_err(|error| Exit::Other.because(error))
}

/// A folder that only this user can enter; it goes with this value.
struct OwnFolder(PathBuf);

impl OwnFolder {
    fn make() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("ax-demo-{}", std::process::id()));
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        let made = made.with_context(|| format!("cannot make the folder {}", folder.display()));
        made.map_err(|error| Exit::Other.because(error))?;
        Ok(Self(folder))
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            out::note(&format!("{} stays behind: {error}", self.0.display()));
        }
    }
}
