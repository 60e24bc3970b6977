//! From the completion of a task to its dependent in the hands of another agent, which waits for
//! it on a long poll.

use super::client::Client;
use super::served::Served;
use super::work::{self, Held};
use super::{Times, now, postgres};
use crate::shared::{Figure, Reach};
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::{Database, Server};

const HANDOVERS: usize = 300;
/// How long the other agent has waited already when the task before is completed.
const PARKED_MS: u64 = 5;

/// Prints the median against one commit, and the slowest of a hundred.
pub(crate) async fn measure(server: &Server) -> Result<()> {
    let commit_ms = 1_000.0 / postgres(server, 1).await?;
    let times = times(server).await?;
    let name = format!("completion to dependent in another's hands ({})", times.told()?);
    let (value, reach) = (times.percentile(50)?, Reach { limit: 6.0, is_most: true });
    Figure { name, value, unit: "ms", baseline: commit_ms, reach }.print();
    Ok(())
}

struct Agent {
    agent_id: &'static str,
    client: Client,
}

impl Agent {
    async fn of(served: &Served, agent_id: &'static str, action: &str) -> Result<Self> {
        let key = served.agent(agent_id, action).await?;
        Ok(Self { agent_id, client: served.connect(&key).await? })
    }

    async fn next(&mut self) -> Result<Held> {
        let path = format!("/api/agents/{}/work?wait=30s", self.agent_id);
        let answer = self.client.get(&path).await?;
        ensure!(answer.status == 200, "no work came");
        Held::of(&answer.json()?).context("work came that cannot be read")
    }

    async fn complete(&mut self, held: &Held) -> Result<()> {
        let body = held.report(self.agent_id, "task_complete", &held.task_id);
        self.client.post(&held.path(), &body.to_string()).await.map(|_| ())
    }
}

async fn times(server: &Server) -> Result<Times> {
    let database = Database::on(server).await?;
    let served = Served::on(&database.url).await?;
    let mut owner = served.as_owner().await?;
    let plan = work::chain("plan", ["write", "read"], HANDOVERS + 1);
    work::import(&mut owner, &plan).await?;
    let mut at_work = Agent::of(&served, "agent_writer", "write").await?;
    let mut waiting = Agent::of(&served, "agent_reader", "read").await?;
    work::start(&mut owner, "exec", "plan", None).await?;
    let mut held = at_work.next().await?;
    let mut times = Vec::new();
    for _ in 0..HANDOVERS {
        let parked = tokio::spawn(async move {
            let next = waiting.next().await;
            (waiting, next, now())
        });
        tokio::time::sleep(std::time::Duration::from_millis(PARKED_MS)).await;
        let started = now();
        at_work.complete(&held).await?;
        let (other, next, came) = parked.await?;
        times.push((came - started).as_secs_f64() * 1_000.0);
        (waiting, at_work, held) = (at_work, other, next?);
    }
    Ok(Times::of(times))
}
