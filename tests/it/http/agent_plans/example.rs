//! The example agent, which knows the document and nothing else, on a server of each kind.

#[path = "../../../../examples/agent_plan/client.rs"]
mod client;
#[path = "../../../../examples/agent_plan/story.rs"]
mod story;

use super::{fresh, list};
use crate::engine::log;
use crate::http::house::on_every;
use anyhow::{Result, ensure};
use client::AgentExecution;
use std::sync::Mutex;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_knows_the_document_alone_carries_its_plans_out_to_the_end() -> Result<()> {
    on_every(async |server| {
        let agent = AgentExecution::at(&server.address(), None);
        let told = tokio::task::spawn_blocking(move || told(&agent)).await??;
        for line in [
            "plan: 6 steps, 375 minutes estimated",
            "step 4: blocked, the design service does not answer",
            "step 6: Validate with samples",
            "plan: completed",
            "context: 2 of 3 things speak of first-principles",
            "subtask: Review the draft",
            "executePlan: completed",
        ] {
            ensure!(told.iter().any(|said| said == line), "{line}: {told:#?}");
        }
        log::check(&server.store).await?;
        let seen = fresh(&server, "/api/agent-plans").await?;
        let plans = list(&seen, "plans")?;
        ensure!(plans.len() == 3, "{seen:?}");
        ensure!(plans.iter().all(|plan| plan["status"] == "completed"), "{seen:?}");
        server.stop().await
    })
    .await
}

/// What the example says, from the first plan to the last.
fn told(agent: &AgentExecution) -> Result<Vec<String>> {
    let told = Mutex::new(Vec::new());
    let say = |line: &str| told.lock().expect("nobody panics").push(line.to_owned());
    story::tell(agent, &say)?;
    Ok(told.into_inner().expect("nobody panics"))
}
