//! A person's word on the parts of a task: other parts by hand, and whether a machine's may run.

use super::form::{PartsForm, ReviewDecision, ReviewForm};
use super::shown::{DecompositionShown, ReviewShown, describe_review};
use super::{App, OnPlan};
use crate::domain::event::work::DecompositionSource;
use crate::domain::execution::{Decomposition, ExecutionCommand};
use crate::domain::plan::{DecomposeTask, PlanCommand};
use crate::domain::{
    Budget, Command, Dependency, PlanId, Priority, StreamName, TaskDefinition, TaskId, Text,
};
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::executions::known_id as execution_of;
use crate::http::plans::{known_id, refused};
use crate::http::problem::Problem;
use crate::http::shown::{AfterShown, describe_execution};
use crate::http::terms::Terms;
use crate::http::writing::Write;
use crate::plans::structured::{DependencyForm, SubtaskForm, parts_of};
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use std::sync::Arc;

/// How sure a person is, in thousandths.
const SURE_PERMILLE: u16 = 1_000;

fn known_task(task_id: &str) -> Result<TaskId, Problem> {
    TaskId::parse(task_id).map_err(|_| Problem::new(Code::NotFound, "there is no such task"))
}

/// The parts, and what waits for what among them.
fn by_hand(
    task_id: &TaskId,
    priority: Priority,
    (subtasks, dependencies): (Vec<SubtaskForm>, Vec<DependencyForm>),
) -> Result<(Vec<TaskDefinition>, Vec<Dependency>), Problem> {
    let (parts, mut waits) = parts_of(task_id, priority, subtasks).map_err(refused)?;
    for dependency in dependencies.into_iter().map(DependencyForm::dependency) {
        if !waits.contains(&dependency) {
            waits.push(dependency);
        }
    }
    Ok((parts, waits))
}

/// Breaks a task of a plan down by hand: what a machine proposed gives way.
#[utoipa::path(put, path = "/api/plans/{plan_id}/tasks/{task_id}/subtasks",
    operation_id = "set_subtasks", tag = "plans", security(("key" = ["command"])), params(Terms),
    request_body = PartsForm,
    responses((status = 200, description = "These are its parts.", body = DecompositionShown)))]
pub(in crate::http) async fn parts(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path((plan_id, task_id)): Path<(String, String)>,
    Body { value, bytes }: Body<PartsForm>,
) -> Result<Response, Problem> {
    let (plan_id, task_id) = (known_id(&plan_id)?, known_task(&task_id)?);
    let PartsForm { subtasks, dependencies, notes } = value;
    let on = OnPlan { caller: &caller, terms: &terms, body: &bytes, plan_id: &plan_id };
    app.set_parts(on, &task_id, (subtasks, dependencies), notes).await
}

/// Approves the parts that a machine proposed for a task, rejects them, or puts others in their
/// place. Until then they are not carried out.
#[utoipa::path(post, path = "/api/plans/{plan_id}/tasks/{task_id}/review",
    operation_id = "review_subtasks", tag = "plans", security(("key" = ["command"])),
    params(Terms), request_body = ReviewForm,
    responses((status = 200, description = "It is so now.", body = ReviewShown)))]
pub(in crate::http) async fn review(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path((plan_id, task_id)): Path<(String, String)>,
    Body { value, bytes }: Body<ReviewForm>,
) -> Result<Response, Problem> {
    let (plan_id, task_id) = (known_id(&plan_id)?, known_task(&task_id)?);
    let ReviewForm { decision, note, subtasks, dependencies } = value;
    let on = OnPlan { caller: &caller, terms: &terms, body: &bytes, plan_id: &plan_id };
    let is_approved = match (decision, subtasks) {
        (ReviewDecision::Edit, Some(subtasks)) => {
            return app.set_parts(on, &task_id, (subtasks, dependencies), note).await;
        }
        (ReviewDecision::Edit, None) => {
            let message = "with edit, send the parts that take the place of those proposed";
            return Err(Problem::at(Code::Invalid, "/subtasks", message));
        }
        (ReviewDecision::Approve | ReviewDecision::Reject, Some(_)) => {
            let message = "parts are sent with edit only";
            return Err(Problem::at(Code::Invalid, "/subtasks", message));
        }
        (ReviewDecision::Approve, None) => true,
        (ReviewDecision::Reject, None) => false,
    };
    let command = PlanCommand::Review { task_id: task_id.clone(), is_approved, note };
    let (stream, command) = (StreamName::plan(&plan_id), Command::Plan(command));
    let (caller, terms, body, describe) = (&caller, &terms, &*bytes, describe_review as _);
    let done = app.write(Write { caller, terms, body, stream, command, describe }).await?;
    let review = if is_approved { "approved" } else { "rejected" };
    let (plan, _) = app.plan_now(caller, &plan_id).await?;
    let pending_reviews = plan.pending_reviews().count();
    let done = done.showing(&ReviewShown { plan_id, task_id, review, pending_reviews });
    Ok(done.answer(StatusCode::OK))
}

/// Breaks a task of a running execution down by hand, as when an agent reported that it did not
/// understand it.
#[utoipa::path(put, path = "/api/executions/{execution_id}/tasks/{task_id}/subtasks",
    operation_id = "set_execution_subtasks", tag = "executions", security(("key" = ["command"])),
    params(Terms), request_body = PartsForm,
    responses((status = 200, description = "The task has these parts.", body = AfterShown)))]
pub(in crate::http) async fn parts_of_execution(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path((execution_id, task_id)): Path<(String, String)>,
    Body { value, bytes }: Body<PartsForm>,
) -> Result<Response, Problem> {
    let (execution_id, task_id) = (execution_of(&execution_id)?, known_task(&task_id)?);
    let PartsForm { subtasks, dependencies, notes } = value;
    let made = by_hand(&task_id, Priority::Normal, (subtasks, dependencies))?;
    let command = ExecutionCommand::Decompose(Box::new(Decomposition {
        task_id,
        subtasks: made.0,
        dependencies: made.1,
        confidence_permille: SURE_PERMILLE,
        source: DecompositionSource::Person,
        notes,
    }));
    let (stream, command) = (StreamName::execution(&execution_id), Command::Execution(command));
    let (caller, terms, body, describe) = (&caller, &terms, &*bytes, describe_execution as _);
    let done = app.write(Write { caller, terms, body, stream, command, describe }).await?;
    Ok(done.answer(StatusCode::OK))
}

impl App {
    async fn set_parts(
        &self,
        on: OnPlan<'_>,
        task_id: &TaskId,
        parts: (Vec<SubtaskForm>, Vec<DependencyForm>),
        notes: Option<Text>,
    ) -> Result<Response, Problem> {
        let plan_id: PlanId = on.plan_id.clone();
        let (plan, _) = self.plan_now(on.caller, &plan_id).await?;
        let priority = plan.task(task_id).map(|task| task.priority).unwrap_or_default();
        let (subtasks, dependencies) = by_hand(task_id, priority, parts)?;
        let command = DecomposeTask {
            task_id: task_id.clone(),
            subtasks,
            dependencies,
            confidence_permille: SURE_PERMILLE,
            source: DecompositionSource::Person,
            notes,
            threshold_permille: 0,
            usage: None,
            budget: Budget::default(),
        };
        let shown = DecompositionShown::of(&command, Some(&plan_id), true);
        self.keep(on, PlanCommand::Decompose(Box::new(command)), Some(shown)).await
    }
}
