//! `ax agent simulate`: agents that carry work out without doing any, well or badly, by seed.

use super::behaviour::Odds;
use super::simulated::{Manner, Simulated, answer_questions};
use crate::cli::exec;
use crate::cli::out;
use crate::cli::remote::{Remote, failed};
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use planexe_ax_client::{
    After, AgentWish, Client, ClientError, ExecutionStatus, Key, Patience, Task, WriteTerms,
};
use std::collections::BTreeSet;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use uuid::Uuid;

/// How many agents there may be.
const AGENTS_MAX: u16 = 500;
/// How many sentences may wait to be printed.
const SENTENCES_MAX: usize = 256;
/// How often is looked whether the execution is over.
const LOOK_MS: u64 = 500;

/// Who, for what, and how well.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax agent simulate --execution exec_1\n  \
    ax agent simulate --execution exec_1 --agents 5 --seed 7 --failing 20 --pace 10 --answer\n  \
    ax agent simulate --can send_email --dying 10 --undead 10\n\n\
    With --execution it ends when that one does: with 0 when it is completed, with 8 when not.\n\
    Without, it works until ctrl-c, and gives back what it holds.")]
pub(super) struct Simulate {
    /// Works for this execution, with whatever its tasks need
    #[arg(long, value_name = "ID", required_unless_present = "actions")]
    execution: Option<String>,
    /// An action that the agents can do; may be said more than once
    #[arg(long = "can", value_name = "ACTION")]
    actions: Vec<String>,
    /// How many agents
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=500))]
    agents: u16,
    /// What the story follows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many times as fast as the plan says
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pace: u32,
    /// How long an agent may be silent about a task
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(10..=86_400))]
    lease: u64,
    /// Answers what people are asked: with the first suggestion, else by trying again
    #[arg(long)]
    answer: bool,
    /// Out of a hundred attempts, so many take several times as long
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    slow: u64,
    /// So many fail, and may be tried again
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    failing: u64,
    /// So many give signs of life, and get nowhere
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    hanging: u64,
    /// So many fall silent, and come back as if nothing had been
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    dying: u64,
    /// So many fall silent, and report when the task is another's
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    undead: u64,
}

fn percent() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(0..=100)
}

pub(super) async fn simulate(remote: &Remote, asked: &Simulate) -> Result<(), Failure> {
    let client = remote.client()?;
    let (actions, roles) = wanted(&client, asked).await?;
    let count = asked.agents.max(u16::try_from(roles.len()).unwrap_or(AGENTS_MAX));
    let (stop, stopped) = watch::channel(false);
    let (say, heard) = mpsc::channel(SENTENCES_MAX);
    let mut agents: JoinSet<Result<(), ClientError>> = JoinSet::new();
    for number in 1..=count {
        let role = roles.get(usize::from(number - 1) % roles.len().max(1)).cloned();
        let (agent_id, own) = registered(&client, asked.seed, number, role, &actions).await?;
        let simulated = Simulated {
            agent_id,
            client: own,
            manner: asked.manner(),
            execution_id: asked.execution.clone(),
            say: say.clone(),
            stopped: stopped.clone(),
        };
        agents.spawn(simulated.work());
    }
    if let (true, Some(id)) = (asked.answer, &asked.execution) {
        let patient = client.clone().with_patience(Patience::LONG);
        agents.spawn(answer_questions(patient, id.clone(), say.clone(), stopped.clone()));
    }
    drop(say);
    let told = tell(remote, heard);
    let patient = client.with_patience(Patience::LONG);
    let over = until_over(&patient, asked.execution.as_deref());
    let ended = conducted(agents, stop, over, told).await?;
    match ended {
        None | Some(ExecutionStatus::Completed) => Ok(()),
        Some(status) => {
            let id = asked.execution.as_deref().unwrap_or_default();
            Err(Exit::ExecutionFailed.because(anyhow!("{id} is {status}")))
        }
    }
}

/// Lets the agents work until it is over, then stops them; prints meanwhile what they do. An agent
/// that cannot go on ends it all.
async fn conducted(
    mut agents: JoinSet<Result<(), ClientError>>,
    stop: watch::Sender<bool>,
    over: impl Future<Output = Result<Option<ExecutionStatus>, Failure>>,
    told: impl Future<Output = Result<(), Failure>>,
) -> Result<Option<ExecutionStatus>, Failure> {
    let mut told = std::pin::pin!(told);
    // What is dropped here is not needed again: the agents themselves go on to their end below.
    let first = tokio::select! {
        over = over => over,
        printed = &mut told => printed.map(|()| None),
        Some(ended) = agents.join_next() => match ended {
            Ok(ended) => ended.map(|()| None).map_err(failed),
            Err(broken) => Err(Exit::Other.because(broken)),
        },
    };
    stop.send_replace(true);
    let ending = async { while agents.join_next().await.is_some() {} };
    tokio::join!(ending, async { told.await.unwrap_or_default() });
    first
}

/// Prints what the agents do, until none of them is there any more.
async fn tell(
    remote: &Remote,
    mut heard: mpsc::Receiver<super::simulated::Deed>,
) -> Result<(), Failure> {
    while let Some(deed) = heard.recv().await {
        if remote.wants_json() {
            out::json(&deed)?;
        } else {
            out::say(&deed.sentence())?;
        }
    }
    Ok(())
}

/// Waits until the execution is over, or somebody has had enough.
async fn until_over(
    client: &Client,
    execution_id: Option<&str>,
) -> Result<Option<ExecutionStatus>, Failure> {
    let enough = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    let Some(id) = execution_id else {
        enough.await;
        return Ok(None);
    };
    let over = async {
        loop {
            let seen = client.execution(id, None).await.map_err(failed)?;
            if seen.told.status.is_over() {
                return Ok(Some(seen.told.status));
            }
            tokio::time::sleep(std::time::Duration::from_millis(LOOK_MS)).await;
        }
    };
    tokio::select! {
        over = over => over,
        () = enough => Ok(None),
    }
}

/// The actions and the roles that the agents need.
async fn wanted(client: &Client, asked: &Simulate) -> Result<(Vec<String>, Vec<String>), Failure> {
    let mut actions: BTreeSet<String> = asked.actions.iter().cloned().collect();
    let mut roles = BTreeSet::new();
    if let Some(id) = &asked.execution {
        let (_, tasks) = exec::show::read(client, id, None).await?;
        for task in tasks.entries.iter().filter(|task| task.is_leaf) {
            let Task { action, role, .. } = task;
            match action {
                Some(action) => actions.extend([action.clone()]),
                None => roles.extend(role.clone()),
            }
        }
    }
    if actions.is_empty() {
        actions.insert("simulate".to_owned());
    }
    Ok((actions.into_iter().collect(), roles.into_iter().collect()))
}

/// Makes an agent known; its id, and a client that bears its key.
async fn registered(
    client: &Client,
    seed: u64,
    number: u16,
    role: Option<String>,
    actions: &[String],
) -> Result<(String, Client), Failure> {
    let mut agent_id = format!("sim_{seed}_{number}");
    if client.has_key() {
        // A key is told once: who is known already has one that nobody here knows.
        agent_id += &format!("_{}", Uuid::now_v7().simple());
    }
    let wish = AgentWish {
        agent_id: Some(agent_id.clone()),
        name: format!("Simulated {number}"),
        role,
        capabilities: actions.to_vec(),
        ..AgentWish::default()
    };
    let after = client.register_agent(&wish, &WriteTerms::default()).await.map_err(failed)?;
    let key = match after {
        After::Stored(made) => made.told.api_key.as_deref().and_then(Key::parse),
        After::Rehearsed(_) => None,
    };
    let own = client.clone().with_patience(Patience::LONG);
    Ok((agent_id, if key.is_some() { own.with_key(key) } else { own }))
}

impl Simulate {
    fn manner(&self) -> Manner {
        let of_all = |percent: u64| percent.saturating_mul(10);
        Manner {
            seed: self.seed,
            pace: u64::from(self.pace),
            lease_seconds: self.lease,
            odds: Odds {
                slow: of_all(self.slow),
                failing: of_all(self.failing),
                hanging: of_all(self.hanging),
                dying: of_all(self.dying),
                undead: of_all(self.undead),
            },
        }
    }
}
