//! `/api/audit`: signed checkpoints of the log, proofs, and how the audit stands.

mod shown;
mod wish;

use super::App;
use super::asking::{NUMBER_MAX, Query};
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use crate::audit::TileKey;
use crate::reading::PAGE_ROWS_MAX;
use crate::sealer::ProveError;
use crate::store::tree::SignedCheckpoint;
use crate::store::{LogFilter, Position};
use axum::Json;
use axum::extract::State as Shared;
use shown::{
    CheckpointPage, CheckpointShown, ConsistencyShown, InclusionShown, KeyShown, StateShown,
    TileShown,
};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wish::{Between, CheckpointWish, CheckpointsWish, InclusionWish, TileWish};

/// How many checkpoints a page has when nothing is said.
const PAGE_CHECKPOINTS: usize = 100;

/// The operations on the proofs of the log.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(checkpoint))
        .routes(routes!(checkpoints))
        .routes(routes!(key))
        .routes(routes!(inclusion))
        .routes(routes!(consistency))
        .routes(routes!(tile))
        .routes(routes!(state))
}

impl From<ProveError> for Problem {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Store(error) => error.into(),
            ProveError::Tile(_) => {
                tracing::error!(%error, "the tree over the log has a gap");
                Self::new(Code::Internal, "something is wrong with the server, and in its log")
            }
            ProveError::Beyond { .. } | ProveError::Within { .. } => {
                Self::new(Code::NotFound, error.to_string())
            }
        }
    }
}

/// The newest signed checkpoint, or the one of a size.
#[utoipa::path(get, path = "/api/audit/checkpoint", operation_id = "get_checkpoint",
    tag = "auditors", security(("key" = ["audit"])), params(CheckpointWish),
    responses((status = 200, description = "The checkpoint.", body = CheckpointShown)))]
async fn checkpoint(
    Shared(app): Shared<Arc<App>>,
    _caller: Caller,
    Query(wish): Query<CheckpointWish>,
) -> Result<Json<CheckpointShown>, Problem> {
    let signed = match wish.size {
        None => newest(&app).await?,
        Some(size) => {
            let size = number("size", size)?;
            let found = app.sealer.tree().checkpoints_up(size, 1).await?.pop();
            found.filter(|found| found.size == size).ok_or_else(|| no_checkpoint_of(size))?
        }
    };
    Ok(Json(CheckpointShown::of(signed)?))
}

/// The signed checkpoints, the smallest first.
#[utoipa::path(get, path = "/api/audit/checkpoints", operation_id = "list_checkpoints",
    tag = "auditors", security(("key" = ["audit"])), params(CheckpointsWish),
    responses((status = 200, description = "A page of them.", body = CheckpointPage)))]
async fn checkpoints(
    Shared(app): Shared<Arc<App>>,
    _caller: Caller,
    Query(wish): Query<CheckpointsWish>,
) -> Result<Json<CheckpointPage>, Problem> {
    let limit = wish.limit.unwrap_or(PAGE_CHECKPOINTS);
    if !(1..=PAGE_ROWS_MAX).contains(&limit) {
        return Err(Problem::new(Code::BadRequest, format!("limit is 1 to {PAGE_ROWS_MAX}")));
    }
    let after = number("after", wish.after)?;
    let found = app.sealer.tree().checkpoints_up(after.saturating_add(1), limit).await?;
    let next_after = found.last().map(|last| last.size).filter(|_| found.len() == limit);
    let checkpoints = found.into_iter().map(CheckpointShown::of).collect::<Result<_, _>>()?;
    Ok(Json(CheckpointPage { checkpoints, next_after }))
}

/// The public key with which checkpoints are verified.
#[utoipa::path(get, path = "/api/audit/key", operation_id = "get_audit_key",
    tag = "auditors", security(("key" = ["audit"])),
    responses((status = 200, description = "The key.", body = KeyShown)))]
async fn key(Shared(app): Shared<Arc<App>>, _caller: Caller) -> Result<Json<KeyShown>, Problem> {
    let key = app.sealer.key().await?.ok_or_else(nothing_signed)?;
    Ok(Json(KeyShown::of(&key)))
}

/// Proves that an event of the workspace is in the log as it was signed.
#[utoipa::path(get, path = "/api/audit/inclusion", operation_id = "prove_inclusion",
    tag = "auditors", security(("key" = ["audit"])), params(InclusionWish),
    responses((status = 200, description = "The proof.", body = InclusionShown)))]
async fn inclusion(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<InclusionWish>,
) -> Result<Json<InclusionShown>, Problem> {
    let position = number("position", wish.position)?;
    let size = match wish.size {
        Some(size) => number("size", size)?,
        None => newest(&app).await?.size,
    };
    let before = Position::new(position.saturating_sub(1));
    let found = app.engine.store().read_log(before, &LogFilter::default(), 1).await?.pop();
    let is_own = |event: &crate::store::RecordedEvent| {
        event.position.get() == position && event.workspace == caller.workspace
    };
    if found.filter(is_own).is_none() {
        return Err(Problem::new(Code::NotFound, format!("there is no event {position} here")));
    }
    let proof = app.sealer.inclusion(position.into(), size).await?;
    Ok(Json(InclusionShown::of(&proof)))
}

/// Proves that the log at one size begins with what it was at a smaller one.
#[utoipa::path(get, path = "/api/audit/consistency", operation_id = "prove_consistency",
    tag = "auditors", security(("key" = ["audit"])), params(Between),
    responses((status = 200, description = "The proof.", body = ConsistencyShown)))]
async fn consistency(
    Shared(app): Shared<Arc<App>>,
    _caller: Caller,
    Query(wish): Query<Between>,
) -> Result<Json<ConsistencyShown>, Problem> {
    let to = match wish.to {
        Some(to) => number("to", to)?,
        None => newest(&app).await?.size,
    };
    let proof = app.sealer.consistency(number("from", wish.from)?, to).await?;
    Ok(Json(ConsistencyShown::of(&proof)))
}

/// A tile of the tree: 256 hashes that follow each other on one level.
#[utoipa::path(get, path = "/api/audit/tile", operation_id = "get_tile",
    tag = "auditors", security(("key" = ["audit"])), params(TileWish),
    responses((status = 200, description = "The tile.", body = TileShown)))]
async fn tile(
    Shared(app): Shared<Arc<App>>,
    _caller: Caller,
    Query(wish): Query<TileWish>,
) -> Result<Json<TileShown>, Problem> {
    let key = TileKey { level: wish.level, number: number("number", wish.number)? };
    let tile = app.sealer.tree().tile(key).await?;
    let none = || Problem::new(Code::NotFound, "the tree over the log has no such tile yet");
    Ok(Json(TileShown::of(&tile.ok_or_else(none)?)))
}

/// How the audit stands: up to where the log is sealed, and what was verified last.
#[utoipa::path(get, path = "/api/audit/verify", operation_id = "get_audit_state",
    tag = "auditors", security(("key" = ["audit"])),
    responses((status = 200, description = "How it stands.", body = StateShown)))]
async fn state(
    Shared(app): Shared<Arc<App>>,
    _caller: Caller,
) -> Result<Json<StateShown>, Problem> {
    Ok(Json(StateShown::of(app.sealer.state().await?)))
}

async fn newest(app: &App) -> Result<SignedCheckpoint, Problem> {
    app.sealer.tree().newest_checkpoint().await?.ok_or_else(nothing_signed)
}

fn number(name: &str, value: u64) -> Result<u64, Problem> {
    if value <= NUMBER_MAX {
        return Ok(value);
    }
    Err(Problem::new(Code::BadRequest, format!("{name} is {NUMBER_MAX} at most")))
}

fn no_checkpoint_of(size: u64) -> Problem {
    let detail = format!("no checkpoint was signed at {size} events");
    Problem::new(Code::NotFound, detail).next("GET /api/audit/checkpoints")
}

fn nothing_signed() -> Problem {
    let detail = "nothing is signed yet: the log is empty, or the server has no key to sign with \
                  (AX_AUDIT_KEY_FILE)";
    Problem::new(Code::NotFound, detail).next("GET /api/audit/verify")
}
