//! Commands that speak to a running server: which one, with which key, and how the program ends
//! when it refuses.

pub(super) mod contexts;

use super::out::{self, text::plain};
use crate::exit::{Exit, Failure};
use crate::planted::is_planted;
use anyhow::anyhow;
use contexts::Contexts;
use planexe_ax_client::{After, Client, ClientError, Key, Told, Unreachable, WriteTerms};
use serde_json::Value;
use std::io::IsTerminal;

/// The server, where nobody says another.
const SERVER: &str = "http://127.0.0.1:8000";

/// Which server, and how its answers are shown.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Remote {
    /// The server [AX_URL, else the context in use, else http://127.0.0.1:8000]; its key: [AX_KEY]
    #[arg(long, value_name = "URL", global = true, help_heading = "Server")]
    pub(super) server: Option<String>,
    /// The context that names the server: ax context --help
    #[arg(long, value_name = "NAME", global = true, help_heading = "Server")]
    #[arg(conflicts_with = "server")]
    context: Option<String>,
    /// Prints JSON, also on a terminal
    #[arg(long, global = true, help_heading = "Server")]
    json: bool,
}

/// On what terms something is written.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Terms {
    /// Why; it is kept in the log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Says what would be stored, and stores nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Terms {
    pub(super) fn write(&self) -> WriteTerms {
        WriteTerms { reason: self.reason.clone(), is_dry_run: self.dry_run, key: None }
    }
}

/// Consent to what cannot be undone.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct Consent {
    /// Does not ask whether it is meant
    #[arg(long)]
    yes: bool,
}

impl Consent {
    /// Goes on only where it is meant, or where nothing is stored anyway.
    pub(super) fn to(self, what: &str, terms: &Terms) -> Result<(), Failure> {
        out::consent(self.yes || terms.dry_run, what)
    }
}

impl Remote {
    /// Whether a server was named, by a flag, the environment or a context.
    pub(super) fn is_named(&self) -> Result<bool, Failure> {
        let is_told = self.server.is_some() || self.context.is_some() || address().is_some();
        Ok(is_told || Contexts::read()?.current.is_some())
    }

    /// The way to the server.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        let (address, key) = self.place()?;
        let client = Client::new(&address).map_err(failed)?.with_key(key);
        if client.has_key() && is_open(&address) {
            out::note(&format!("warning: the key goes to {address} in the clear: use https"));
        }
        Ok(client)
    }

    /// A key is shown to the server that it is meant for only.
    fn place(&self) -> Result<(String, Option<Key>), Failure> {
        if let Some(name) = &self.context {
            let contexts = Contexts::read()?;
            let context = contexts.named(name)?;
            return Ok((context.server.clone(), context.key()?));
        }
        if let Some(address) = self.server.clone().or_else(address) {
            let contexts = Contexts::read()?;
            let current = contexts.current.as_ref().filter(|_| is_planted("key_goes_anywhere"));
            return match current {
                Some(name) => Ok((address, contexts.named(name)?.key()?)),
                None => Ok((address, key()?)),
            };
        }
        let contexts = Contexts::read()?;
        match &contexts.current {
            Some(name) => {
                let context = contexts.named(name)?;
                Ok((context.server.clone(), context.key()?))
            }
            None => Ok((SERVER.to_owned(), key()?)),
        }
    }

    /// Whether programs read what is printed.
    pub(super) fn is_json(&self) -> bool {
        self.json || !std::io::stdout().is_terminal()
    }

    /// Whether JSON was asked for by its name.
    pub(super) fn wants_json(&self) -> bool {
        self.json
    }

    /// Prints an answer: as JSON for programs, else as it is told here.
    pub(super) fn show<T>(
        &self,
        told: &Told<T>,
        people: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.is_json() { out::json(&told.json) } else { out::say(&people(&told.told)) }
    }

    /// Prints what came of a write.
    pub(super) fn show_after<T>(
        &self,
        after: &After<T>,
        people: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        match after {
            After::Stored(told) => self.show(told, people),
            After::Rehearsed(told) => self.show(told, |rehearsal| {
                if rehearsal.events.is_empty() {
                    return "nothing would be stored: it is so already".to_owned();
                }
                let line = |event: &planexe_ax_client::RehearsedEvent| {
                    format!("{} {}", plain(&event.event_type), plain(&event.payload.to_string()))
                };
                let lines: Vec<_> = rehearsal.events.iter().map(line).collect();
                format!("nothing is stored; this would be:\n{}", lines.join("\n"))
            }),
        }
    }
}

fn address() -> Option<String> {
    std::env::var("AX_URL").ok().filter(|address| !address.is_empty())
}

fn key() -> Result<Option<Key>, Failure> {
    let Some(text) = std::env::var("AX_KEY").ok().filter(|key| !key.is_empty()) else {
        return Ok(None);
    };
    let key = Key::parse(&text);
    key.map(Some).ok_or_else(|| Exit::Usage.because(anyhow!("what AX_KEY holds is no key")))
}

/// Whether others on the way can read what goes there.
fn is_open(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("http://") else { return false };
    let is_here = ["127.", "[::1]", "localhost"].iter().any(|here| rest.starts_with(here));
    !is_here
}

/// How the program ends when a server does not do what it is asked.
pub(super) fn failed(error: ClientError) -> Failure {
    let exit = match &error {
        ClientError::Address(_) | ClientError::Id(_) => Exit::Usage,
        ClientError::Unreachable { why, .. } => {
            let hint = match why {
                Unreachable::Connection(_) => "start one with ax serve, or name another: --server",
                Unreachable::Name | Unreachable::Certificate => "look at the address: --server",
                Unreachable::Broken | Unreachable::TooSlow(_) => {
                    "is it an ax server? look at the address: --server"
                }
            };
            let told = anyhow!(error);
            let sentence = format!("{told}: {hint}");
            return Exit::Unreachable.because(told.context(sentence));
        }
        ClientError::NotUnderstood { .. } => Exit::Unreachable,
        ClientError::Refused(problem) => match problem.status {
            401 | 403 | 421 => Exit::NotAllowed,
            404 => Exit::NotFound,
            409 | 412 => Exit::Conflict,
            400..=428 | 430..=499 => Exit::Usage,
            _ => Exit::Unreachable,
        },
    };
    let told = plain(&error.to_string());
    if error.has_code("unauthorized") {
        return exit.because(anyhow!("{told}: put a key into AX_KEY, or use a context with one"));
    }
    exit.because(anyhow!(told))
}

/// Reads JSON that was given on the command line, or in a file behind an `@`, or piped in as `-`.
pub(super) fn json_argument(text: &str) -> Result<Value, Failure> {
    let wrong = |told: anyhow::Error| Exit::Usage.because(told);
    let read = match (text, text.strip_prefix('@')) {
        ("-", _) => std::io::read_to_string(std::io::stdin().lock()),
        (_, Some(path)) => std::fs::read_to_string(path),
        (text, None) => Ok(text.to_owned()),
    };
    let read =
        read.map_err(|error| wrong(anyhow!(error).context(format!("cannot read {text}"))))?;
    serde_json::from_str(&read)
        .map_err(|error| wrong(anyhow!("{} is no JSON: {error}", plain(text))))
}
