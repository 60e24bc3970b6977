//! `POST /api/plans/generate`: plans that PlanExe makes, from the moment they are asked for; how
//! far they are, and how they are given up or asked for once more.

mod form;
mod run;
mod shown;

pub(super) use run::RunForm;

use super::App;
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::plans::{known_id, new_id, no_such_plan};
use super::problem::Problem;
use super::terms::Terms;
use super::writing::{AX_POSITION, Done, Write};
use crate::domain::plan::{Generation, GenerationCommand, Plan, PlanCommand};
use crate::domain::{Command, PlanId, StreamName};
use crate::engine::StreamKey;
use crate::planexe::Planexe;
use crate::store::Position;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use form::GenerateForm;
use shown::{GenerationShown, describe};
use std::sync::Arc;

/// What is said where no PlanExe is set up.
const NOT_SET_UP: &str = "no PlanExe is set up: its operator sets planexe.url (AX_PLANEXE_URL) to \
                          where one runs, and planexe.protocol to which of its services that is; \
                          until then, plans are read in by POST /api/plans";

/// Asks PlanExe for a plan. It is there at once, `generating`, and `ready` under the same id when
/// PlanExe has made it; its stream and `/generation` say how far it is.
#[utoipa::path(post, path = "/api/plans/generate", operation_id = "generate_plan", tag = "plans",
    security(("key" = ["command"])), params(Terms), request_body = GenerateForm,
    responses((status = 202, description = "PlanExe is asked.", body = GenerationShown)))]
pub(super) async fn generate(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<GenerateForm>,
) -> Result<Response, Problem> {
    let ask = value.asked(new_id())?;
    let planexe = app.planexe()?;
    let at_once_max = planexe.config().at_once_max;
    if app.generations.open_count() >= at_once_max && !app.is_repeated(&caller, &terms).await? {
        let detail = format!(
            "{at_once_max} plans are in the making, and no more may be (planexe.at_once_max): ask \
             again when one is done"
        );
        return Err(Problem::new(Code::Busy, detail).after_seconds(60));
    }
    let plan_id = ask.plan_id.clone();
    let command = GenerationCommand::Ask(Box::new(ask));
    let done = app.order_generation(&caller, (&terms, &bytes), &plan_id, command).await?;
    Ok(done.answer(StatusCode::ACCEPTED))
}

/// How far a plan is that PlanExe makes, or how it was made.
#[utoipa::path(get, path = "/api/plans/{plan_id}/generation", operation_id = "get_generation",
    tag = "plans", security(("key" = ["read"])),
    responses((status = 200, description = "Where it is.", body = GenerationShown)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(plan_id): Path<String>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    let generation = app.generation_of(&caller, &plan_id).await?;
    let position = app.engine.store().head().await?.position;
    let mut response = Answer(GenerationShown::from(&generation)).into_response();
    response.headers_mut().insert(AX_POSITION, HeaderValue::from(position.get()));
    Ok(response)
}

/// Gives a plan up that PlanExe makes: PlanExe is told to stop.
#[utoipa::path(post, path = "/api/plans/{plan_id}/generation/cancel",
    operation_id = "cancel_generation", tag = "plans", security(("key" = ["command"])),
    params(Terms),
    responses((status = 202, description = "PlanExe is told.", body = GenerationShown)))]
pub(super) async fn cancel(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(plan_id): Path<String>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    app.generation_of(&caller, &plan_id).await?;
    let command = GenerationCommand::Cancel;
    let mut done = app.order_generation(&caller, (&terms, b""), &plan_id, command).await?;
    if app.generations.planexe().is_none() && !terms.is_dry_run {
        // There is nobody who could be told.
        let (terms, command) = (terms.following("stop"), GenerationCommand::Stop);
        done = app.order_generation(&caller, (&terms, b""), &plan_id, command).await?;
    }
    Ok(done.answer(StatusCode::ACCEPTED))
}

/// Asks PlanExe once more for a plan that failed or was given up: where that is possible, it goes
/// on with what is there.
#[utoipa::path(post, path = "/api/plans/{plan_id}/generation/retry",
    operation_id = "retry_generation", tag = "plans", security(("key" = ["command"])),
    params(Terms),
    responses((status = 202, description = "PlanExe is asked.", body = GenerationShown)))]
pub(super) async fn retry(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(plan_id): Path<String>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    app.generation_of(&caller, &plan_id).await?;
    app.planexe()?;
    let command = GenerationCommand::Retry;
    let done = app.order_generation(&caller, (&terms, b""), &plan_id, command).await?;
    Ok(done.answer(StatusCode::ACCEPTED))
}

impl App {
    /// The PlanExe that is set up.
    pub(super) fn planexe(&self) -> Result<&Planexe, Problem> {
        let planexe = self.generations.planexe();
        planexe.ok_or_else(|| Problem::new(Code::NotConfigured, NOT_SET_UP))
    }

    async fn generation_of(
        &self,
        caller: &Caller,
        plan_id: &PlanId,
    ) -> Result<Generation, Problem> {
        let (workspace, stream) = (caller.workspace.clone(), StreamName::plan(plan_id));
        let known = |plan: &Plan| plan.generation().cloned();
        let key = StreamKey { workspace, stream };
        let look = self.engine.look(&key, move |state, _| state.plan().and_then(known));
        look.await?.ok_or_else(no_such_plan)
    }

    /// Writes the command, sees that it is looked after at once, and that the plan can be seen.
    async fn order_generation(
        &self,
        caller: &Caller,
        (terms, body): (&Terms, &[u8]),
        plan_id: &PlanId,
        command: GenerationCommand,
    ) -> Result<Done, Problem> {
        let stream = StreamName::plan(plan_id);
        let command = Command::Plan(PlanCommand::Generate(command));
        let done = self.write(Write { caller, terms, body, stream, command, describe }).await?;
        if !terms.is_dry_run {
            self.generations.poke(&caller.workspace, plan_id);
            self.seen(done.outcome.position).await;
        }
        Ok(done)
    }

    /// Waits until the plan is in the windows, so that its stream can be opened next; where they
    /// are behind, it is in them a little later.
    async fn seen(&self, position: Position) {
        if let Err(error) = self.reader.wait_for("plans", position).await {
            tracing::debug!(%error, "the windows are behind");
        }
    }
}
