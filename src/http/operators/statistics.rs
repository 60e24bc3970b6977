//! `/api/admin/metrics`: what happened in the workspace so far, in numbers.

use crate::http::App;
use crate::http::asking::{Freshness, Query, aged};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::projections::metrics::MetricRow;
use crate::reading::{Grain, Scope, Sums, Wanted};
use axum::Json;
use axum::extract::State as Shared;
use axum::response::Response;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// A million of millionths.
const MICROUSD: f64 = 1_000_000.0;

/// What happened so far.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Statistics {
    executions: Executions,
    tasks: Tasks,
    /// Agents by status.
    agents: BTreeMap<String, u64>,
    /// Attempts that failed, by the type of error.
    errors: BTreeMap<String, i64>,
    usage: UsageTotal,
}

#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ExecutionTotals)]
pub(in crate::http) struct Executions {
    created: i64,
    completed: i64,
    failed: i64,
    cancelled: i64,
    /// Completed, of all that are over; none when none is.
    success_rate: Option<f64>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = TaskTotals)]
pub(in crate::http) struct Tasks {
    granted: i64,
    completed: i64,
    skipped: i64,
    given_up: i64,
    attempts_failed: i64,
    retries: i64,
    leases_expired: i64,
    late_reports: i64,
    blockers_raised: i64,
    blockers_resolved: i64,
    escalations: i64,
    /// How long half of the attempts took at most, and how long 95 of 100.
    work_ms_p50: Option<u64>,
    work_ms_p95: Option<u64>,
    /// How long a task was ready before an agent took it, on average.
    queue_ms_mean: Option<i64>,
}

#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::http) struct UsageTotal {
    input_tokens: i64,
    output_tokens: i64,
    cost_usd: f64,
}

/// What happened in the workspace so far, in numbers.
#[utoipa::path(get, path = "/api/admin/metrics", operation_id = "get_statistics",
    tag = "operators", security(("key" = ["operate"])), params(Freshness),
    responses((status = 200, description = "Executions, tasks, agents, errors.",
        body = Statistics)))]
pub(in crate::http) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<Freshness>,
) -> Result<Response, Problem> {
    app.wait_for("metrics", wish.min_position).await?;
    let (workspace, wanted) = (&caller.workspace, Wanted::default());
    let (scope, grain) = (Scope::Workspace, Grain::Total);
    let sums = app.reader.sums(workspace, scope, grain, (None, None), &wanted).await?;
    let agents = app.reader.agent_statuses(Some(workspace)).await?;
    let row = sums.rows.rows.first().map(|marked| &marked.row);
    let errors = sums.errors.iter().map(|it| (it.error_type.to_string(), it.attempts));
    let statistics = Statistics {
        executions: row.map(Executions::of).unwrap_or_default(),
        tasks: row.map(|row| Tasks::of(row, &sums)).unwrap_or_default(),
        agents,
        errors: errors.collect(),
        usage: row.map(UsageTotal::of).unwrap_or_default(),
    };
    Ok(aged(sums.rows.age, Json(statistics)))
}

impl Executions {
    fn of(row: &MetricRow) -> Self {
        let over = row.executions_completed + row.executions_failed + row.executions_cancelled;
        Self {
            created: row.executions_created,
            completed: row.executions_completed,
            failed: row.executions_failed,
            cancelled: row.executions_cancelled,
            success_rate: (over > 0).then(|| rough(row.executions_completed) / rough(over)),
        }
    }
}

impl Tasks {
    fn of(row: &MetricRow, sums: &Sums) -> Self {
        Self {
            granted: row.tasks_granted,
            completed: row.tasks_completed,
            skipped: row.tasks_skipped,
            given_up: row.tasks_given_up,
            attempts_failed: row.attempts_failed,
            retries: row.retries,
            leases_expired: row.leases_expired,
            late_reports: row.late_reports,
            blockers_raised: row.blockers_raised,
            blockers_resolved: row.blockers_resolved,
            escalations: row.escalations,
            work_ms_p50: sums.duration_ms(500),
            work_ms_p95: sums.duration_ms(950),
            queue_ms_mean: row.queue_ms.checked_div(row.queue_count),
        }
    }
}

impl UsageTotal {
    fn of(row: &MetricRow) -> Self {
        Self {
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost_usd: rough(row.cost_microusd) / MICROUSD,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of 2^53 is told roughly")]
fn rough(count: i64) -> f64 {
    count as f64
}
