//! The events of one execution, straight from the log.

use super::{ReadError, Reader};
use crate::domain::{Event, ExecutionId, StreamName, TaskId, Timestamp, WorkspaceId};
use crate::store::{Position, RecordedEvent, Version};

/// How many events are looked at for one page at most: a filter that fits nothing ends.
const LOOKED_AT_MAX: u64 = 20_000;
/// How many events are read at once.
const PAGE_EVENTS: u64 = 500;

/// Which events are wanted; what is not set does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only these kinds.
    pub kinds: Vec<String>,
    /// Only what is about this task.
    pub task_id: Option<TaskId>,
    /// Only what this agent reported or is meant by.
    pub agent_id: Option<String>,
    /// Only what was recorded then or later.
    pub since: Option<Timestamp>,
    /// Only what was recorded before that.
    pub until: Option<Timestamp>,
    /// Only what stands there in the log, or before.
    pub upto: Option<Position>,
}

/// A page of an execution's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<RecordedEvent>,
    /// The version up to which they were looked at; none when there are no more.
    pub next: Option<Version>,
}

impl Reader {
    /// The events that follow a version, the oldest first.
    pub async fn events_after(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        filter: &EventFilter,
        after: Version,
        limit: usize,
    ) -> Result<EventPage, ReadError> {
        let stream = StreamName::execution(execution_id);
        let (mut events, mut at) = (Vec::new(), after);
        while at.get() - after.get() < LOOKED_AT_MAX {
            let count = usize::try_from(PAGE_EVENTS).unwrap_or(usize::MAX);
            let page = self.store.read_stream(workspace, &stream, at, count).await?;
            let is_last = page.len() < count;
            for event in page {
                at = event.version;
                if filter.wants(&event) {
                    events.push(event);
                }
                if events.len() == limit {
                    return Ok(EventPage { events, next: Some(at) });
                }
            }
            if is_last {
                return Ok(EventPage { events, next: None });
            }
        }
        Ok(EventPage { events, next: Some(at) })
    }

    /// The events that come before a version, the newest first.
    pub async fn events_before(
        &self,
        workspace: &WorkspaceId,
        execution_id: &ExecutionId,
        filter: &EventFilter,
        before: Version,
        limit: usize,
    ) -> Result<EventPage, ReadError> {
        let stream = StreamName::execution(execution_id);
        let (mut events, mut end) = (Vec::new(), before.get());
        while end > 1 && before.get() - end < LOOKED_AT_MAX {
            let start = (end - 1).saturating_sub(PAGE_EVENTS);
            let count = usize::try_from(end - 1 - start).unwrap_or(usize::MAX);
            let page = self.store.read_stream(workspace, &stream, start.into(), count).await?;
            for event in page.into_iter().rev() {
                end = event.version.get();
                if filter.wants(&event) {
                    events.push(event);
                }
                if events.len() == limit {
                    let next = (end > 1).then(|| Version::new(end));
                    return Ok(EventPage { events, next });
                }
            }
            end = start + 1;
        }
        Ok(EventPage { events, next: (end > 1).then(|| Version::new(end)) })
    }
}

impl EventFilter {
    fn wants(&self, event: &RecordedEvent) -> bool {
        let is_in_time = self.since.is_none_or(|since| event.recorded_at >= since)
            && self.until.is_none_or(|until| event.recorded_at < until)
            && self.upto.is_none_or(|upto| event.position <= upto);
        let is_of_kind = self.kinds.is_empty() || self.kinds.contains(&event.kind);
        let task_id = self.task_id.as_ref().map(TaskId::as_str);
        is_in_time
            && is_of_kind
            && task_id.is_none_or(|task_id| names(event, "task_id", task_id))
            && self.agent_id.as_deref().is_none_or(|agent_id| names(event, "agent_id", agent_id))
    }
}

/// Whether a field of the event holds that text, or its actor is that agent. What cannot be read
/// is wanted by nobody who asks for a field.
fn names(event: &RecordedEvent, field: &str, text: &str) -> bool {
    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes);
    let payload = Event::decode(&event.kind, event.schema_version, &event.payload);
    let payload = payload.ok().and_then(|event| json(&event.payload()).ok()).unwrap_or_default();
    let metadata = json(&event.metadata).unwrap_or_default();
    let actor = &metadata["actor"];
    let is_by = field == "agent_id" && actor["kind"] == "agent" && actor["id"] == text;
    payload[field] == text || is_by
}
