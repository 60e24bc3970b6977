//! `GET /api/executions/{execution_id}/events`: what was recorded of an execution, straight from
//! the log.

use super::App;
use super::asking::{Query, of_then, page};
use super::caller::Caller;
use super::code::Code;
use super::executions::{known_id, no_such_execution};
use super::history::moment;
use super::problem::Problem;
use super::schemas::{Any, AnyObject, Id, Moment};
use crate::domain::{TaskId, Timestamp};
use crate::engine::StreamKey;
use crate::reading::{AsOf, EventFilter, EventPage, PAGE_ROWS};
use crate::store::{RecordedEvent, Version};
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How many events may be left out before a page.
const OFFSET_MAX: usize = 10_000;

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsWish {
    /// Kinds of events, with commas between; the words of reports are taken too.
    r#type: Option<String>,
    #[param(value_type = Option<Id>)]
    task_id: Option<TaskId>,
    #[param(value_type = Option<Id>)]
    agent_id: Option<String>,
    /// Only what was recorded then or later.
    #[param(value_type = Option<Moment>)]
    since: Option<Timestamp>,
    /// Only what was recorded before.
    #[param(value_type = Option<Moment>)]
    until: Option<Timestamp>,
    /// Only what follows this version of the execution.
    after_version: Option<u64>,
    /// `desc`, the newest first, or `asc`, to replay.
    #[param(inline)]
    order: Option<Order>,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// How many to leave out before.
    #[param(maximum = 10_000)]
    offset: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Another moment: a version, `position:345`, or a time.
    as_of: Option<String>,
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventOrder)]
enum Order {
    Asc,
    Desc,
}

/// Events.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventList {
    events: Vec<EventShown>,
    next_cursor: Option<String>,
}

/// Something that was recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventShown {
    event_id: String,
    /// Where it stands in the log.
    position: u64,
    /// Where it stands in its stream.
    version: u64,
    stream: String,
    event_type: String,
    schema_version: u16,
    #[schema(value_type = Moment)]
    recorded_at: String,
    /// What was recorded.
    #[schema(value_type = AnyObject)]
    data: Value,
    /// Who gave the command, why, and what led to it.
    #[schema(value_type = Any)]
    metadata: Value,
    /// The hash of the event, by which nobody can change it unseen.
    leaf_hash: String,
}

impl From<&RecordedEvent> for EventShown {
    fn from(event: &RecordedEvent) -> Self {
        Self {
            event_id: event.event_id.to_string(),
            position: event.position.get(),
            version: event.version.get(),
            stream: event.stream.to_string(),
            event_type: event.kind.clone(),
            schema_version: event.schema_version,
            recorded_at: event.recorded_at.to_string(),
            data: serde_json::from_slice(&event.payload).unwrap_or_default(),
            metadata: serde_json::from_slice(&event.metadata).unwrap_or_default(),
            leaf_hash: event.leaf_hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// The events of an execution: the newest first, or in the order in which they happened.
#[utoipa::path(get, path = "/api/executions/{execution_id}/events", operation_id = "list_events",
    tag = "auditors", security(("key" = ["read"])), params(EventsWish),
    responses((status = 200, description = "A page of them.", body = EventList)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<EventsWish>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let key = StreamKey::execution(&caller.workspace, &execution_id);
    let last = app.engine.look(&key, |_, version| version).await?;
    if last == Version::ZERO {
        return Err(no_such_execution());
    }
    let limit = page(wish.limit, None)?.limit.unwrap_or(PAGE_ROWS);
    let offset = wish.offset.unwrap_or(0);
    if offset > OFFSET_MAX {
        let detail = format!("offset is {OFFSET_MAX} at most: go on by cursor");
        return Err(Problem::new(Code::BadRequest, detail));
    }
    let is_forward = wish.order == Some(Order::Asc);
    let place = wish.cursor.as_deref().map(place_of).transpose()?;
    let (bound, filter) = wish.bounds(last)?;
    let reader = &app.reader;
    let workspace = &caller.workspace;
    let after = Version::new(wish.after_version.unwrap_or(0));
    let mut found = if is_forward {
        let after = place.unwrap_or(after);
        reader.events_after(workspace, &execution_id, &filter, after, limit + offset).await?
    } else {
        let before = place.unwrap_or_else(|| bound.next());
        reader.events_before(workspace, &execution_id, &filter, before, limit + offset).await?
    };
    within(&mut found, after, bound, is_forward);
    let events: Vec<_> = found.events.iter().skip(offset).map(EventShown::from).collect();
    let next_cursor = found.next.map(|version| version.to_string());
    let position = app.engine.store().head().await?.position;
    Ok(of_then(position, Answer(EventList { events, next_cursor })))
}

impl EventsWish {
    /// The last version that counts, and which events of them.
    fn bounds(&self, last: Version) -> Result<(Version, EventFilter), Problem> {
        let mut filter = EventFilter {
            kinds: self.r#type.iter().flat_map(|it| it.split(',')).map(kind_of).collect(),
            task_id: self.task_id.clone(),
            agent_id: self.agent_id.clone(),
            since: self.since,
            until: self.until,
            upto: None,
        };
        let bound = match self.as_of.as_deref().map(moment).transpose()? {
            Some(AsOf::Version(version)) => version.min(last),
            Some(AsOf::Position(position)) => {
                filter.upto = Some(position);
                last
            }
            Some(AsOf::Time(at)) => {
                let end = at.plus_ms(1);
                filter.until = Some(filter.until.map_or(end, |until| until.min(end)));
                last
            }
            None => last,
        };
        Ok((bound, filter))
    }
}

/// The kind of event that a word of the reports stands for; other words are kinds themselves.
fn kind_of(word: &str) -> String {
    let kind = match word {
        "task_complete" | "subtask_complete" => "task_completed",
        "task_error" | "subtask_error" => "task_failed",
        "task_progress" | "subtask_in_progress" => "task_progressed",
        "task_blocked" => "blocker_raised",
        "subtask_started" => "task_started",
        kind => kind,
    };
    kind.to_owned()
}

/// Leaves out what lies beyond the bounds, and the way on where it leads beyond them.
fn within(found: &mut EventPage, after: Version, bound: Version, is_forward: bool) {
    found.events.retain(|event| event.version > after && event.version <= bound);
    let is_over = |next: &Version| match is_forward {
        true => *next >= bound,
        false => next.get() <= after.get() + 1,
    };
    found.next = found.next.filter(|next| !is_over(next));
}

fn place_of(cursor: &str) -> Result<Version, Problem> {
    let version = cursor.parse().map(Version::new);
    version.map_err(|_| Problem::new(Code::BadRequest, "this is no cursor of ours"))
}
