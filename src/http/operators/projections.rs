//! `/api/admin/projections`: how the windows stand, making one anew, and letting one that stopped
//! go on without an event.

use super::rebuilds::RebuildShown;
use crate::domain::{Text, Timestamp};
use crate::http::App;
use crate::http::asking::{NUMBER_MAX, Query};
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::projector::RebuildOptions;
use crate::store::views::{Generation, Phase};
use axum::Json;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A generation of a window: a set of tables, made by one version of its fold.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Projection {
    /// The window.
    name: String,
    generation: u64,
    /// `building`, `catching_up`, `ready`, `live`, `retired` or `cancelled`.
    phase: &'static str,
    /// The last event that it took in.
    position: u64,
    /// How many events it is behind.
    lag_events: u64,
    /// The event at which it stopped, and why.
    stopped_at: Option<u64>,
    stopped_why: Option<String>,
    /// The events that it goes on without.
    skipped: Vec<u64>,
    /// What came of comparing it with the one that is read.
    compared: Option<String>,
    /// A row that is not what the log says.
    alarm: Option<String>,
    /// The rebuild that made it, or makes it.
    rebuild_id: String,
}

/// Every generation of every window.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ProjectionList {
    projections: Vec<Projection>,
    /// The position of the last event in the log.
    position: u64,
}

impl Projection {
    fn of(known: &Generation, head: u64) -> Self {
        let position = known.position.get();
        Self {
            name: known.name.clone(),
            generation: known.generation,
            phase: known.phase.as_str(),
            position,
            lag_events: head.saturating_sub(position),
            stopped_at: known.stopped.as_ref().map(|(at, _)| at.get()),
            stopped_why: known.stopped.as_ref().map(|(_, why)| why.clone()),
            skipped: known.skipped.clone(),
            compared: known.compared.clone(),
            alarm: known.alarm.clone(),
            rebuild_id: rebuild_id(&known.name, known.generation),
        }
    }
}

/// The id of the rebuild that makes a generation.
pub(super) fn rebuild_id(name: &str, generation: u64) -> String {
    format!("{name}.{generation}")
}

/// How every window stands.
#[utoipa::path(get, path = "/api/admin/projections", operation_id = "list_projections",
    tag = "operators", security(("key" = ["operate"])),
    responses((status = 200, description = "Every generation.", body = ProjectionList)))]
pub(in crate::http) async fn list(
    Shared(app): Shared<Arc<App>>,
) -> Result<Json<ProjectionList>, Problem> {
    let position = app.engine.store().head().await?.position.get();
    let known = app.operator.generations(None).await?;
    let projections = known.iter().map(|it| Projection::of(it, position)).collect();
    Ok(Json(ProjectionList { projections, position }))
}

/// How a window is made anew.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct RebuildWish {
    /// At most so many events a second.
    #[param(minimum = 1)]
    events_per_second_max: Option<u64>,
    /// Does not switch to the new generation by itself.
    #[serde(default)]
    keep_ready: bool,
}

/// Makes a window anew beside the one that is read; where that is under way, says which it is.
#[utoipa::path(post, path = "/api/admin/projections/{name}/rebuild",
    operation_id = "rebuild_projection", tag = "operators", security(("key" = ["operate"])),
    params(RebuildWish), responses((status = 202, description = "It is begun: see Location.",
        body = RebuildShown)))]
pub(in crate::http) async fn rebuild(
    Shared(app): Shared<Arc<App>>,
    Path(name): Path<String>,
    Query(wish): Query<RebuildWish>,
) -> Result<Response, Problem> {
    if wish.events_per_second_max.is_some_and(|most| !(1..=NUMBER_MAX).contains(&most)) {
        let detail = "events_per_second_max is 1 to 9223372036854775807: pause a rebuild to let \
                      it rest";
        return Err(Problem::new(Code::BadRequest, detail));
    }
    let options = RebuildOptions {
        events_per_second_max: wish.events_per_second_max,
        is_kept_ready: wish.keep_ready,
    };
    let generation = app.operator.rebuild(&name, &options).await?;
    let shown = app.rebuild_shown(&name, generation).await?;
    let place = format!("/api/admin/rebuilds/{}", rebuild_id(&name, generation));
    let mut response = (StatusCode::ACCEPTED, Json(shown)).into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// An event that a window goes on without.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Skip {
    /// Where the window stopped: it must still be there.
    position: u64,
    /// Why; it is written to the log.
    #[schema(value_type = String)]
    reason: Text,
}

/// The event that a window goes on without.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Skipped {
    name: String,
    skipped: u64,
}

/// Lets a window that stopped go on without the event at which it did; that is an event itself.
#[utoipa::path(post, path = "/api/admin/projections/{name}/skip",
    operation_id = "skip_projection_event", tag = "operators", security(("key" = ["operate"])),
    request_body = Skip, responses((status = 200, description = "It goes on.", body = Skipped)))]
pub(in crate::http) async fn skip(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Body { value, .. }: Body<Skip>,
) -> Result<Json<Skipped>, Problem> {
    let known = app.operator.generations(Some(&name)).await?;
    let stopped = known.iter().filter_map(|it| it.stopped.as_ref());
    if !stopped.clone().any(|(at, _)| at.get() == value.position) {
        let detail = match stopped.map(|(at, _)| at.get()).next() {
            Some(at) => format!("{name} stopped at position {at}, not at {}", value.position),
            None => format!("{name} has not stopped: there is nothing to skip"),
        };
        return Err(Problem::new(Code::WrongState, detail));
    }
    let skipped = app.operator.skip(&name, Some(value.reason), caller.actor).await?;
    Ok(Json(Skipped { name, skipped: skipped.get() }))
}

impl App {
    /// How a rebuild gets on.
    pub(super) async fn rebuild_shown(
        &self,
        name: &str,
        generation: u64,
    ) -> Result<RebuildShown, Problem> {
        let head = self.engine.store().head().await?.position.get();
        let known = self.operator.generations(Some(name)).await?;
        let found = known.iter().find(|it| it.generation == generation);
        let found = found.ok_or_else(super::rebuilds::no_such_rebuild)?;
        let now: Timestamp = self.engine.clock().now();
        Ok(RebuildShown::of(found, Projection::of(found, head), now))
    }
}

/// Whether a generation is on its way to be read.
pub(super) fn is_under_way(phase: Phase) -> bool {
    match phase {
        Phase::Building | Phase::CatchingUp | Phase::Ready => true,
        Phase::Live | Phase::Retired | Phase::Cancelled => false,
    }
}
