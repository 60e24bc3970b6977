//! What is told of an event: a sentence, and the task and the agent that it is about. It follows
//! from the event alone, so that it is the same live and when it is read again; where there are
//! windows, their sentence takes the place of this one.

use crate::domain::{Actor, ActorKind, AgentId, StreamKind, TaskId};
use crate::engine::Metadata;
use crate::store::RecordedEvent;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

/// How long a text in a frame may be.
pub(super) const TEXT_BYTES_MAX: usize = 1_000;

/// What is told of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// The task that it is about.
    pub(super) task_id: Option<TaskId>,
    /// The agent that it is about, or that did it.
    pub(super) agent_id: Option<AgentId>,
    /// What happened.
    pub(super) sentence: Arc<str>,
    /// What the agent said of it.
    pub(super) said: Option<Arc<str>>,
}

/// What many events have.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    task_id: Option<TaskId>,
    agent_id: Option<AgentId>,
    by: Option<Actor>,
    remarks: Option<Remarks>,
    message: Option<String>,
    reason: Option<String>,
    text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Remarks {
    message: Option<String>,
}

/// What is told of this event.
pub(super) fn told(event: &RecordedEvent) -> Told {
    let named: Named = serde_json::from_slice(&event.payload).unwrap_or_default();
    let metadata = serde_json::from_slice::<Metadata>(&event.metadata).ok();
    let actor = named.by.or(metadata.map(|metadata| metadata.actor));
    let own = (event.stream.kind() == StreamKind::Agent).then(|| event.stream.id());
    let acting = actor.as_ref().filter(|actor| actor.kind() == ActorKind::Agent).map(Actor::id);
    let parse = |id: &str| AgentId::parse(id).ok();
    let agent_id = named.agent_id.or_else(|| own.or(acting).and_then(parse));
    let remark = named.remarks.and_then(|remarks| remarks.message);
    let said = remark.as_deref().map(|remark| short(remark).into());
    let words = remark.or(named.message).or(named.reason).or(named.text);
    let sentence = sentence(event, actor.as_ref(), named.task_id.as_ref(), words.as_deref());
    Told { task_id: named.task_id, agent_id, sentence: sentence.into(), said }
}

fn sentence(
    event: &RecordedEvent,
    actor: Option<&Actor>,
    task_id: Option<&TaskId>,
    said: Option<&str>,
) -> String {
    let what = event.kind.replace('_', " ");
    let mut sentence = what[..1].to_uppercase() + &what[1..];
    if let Some(task_id) = task_id {
        sentence.push_str(&format!(": {task_id}"));
    }
    if let Some(actor) = actor.filter(|actor| actor.kind() != ActorKind::System) {
        sentence.push_str(&format!(", by {}", actor.id()));
    }
    if let Some(said) = said {
        sentence.push_str(&format!(" – {said}"));
    }
    short(&sentence).into_owned()
}

/// A text that is not too long for a frame.
pub(super) fn short(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_BYTES_MAX {
        return text.into();
    }
    let end = text.floor_char_boundary(TEXT_BYTES_MAX - '…'.len_utf8());
    format!("{}…", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let text = "ä".repeat(TEXT_BYTES_MAX);
        let cut = short(&text);
        assert!(cut.len() <= TEXT_BYTES_MAX && cut.ends_with("ä…"), "{} bytes", cut.len());
        assert_eq!(short("as it is"), "as it is");
    }
}
