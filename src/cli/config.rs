//! `ax config`: what is set, and by whom.

use super::out;
use crate::config::{Config, Known, Setting};
use crate::exit::Failure;
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::{self, IsTerminal};

/// How wide the columns are on a terminal.
const KEY_COLUMNS: usize = 40;
const VALUE_COLUMNS: usize = 32;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Prints every value and where it came from; secrets are hidden
    #[command(after_help = "Examples:\n  ax config show\n  ax config show --json | jq .settings")]
    Show {
        /// Prints JSON, also on a terminal
        #[arg(long)]
        json: bool,
    },
}

/// Does what was asked.
pub(super) fn config(config: &Config, asked: &Asked) -> Result<(), Failure> {
    let Task::Show { json } = asked.task;
    for warning in &config.warnings {
        out::note(&format!("warning: {warning}"));
    }
    if json || !io::stdout().is_terminal() {
        let all: Vec<_> = config.values.all().map(|(it, known)| shown(it, known)).collect();
        return out::json(&json!({"settings": all}));
    }
    out::say(&format!("{:KEY_COLUMNS$} {:VALUE_COLUMNS$} where it came from", "setting", "value"))?;
    for (setting, known) in config.values.all() {
        let (value, place) = (setting.shown(&known.text), known.source.place(setting));
        out::say(&format!("{:KEY_COLUMNS$} {value:VALUE_COLUMNS$} {place}", setting.key))?;
    }
    Ok(())
}

fn shown(setting: &Setting, known: &Known) -> Value {
    json!({
        "setting": setting.key,
        "value": setting.shown(&known.text),
        "source": known.source.as_str(),
        "place": known.source.place(setting),
        "is_secret": setting.is_secret,
    })
}
