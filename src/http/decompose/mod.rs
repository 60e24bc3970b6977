//! `POST /api/agents/{agent_id}/decompose`: a task broken down into parts with actions that the
//! agent has; kept on the task where the plan is one of this server.

mod by_hand;
mod form;
mod of_plan;
mod shown;

pub(super) use by_hand::{
    __path_parts, __path_parts_of_execution, __path_review, parts, parts_of_execution, review,
};
pub(super) use of_plan::{__path_plan, plan};

use super::App;
use super::agents::{known_id, no_such_agent};
use super::body::Body;
use super::caller::Caller;
use super::problem::Problem;
use super::terms::Terms;
use super::writing::{AX_POSITION, Write};
use crate::decompose::{Asked, Question};
use crate::domain::event::agent::AgentProfile;
use crate::domain::plan::{DecomposeTask, Plan, PlanCommand};
use crate::domain::{AgentId, Command, PlanId, Priority, StreamName, TaskDefinition, Usage};
use crate::engine::StreamKey;
use crate::models::{Decomposed, Decomposers, as_command, question_of};
use crate::store::Version;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use form::DecomposeForm;
use serde_json::{Map, Value, json};
use shown::{DecompositionShown, Made, describe};
use std::sync::Arc;

/// Breaks a task down into parts that the agent can do. Where `plan_context.plan_id` is a plan of
/// this server, they are kept on its task, unless a person broke it down or approved its parts.
#[utoipa::path(post, path = "/api/agents/{agent_id}/decompose", operation_id = "decompose_task",
    tag = "agents", security(("key" = ["decompose"])), params(Terms),
    request_body = DecomposeForm,
    responses((status = 200, description = "The parts.", body = DecompositionShown)))]
pub(super) async fn decompose(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(agent_id): Path<String>,
    Body { value, bytes }: Body<DecomposeForm>,
) -> Result<Response, Problem> {
    let agent_id = known_id(&agent_id)?;
    let caller = if caller.is_agent() { caller.as_agent(&agent_id)? } else { caller };
    let (agent, _) = app.engine.agent(&caller.workspace, &agent_id).await?;
    let profile = agent.profile().ok_or_else(no_such_agent)?;
    let place = app.place_of_task(&caller, &agent_id, &value).await?;
    let on_plan = |plan_id| OnPlan { caller: &caller, terms: &terms, body: &bytes, plan_id };
    if let (Some(plan_id), true) = (value.plan_id(), app.is_repeated(&caller, &terms).await?) {
        let nothing = PlanCommand::DecomposeAll(Vec::new());
        return app.keep(on_plan(&plan_id), nothing, None).await;
    }
    let (asked, context, capabilities) = value.taken(profile);
    let threshold = app.engine.policy(&caller.workspace).await?.confidence_permille_min;
    let (plan_id, plan, version, task) = match place {
        Place::Task { plan_id, plan, version, task } => (plan_id, plan, version, task),
        Place::Nowhere { why } => {
            let question = question_of(asked, None, &context, capabilities);
            let decomposed = app.decomposers.decompose(&question, Usage::default()).await;
            let shown = not_kept(&question, &decomposed, threshold, why.to_owned());
            return app.only_answered(&terms, Version::ZERO, &shown).await;
        }
    };
    let asked = Asked { resources: asked.resources, ..Asked::from(&*task) };
    let question = question_of(asked, Some(&plan), &Map::new(), capabilities);
    let decomposed = app.decomposers.decompose(&question, plan.spent()).await;
    let with = (task.priority, threshold, &app.decomposers);
    match command_for(&question, &decomposed, profile, with) {
        Ok(command) => {
            let shown = DecompositionShown::of(&command, Some(&plan_id), true);
            let command = PlanCommand::Decompose(Box::new(command));
            app.keep(on_plan(&plan_id), command, Some(shown)).await
        }
        Err(why) => {
            let shown = not_kept(&question, &decomposed, threshold, why);
            app.only_answered(&terms, version, &shown).await
        }
    }
}

/// Where the parts can be kept.
enum Place {
    /// On this task.
    Task { plan_id: PlanId, plan: Box<Plan>, version: Version, task: Box<TaskDefinition> },
    /// Nowhere, with the reason.
    Nowhere { why: &'static str },
}

/// The command that keeps the parts; or why they are not kept.
fn command_for(
    question: &Question,
    decomposed: &Decomposed,
    profile: &AgentProfile,
    (priority, threshold, decomposers): (Priority, u16, &Decomposers),
) -> Result<DecomposeTask, String> {
    let lacks = decomposed
        .proposal
        .parts
        .iter()
        .map(|part| &part.action)
        .find(|action| !profile.capabilities.iter().any(|able| able.action == **action));
    if let Some(action) = lacks {
        return Err(format!("the agent is not registered with {action}: register it, ask again"));
    }
    as_command(question, decomposed, priority, (threshold, decomposers))
}

/// What is answered where nothing is kept.
fn not_kept(
    question: &Question,
    decomposed: &Decomposed,
    threshold: u16,
    why: String,
) -> DecompositionShown {
    let proposal = &decomposed.proposal;
    let made = crate::decompose::as_decomposition(question, proposal, Priority::Normal);
    let (parts, dependencies) = made.unwrap_or_default();
    let made = Made {
        task_id: &question.task.task_id,
        plan_id: None,
        parts: &parts,
        dependencies: &dependencies,
        confidence_permille: proposal.confidence_permille,
        source: &decomposed.source,
        needs_review: proposal.confidence_permille < threshold || parts.is_empty(),
        notes: "",
        is_stored: false,
    };
    let shown = DecompositionShown::from(made);
    let (notes, warnings) = (proposal.notes.join("\n"), proposal.warnings.clone());
    shown.saying(notes, warnings, why)
}

/// A command to a plan, and whose it is.
struct OnPlan<'a> {
    caller: &'a Caller,
    terms: &'a Terms,
    body: &'a [u8],
    plan_id: &'a PlanId,
}

impl App {
    /// Where the parts of a task can be kept: on the plan's own task, when it is there and open.
    async fn place_of_task(
        &self,
        caller: &Caller,
        agent_id: &AgentId,
        form: &DecomposeForm,
    ) -> Result<Place, Problem> {
        let nowhere = |why| Ok(Place::Nowhere { why });
        let Some(plan_id) = form.plan_id() else {
            return nowhere("plan_context names no plan_id");
        };
        let (plan, version) = self.plan_now(caller, &plan_id).await?;
        if !plan.is_ready() {
            return nowhere("there is no such plan here, or it is not ready");
        }
        if plan.assigned_to().is_some_and(|other| other != agent_id) {
            return nowhere("the plan is meant for another agent");
        }
        let Some(task) = plan.task(form.task_id()).cloned() else {
            return nowhere("the plan has no such task");
        };
        if !plan.is_open_to_machines(&task.task_id) {
            return nowhere("the task has parts already, from the plan or by a person");
        }
        Ok(Place::Task { plan_id, plan: Box::new(plan), version, task: Box::new(task) })
    }

    /// A plan as it is now, and the version of its stream.
    async fn plan_now(&self, caller: &Caller, id: &PlanId) -> Result<(Plan, Version), Problem> {
        let (workspace, stream) = (caller.workspace.clone(), StreamName::plan(id));
        let key = StreamKey { workspace, stream };
        let look = self
            .engine
            .look(&key, |state, version| (state.plan().cloned().unwrap_or_default(), version));
        Ok(look.await?)
    }

    /// Whether the same key was answered before: then nobody need be asked again.
    pub(super) async fn is_repeated(
        &self,
        caller: &Caller,
        terms: &Terms,
    ) -> Result<bool, Problem> {
        let Some(key) = &terms.key else { return Ok(false) };
        let actor = caller.actor.to_string();
        let stored = self.engine.store().stored_answer(&caller.workspace, &actor, key).await?;
        Ok(stored.is_some())
    }

    /// Keeps parts on a plan's task, and says so.
    async fn keep(
        &self,
        on: OnPlan<'_>,
        command: PlanCommand,
        otherwise: Option<DecompositionShown>,
    ) -> Result<Response, Problem> {
        let OnPlan { caller, terms, body, plan_id } = on;
        let (stream, command) = (StreamName::plan(plan_id), Command::Plan(command));
        let done = self.write(Write { caller, terms, body, stream, command, describe }).await?;
        let done = match &otherwise {
            Some(shown) => done.showing(shown),
            None => done,
        };
        Ok(done.answer(StatusCode::OK))
    }

    /// Answers, and keeps nothing.
    async fn only_answered(
        &self,
        terms: &Terms,
        version: Version,
        shown: &DecompositionShown,
    ) -> Result<Response, Problem> {
        if terms.is_dry_run {
            return Ok(Answer(json!({"dry_run": true, "events": []})).into_response());
        }
        let position = self.engine.store().head().await?.position;
        let mut answer = serde_json::to_value(shown).expect("texts and numbers become JSON");
        answer["position"] = position.get().into();
        answer["version"] = version.get().into();
        answer["recorded_at"] = Value::from(self.engine.clock().now().to_string());
        let mut response = Answer(answer).into_response();
        response.headers_mut().insert(AX_POSITION, HeaderValue::from(position.get()));
        Ok(response)
    }
}
