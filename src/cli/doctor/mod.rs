//! `ax doctor`: looks at what a server needs and at what often goes wrong, and says what to do. It
//! opens the database as a server does when it starts, where there is one and no server has it.

mod files;
mod settings;

use super::open::open_store;
use super::out::{self, Paint, Screen, text::plain};
use super::remote::{Remote, contexts::Contexts};
use super::sentence;
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::domain::Timestamp;
use crate::exit::{Exit, Failure};
use crate::store::{LogFilter, Position, Store};
use anyhow::anyhow;
use planexe_ax_client::{ClientError, Patience};
use serde::Serialize;
use serde_json::json;

/// Before this program was written no clock that goes right can be.
const BORN_AT: &str = "2026-01-01T00:00:00Z";

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    #[command(flatten)]
    remote: Remote,
}

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    Warning,
    Fault,
}

/// What was looked at, and how it was found.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    told: String,
}

impl Finding {
    fn good(check: &'static str, told: impl Into<String>) -> Self {
        Self { check, state: State::Good, told: told.into() }
    }

    fn warning(check: &'static str, told: impl Into<String>) -> Self {
        Self { check, state: State::Warning, told: told.into() }
    }

    fn fault(check: &'static str, told: impl Into<String>) -> Self {
        Self { check, state: State::Fault, told: told.into() }
    }
}

/// Looks at everything; ends with a failure where something is at fault.
pub(super) async fn doctor(config: Result<Config, Failure>, asked: &Asked) -> Result<(), Failure> {
    let mut findings = vec![clock(Clock::System.now())];
    match &config {
        Ok(config) => {
            findings.extend(settings::look(config));
            findings.extend(files::look(config));
            findings.extend(database(config).await);
        }
        Err(failure) => findings.push(Finding::fault("settings", sentence(&failure.error))),
    }
    findings.extend(server(&asked.remote).await);
    let faults = findings.iter().filter(|it| it.state == State::Fault).count();
    if asked.remote.is_json() {
        out::json(&json!({"checks": findings, "faults": faults}))?;
    } else {
        let screen = Screen::of_output();
        for finding in &findings {
            out::say(&line(&screen, finding))?;
        }
    }
    match faults {
        0 => Ok(()),
        1 => Err(Exit::Other.because(anyhow!("there is a fault"))),
        more => Err(Exit::Other.because(anyhow!("there are {more} faults"))),
    }
}

fn line(screen: &Screen, finding: &Finding) -> String {
    let (paint, word) = match finding.state {
        State::Good => (Paint::Good, "good   "),
        State::Warning => (Paint::Asking, "warning"),
        State::Fault => (Paint::Bad, "FAULT  "),
    };
    format!("{} {}: {}", screen.paint(paint, word), finding.check, plain(&finding.told))
}

fn clock(now: Timestamp) -> Finding {
    match Timestamp::parse(BORN_AT) {
        Some(born) if now < born => Finding::fault(
            "clock",
            format!("it says {now}, which is past: set the clock of this machine"),
        ),
        Some(_) | None => Finding::good("clock", format!("it is {now}")),
    }
}

/// The database, as a server would open it.
async fn database(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "database";
    let place = config.database.to_string();
    if let Database::Sqlite(path) = &config.database
        && !path.exists()
    {
        let told = format!("{place} is not there yet: the first start makes it");
        return vec![Finding::good(CHECK, told)];
    }
    match open_store(config).await {
        Ok(store) => {
            let mut findings = vec![Finding::good(CHECK, format!("{place} opens and is current"))];
            findings.push(log(&store, Clock::System.now()).await);
            store.close().await;
            findings
        }
        Err(failure) if failure.exit == Exit::DatabaseInUse => {
            vec![Finding::good(CHECK, format!("{place} is in use: a server has it"))]
        }
        Err(failure) => {
            vec![Finding::fault(CHECK, format!("{place}: {}", sentence(&failure.error)))]
        }
    }
}

/// What the log says last, against the clock.
async fn log(store: &Store, now: Timestamp) -> Finding {
    const CHECK: &str = "log";
    let last = async {
        let head = store.head().await?.position;
        let before = Position::new(head.get().saturating_sub(1));
        let found = store.read_log(before, &LogFilter::default(), 1).await?;
        Ok::<_, crate::store::StoreError>((head, found.into_iter().next()))
    };
    match last.await {
        Ok((_, Some(event))) if event.recorded_at > now => Finding::warning(
            CHECK,
            format!(
                "its last event is from {}, which is yet to come: look at the clock of this \
                 machine and of those that wrote it",
                event.recorded_at
            ),
        ),
        Ok((head, _)) => Finding::good(CHECK, format!("it has {head} events")),
        Err(error) => Finding::fault(CHECK, error.to_string()),
    }
}

/// The server that commands go to.
async fn server(remote: &Remote) -> Vec<Finding> {
    const CHECK: &str = "server";
    let client = match remote.client() {
        Ok(client) => client.with_patience(Patience::NONE),
        Err(failure) => return vec![Finding::fault(CHECK, failure.error.to_string())],
    };
    let address = client.address().to_owned();
    let found = match client.version().await {
        Ok(told) => told.told.version,
        Err(error @ ClientError::Unreachable { .. }) if !remote.is_named().unwrap_or(true) => {
            let told = format!("{error}: ax serve starts one");
            return vec![Finding::good(CHECK, told)];
        }
        Err(error) => return vec![Finding::fault(CHECK, error.to_string())],
    };
    let own = env!("CARGO_PKG_VERSION");
    let version = if found == own {
        Finding::good(CHECK, format!("{address} answers, version {found}"))
    } else {
        let told = format!("{address} has version {found}, this program {own}: use the same");
        Finding::warning(CHECK, told)
    };
    let access = match client.executions(&planexe_ax_client::ExecutionFilter::default()).await {
        Ok(_) => Finding::good("access", format!("{address} lets you in")),
        Err(error) => Finding::fault("access", error.to_string()),
    };
    vec![version, access]
}

/// What is kept of servers and keys.
fn contexts() -> Result<Contexts, Finding> {
    Contexts::read().map_err(|failure| Finding::fault("contexts", failure.error.to_string()))
}
