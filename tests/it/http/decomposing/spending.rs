//! What language models may use up: in a day, also over a restart, and for one plan.

use super::fake::{Act, Model};
use super::*;
use crate::http::house::on_every_with;
use planexe_ax::clock::Clock;
use planexe_ax::decompose::{Asked, Material, Question};
use planexe_ax::domain::event::agent::Capability;
use planexe_ax::domain::{ActionName, TaskId, Title, Usage};
use planexe_ax::models::Decomposers;
use std::collections::BTreeSet;

fn question() -> Result<Question> {
    Ok(Question {
        task: Asked {
            task_id: TaskId::parse("t")?,
            title: Title::parse("Call Carol")?,
            description: None,
            role: None,
            resources: Vec::new(),
        },
        material: Material::default(),
        capabilities: vec![Capability {
            action: ActionName::parse("make_phone_call")?,
            params: Vec::new(),
        }],
        taken: BTreeSet::new(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_a_day_holds_also_over_a_restart() -> Result<()> {
    let model = Model::start(&[Act::Say(three_steps())]).await?;
    let config =
        model.config("gpt-of-the-test", &[("AX_DECOMPOSITION_TOKENS_PER_DAY_MAX", "1200")])?;
    on_every_with(&config, async |server| {
        begin(&server).await?;
        let before = model.asked().len();
        let told = server.post(DECOMPOSE, &request(&json!({"plan_id": PLAN}))).await?;
        ensure!(told.body["decomposed_by"]["model"].is_object(), "{told:?}");
        let told = server.post(DECOMPOSE, &request(&json!({}))).await?;
        ensure!(told.body["decomposed_by"] == "rules", "{told:?}");
        ensure!(told.body["warnings"][0].to_string().contains("budget of the day"), "{told:?}");
        let decomposition = config.decomposition.clone();
        let anew = Decomposers::start(&server.store, Clock::System, decomposition).await?;
        let told = anew.decompose(&question()?, Usage::default()).await;
        ensure!(told.proposal.warnings[0].contains("budget of the day"), "{told:?}");
        ensure!(model.asked().len() == before + 1);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_a_plan_holds_for_all_its_tasks() -> Result<()> {
    let model = Model::start(&[Act::Say(three_steps())]).await?;
    let limit = [("AX_DECOMPOSITION_TOKENS_PER_PLAN_MAX", "1000")];
    on_every_with(&model.config("gpt-of-the-test", &limit)?, async |server| {
        begin(&server).await?;
        let before = model.asked().len();
        let all = json!({"agent_id": "agent_larry_001"});
        let told = server.post(&format!("/api/plans/{PLAN}/decompose"), &all).await?;
        let tasks = told.body["decomposed"].as_array().cloned().unwrap_or_default();
        ensure!(tasks.len() == 2, "{told:?}");
        ensure!(tasks[0]["decomposed_by"]["model"].is_object(), "{told:?}");
        ensure!(tasks[1]["decomposed_by"] == "rules", "{told:?}");
        ensure!(tasks[1]["warnings"][0].to_string().contains("budget of the plan"), "{told:?}");
        ensure!(model.asked().len() == before + 1);
        server.stop().await
    })
    .await
}
