//! `ax exec`: executions, at a running server: made, looked at, followed, commanded.

mod amend;
mod command;
pub(super) mod find;
mod fork;
mod list;
pub(super) mod live;
pub(super) mod show;
mod start;
pub(super) mod tree;
pub(super) mod watch;
mod why;

use super::remote::{Consent, Remote};
use crate::exit::Failure;
use clap::Subcommand;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Exec {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Has a plan carried out
    Start(start::Start),
    /// Lists executions, the newest first
    List(list::List),
    /// Shows an execution with its tasks
    Show(show::Show),
    /// Follows an execution live to its end
    Watch(watch::Watch),
    /// Lets an execution rest: no work is given out until it is resumed
    #[command(after_help = "Examples:\n  ax exec pause exec_1 --reason 'lunch with Carol'")]
    Pause(command::Which),
    /// Lets a paused execution go on
    #[command(after_help = "Examples:\n  ax exec resume exec_1")]
    Resume(command::Which),
    /// Gives an execution up, for good
    #[command(after_help = "Examples:\n  ax exec cancel exec_1 --dry-run\n  \
                            ax exec cancel exec_1 --yes --reason 'Carol sold the farm'")]
    Cancel {
        #[command(flatten)]
        which: command::Which,
        #[command(flatten)]
        consent: Consent,
    },
    /// Gives an execution to another agent
    #[command(after_help = "Examples:\n  ax exec reassign exec_1 larry")]
    Reassign {
        #[command(flatten)]
        which: command::Which,
        /// The agent
        agent_id: String,
    },
    /// Adds, changes or removes tasks that have not begun
    Amend(amend::Amend),
    /// Makes a new execution of what an old one had achieved
    Fork(fork::Fork),
    /// Says what stands in the way of an execution, task by task
    Why(why::Why),
}

/// Does what is asked of the executions.
pub(super) async fn exec(asked: &Exec) -> Result<(), Failure> {
    let remote = &asked.remote;
    match &asked.task {
        Task::Start(start) => start::start(remote, start).await,
        Task::List(list) => list::list(remote, list).await,
        Task::Show(show) => show::show(remote, show).await,
        Task::Watch(watch) => watch::watch(remote, watch).await,
        Task::Pause(which) => command::moved(remote, which, "PAUSED").await,
        Task::Resume(which) => command::moved(remote, which, "RUNNING").await,
        Task::Cancel { which, consent } => {
            consent.to(&which.sentence("gives", "up"), which.terms())?;
            command::moved(remote, which, "CANCELLED").await
        }
        Task::Reassign { which, agent_id } => command::reassign(remote, which, agent_id).await,
        Task::Amend(amend) => amend::amend(remote, amend).await,
        Task::Fork(fork) => fork::fork(remote, fork).await,
        Task::Why(why) => why::why(remote, why).await,
    }
}
