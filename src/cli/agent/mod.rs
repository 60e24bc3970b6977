//! `ax agent`: agents, at a running server: made known, looked at, commanded, simulated.

mod behaviour;
mod register;
mod show;
mod simulate;
mod simulated;

use super::out::text::plain;
use super::remote::{Consent, Remote, Terms, failed};
use crate::exit::Failure;
use clap::Subcommand;
use planexe_ax_client::{Agent, AgentChange};

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Agents {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    remote: Remote,
}

/// Which agent, on what terms.
#[derive(Debug, Clone, clap::Args)]
struct Which {
    /// The agent
    agent_id: String,
    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Makes an agent known, or changes what is known of it
    Register(register::Register),
    /// Lists the agents
    List(show::List),
    /// Shows an agent: what it can do, what it has in hand, what came of its work
    #[command(after_help = "Examples:\n  ax agent show larry\n  ax agent show larry --json")]
    Show {
        /// The agent
        agent_id: String,
    },
    /// Gives an agent no work for now
    #[command(after_help = "Examples:\n  ax agent pause larry --reason 'out for lunch'")]
    Pause(Which),
    /// Gives an agent work again
    #[command(after_help = "Examples:\n  ax agent resume larry")]
    Resume(Which),
    /// Lets an agent finish what it holds, and take no more; with the agent's own key
    #[command(after_help = "Examples:\n  AX_KEY=$(cat larry.key) ax agent drain larry")]
    Drain(Which),
    /// Takes an agent out of service, for good
    #[command(after_help = "Examples:\n  ax agent retire larry --dry-run\n  \
                            ax agent retire larry --yes")]
    Retire {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        consent: Consent,
    },
    /// Carries work out with simulated agents: slow, failing, hanging, dying, undead, by seed
    Simulate(simulate::Simulate),
}

/// Does what is asked of the agents.
pub(super) async fn agent(asked: &Agents) -> Result<(), Failure> {
    let remote = &asked.remote;
    match &asked.task {
        Task::Register(wish) => register::register(remote, wish).await,
        Task::List(list) => show::list(remote, list).await,
        Task::Show { agent_id } => show::show(remote, agent_id).await,
        Task::Pause(which) => changed(remote, which, AgentChange::Pause).await,
        Task::Resume(which) => changed(remote, which, AgentChange::Resume).await,
        Task::Drain(which) => {
            let client = remote.client()?;
            let after = client.drain_agent(&which.agent_id, &which.terms.write()).await;
            remote.show_after(&after.map_err(failed)?, told)
        }
        Task::Retire { which, consent } => {
            let what = format!("this takes {} out of service", plain(&which.agent_id));
            consent.to(&what, &which.terms)?;
            changed(remote, which, AgentChange::Retire).await
        }
        Task::Simulate(wish) => simulate::simulate(remote, wish).await,
    }
}

async fn changed(remote: &Remote, which: &Which, change: AgentChange) -> Result<(), Failure> {
    let client = remote.client()?;
    let after = client.change_agent(&which.agent_id, change, &which.terms.write()).await;
    remote.show_after(&after.map_err(failed)?, told)
}

/// What came of a command.
fn told(agent: &Agent) -> String {
    format!("{} is {}", plain(&agent.agent_id), plain(&agent.status))
}
