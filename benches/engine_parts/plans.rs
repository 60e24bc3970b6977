//! Plans to measure with.

use anyhow::Result;
use planexe_ax::domain::event::agent::{AgentKind, AgentProfile, Capability};
use planexe_ax::domain::event::work::Remarks;
use planexe_ax::domain::execution::{
    CreateExecution, Execution, ExecutionCommand, Report, ReportBody, Start,
};
use planexe_ax::domain::{
    ActionName, Actor, AgentId, Budget, Event, ExecutionId, Json, Moment, PlanId, Policy, Priority,
    TaskDefinition, TaskId, Text, Timestamp, Title,
};

/// A moment in the life of a bench.
pub(crate) fn moment(ms: u64) -> Moment {
    Moment {
        at: Timestamp::from_unix_ms(1_800_000_000_000).plus_ms(ms),
        by: Actor::system(),
        random: ms,
    }
}

/// The agent of all executions here.
pub(crate) fn agent() -> Result<AgentId> {
    Ok(AgentId::parse("agent_larry_001")?)
}

/// What it can do.
pub(crate) fn profile() -> Result<AgentProfile> {
    let capability = Capability { action: ActionName::parse("send_email")?, params: Vec::new() };
    Ok(AgentProfile {
        name: Title::parse("Larry")?,
        role: None,
        kind: AgentKind::Agent,
        capabilities: vec![capability],
        integration_endpoints: None,
        webhook_url: None,
        concurrent_tasks_max: 1000,
    })
}

/// A leaf as plans have them: a title, a description, an action and its parameters.
fn leaf(number: usize, parent: &TaskId) -> Result<TaskDefinition> {
    let id = TaskId::parse(&format!("{parent}_{number}"))?;
    let mut task =
        TaskDefinition::new(id, Title::parse(&format!("Write to breeder no. {number}"))?);
    task.parent_id = Some(parent.clone());
    task.description = Some(Text::parse(
        "Write to the breeder, refer to what their website says, and ask for a call next week.",
    )?);
    task.action = Some(ActionName::parse("send_email")?);
    task.params = Some(Json::parse(r#"{"to":"carol@farm.example","subject":"A question"}"#)?);
    Ok(task)
}

/// Phases of tasks of five leaves each, as many as it takes.
pub(crate) fn tasks(leaves: usize) -> Result<Vec<TaskDefinition>> {
    let mut tasks = Vec::new();
    let phase = TaskDefinition::new(TaskId::parse("phase_1")?, Title::parse("Cold outreach")?);
    tasks.push(phase.clone());
    for group in 0..leaves.div_ceil(5) {
        let id = TaskId::parse(&format!("task_{group}"))?;
        let mut task = TaskDefinition::new(id.clone(), Title::parse("Send follow-up e-mails")?);
        task.parent_id = Some(phase.task_id.clone());
        tasks.push(task);
        for number in 0..5.min(leaves - group * 5) {
            tasks.push(leaf(number, &id)?);
        }
    }
    Ok(tasks)
}

/// An execution of so many leaves.
pub(crate) fn creation(name: &str, leaves: usize) -> Result<CreateExecution> {
    Ok(CreateExecution {
        execution_id: ExecutionId::parse(name)?,
        plan_id: PlanId::parse("plan_bench")?,
        plan_version: 1,
        title: Title::parse("Prospect dog breeders")?,
        goal: None,
        agent_id: Some(agent()?),
        start: Some(Start::Now),
        parameters: None,
        budget: Budget::default(),
        labels: Vec::new(),
        priority: Priority::Normal,
        policy: Policy::default(),
        tasks: tasks(leaves)?,
        dependencies: Vec::new(),
        awaiting_review: Vec::new(),
        fork: None,
    })
}

/// The events that make an execution, and the state after them.
pub(crate) fn made(name: &str, leaves: usize) -> Result<(Execution, Vec<Event>)> {
    let mut execution = Execution::default();
    let create = ExecutionCommand::Create(Box::new(creation(name, leaves)?));
    let events = execution.handle(&create, &moment(0))?;
    Ok((execution, events))
}

/// The grant of one leaf.
pub(crate) fn grant(task_id: &TaskId) -> Result<ExecutionCommand> {
    Ok(ExecutionCommand::Grant { agent_id: agent()?, task_id: task_id.clone(), lease_ms: None })
}

/// A report of progress, of about half a kilobyte with all that goes with it.
pub(crate) fn progress(task_id: &TaskId, step: u64) -> Result<ExecutionCommand> {
    let percent = u8::try_from(step % 100)?;
    let checkpoint = Json::parse(&format!(
        r#"{{"step":{step},"note":"a letter went out, the next is being written","sent":[1,2,3]}}"#
    ))?;
    Ok(ExecutionCommand::Report(Box::new(Report {
        agent_id: agent()?,
        task_id: task_id.clone(),
        lease: None,
        body: ReportBody::Progressed {
            progress_percent: Some(percent),
            checkpoint: Some(checkpoint),
        },
        remarks: Remarks {
            message: Some(Text::parse("one more letter is on its way to a breeder in Hampton")?),
            ..Remarks::default()
        },
    })))
}
