//! `ax context`: the servers that somebody works with, by names of their own.

use super::out::{self, Column, Paint, Screen, table};
use super::remote::contexts::{Context, Contexts, keep, key_in};
use super::remote::failed;
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use clap::Subcommand;
use planexe_ax_client::{Client, Key};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

const COLUMNS: [Column; 4] =
    [Column::whole(" "), Column::whole("context"), Column::loose("server"), Column::loose("key")];
/// How long a name may be.
const NAME_CHARS_MAX: usize = 64;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Keeps a server under a name, with the file that holds the key to it; the first is in use
    #[command(after_help = "Examples:\n  ax context add here http://127.0.0.1:8000\n  \
        ax context add office https://ax.example.com --key-file office.key\n  \
        pass show ax | ax context add office https://ax.example.com --key-file -")]
    Add {
        /// The name
        name: String,
        /// Where the server is
        server: String,
        /// The file that holds the key, and that nobody else may read; - keeps one that is piped in
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
    /// Has commands go to this server, where they name no other
    #[command(after_help = "Examples:\n  ax context use office")]
    Use {
        /// The name
        name: String,
    },
    /// Lists the contexts
    #[command(after_help = "Examples:\n  ax context list\n  ax context list --json")]
    List {
        /// Prints JSON, also on a terminal
        #[arg(long)]
        json: bool,
    },
    /// Forgets a context; files of keys stay
    #[command(after_help = "Examples:\n  ax context remove office")]
    Remove {
        /// The name
        name: String,
    },
}

/// Does what is asked of the contexts.
pub(super) fn context(asked: &Asked) -> Result<(), Failure> {
    let mut known = Contexts::read()?;
    match &asked.task {
        Task::Add { name, server, key_file } => {
            Client::new(server).map_err(failed)?;
            let name = checked(name)?;
            let key_file = key_file.as_deref().map(|path| kept(path, name)).transpose()?;
            known.contexts.insert(name.to_owned(), Context { server: server.clone(), key_file });
            known.current.get_or_insert_with(|| name.to_owned());
            known.write()?;
            out::note(&format!("{name} is {server}"));
            Ok(())
        }
        Task::Use { name } => {
            let server = known.named(name)?.server.clone();
            known.current = Some(name.clone());
            known.write()?;
            out::note(&format!("commands go to {server}"));
            Ok(())
        }
        Task::Remove { name } => {
            known.named(name)?;
            known.contexts.remove(name);
            known.current = known.current.filter(|current| current != name);
            known.write()?;
            out::note(&format!("{name} is forgotten"));
            Ok(())
        }
        Task::List { json } => list(&known, *json),
    }
}

fn checked(name: &str) -> Result<&str, Failure> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_name = !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.chars().all(is_part);
    if is_name && !name.starts_with('.') {
        return Ok(name);
    }
    let told = anyhow!("a context is called by letters, digits, _, - and ., at most 64 of them");
    Err(Exit::Usage.because(told))
}

/// The file of a key, by its whole path; one that is piped in is put beside the contexts.
fn kept(path: &Path, name: &str) -> Result<PathBuf, Failure> {
    if path != Path::new("-") {
        key_in(path)?;
        return std::path::absolute(path).map_err(|error| Exit::Usage.because(error));
    }
    let piped = std::io::read_to_string(std::io::stdin().lock());
    let piped = piped.map_err(|error| Exit::Usage.because(error))?;
    if Key::parse(&piped).is_none() {
        return Err(Exit::Usage.because(anyhow!("what was piped in is no key")));
    }
    let contexts = Contexts::path();
    let folder = contexts.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    let own = folder.join(format!("{name}.key"));
    keep(&own, piped.trim())?;
    Ok(own)
}

fn list(known: &Contexts, is_json: bool) -> Result<(), Failure> {
    if is_json || !std::io::stdout().is_terminal() {
        return out::json(&json!({"current": known.current, "contexts": known.contexts}));
    }
    if known.contexts.is_empty() {
        out::note("there are none: ax context add keeps a server under a name");
        return Ok(());
    }
    let row = |(name, context): (&String, &Context)| {
        let is_current = known.current.as_ref() == Some(name);
        let key = context.key_file.as_ref().map(|path| path.display().to_string());
        vec![
            (Paint::Good, if is_current { "*" } else { " " }.to_owned()),
            (Paint::Plain, name.clone()),
            (Paint::Plain, context.server.clone()),
            (Paint::Faint, key.unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = known.contexts.iter().map(row).collect();
    out::say(&table(&Screen::of_output(), &COLUMNS, &rows))
}
