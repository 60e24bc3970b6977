//! `/api/admin/rebuilds`: how a rebuild gets on, and what an operator does about it.

use super::projections::{Projection, is_under_way};
use crate::domain::Timestamp;
use crate::http::App;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::projector::Progress;
use crate::store::views::{Generation, Phase};
use axum::Json;
use axum::extract::{Path, State as Shared};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A rebuild: the generation that it makes, and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct RebuildShown {
    #[serde(flatten)]
    projection: Projection,
    /// Whether it is still on its way: built, compared, or ready to be switched to.
    is_under_way: bool,
    events_done: Option<u64>,
    events_total: Option<u64>,
    events_per_second: Option<u64>,
    events_per_second_max: Option<u64>,
    seconds_left: Option<u64>,
    is_paused: bool,
    /// Whether nothing was written for long, and nobody knows why.
    is_stalled: bool,
    /// What failed when it was last tried; it is tried again.
    failure: Option<String>,
}

impl RebuildShown {
    pub(super) fn of(known: &Generation, projection: Projection, now: Timestamp) -> Self {
        let progress = Progress::of(known, now);
        let of = |number: fn(&Progress) -> u64| progress.as_ref().map(number);
        Self {
            projection,
            is_under_way: is_under_way(known.phase),
            events_done: of(|it| it.events_done),
            events_total: of(|it| it.events_total),
            events_per_second: of(|it| it.events_per_second),
            events_per_second_max: known.events_per_second_max,
            seconds_left: progress.as_ref().and_then(|it| it.seconds_left),
            is_paused: known.is_paused,
            is_stalled: progress.is_some_and(|it| it.is_stalled),
            failure: known.failure.clone(),
        }
    }
}

/// How a rebuild gets on: how far, how fast, how long still.
#[utoipa::path(get, path = "/api/admin/rebuilds/{rebuild_id}", operation_id = "get_rebuild",
    tag = "operators", security(("key" = ["operate"])),
    responses((status = 200, description = "The rebuild.", body = RebuildShown)))]
pub(in crate::http) async fn get(
    Shared(app): Shared<Arc<App>>,
    Path(rebuild_id): Path<String>,
) -> Result<Json<RebuildShown>, Problem> {
    let (name, generation) = parts(&rebuild_id)?;
    app.rebuild_shown(name, generation).await.map(Json)
}

/// Has a rebuild paused, resumed, cancelled, switched to, gone back to (`rollback`) or dropped.
#[utoipa::path(post, path = "/api/admin/rebuilds/{rebuild_id}/{task}",
    operation_id = "steer_rebuild", tag = "operators", security(("key" = ["operate"])),
    responses((status = 200, description = "It is so now; as it was last, when it is dropped.",
        body = RebuildShown)))]
pub(in crate::http) async fn steer(
    Shared(app): Shared<Arc<App>>,
    Path((rebuild_id, task)): Path<(String, String)>,
) -> Result<Json<RebuildShown>, Problem> {
    let (name, generation) = parts(&rebuild_id)?;
    let before = app.rebuild_shown(name, generation).await?;
    let operator = &app.operator;
    match task.as_str() {
        "pause" | "resume" => {
            app.is_newest(name, generation, &[Phase::Building], "is being built").await?;
            operator.pause(name, task == "pause").await?;
        }
        "cancel" => {
            let begun = [Phase::Building, Phase::CatchingUp, Phase::Ready];
            app.is_newest(name, generation, &begun, "is under way").await?;
            operator.cancel(name).await?;
        }
        "rollback" => {
            app.is_newest(name, generation, &[Phase::Retired], "was read last").await?;
            operator.roll_back(name).await?;
        }
        "switch" => operator.switch(name, generation).await?,
        "drop" => {
            operator.drop(name, generation).await?;
            return Ok(Json(before));
        }
        _ => {
            let detail = "a rebuild takes pause, resume, cancel, switch, rollback and drop";
            return Err(Problem::new(Code::NotFound, detail));
        }
    }
    app.rebuild_shown(name, generation).await.map(Json)
}

impl App {
    /// Whether it is this generation that the task would be done to.
    async fn is_newest(
        &self,
        name: &str,
        generation: u64,
        phases: &[Phase],
        what: &str,
    ) -> Result<(), Problem> {
        let known = self.operator.generations(Some(name)).await?;
        let newest = known.iter().rfind(|it| phases.contains(&it.phase));
        match newest.map(|it| it.generation) {
            Some(newest) if newest == generation => Ok(()),
            Some(newest) => {
                let detail = format!("generation {newest} of {name} {what}, not {generation}");
                Err(Problem::new(Code::WrongState, detail))
            }
            None => Err(Problem::new(Code::WrongState, format!("no generation of {name} {what}"))),
        }
    }
}

/// The window and the generation that an id names.
fn parts(rebuild_id: &str) -> Result<(&str, u64), Problem> {
    let parts = rebuild_id.rsplit_once('.');
    let parts = parts.and_then(|(name, number)| Some((name, number.parse().ok()?)));
    parts.ok_or_else(no_such_rebuild)
}

pub(super) fn no_such_rebuild() -> Problem {
    let detail = "there is no such rebuild: GET /api/admin/projections names those that there are";
    Problem::new(Code::NotFound, detail)
}
