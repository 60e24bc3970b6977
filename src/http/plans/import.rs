//! `POST /api/plans`: a plan in any of the forms that are read, with what is wished of the import.

use super::form::ImportForm;
use super::refused::refused;
use super::shown::{self, PlanShown};
use super::{Order, new_id};
use crate::domain::plan::{ImportPlan, Plan, PlanCommand};
use crate::domain::{AgentId, PlanId, StreamName, Title};
use crate::engine::StreamKey;
use crate::http::App;
use crate::http::body::arrived;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::generate::RunForm;
use crate::http::problem::Problem;
use crate::http::schemas::Id;
use crate::http::terms::{Terms, Wishes};
use crate::plans::{Format, Input, Kind, Options, Reading, Sequencing};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use std::sync::Arc;
use utoipa::IntoParams;

/// What may be wished of an import.
const WISHES: [&str; 7] =
    ["plan_id", "title", "assigned_to", "documents", "gates", "sequencing", "decompose"];
/// What a plan is called in the report that has no name.
const NAME: &str = "the plan";

/// What may be wished of an import, in the API's description.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct ImportWish {
    /// The id that the plan is to have.
    #[param(value_type = Option<Id>)]
    plan_id: Option<Id>,
    /// The title that the plan is to have.
    #[param(min_length = 1)]
    title: Option<String>,
    /// The agent that it is meant for.
    #[param(value_type = Option<Id>)]
    assigned_to: Option<Id>,
    /// Whether the documents that a run wants found or written become tasks.
    documents: Option<bool>,
    /// Whether open decisions become approvals of the tasks that they block: yes when nothing is
    /// said.
    gates: Option<bool>,
    /// In what order tasks stand that do not depend on each other.
    #[param(inline)]
    sequencing: Option<SequencingWord>,
    /// Whether tasks without parts are broken down right away, as `decompose_plan` does it.
    decompose: Option<bool>,
}

/// In what order tasks stand that do not depend on each other.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum SequencingWord {
    Explicit,
    Phases,
    Waterfall,
}

/// A plan on its way in.
pub(in crate::http) struct Import {
    terms: Terms,
    wishes: Wishes,
    kind: Kind,
    bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Import {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = kind(request.headers()).ok_or_else(|| {
            let detail = "send a plan as application/json, application/zip, text/markdown or \
                          text/plain, and say so in Content-Type";
            Problem::new(Code::UnsupportedMediaType, detail)
        })?;
        let (parts, body) = request.into_parts();
        let (terms, wishes) = Terms::and_wishes(&parts, &WISHES)?;
        let bytes = arrived(Request::from_parts(parts, body)).await?;
        Ok(Self { terms, wishes, kind, bytes })
    }
}

/// What a body is said to be.
fn kind(headers: &HeaderMap) -> Option<Kind> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok())?;
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => Some(Kind::Json),
        "application/zip" | "application/x-zip-compressed" => Some(Kind::Zip),
        "text/markdown" => Some(Kind::Markdown),
        "text/plain" => Some(Kind::Text),
        _ => None,
    }
}

/// Reads a plan in, and says what was read, derived, repaired and dropped.
#[utoipa::path(post, path = "/api/plans", operation_id = "import_plan", tag = "plans",
    security(("key" = ["command"])), params(Terms, ImportWish),
    request_body(content(
        (ImportForm = "application/json"),
        (Vec<u8> = "application/zip"),
        (String = "text/markdown"),
        (String = "text/plain"),
    )),
    responses((status = 201, description = "It was read in.", body = PlanShown),
        (status = 200, description = "The same was read in before.", body = PlanShown)))]
pub(in crate::http) async fn import(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Import { terms, wishes, kind, bytes }: Import,
) -> Result<Response, Problem> {
    let options = options(&wishes)?;
    let is_decomposed = truth(&wishes, "decompose", false)?;
    let is_named = options.plan_id.is_some();
    let (content, kind) = match RunForm::of(&bytes).filter(|_| kind == Kind::Json) {
        Some(run) => (app.run(&run).await?, Kind::Zip),
        None => (bytes.clone(), kind),
    };
    let Reading { mut import, report } = read(content, kind, options).await?;
    if !is_named && report.format != Format::Json {
        app.keep_deleted_ones(&caller, &mut import).await?;
    }
    let plan_id = import.plan_id.clone();
    let order = Order {
        body: &bytes,
        plan_id: &plan_id,
        command: PlanCommand::Import(Box::new(import)),
        describe: shown::describe,
    };
    let mut done = app.order_plan(&caller, &terms, order).await?;
    let is_new = done.has("plan_imported");
    if is_decomposed && !terms.is_dry_run {
        app.decompose_imported(&caller, &terms, &bytes, (&plan_id, &mut done)).await;
    }
    Ok(done.answer(if is_new { StatusCode::CREATED } else { StatusCode::OK }))
}

/// Reads it beside the requests that wait for nothing: a large plan takes a while.
async fn read(bytes: Bytes, kind: Kind, options: Options) -> Result<Reading, Problem> {
    let reading = tokio::task::spawn_blocking(move || {
        let input = Input { bytes: &bytes, name: NAME, kind: Some(kind) };
        crate::plans::read(input, &options)
    });
    match reading.await {
        Ok(reading) => reading.map_err(refused),
        Err(_) => Err(Problem::new(Code::Internal, "the plan could not be read")),
    }
}

fn refuse(name: &str, wanted: &str) -> Problem {
    Problem::new(Code::BadRequest, format!("{name} is {wanted}"))
}

/// What a wish says that is true or false.
fn truth(wishes: &Wishes, name: &str, usual: bool) -> Result<bool, Problem> {
    match wishes.get(name).map(String::as_str) {
        None => Ok(usual),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(refuse(name, "true or false")),
    }
}

fn options(wishes: &Wishes) -> Result<Options, Problem> {
    let plan_id = wishes.get("plan_id").map(|id| PlanId::parse(id)).transpose();
    let title = wishes.get("title").map(|title| Title::parse(title)).transpose();
    let agent = wishes.get("assigned_to").map(|id| AgentId::parse(id)).transpose();
    let sequencing =
        wishes.get("sequencing").map_or(Some(Sequencing::Explicit), |word| Sequencing::parse(word));
    Ok(Options {
        plan_id: plan_id.map_err(|error| refuse("plan_id", &error.to_string()))?,
        title: title.map_err(|error| refuse("title", &error.to_string()))?,
        assigned_to: agent.map_err(|error| refuse("assigned_to", &error.to_string()))?,
        documents: truth(wishes, "documents", false)?,
        gates: truth(wishes, "gates", true)?,
        sequencing: sequencing
            .ok_or_else(|| refuse("sequencing", &Sequencing::WORDS.join(", ")))?,
        ..Options::new(new_id())
    })
}

impl App {
    /// Gives a plan another id when the one that follows from its content was deleted: what is
    /// gone does not come back.
    async fn keep_deleted_ones(
        &self,
        caller: &Caller,
        import: &mut ImportPlan,
    ) -> Result<(), Problem> {
        let stream = StreamName::plan(&import.plan_id);
        let key = StreamKey { workspace: caller.workspace.clone(), stream };
        let is_deleted = |plan: &Plan| plan.status() == "deleted";
        let look = self.engine.look(&key, move |state, _| state.plan().is_some_and(is_deleted));
        if look.await? {
            import.plan_id = new_id();
        }
        Ok(())
    }
}
