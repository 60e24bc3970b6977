//! Reports a second, each acknowledged after its commit, all checks on; and how long one takes.

use super::client::Client;
use super::served::Served;
use super::work::{self, Held};
use super::{MEASURED, Round, Times, WARM_UP, float, middle, now, postgres, sqlite};
use crate::shared::{Figure, Reach};
use anyhow::{Context, Result};
use planexe_ax_testkit::{Database, Server, SqliteFile};
use serde_json::Value;
use std::time::Instant;

const ROUNDS: usize = 3;
const CONNECTIONS: usize = 64;
/// How many reports one body holds, where it holds many.
const MANY: usize = 100;

/// Prints the rates on both databases, singly and in bodies of a hundred, and what one costs.
pub(crate) async fn measure(server: &Server) -> Result<()> {
    let (mut single, mut many, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    let (mut single_sqlite, mut many_sqlite) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let baseline = postgres(server, 64).await?;
        let one = rate(&Database::on(server).await?.url, CONNECTIONS, 1).await?;
        many.push(against(rate(&Database::on(server).await?.url, CONNECTIONS, MANY).await?, one.0));
        single.push(against(one, baseline));
        let baseline = 1_000.0 / postgres(server, 1).await?;
        let (_, times) = rate(&Database::on(server).await?.url, 1, 1).await?;
        alone.push(Round { value: times.percentile(50)?, baseline, times });
        let baseline = sqlite().await?;
        let one = rate(&SqliteFile::new()?.url(), CONNECTIONS, 1).await?;
        many_sqlite.push(against(rate(&SqliteFile::new()?.url(), CONNECTIONS, MANY).await?, one.0));
        single_sqlite.push(against(one, baseline));
    }
    print("reports, 64 connections, PostgreSQL", single, "reports/s", least(1.0))?;
    print("reports, 64 connections, SQLite", single_sqlite, "reports/s", least(3.0))?;
    print("reports in bodies of 100, PostgreSQL", many, "reports/s", least(2.0))?;
    print("reports in bodies of 100, SQLite", many_sqlite, "reports/s", least(2.0))?;
    print("a report alone, PostgreSQL", alone, "ms", Reach { limit: 4.0, is_most: true })
}

fn least(limit: f64) -> Reach {
    Reach { limit, is_most: false }
}

fn against((value, times): (f64, Times), baseline: f64) -> Round {
    Round { value, baseline, times }
}

fn print(name: &str, rounds: Vec<Round>, unit: &'static str, reach: Reach) -> Result<()> {
    let Round { value, baseline, times } = middle(rounds)?;
    Figure { name: format!("{name} ({})", times.told()?), value, unit, baseline, reach }.print();
    Ok(())
}

/// So many agents on so many connections, each with a task of its own.
async fn rate(database: &str, connections: usize, each: usize) -> Result<(f64, Times)> {
    let served = Served::on(database).await?;
    let mut owner = served.as_owner().await?;
    work::import(&mut owner, &work::wide("plan", "send_email", 1)).await?;
    let mut agents = Vec::new();
    for number in 0..connections {
        let agent_id = format!("agent_{number}");
        let key = served.agent(&agent_id, "send_email").await?;
        work::start(&mut owner, &format!("exec_{number}"), "plan", Some(&agent_id)).await?;
        let mut client = served.connect(&key).await?;
        let found = client.get(&format!("/api/agents/{agent_id}/work")).await?.json()?;
        let held = Held::of(&found).context("no work was given")?;
        agents.push((agent_id, client, held));
    }
    let begin = now() + WARM_UP;
    let reporting: Vec<_> = agents
        .into_iter()
        .map(|(agent_id, client, held)| tokio::spawn(report(agent_id, client, held, each, begin)))
        .collect();
    let mut times = Vec::new();
    for agent in reporting {
        times.extend(agent.await??);
    }
    let times = Times::of(times);
    Ok((float(times.count() * each) / MEASURED.as_secs_f64(), times))
}

/// One agent: a body after the other, until the time is over; how long each took of those that
/// were answered while it was measured.
async fn report(
    agent_id: String,
    mut client: Client,
    held: Held,
    each: usize,
    begin: Instant,
) -> Result<Vec<f64>> {
    let (path, end) = (held.path(), begin + MEASURED);
    let mut times = Vec::new();
    for body_no in 0_usize.. {
        let body = body(&held, &agent_id, body_no, each);
        let started = now();
        client.post(&path, &body).await?;
        let answered = now();
        if answered >= end {
            break;
        }
        if answered >= begin {
            times.push((answered - started).as_secs_f64() * 1_000.0);
        }
    }
    Ok(times)
}

fn body(held: &Held, agent_id: &str, body_no: usize, each: usize) -> String {
    let one = |place: usize| {
        let number = body_no * each + place;
        let event_id = format!("{agent_id}-{number}");
        let mut report = held.report(agent_id, "task_progress", &event_id);
        report["progress_percent"] = (number % 100).into();
        report
    };
    match each {
        1 => one(0).to_string(),
        many => Value::Array((0..many).map(one).collect()).to_string(),
    }
}
