//! The example agent, which knows the source documents and nothing else, on a server of each kind.

#[path = "../../../examples/larry/agent.rs"]
mod agent;
#[path = "../../../examples/larry/person.rs"]
mod person;

use super::house::on_every;
use crate::engine::log;
use agent::{Http, Larry};
use anyhow::{Context, Result, ensure};
use std::sync::Mutex;

#[tokio::test(flavor = "multi_thread")]
async fn larry_carries_the_prospecting_plan_out_while_a_person_clears_his_blocker() -> Result<()> {
    on_every(async |server| {
        let http = Http { address: server.address(), key: None };
        let told = tokio::task::spawn_blocking(move || story(&http)).await??;
        ensure!(told.iter().filter(|line| line.starts_with("Larry")).count() == 20, "{told:?}");
        let approved = "Mark:  approved: Verify contact via Google Maps listing or call directly";
        ensure!(told.iter().any(|line| line == approved), "{told:?}");
        log::check(&server.store).await?;
        let seen = server.get("/api/executions").await?;
        let execution = seen.body["executions"].get(0).context("no execution")?;
        ensure!(execution["status"] == "COMPLETED" && execution["blockers_open"] == 0, "{seen:?}");
        let progress = &execution["progress"];
        ensure!(progress["tasks_completed"] == 19 && progress["percent"] == 100, "{seen:?}");
        server.stop().await
    })
    .await
}

/// What Larry and Mark say, from the order to the end.
fn story(http: &Http) -> Result<Vec<String>> {
    let told = Mutex::new(Vec::new());
    let say = |line: &str| told.lock().expect("nobody panics").push(line.to_owned());
    let mut larry = Larry::register(http)?;
    let execution = person::order(http)?;
    std::thread::scope(|scope| {
        let helping = scope.spawn(|| person::help(http, &execution, &say));
        larry.carry_out(&execution, &say)?;
        helping.join().expect("Mark does not panic")
    })?;
    let wish = format!("/api/executions/{execution}?min_position={}", larry.position);
    http.get(&wish)?;
    Ok(told.into_inner().expect("nobody panics"))
}
