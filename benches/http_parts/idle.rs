//! What a thousand agents cost that ask every five seconds, with nothing to do.

use super::now;
use super::served::Served;
use crate::shared::{Figure, Reach};
use anyhow::{Result, ensure};
use planexe_ax_testkit::{Database, Server};
use std::time::Duration;

const AGENTS: usize = 1_000;
/// Which asked on how many connections.
const CONNECTIONS: usize = 20;
const EVERY: Duration = Duration::from_secs(5);
const ROUNDS: u32 = 3;

/// Prints how much of one core the server needed.
pub(crate) async fn measure(server: &Server) -> Result<()> {
    let database = Database::on(server).await?;
    let served = Served::on(&database.url).await?;
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let agent_id = format!("agent_{number}");
        let key = served.agent(&agent_id, "send_email").await?;
        agents.push((agent_id, key));
    }
    let (before, started) = (served.worked_seconds()?, now());
    let gap = EVERY / u32::try_from(AGENTS / CONNECTIONS)?;
    let asking = agents.chunks(AGENTS / CONNECTIONS).map(|share| {
        let (address, share) = (served.address.clone(), share.to_vec());
        tokio::spawn(async move { ask_in_turn(&address, &share, gap).await })
    });
    for task in asking.collect::<Vec<_>>() {
        task.await??;
    }
    let value = (served.worked_seconds()? - before) / started.elapsed().as_secs_f64() * 100.0;
    let name = "1,000 agents polling every 5 s, nothing to do".to_owned();
    let reach = Reach { limit: 0.1, is_most: true };
    Figure { name, value, unit: "% of a core", baseline: 100.0, reach }.print();
    Ok(())
}

/// One after the other, evenly, as agents that know nothing of each other do.
async fn ask_in_turn(address: &str, agents: &[(String, String)], gap: Duration) -> Result<()> {
    let mut clients = Vec::new();
    for (agent_id, key) in agents {
        let client = super::client::Client::connect(address, key).await?;
        clients.push((format!("/api/agents/{agent_id}/work"), client));
    }
    let mut clock = tokio::time::interval(gap);
    for _ in 0..ROUNDS {
        for (path, client) in &mut clients {
            clock.tick().await;
            let answer = client.get(path).await?;
            ensure!(answer.status == 204, "an idle agent was answered {}", answer.status);
        }
    }
    Ok(())
}
