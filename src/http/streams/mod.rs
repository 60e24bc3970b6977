//! Live streams: what happens, as it happens, as server-sent events or over a WebSocket.

mod admission;
mod directives;
mod limits;
mod live;
mod opening;
mod origin;
mod socket;
mod sse;
mod wire;

pub use limits::{StreamLimits, Streams};

use super::App;
use super::agents;
use super::caller::Caller;
use super::executions;
use super::plans;
use super::problem::Problem;
use crate::feed::Topic;
use admission::Admission;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use directives::Directives;
use live::{Live, Parts};
use opening::{LastEventId, Opening, StreamQuery};
use std::sync::Arc;
use std::time::Duration;

/// What an event looks like.
const SHOWN: &str = "event: heartbeat\nid: 7\ndata: {\"type\":\"heartbeat\",\
    \"timestamp\":\"2026-02-11T16:09:45.000Z\",\"position\":7}\n\n";
/// How long a stream waits for the feed before it begins.
const CATCH_UP_MS_MAX: u64 = 5_000;

/// What happens in an execution, as it happens.
#[utoipa::path(get, path = "/api/executions/{execution_id}/stream",
    operation_id = "stream_execution", tag = "streams", security(("key" = ["read"])),
    params(StreamQuery, LastEventId),
    responses((status = 200, description = "A snapshot, and what follows.", body = String,
            content_type = "text/event-stream", example = json!(SHOWN)),
        (status = 101, description = "The same frames over a WebSocket.")))]
pub(super) async fn execution(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    opening: Opening,
) -> Result<Response, Problem> {
    let execution_id = executions::known_id(&execution_id)?;
    app.status_of(&caller, &execution_id).await?;
    let topic = Topic::Execution(caller.workspace.clone(), execution_id);
    app.stream(&caller, topic, opening).await
}

/// What happens to a plan and in all executions of it.
#[utoipa::path(get, path = "/api/plans/{plan_id}/stream",
    operation_id = "stream_plan", tag = "streams", security(("key" = ["read"])),
    params(StreamQuery, LastEventId),
    responses((status = 200, description = "What happens, and how it stands.", body = String,
            content_type = "text/event-stream", example = json!(SHOWN)),
        (status = 101, description = "The same frames over a WebSocket.")))]
pub(super) async fn plan(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(plan_id): Path<String>,
    opening: Opening,
) -> Result<Response, Problem> {
    let plan_id = plans::known_id(&plan_id)?;
    app.catch_up().await?;
    app.plan_in_sight(&caller, &plan_id).await?;
    let topic = Topic::Plan(caller.workspace.clone(), plan_id);
    app.stream(&caller, topic, opening).await
}

/// What an agent does, and what it is to do at once.
#[utoipa::path(get, path = "/api/agents/{agent_id}/stream",
    operation_id = "stream_agent", tag = "streams", security(("key" = ["read"])),
    params(StreamQuery, LastEventId),
    responses((status = 200, description = "What happens, and what to do.", body = String,
            content_type = "text/event-stream", example = json!(SHOWN)),
        (status = 101, description = "The same frames over a WebSocket.")))]
pub(super) async fn agent(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(agent_id): Path<String>,
    opening: Opening,
) -> Result<Response, Problem> {
    let agent_id = agents::known_id(&agent_id)?;
    app.registered(&caller, &agent_id).await?;
    let topic = Topic::Agent(caller.workspace.clone(), agent_id);
    app.stream(&caller, topic, opening).await
}

/// Everything that happens in the workspace.
#[utoipa::path(get, path = "/api/stream",
    operation_id = "stream_all", tag = "streams", security(("key" = ["read"])),
    params(StreamQuery, LastEventId),
    responses((status = 200, description = "What happens, and how it stands.", body = String,
            content_type = "text/event-stream", example = json!(SHOWN)),
        (status = 101, description = "The same frames over a WebSocket.")))]
pub(super) async fn all(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    opening: Opening,
) -> Result<Response, Problem> {
    let topic = Topic::Workspace(caller.workspace.clone());
    app.stream(&caller, topic, opening).await
}

impl App {
    async fn stream(
        &self,
        caller: &Caller,
        topic: Topic,
        opening: Opening,
    ) -> Result<Response, Problem> {
        let place = self.streams.take(caller)?;
        self.catch_up().await?;
        let directives = match &topic {
            Topic::Agent(workspace, agent_id) => {
                Some(Directives::new(&self.engine, workspace, agent_id))
            }
            Topic::Execution(..) | Topic::Plan(..) | Topic::Workspace(_) => None,
        };
        let (since, clock) = (opening.since(), self.engine.clock());
        let parts = Parts {
            subscription: self.feed.subscribe(topic, opening.filter, since),
            directives,
            admission: Admission::new(&self.keys, caller, clock),
            stopping: self.stopping.clone(),
            clock: clock.clone(),
            _place: place,
        };
        let live = Live::new(parts, since);
        Ok(match opening.upgrade {
            Some(upgrade) => socket::answer(upgrade, live, self.streams.limits(), clock.clone()),
            None => sse::answer(live),
        })
    }

    /// Waits until the feed tells what was committed before the stream was asked for: whoever made
    /// something finds it in the snapshot. A feed that is held up is not waited for.
    async fn catch_up(&self) -> Result<(), Problem> {
        let head = self.engine.store().head().await?.position;
        let (mut published, mut stopping) = (self.feed.published(), self.stopping.clone());
        tokio::select! {
            _ = published.wait_for(|published| *published >= head) => {}
            _ = stopping.wait_for(|is_stopping| *is_stopping) => {}
            () = tokio::time::sleep(Duration::from_millis(CATCH_UP_MS_MAX)) => {}
        }
        Ok(())
    }
}
