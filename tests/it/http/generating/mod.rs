//! Plans that a PlanExe makes, asked for over HTTP and followed to their end.

mod answers;
pub(super) mod fake;
mod faults;
mod giving_up;
mod importing;
mod leading;
mod making;

use super::house::{Answer, Server, on_every_with};
use anyhow::{Context, Result, ensure};
use fake::{Fake, Speaks, Stand};
use planexe_ax::store::{LogFilter, Position};
use serde_json::{Value, json};
use std::future::Future;

/// What is asked for.
pub(super) const GOAL: &str =
    "Prospect dog breeders in New England.\nClose three paid deals in the first quarter.";
pub(super) const PLAN: &str = "plan_prospecting";
const GENERATION: &str = "/api/plans/plan_prospecting/generation";

/// The order, with what the documents send along.
pub(super) fn order() -> Value {
    json!({"goal": GOAL, "plan_id": PLAN, "agent_capable": true, "output_format": "json+html",
        "target_audience": "agent", "model_profile": "baseline"})
}

/// Asks for the plan.
pub(super) async fn asked(server: &Server) -> Result<Answer> {
    let told = server.post("/api/plans/generate", &order()).await?;
    ensure!(told.status == 202 && told.body["status"] == "asked", "{told:?}");
    Ok(told)
}

/// Looks once, and says how the plan stands.
pub(super) async fn looked(server: &Server) -> Result<Value> {
    server.generations.step().await?;
    let told = server.get(GENERATION).await?;
    ensure!(told.status == 200, "{told:?}");
    Ok(told.body)
}

/// What happened to the plan, by the names of the events.
async fn kinds(server: &Server) -> Result<Vec<String>> {
    let events = server.store.read_log(Position::ZERO, &LogFilter::default(), 500).await?;
    Ok(events.into_iter().map(|event| event.kind).collect())
}

/// Runs a test with each protocol on a server with each database.
async fn with_each<F: Future<Output = Result<()>>>(
    script: &[Stand],
    more: &[(&str, &str)],
    test: impl Fn(Server, Fake) -> F,
) -> Result<()> {
    for speaks in [Speaks::WorkerPlan, Speaks::McpCloud] {
        with_one(speaks, script, more, &test).await.with_context(|| format!("{speaks:?}"))?;
    }
    Ok(())
}

/// Runs a test with one protocol on a server with each database.
async fn with_one<F: Future<Output = Result<()>>>(
    speaks: Speaks,
    script: &[Stand],
    more: &[(&str, &str)],
    test: impl Fn(Server, Fake) -> F,
) -> Result<()> {
    let fake = Fake::start(speaks, script).await?;
    on_every_with(&fake.config(more)?, async |server| {
        fake.forget(script)?;
        test(server, fake.again()).await
    })
    .await
}
