//! How many requests an agent may make in a minute.

use super::access::key;
use super::house::{Answer, on_every_with};
use anyhow::{Context, Result, ensure};
use planexe_ax::config::{Config, Rates};
use planexe_ax::domain::event::workspace::Role;
use serde_json::json;
use sha2::{Digest, Sha256};

fn three_a_minute() -> Config {
    let rates = Rates { agent_per_minute: 3, ..Rates::default() };
    Config { rates, ..Config::default() }
}

fn left(answer: &Answer) -> Result<&str> {
    let policy = answer.header("ratelimit-policy");
    ensure!(policy == Some("\"default\";q=3;w=60"), "{answer:?}");
    let state = answer.header("ratelimit").context("no RateLimit")?;
    state.split(';').nth(1).context("no r=")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_asks_too_often_is_told_when_to_come_again_and_nobody_else_is() -> Result<()>
{
    on_every_with(&three_a_minute(), async |server| {
        for agent_id in ["a1", "a2"] {
            let agent = json!({"agent_id": agent_id, "name": "A", "capabilities": ["x"]});
            ensure!(server.post("/api/agents", &agent).await?.status == 201);
        }
        for wanted in ["r=2", "r=1", "r=0"] {
            let poll = server.get("/api/agents/a1/work").await?;
            ensure!(poll.status == 204 && left(&poll)? == wanted, "{poll:?}");
        }
        let refused = server.get("/api/agents/a1/work").await?;
        ensure!(refused.status == 429 && refused.body["code"] == "rate_limited", "{refused:?}");
        ensure!(left(&refused)? == "r=0", "{refused:?}");
        let wait: u64 = refused.header("retry-after").context("no Retry-After")?.parse()?;
        ensure!((1..=20).contains(&wait), "{refused:?}");
        let other = server.get("/api/agents/a2/work").await?;
        ensure!(other.status == 204 && left(&other)? == "r=2", "{other:?}");
        for _ in 0..5 {
            let parked = server.get("/api/agents/a1/work?wait=1ms").await?;
            ensure!(parked.status == 204 && parked.header("ratelimit").is_none(), "{parked:?}");
            let beat = server.post("/api/agents/a1/heartbeat", &json!({})).await?;
            ensure!(beat.status == 200 && beat.header("ratelimit").is_none(), "{beat:?}");
            let person = server.get("/api/agents/a1?min_position=2").await?;
            ensure!(person.status == 200 && person.header("ratelimit").is_none(), "{person:?}");
        }
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_keys_each_key_of_an_agent_counts_for_itself_whatever_it_asks() -> Result<()> {
    on_every_with(&three_a_minute(), async |server| {
        let first = key(&server, "default", Role::Agent, Some("a1")).await?.header();
        let second = key(&server, "default", Role::Agent, Some("a1")).await?.header();
        let owner = key(&server, "default", Role::Owner, None).await?.header();
        let ask = async |header: &(&str, String)| {
            let header = [(header.0, header.1.as_str())];
            server.ask("GET", "/api/executions", &header, b"").await
        };
        for wanted in ["r=2", "r=1", "r=0"] {
            let answer = ask(&first).await?;
            ensure!(answer.status == 200 && left(&answer)? == wanted, "{answer:?}");
        }
        ensure!(ask(&first).await?.status == 429);
        ensure!(ask(&second).await?.status == 200);
        for _ in 0..5 {
            let person = ask(&owner).await?;
            ensure!(person.status == 200 && person.header("ratelimit").is_none(), "{person:?}");
        }
        server.stop().await
    })
    .await
}

/// The key with another secret, written as a key is written.
fn with_another_secret(right: &str) -> Result<String> {
    let key = right.strip_prefix("Bearer ").context("no bearer")?;
    let mut parts = key.splitn(3, '_').skip(1);
    let body = format!("ax_{}_{}", parts.next().context("no id")?, "0".repeat(64));
    let sum: String =
        Sha256::digest(&body).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("Bearer {body}_{sum}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_shows_too_many_wrong_keys_is_turned_away_before_they_are_looked_at()
-> Result<()> {
    let rates = Rates { failures_per_minute: 3, ..Rates::default() };
    on_every_with(&Config { rates, ..Config::default() }, async |server| {
        let owner = key(&server, "default", Role::Owner, None).await?.header();
        let other = key(&server, "default", Role::Owner, None).await?.header();
        let tried = with_another_secret(&owner.1)?;
        let at = |key: &str| vec![("authorization", key.to_owned())];
        let ask = async |shown: Vec<(&str, String)>| {
            let shown: Vec<_> = shown.iter().map(|(name, it)| (*name, it.as_str())).collect();
            server.ask("GET", "/api/executions", &shown, b"").await
        };
        for shown in [vec![], vec![("cookie", "ax_session=0".to_owned())]] {
            for _ in 0..5 {
                let nothing = ask(shown.clone()).await?;
                ensure!(nothing.status == 401, "nothing shown is nothing guessed: {nothing:?}");
            }
        }
        for guess in ["Bearer ax_k0123456789abcdef_00_00", tried.as_str()] {
            for _ in 0..3 {
                let refused = ask(at(guess)).await?;
                ensure!(refused.status == 401, "{refused:?}");
            }
            let refused = ask(at(guess)).await?;
            ensure!(refused.status == 429 && refused.body["code"] == "rate_limited", "{refused:?}");
            let wait: u64 = refused.header("retry-after").context("no Retry-After")?.parse()?;
            ensure!((1..=20).contains(&wait), "{refused:?}");
        }
        ensure!(ask(at(&owner.1)).await?.status == 429, "that key was tried: it waits");
        ensure!(ask(at(&other.1)).await?.status == 200, "a key that nobody tried opens");
        server.stop().await
    })
    .await
}
