//! What the demonstration is about: its plan, its execution, and how they are taken away.

use super::agents::{self, Agent};
use super::{EXECUTION, LABEL, PLAN};
use crate::domain::agent::AgentCommand;
use crate::domain::event::plan::{PlanSource, Risk};
use crate::domain::execution::ExecutionCommand;
use crate::domain::plan::{ImportPlan, PlanCommand};
use crate::domain::{
    Actor, Command, Dependency, ExecutionId, Json, Label, PlanId, StreamName, TaskDefinition,
    TaskId, Text, Title, WorkspaceId,
};
use crate::engine::{CreateRequest, Engine, EngineError, Request};
use serde::Deserialize;

/// The tasks, in the form of the log.
const TASKS: &str = include_str!("plan.json");
const TITLE: &str = "Find dog breeders who want a website";
const GOAL: &str = "Find breeders in Connecticut and Rhode Island, write to ten of them, and agree \
                    with one. This is a demonstration: the agents are simulated, and nobody is \
                    written to.";

#[derive(Deserialize)]
struct Tasks {
    tasks: Vec<TaskDefinition>,
    dependencies: Vec<Dependency>,
}

/// The workspace of a server without keys.
/// The workspace that it stands in.
pub fn workspace() -> WorkspaceId {
    WorkspaceId::parse("default").expect("it is an id")
}

pub(super) fn execution_id() -> ExecutionId {
    ExecutionId::parse(EXECUTION).expect("it is an id")
}

fn plan_id() -> PlanId {
    PlanId::parse(PLAN).expect("it is an id")
}

/// Registers the agents, reads the plan in, and starts it.
pub(super) async fn set_up(engine: &Engine) -> Result<(), EngineError> {
    for agent in agents::all() {
        let (agent_id, profile) = (agent.agent_id(), agent.profile());
        let register = Command::Agent(AgentCommand::Register { agent_id, profile });
        send(engine, StreamName::agent(&agent.agent_id()), register).await?;
    }
    let import = Command::Plan(PlanCommand::Import(Box::new(plan())));
    send(engine, StreamName::plan(&plan_id()), import).await?;
    let mut create = CreateRequest::new(&workspace(), &plan_id(), &execution_id(), Actor::system());
    create.labels = vec![Label::parse(LABEL).expect("it is a label")];
    engine.create_execution(&create).await.map(|_| ())
}

fn plan() -> ImportPlan {
    let Tasks { tasks, dependencies } = serde_json::from_str(TASKS).expect("a test reads it");
    let text = |text: &str| Text::parse(text).expect("it is short");
    let risk = Risk {
        risk_id: TaskId::parse("risk_1").expect("it is an id"),
        description: text("Breeders take the letter for advertising and do not answer."),
        mitigation: Some(text("Name something that only a reader of their website can know.")),
    };
    ImportPlan {
        plan_id: plan_id(),
        title: Title::parse(TITLE).expect("it is short"),
        goal: Some(text(GOAL)),
        source: PlanSource {
            format: Title::parse(LABEL).expect("it is short"),
            content_hash: None,
            source_id: None,
        },
        roles: agents::all().map(Agent::role).to_vec(),
        risks: vec![risk],
        assigned_to: None,
        tasks,
        dependencies,
        report: None,
        metadata: Some(Json::parse(r#"{"demonstration":true}"#).expect("it is JSON")),
    }
}

async fn send(engine: &Engine, stream: StreamName, command: Command) -> Result<(), EngineError> {
    let request = Request::new(&workspace(), stream, command, Actor::system());
    engine.execute(request).await.map(|_| ())
}

/// Whether there is a demonstration that is not over.
pub(super) async fn is_under_way(engine: &Engine) -> Result<bool, EngineError> {
    let is_over = engine
        .ask(&workspace(), &execution_id(), |execution| execution.phase().status().is_over())
        .await?;
    Ok(is_over == Some(false))
}

/// Takes the demonstration out of sight: its execution is given up where it is not over, its agents
/// retire, its plan is deleted. What is not there is no hindrance.
pub async fn take_away(engine: &Engine, by: &Actor) -> Result<(), EngineError> {
    let told = |stream, command| {
        let request = Request::new(&workspace(), stream, command, by.clone());
        async move {
            match engine.execute(request).await {
                Ok(_) | Err(EngineError::Rejected(_)) => Ok(()),
                Err(error) => Err(error),
            }
        }
    };
    if is_under_way(engine).await? {
        let reason = Text::parse("the demonstration is taken away").ok();
        let cancel = Command::Execution(ExecutionCommand::Cancel { reason });
        told(StreamName::execution(&execution_id()), cancel).await?;
    }
    for agent in agents::all() {
        let retire = Command::Agent(AgentCommand::Retire { reason: None });
        told(StreamName::agent(&agent.agent_id()), retire).await?;
    }
    told(StreamName::plan(&plan_id()), Command::Plan(PlanCommand::Delete)).await
}

#[cfg(test)]
mod tests {
    use super::plan;
    use crate::domain::plan::check_tasks;

    #[test]
    fn the_plan_of_the_demonstration_is_one_that_the_law_takes() {
        let plan = plan();
        assert!(check_tasks(&plan.tasks, &plan.dependencies).is_ok());
        assert!(plan.tasks.iter().filter(|task| task.action.is_some()).count() > 10);
    }
}
