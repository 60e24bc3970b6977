//! Whole cycles: a task is given, started, completed, and the answer brings the next one.

use super::client::Client;
use super::served::Served;
use super::work::{self, Held};
use super::{MEASURED, Round, Times, WARM_UP, float, middle, now, postgres};
use crate::shared::{Figure, Reach};
use anyhow::{Context, Result};
use planexe_ax_testkit::{Database, Server};
use std::time::Instant;

const ROUNDS: usize = 3;
const AGENTS: usize = 64;
/// How many tasks each agent has: more than it can do in the time.
const TASKS: usize = 400;

/// Prints cycles a second of 64 agents.
pub(crate) async fn measure(server: &Server) -> Result<()> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let baseline = postgres(server, 64).await?;
        let (value, times) = rate(server).await?;
        rounds.push(Round { value, baseline, times });
    }
    let Round { value, baseline, times } = middle(rounds)?;
    let name = format!("grant, start, complete, 64 agents, PostgreSQL ({})", times.told()?);
    let reach = Reach { limit: 0.3, is_most: false };
    Figure { name, value, unit: "cycles/s", baseline, reach }.print();
    Ok(())
}

async fn rate(server: &Server) -> Result<(f64, Times)> {
    let database = Database::on(server).await?;
    let served = Served::on(&database.url).await?;
    let mut owner = served.as_owner().await?;
    work::import(&mut owner, &work::wide("plan", "send_email", TASKS)).await?;
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let agent_id = format!("agent_{number}");
        let key = served.agent(&agent_id, "send_email").await?;
        work::start(&mut owner, &format!("exec_{number}"), "plan", Some(&agent_id)).await?;
        agents.push((agent_id, served.connect(&key).await?));
    }
    let begin = now() + WARM_UP;
    let working: Vec<_> = agents
        .into_iter()
        .map(|(agent_id, client)| tokio::spawn(work_on(agent_id, client, begin)))
        .collect();
    let mut times = Vec::new();
    for agent in working {
        times.extend(agent.await??);
    }
    let times = Times::of(times);
    Ok((float(times.count()) / MEASURED.as_secs_f64(), times))
}

async fn work_on(agent_id: String, mut client: Client, begin: Instant) -> Result<Vec<f64>> {
    let end = begin + MEASURED;
    let first = client.get(&format!("/api/agents/{agent_id}/work")).await?.json()?;
    let mut held = Held::of(&first).context("no work was given")?;
    let mut times = Vec::new();
    loop {
        let started = now();
        let (path, task) = (held.path(), held.task_id.clone());
        let start = held.report(&agent_id, "task_started", &format!("{agent_id}-{task}-s"));
        client.post(&path, &start.to_string()).await?;
        let mut complete = held.report(&agent_id, "task_complete", &format!("{agent_id}-{task}-c"));
        complete["claim_next"] = true.into();
        let answer = client.post(&path, &complete.to_string()).await?.json()?;
        let answered = now();
        if answered >= end {
            return Ok(times);
        }
        if answered >= begin {
            times.push((answered - started).as_secs_f64() * 1_000.0);
        }
        held = Held::of(&answer["work"]).with_context(|| format!("no more work: {answer}"))?;
    }
}
