//! The program's command line: a file for each subcommand.

mod config;
mod house;
mod keys;
mod open;
mod plans;
mod projections;
mod serve;

use crate::{
    config::{Config, Flags},
    exit::{Exit, Failure},
    telemetry::{self, Sending},
};
use anyhow::Context;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Carries plans out, with an immutable log of everything that happens.
#[derive(Debug, Parser)]
#[command(name = "ax", version, after_help = "Exit codes: docs/exit-codes.md")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Runs the server; also what `ax` alone does
    Serve,
    /// Says what is set, and by whom
    Config(config::Asked),
    /// Says how the projections stand, makes them anew, switches between their generations
    Projections(projections::Projections),
    /// Makes, lists and revokes API keys, straight on the database
    Keys(keys::Keys),
    /// Reads plans in, checks, lists, shows and writes them, straight on the database
    Plan(Box<plans::Plans>),
    /// Makes a link that logs a browser in once, as an owner
    Login {
        /// The workspace
        #[arg(long, default_value = "default")]
        workspace: String,
    },
}

/// Runs the program as the command line says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(()) => Exit::Success.into(),
        Err(Failure { exit, error }) => {
            eprintln!("error: {}", sentence(&error));
            exit.into()
        }
    }
}

/// What to do, and in brackets what led to it, each thing once.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = error.to_string();
    let mut reasons: Vec<String> = Vec::new();
    for reason in error.chain().skip(1).map(ToString::to_string) {
        if !sentence.contains(&reason) && !reasons.iter().any(|said| said.contains(&reason)) {
            reasons.push(reason);
        }
    }
    if !reasons.is_empty() {
        sentence += &format!(" ({})", reasons.join(": "));
    }
    sentence
}

fn dispatch(cli: &Cli) -> Result<(), Failure> {
    let config = Config::resolve(&cli.flags).map_err(|error| Exit::Usage.because(error))?;
    let command = cli.command.as_ref().unwrap_or(&Command::Serve);
    if let Command::Config(asked) = command {
        config::config(&config, asked);
        return Ok(());
    }
    let is_serving = matches!(command, Command::Serve);
    let collector = config.collector.as_ref().filter(|_| is_serving);
    let ended = telemetry::start(&config.log, config.log_format, collector.is_some())
        .map_err(|error| Exit::Usage.because(error))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    match command {
        Command::Serve => runtime.block_on(async {
            let sending = ended
                .zip(collector)
                .map(|(ended, collector)| Sending::start(ended, collector.clone(), &[]));
            let served = serve::serve(&config).await;
            if let Some(sending) = sending {
                sending.stop().await;
            }
            served
        }),
        Command::Projections(asked) => runtime.block_on(projections::projections(&config, asked)),
        Command::Config(_) => Ok(()),
        Command::Keys(asked) => runtime.block_on(keys::keys(&config, asked)),
        Command::Plan(asked) => runtime.block_on(plans::plans(&config, asked)),
        Command::Login { workspace } => runtime.block_on(keys::login(&config, workspace)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, sentence};
    use anyhow::anyhow;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_reason_that_was_said_is_not_said_again() {
        let refused = anyhow!("refused").context("no answer: refused").context("start it");
        assert_eq!(sentence(&refused), "start it (no answer: refused)");
        assert_eq!(sentence(&anyhow!("start it")), "start it");
    }
}
