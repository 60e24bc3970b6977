//! The program's command line: a file for each subcommand.

mod agent;
mod archive;
mod audit;
mod backup;
mod blocker;
mod completions;
mod config;
mod context;
mod demo;
mod doctor;
mod events;
mod exec;
mod house;
mod keys;
mod log;
mod mcp;
mod open;
mod out;
mod page;
mod plans;
mod projections;
mod remote;
mod replay;
mod restore;
mod serve;
mod task;
mod webhooks;

pub use page::page;

use crate::{
    config::{Config, Flags},
    exit::{Exit, Failure},
    telemetry::{self, Sending},
};
use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// What is logged while something else is shown.
const QUIET: &str = "error";

/// Carries plans out, with an immutable log of everything that happens.
#[derive(Debug, Parser)]
#[command(
    name = "ax",
    version,
    after_help = "Examples:\n  ax\n  ax demo\n  \
    ax serve --database postgres://ax@localhost/ax\n  ax exec list\n\n\
    Exit codes: docs/exit-codes.md. Each command has examples of its own: ax exec start --help"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Runs the server; also what `ax` alone does
    #[command(
        after_help = "Examples:\n  ax serve\n  ax serve --listen 127.0.0.1:8001 --no-demo\n  \
                            ax serve --database postgres://ax@localhost/ax"
    )]
    Serve,
    /// Shows what this is: a server of its own, and an execution, live, to its end
    #[command(after_help = "Examples:\n  ax demo\n  ax demo --pace 10")]
    Demo(demo::Asked),
    /// Reads plans in, checks, lists, shows, writes and deletes them
    Plan(Box<plans::Plans>),
    /// Executions: start, list, show, watch, pause, resume, cancel, reassign, amend, fork, why
    Exec(Box<exec::Exec>),
    /// One task of an execution: how it stands, and why it is not at work
    Task(task::Asked),
    /// Agents: register, list, show, pause, resume, drain, retire, simulate
    Agent(Box<agent::Agents>),
    /// Gives an agent its tools over standard input and output, by the Model Context Protocol
    #[command(after_help = "Examples:\n  AX_KEY=$(cat larry.key) ax mcp\n  ax mcp --context larry")]
    Mcp(mcp::Asked),
    /// What waits for a person, and the ways out
    Blocker(blocker::Blockers),
    /// Steps through an execution's log: what happened, by whom, why, and how it stood then
    Replay(replay::Asked),
    /// Which servers are told what happens, and what came of it
    Webhooks(webhooks::Webhooks),
    /// Says how the projections stand, makes them anew, switches between their generations
    Projections(projections::Projections),
    /// Makes, lists and revokes API keys, straight on the database
    Keys(keys::Keys),
    /// Verifies and proves the log, prints its checkpoints, and says what changed
    Audit(audit::Audit),
    /// Lists, follows and exports the events of the log
    Events(events::Events),
    /// Copies the log, and what goes with it, into a folder; a server may write meanwhile
    Backup(backup::Asked),
    /// Puts a backup into a database that holds nothing; work waits there for a word
    Restore(restore::Asked),
    /// Lets work go on after a restore: tasks are given out, deadlines count, webhooks are sent
    ResumeAfterRestore(restore::Resume),
    /// Writes executions that are over into folders that anybody can verify
    Archive(archive::Asked),
    /// Makes a link that logs a browser in once, as an owner
    #[command(after_help = "Examples:\n  ax login")]
    Login {
        /// The workspace
        #[arg(long, default_value = "default")]
        workspace: String,
    },
    /// Keeps the servers that you work with under names of your own
    Context(context::Asked),
    /// Says what is set, and by whom
    Config(config::Asked),
    /// Looks at what a server needs and at what often goes wrong, and says what to do
    #[command(after_help = "Examples:\n  ax doctor\n  ax doctor --json")]
    Doctor(doctor::Asked),
    /// Prints what a shell needs to complete the words of this program
    #[command(after_help = "Examples:\n  ax completions bash > /etc/bash_completion.d/ax\n  \
                            source <(ax completions zsh)\n  \
                            ax completions fish > ~/.config/fish/completions/ax.fish")]
    Completions(completions::Asked),
}

/// The commands that need no setting of the server.
const WITHOUT_SETTINGS: [&str; 10] = [
    "agent",
    "blocker",
    "completions",
    "context",
    "demo",
    "exec",
    "mcp",
    "replay",
    "task",
    "webhooks",
];

/// All that can be said to this program.
fn command() -> clap::Command {
    let all = Cli::command();
    WITHOUT_SETTINGS.iter().fold(all, |all, name| all.mut_subcommand(name, Flags::hidden))
}

/// Whether these words, the program's name first, are understood; if not, why.
pub fn understands(words: &[String]) -> Result<(), String> {
    let said = command().try_get_matches_from(words).and_then(|it| Cli::from_arg_matches(&it));
    said.map(|_| ()).map_err(|error| error.to_string())
}

/// Runs the program as the command line says.
pub fn run() -> ExitCode {
    let said = Cli::from_arg_matches(&command().get_matches());
    let cli = said.unwrap_or_else(|error| error.exit());
    match dispatch(&cli) {
        Ok(()) | Err(Failure { exit: Exit::Success, .. }) => Exit::Success.into(),
        Err(Failure { exit, error }) => {
            out::note(&format!("error: {}", sentence(&error)));
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

/// Nothing is opened or read before it is known what for.
fn dispatch(cli: &Cli) -> Result<(), Failure> {
    let command = cli.command.as_ref().unwrap_or(&Command::Serve);
    match command {
        Command::Completions(asked) => completions::completions(asked),
        Command::Context(asked) => context::context(asked),
        Command::Config(asked) => config::config(&settings(cli)?, asked),
        Command::Exec(asked) => light(exec::exec(asked)),
        Command::Task(asked) => light(task::task(asked)),
        Command::Agent(asked) => light(agent::agent(asked)),
        Command::Mcp(asked) => light(mcp::mcp(asked)),
        Command::Blocker(asked) => light(blocker::blocker(asked)),
        Command::Replay(asked) => light(replay::replay(asked)),
        Command::Webhooks(asked) => light(webhooks::webhooks(asked)),
        Command::Demo(asked) => {
            let format = crate::config::LogFormat::Text;
            let started = telemetry::start(QUIET, format, false);
            started.map_err(|error| Exit::Usage.because(error))?;
            full(demo::demo(asked))
        }
        Command::Doctor(asked) => full(doctor::doctor(settings(cli), asked)),
        Command::Serve => served(&settings(cli)?),
        Command::Projections(asked) => full(projections::projections(&logged(cli)?, asked)),
        Command::Keys(asked) => full(keys::keys(&logged(cli)?, asked)),
        Command::Plan(asked) => full(plans::plans(&logged(cli)?, asked)),
        Command::Audit(asked) => full(audit::audit(&logged(cli)?, asked)),
        Command::Events(asked) => full(events::events(&logged(cli)?, asked)),
        Command::Archive(asked) => full(archive::archive(&logged(cli)?, asked)),
        Command::Backup(asked) => full(backup::backup(&logged(cli)?, asked)),
        Command::Restore(asked) => full(restore::restore(&logged(cli)?, asked)),
        Command::ResumeAfterRestore(asked) => full(restore::resume(&logged(cli)?, asked)),
        Command::Login { workspace } => full(keys::login(&logged(cli)?, workspace)),
    }
}

fn settings(cli: &Cli) -> Result<Config, Failure> {
    Config::resolve(&cli.flags).map_err(|error| Exit::Usage.because(error))
}

/// The settings, and a log as they want it.
fn logged(cli: &Cli) -> Result<Config, Failure> {
    let config = settings(cli)?;
    log(&config, false)?;
    Ok(config)
}

/// Begins the log; what ends of the spans comes out, where somebody wants them.
fn log(config: &Config, has_traces: bool) -> Result<Option<telemetry::Ended>, Failure> {
    let ended = telemetry::start(&config.log, config.log_format, has_traces);
    let ended = ended.map_err(|error| Exit::Usage.because(error))?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(ended)
}

/// Serves, and tells a collector of traces meanwhile, where there is one.
fn served(config: &Config) -> Result<(), Failure> {
    let ended = log(config, config.collector.is_some())?;
    full(async {
        let sending = ended.zip(config.collector.as_ref()).map(|(ended, collector)| {
            Sending::start(ended, collector.clone(), config.proxy.clone())
        });
        let served = serve::serve(config).await;
        if let Some(sending) = sending {
            sending.stop().await;
        }
        served
    })
}

/// Runs what speaks to a server.
fn light(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(work)
}

/// Runs what works on a database.
fn full(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Runtime::new().context("cannot start the runtime")?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::{command, sentence};
    use anyhow::anyhow;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_reason_that_was_said_is_not_said_again() {
        let refused = anyhow!("refused").context("no answer: refused").context("start it");
        assert_eq!(sentence(&refused), "start it (no answer: refused)");
        assert_eq!(sentence(&anyhow!("start it")), "start it");
    }
}
