//! The program's command line: a file for each subcommand.

mod open;
mod projections;
mod serve;

use crate::{
    config::{Config, Settings},
    exit::{Exit, Failure},
    telemetry,
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
    settings: Settings,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Runs the server; also what `ax` alone does
    Serve,
    /// Says how the projections stand, makes them anew, switches between their generations
    Projections(projections::Projections),
}

/// Runs the program as the command line says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(()) => Exit::Success.into(),
        Err(Failure { exit, error }) => {
            eprintln!("error: {error:#}");
            exit.into()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<(), Failure> {
    let config = Config::resolve(&cli.settings).map_err(|error| Exit::Usage.because(error))?;
    telemetry::start(&cli.settings.log, cli.settings.log_format)
        .map_err(|error| Exit::Usage.because(error))?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    match cli.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => runtime.block_on(serve::serve(&config)),
        Command::Projections(asked) => runtime.block_on(projections::projections(&config, asked)),
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
