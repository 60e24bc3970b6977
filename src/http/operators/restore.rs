//! `/api/admin/restore`: whether the database was made from a backup, and the word that work goes
//! on.

use crate::http::App;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::Moment;
use crate::store::Restored;
use axum::Json;
use axum::extract::State as Shared;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// From which backup the database was made, and whether work goes on since.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct RestoreShown {
    /// Whether nothing is given out, falls due or is sent.
    is_paused: bool,
    /// Where the log ended in the backup.
    position: u64,
    #[schema(value_type = Moment)]
    taken_at: String,
    #[schema(value_type = Moment)]
    restored_at: String,
    #[schema(value_type = Option<Moment>)]
    resumed_at: Option<String>,
    /// Who said that work goes on.
    resumed_by: Option<String>,
}

impl RestoreShown {
    fn of(restored: Restored, is_paused: bool) -> Self {
        let Restored { position, taken_at, restored_at, resumed } = restored;
        let (resumed_at, resumed_by) = resumed.unzip();
        Self {
            is_paused,
            position: position.get(),
            taken_at: taken_at.to_string(),
            restored_at: restored_at.to_string(),
            resumed_at: resumed_at.map(|at| at.to_string()),
            resumed_by,
        }
    }
}

/// Work waits until somebody says that it goes on.
pub(in crate::http) fn paused() -> Problem {
    let detail = "the log was restored from a backup: nothing is given out until an operator says \
                  ax resume-after-restore";
    Problem::new(Code::PausedAfterRestore, detail)
}

fn not_restored() -> Problem {
    Problem::new(Code::NotFound, "this database was not made from a backup")
}

/// From which backup the database was made.
#[utoipa::path(get, path = "/api/admin/restore", operation_id = "get_restore", tag = "operators",
    security(("key" = ["operate"])),
    responses((status = 200, description = "The backup, and what came since.",
        body = RestoreShown)))]
pub(in crate::http) async fn get(
    Shared(app): Shared<Arc<App>>,
) -> Result<Json<RestoreShown>, Problem> {
    let restored = app.engine.store().restored().await?.ok_or_else(not_restored)?;
    Ok(Json(RestoreShown::of(restored, app.engine.is_paused())))
}

/// Lets work go on after a restore; saying it again changes nothing.
#[utoipa::path(post, path = "/api/admin/restore/resume", operation_id = "resume_after_restore",
    tag = "operators", security(("key" = ["operate"])),
    responses((status = 200, description = "Work goes on.", body = RestoreShown)))]
pub(in crate::http) async fn resume(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
) -> Result<Json<RestoreShown>, Problem> {
    let restored = app.engine.resume_after_restore(&caller.actor).await?;
    let restored = restored.ok_or_else(not_restored)?;
    Ok(Json(RestoreShown::of(restored, app.engine.is_paused())))
}
