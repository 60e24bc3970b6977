//! `/metrics`: what Prometheus reads.

use crate::domain::Timestamp;
use crate::http::App;
use crate::projector::Progress;
use crate::store::views::{Generation, Phase};
use crate::telemetry::exposition::{CONTENT_TYPE, Page};
use crate::telemetry::metrics as measured;
use crate::telemetry::resident_bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Everything that is measured, for Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "operators",
    security(("key" = ["operate"])), responses((status = 200,
        description = "The text format 0.0.4.", body = String, content_type = "text/plain")))]
pub(in crate::http) async fn get(Shared(app): Shared<Arc<App>>) -> Response {
    let mut page = Page::default();
    of_requests(&mut page);
    of_the_archive(&mut page);
    of_work(&mut page, &app);
    of_readers(&mut page, &app).await;
    of_the_process(&mut page, &app);
    of_the_database(&mut page, &app).await;
    let kind = HeaderValue::from_static(CONTENT_TYPE);
    ([(header::CONTENT_TYPE, kind)], page.text()).into_response()
}

fn of_requests(page: &mut Page) {
    let name = "ax_http_request_seconds";
    page.about(name, "histogram", "How long requests took, by route, method and status.");
    for (kind, histogram) in measured::REQUESTS.all() {
        let status = kind.status.to_string();
        let labels = [("route", &*kind.route), ("method", kind.method), ("status", &*status)];
        page.times_of(name, &labels, histogram);
    }
    page.gauge("ax_http_connections", "Open connections.", &measured::CONNECTIONS);
    page.counter(
        "ax_http_connections_refused_total",
        "Connections beyond the limit.",
        &measured::CONNECTIONS_REFUSED,
    );
    page.gauge("ax_http_in_flight", "Requests that are being answered.", &measured::IN_FLIGHT);
    page.gauge("ax_http_queued", "Requests that wait for their turn.", &measured::QUEUED);
    page.counter("ax_http_shed_total", "Requests that were one too many.", &measured::SHED);
    page.counter(
        "ax_http_rate_limited_total",
        "Requests whose caller made too many.",
        &measured::RATE_LIMITED,
    );
    page.counter(
        "ax_trace_spans_dropped_total",
        "Spans that no collector of traces took.",
        &measured::TRACE_SPANS_DROPPED,
    );
}

fn of_the_archive(page: &mut Page) {
    page.times(
        "ax_append_seconds",
        "From a request to the archive until its answer.",
        &measured::APPEND_US,
    );
    page.times("ax_commit_seconds", "One commit of a batch.", &measured::COMMIT_US);
    page.sizes(
        "ax_commit_requests",
        "How many requests were committed at once.",
        &measured::BATCH_REQUESTS,
    );
    page.counter(
        "ax_append_conflicts_total",
        "Appends that found their stream changed.",
        &measured::APPEND_CONFLICTS,
    );
    page.counter(
        "ax_command_retries_total",
        "Commands that were decided anew.",
        &measured::COMMAND_RETRIES,
    );
}

fn of_work(page: &mut Page, app: &App) {
    let index = app.engine.index();
    page.now("ax_executions_alive", "Executions that are not over.", index.executions_total());
    let counts = index.counts();
    page.about("ax_tasks", "gauge", "Leaves of executions that are not over, by state.");
    let states = [("ready", counts.ready), ("granted", counts.granted)];
    for (state, count) in states.into_iter().chain([("blocked", counts.blocked)]) {
        page.number("ax_tasks", &[("state", state)], count);
    }
    page.gauge("ax_parked_polls", "Polls that wait for work.", &measured::PARKED_POLLS);
}

async fn of_readers(page: &mut Page, app: &App) {
    let open = *app.streams.open().borrow();
    page.now("ax_stream_subscribers", "Live streams that are open.", open);
    page.now("ax_feed_bytes", "Frames that are held for streams.", app.feed.bytes_held());
    let Ok((counts, oldest_ms)) = app.webhooks.counts().await else { return };
    page.now("ax_webhook_backlog", "Deliveries still to make.", counts.pending);
    page.now("ax_webhook_dead", "Deliveries that were given up.", counts.dead);
    page.now("ax_webhook_oldest_ms", "How long the oldest waits.", oldest_ms);
}

fn of_the_process(page: &mut Page, app: &App) {
    let now = app.engine.clock().now();
    let paused = u8::from(app.engine.is_paused());
    page.now("ax_paused_after_restore", "1 while work waits after a restore.", paused);
    page.now("ax_uptime_seconds", "Since the start.", now.ms_since(app.started_at) / 1_000);
    if let Some(bytes) = resident_bytes() {
        page.now("process_resident_memory_bytes", "Resident memory.", bytes);
    }
    page.about("ax_build_info", "gauge", "The version of this program.");
    page.number("ax_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
}

/// What only the database knows. Without it the page is shorter, and says so.
async fn of_the_database(page: &mut Page, app: &App) {
    let head = app.position().await;
    let known = app.operator.generations(None).await.ok();
    let agents = app.reader.agent_statuses(None).await.ok();
    let is_there = head.is_some() && known.is_some();
    page.now("ax_database_up", "Whether the database answered.", u8::from(is_there));
    if let Some(head) = head {
        page.now("ax_log_position", "The position of the last event.", head);
        of_windows(page, app, head, &known.unwrap_or_default()).await;
    }
    of_the_audit(page, app).await;
    page.about("ax_agents", "gauge", "Agents by status.");
    for (status, count) in agents.unwrap_or_default() {
        page.number("ax_agents", &[("status", &status)], count);
    }
}

/// How far the proofs are behind the log. There is no age before a first checkpoint was signed.
async fn of_the_audit(page: &mut Page, app: &App) {
    let Ok(lag) = app.sealer.lag().await else { return };
    page.now("ax_audit_tree_lag_events", "Events that are not in the tree.", lag.tree_events);
    page.now("ax_audit_lag_events", "Events under no checkpoint.", lag.checkpoint_events);
    if let Some(seconds) = lag.checkpoint_seconds {
        page.now("ax_audit_checkpoint_age_seconds", "Since the last checkpoint.", seconds);
    }
}

async fn of_windows(page: &mut Page, app: &App, head: u64, known: &[Generation]) {
    let now = app.engine.clock().now();
    let live: Vec<_> = known.iter().filter(|it| it.phase == Phase::Live).collect();
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Generation) -> u64| {
        page.about(name, "gauge", help);
        for it in &live {
            page.number(name, &[("window", &it.name)], value(it));
        }
    };
    each("ax_projection_position", "The last event that a window took in.", &|it| {
        it.position.get()
    });
    each("ax_projection_lag_events", "How many events a window is behind.", &|it| {
        head.saturating_sub(it.position.get())
    });
    each("ax_projection_stopped", "1 for a window that stopped at an event.", &|it| {
        it.stopped.is_some().into()
    });
    each("ax_projection_stopped_position", "Where it stopped; 0 for nowhere.", &|it| {
        it.stopped.as_ref().map_or(0, |(at, _)| at.get())
    });
    each("ax_projection_alarm", "1 where the auditor found a wrong row.", &|it| {
        it.alarm.is_some().into()
    });
    let name = "ax_projection_lag_ms";
    page.about(name, "gauge", "For how long there has been something newer.");
    for it in &live {
        if let Ok(age) = app.reader.age_of(&it.name).await {
            page.number(name, &[("window", &it.name)], age.lag_ms);
        }
    }
    of_rebuilds(page, known, now);
}

fn of_rebuilds(page: &mut Page, known: &[Generation], now: Timestamp) {
    let under_way = |it: &Generation| Some((it.name.clone(), Progress::of(it, now)?));
    let under_way: Vec<_> = known.iter().filter_map(under_way).collect();
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Progress) -> u64| {
        page.about(name, "gauge", help);
        for (window, progress) in &under_way {
            page.number(name, &[("window", window)], value(progress));
        }
    };
    each("ax_rebuild_events_done", "Events folded by a rebuild.", &|it| it.events_done);
    each("ax_rebuild_events_total", "Events that a rebuild folds.", &|it| it.events_total);
    each("ax_rebuild_stalled", "1 for a rebuild that makes no progress.", &|it| {
        it.is_stalled.into()
    });
}
