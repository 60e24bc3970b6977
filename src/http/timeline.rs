//! `/api/executions/{execution_id}/timeline`: when each task was meant to happen, when it did, and
//! when it will.

use super::App;
use super::asking::{Query, WhenWish, aged};
use super::caller::Caller;
use super::executions::{known_id, no_such_execution};
use super::history::moment;
use super::problem::Problem;
use super::schemas::{Id, Moment};
use crate::domain::Timestamp;
use crate::projections::task_tree::TaskRow;
use crate::projections::timeline::{Band, Outlook, TimelineRow};
use crate::reading::{AsOf, Timeline};
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// The timeline of an execution.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timeline)]
pub(super) struct TimelineShown {
    #[schema(value_type = Id)]
    execution_id: String,
    tasks: Vec<SpanShown>,
    /// The tasks that make the whole late when they are late, in the plan's order.
    critical_path: Vec<String>,
    forecast: ForecastShown,
}

/// One leaf on the timeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Span)]
struct SpanShown {
    task_id: String,
    parent_task_id: Option<String>,
    title: String,
    status: String,
    /// Counted from when the execution began; from now, when it has not.
    planned_start_at: Option<String>,
    planned_end_at: Option<String>,
    planned_start_ms: u64,
    planned_ms: u64,
    /// How much later it could start without making the whole later.
    slack_ms: u64,
    is_critical: bool,
    started_at: Option<String>,
    ended_at: Option<String>,
    /// When it is to be expected.
    forecast_start_at: Option<String>,
    forecast_end_at: Option<String>,
    /// How much later than planned that is; less than nothing: earlier.
    slip_ms: Option<i64>,
}

/// When the whole is to be expected: four of five end between early and late.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Forecast)]
struct ForecastShown {
    #[schema(value_type = Moment)]
    planned_end_at: String,
    #[schema(value_type = Moment)]
    early_end_at: String,
    #[schema(value_type = Moment)]
    likely_end_at: String,
    #[schema(value_type = Moment)]
    late_end_at: String,
    slip_ms: i64,
    /// How many thousandths of its estimate a task takes.
    pace_permille: u64,
}

/// The timeline of an execution, with its critical path and its forecast.
#[utoipa::path(get, path = "/api/executions/{execution_id}/timeline",
    operation_id = "get_timeline", tag = "executions", security(("key" = ["read"])),
    params(WhenWish),
    responses((status = 200, description = "The timeline.", body = TimelineShown)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<WhenWish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let (reader, workspace) = (&app.reader, &caller.workspace);
    let found = match wish.as_of.as_deref().map(moment).transpose()? {
        Some(as_of) => {
            let now = app.engine.clock().now();
            let at = if let AsOf::Time(at) = as_of { at.min(now) } else { now };
            reader.timeline_then(workspace, &execution_id, as_of, at).await?
        }
        None => {
            app.wait_for("timeline", wish.min_position).await?;
            reader.timeline(workspace, &execution_id).await?
        }
    };
    let timeline = found.ok_or_else(no_such_execution)?;
    let age = timeline.age;
    let shown = Answer(shown(execution_id.as_str(), &timeline));
    Ok(match age {
        Some(age) => aged(age, shown),
        None => shown.into_response(),
    })
}

fn shown(execution_id: &str, timeline: &Timeline) -> TimelineShown {
    let rows: BTreeMap<&str, &TaskRow> =
        timeline.tasks.iter().map(|row| (&*row.task_id, row)).collect();
    let leaves: BTreeMap<&str, &Outlook> =
        timeline.forecast.leaves.iter().map(|leaf| (&*leaf.task_id, leaf)).collect();
    let forecast = &timeline.forecast;
    let length = timeline.planned.iter().map(|it| it.planned_start_ms + it.planned_ms).max();
    let begin = minus(forecast.planned_end_at, length.unwrap_or(0));
    let span = |planned: &TimelineRow| {
        let id = &*planned.task_id;
        Some(span(planned, rows.get(id)?, leaves.get(id).copied(), begin))
    };
    let critical = timeline.planned.iter().filter(|planned| planned.is_critical);
    let Band { early, likely, late } = forecast.ends_at;
    TimelineShown {
        execution_id: execution_id.to_owned(),
        tasks: timeline.planned.iter().filter_map(span).collect(),
        critical_path: critical.map(|planned| planned.task_id.to_string()).collect(),
        forecast: ForecastShown {
            planned_end_at: forecast.planned_end_at.to_string(),
            early_end_at: early.to_string(),
            likely_end_at: likely.to_string(),
            late_end_at: late.to_string(),
            slip_ms: forecast.slip_ms,
            pace_permille: forecast.pace_permille.likely,
        },
    }
}

fn minus(at: Timestamp, ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(at.unix_ms().saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)))
}

fn span(
    planned: &TimelineRow,
    row: &TaskRow,
    leaf: Option<&Outlook>,
    begin: Timestamp,
) -> SpanShown {
    let start = begin.plus_ms(planned.planned_start_ms);
    SpanShown {
        task_id: planned.task_id.to_string(),
        parent_task_id: row.parent_task_id.as_ref().map(ToString::to_string),
        title: row.title.to_string(),
        status: row.status.to_string(),
        planned_start_at: Some(start.to_string()),
        planned_end_at: Some(start.plus_ms(planned.planned_ms).to_string()),
        planned_start_ms: planned.planned_start_ms,
        planned_ms: planned.planned_ms,
        slack_ms: planned.slack_ms,
        is_critical: planned.is_critical,
        started_at: row.started_at.map(|at| at.to_string()),
        ended_at: row.ended_at.map(|at| at.to_string()),
        forecast_start_at: leaf.map(|leaf| leaf.starts_at.to_string()),
        forecast_end_at: leaf.map(|leaf| leaf.ends_at.to_string()),
        slip_ms: leaf.map(|leaf| leaf.slip_ms),
    }
}
