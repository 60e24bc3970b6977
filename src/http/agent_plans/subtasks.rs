//! Steps that become parts of a task: of a plan that somebody else may carry out.

use super::form::wrong;
use super::whose::{Known, acting};
use crate::domain::event::plan::PlanEvent;
use crate::domain::execution::PlanType;
use crate::domain::plan::{AmendPlan, Plan, PlanCommand};
use crate::domain::{
    Command, Dependency, DependencyType, Event, PlanId, Priority, State, StreamName,
    TaskDefinition, TaskId, TaskKind,
};
use crate::engine::StreamKey;
use crate::http::App;
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::{self, Id};
use crate::http::terms::Terms;
use crate::http::writing::Write;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

const MINUTE_MS: u64 = 60_000;

/// Which steps become parts of which task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewSubtasks {
    /// The plan that has the task.
    #[schema(value_type = Id)]
    plan_id: PlanId,
    /// The task; where nothing is said, the one that the agent's own plan is for.
    #[schema(value_type = Option<Id>)]
    task_id: Option<TaskId>,
    /// The numbers of the steps; where nothing is said, all of them.
    steps: Option<Vec<u32>>,
    #[serde(default)]
    #[schema(value_type = schemas::Priority)]
    priority: Priority,
}

/// What became of the steps.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct SubtasksMade {
    #[schema(value_type = Id)]
    plan_id: String,
    #[schema(value_type = Option<Id>)]
    task_id: Option<String>,
    subtasks: Vec<SubtaskMade>,
}

/// A part that a step became.
#[derive(Debug, Serialize, ToSchema)]
struct SubtaskMade {
    #[schema(value_type = Id)]
    subtask_id: String,
    title: String,
    #[schema(value_type = schemas::Priority)]
    priority: Priority,
    /// In minutes.
    estimated_time: Option<u64>,
}

/// Makes parts of a task out of steps; those that are there already are left as they are.
#[utoipa::path(post, path = "/api/agent-plans/{agent_plan_id}/subtasks",
    operation_id = "make_subtasks", tag = "agent plans", security(("key" = ["own"])),
    params(Terms), request_body = NewSubtasks,
    responses((status = 201, description = "They are there.", body = SubtasksMade),
        (status = 200, description = "They were there before.", body = SubtasksMade)))]
pub(in crate::http) async fn make(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(id): Path<String>,
    Body { value, bytes }: Body<NewSubtasks>,
) -> Result<Response, Problem> {
    let known = app.known_agent_plan(&caller, &id).await?;
    if known.own.plan_type != PlanType::SubtaskBreakdown {
        let plan_type = known.own.plan_type.as_str();
        let detail = format!("this plan is of type {plan_type}, and not a subtask_breakdown");
        return Err(Problem::new(Code::WrongState, detail));
    }
    let parent = value.task_id.clone().or_else(|| known.own.outside_task.clone());
    let parent = parent.ok_or_else(|| wrong("/task_id", "name the task"))?;
    app.may_add_to(&caller, &value.plan_id, &parent).await?;
    let caller = acting(&caller, known.agent_id.as_ref())?;
    let amendment = value.amendment(&known, &parent)?;
    let otherwise = made(value.plan_id.as_str(), amendment.added.iter());
    let command = Command::Plan(PlanCommand::Amend(Box::new(amendment)));
    let stream = StreamName::plan(&value.plan_id);
    let (terms, body) = (&terms, &*bytes);
    let write = Write { caller: &caller, terms, body, stream, command, describe };
    let done = app.write(write).await?.showing(&otherwise);
    let is_new = done.has("plan_amended");
    Ok(done.answer(if is_new { StatusCode::CREATED } else { StatusCode::OK }))
}

impl NewSubtasks {
    fn amendment(&self, known: &Known, parent: &TaskId) -> Result<AmendPlan, Problem> {
        let numbers = self.numbers(known)?;
        let mut parts: BTreeMap<&TaskId, TaskId> = BTreeMap::new();
        let mut amendment = AmendPlan::default();
        for &number in &numbers {
            let step = known.step(number).ok_or_else(|| no_such_step(known))?;
            let part = self.part(parent, number, step)?;
            parts.insert(&step.task_id, part.task_id.clone());
            amendment.added.push(part);
        }
        let tied = known.waits.iter().filter_map(|(from, to)| {
            let (from, to) = (parts.get(from)?.clone(), parts.get(to)?.clone());
            let kind = DependencyType::FinishToStart;
            Some(Dependency { from, to, kind, is_implied: false })
        });
        amendment.dependencies_added.extend(tied);
        Ok(amendment)
    }

    fn numbers(&self, known: &Known) -> Result<BTreeSet<u32>, Problem> {
        let all = || (1..=known.steps_total).collect();
        let numbers: BTreeSet<u32> =
            self.steps.as_ref().map_or_else(all, |steps| steps.iter().copied().collect());
        if numbers.is_empty() {
            return Err(wrong("/steps", "name one step at least"));
        }
        Ok(numbers)
    }

    fn part(
        &self,
        parent: &TaskId,
        number: u32,
        step: &TaskDefinition,
    ) -> Result<TaskDefinition, Problem> {
        let id = TaskId::parse(&format!("{parent}_step_{number}"));
        let task_id = id.map_err(|error| wrong("/task_id", error.to_string()))?;
        Ok(TaskDefinition {
            task_id,
            parent_id: Some(parent.clone()),
            kind: TaskKind::Subtask,
            priority: self.priority,
            ..step.clone()
        })
    }
}

fn no_such_step(known: &Known) -> Problem {
    wrong("/steps", format!("the steps are 1 to {}", known.steps_total))
}

impl App {
    /// A person adds to any plan, an agent to those that are meant for it.
    async fn may_add_to(
        &self,
        caller: &Caller,
        plan_id: &PlanId,
        parent: &TaskId,
    ) -> Result<(), Problem> {
        let (workspace, stream) = (caller.workspace.clone(), StreamName::plan(plan_id));
        let (key, wanted) = (StreamKey { workspace, stream }, parent.clone());
        let ask = move |plan: &Plan| {
            let has_task = plan.task(&wanted).is_some();
            plan.is_ready().then(|| (has_task, plan.assigned_to().cloned()))
        };
        let found = self.engine.look(&key, move |state, _| state.plan().and_then(ask)).await?;
        let (has_task, assigned_to) = found.ok_or_else(|| {
            wrong("/plan_id", "there is no such plan, or it cannot be changed any more")
        })?;
        if !has_task {
            return Err(wrong("/task_id", format!("plan {plan_id} has no task {parent}")));
        }
        match caller.own_agent_id() {
            Some(own) if assigned_to.as_ref() != Some(own) => {
                let detail = format!("plan {plan_id} is not meant for agent {own}");
                Err(Problem::new(Code::Forbidden, detail))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn made<'a>(plan_id: &str, parts: impl Iterator<Item = &'a TaskDefinition>) -> SubtasksMade {
    let parts: Vec<&TaskDefinition> = parts.collect();
    let parent = parts.first().and_then(|part| part.parent_id.as_ref());
    let shown = parts.iter().map(|part| SubtaskMade {
        subtask_id: part.task_id.to_string(),
        title: part.title.to_string(),
        priority: part.priority,
        estimated_time: part.estimated_ms.map(|ms| ms / MINUTE_MS),
    });
    let subtasks = shown.collect();
    SubtasksMade { plan_id: plan_id.to_owned(), task_id: parent.map(ToString::to_string), subtasks }
}

/// What is answered, also when the request is repeated: the parts that were added.
fn describe(state: &State, events: &[Event]) -> Vec<u8> {
    let Some(plan_id) = state.plan().and_then(Plan::plan_id) else { return Vec::new() };
    let amended = events.iter().find_map(|event| {
        if let Event::Plan(PlanEvent::PlanAmended(amended)) = event { Some(amended) } else { None }
    });
    amended.map_or_else(Vec::new, |amended| {
        let shown = made(plan_id.as_str(), amended.added.iter());
        serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
    })
}
