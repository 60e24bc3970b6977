//! What must hold of everything that a subscriber saw, whatever happened.

use super::house::acme;
use anyhow::{Result, ensure};
use planexe_ax::domain::StreamKind;
use planexe_ax::feed::{Frame, Topic};
use planexe_ax::store::{LogFilter, Position, RecordedEvent, Store};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What one subscriber saw, through all its connections.
#[derive(Default)]
pub(super) struct Saw {
    pub(super) events: Vec<Position>,
    ids: BTreeSet<uuid::Uuid>,
    last: Position,
}

impl Saw {
    /// A new connection begins, at that position.
    pub(super) fn reconnects(&mut self, after: Position) {
        self.last = after;
    }

    /// Ordered and unique: no frame is before the last one, no event comes twice. Nothing that is
    /// secret, and no word but the public ones, is in it.
    pub(super) fn take(&mut self, frame: &Arc<Frame>) -> Result<()> {
        let (last, now) = (self.last, frame.position());
        ensure!(last <= now, "{now} comes after {last}: {frame:?}");
        self.last = now;
        if let Frame::Event(event) = &**frame {
            ensure!(self.ids.insert(event.event_id), "event {now} comes twice");
            ensure!(self.events.last() < Some(&now), "event {now} comes too late");
            self.events.push(now);
        }
        let json = serde_json::to_string(&**frame)?;
        ensure!(!json.contains("nonce") && !json.contains("lease~"), "a secret is told: {json}");
        let again: Frame = serde_json::from_str(&json)?;
        ensure!(again == **frame, "it reads otherwise than it was written: {json}");
        Ok(())
    }

    /// No gap, and nothing that does not concern it: exactly the events of the log.
    pub(super) async fn check(&self, store: &Store, topic: &Topic, after: Position) -> Result<()> {
        let mut expected = Vec::new();
        let mut from = after;
        loop {
            let page = store.read_log(from, &LogFilter::default(), 1_000).await?;
            let Some(last) = page.last() else { break };
            from = last.position;
            let concerning = page.iter().filter(|event| concerns(topic, event));
            expected.extend(concerning.map(|event| event.position));
        }
        let missed = expected.iter().find(|position| !self.events.contains(position));
        ensure!(missed.is_none(), "event {missed:?} of {topic:?} was missed");
        ensure!(self.events == expected, "{topic:?} saw events that do not concern it");
        Ok(())
    }
}

/// Said once more, and otherwise than the feed says it.
fn concerns(topic: &Topic, event: &RecordedEvent) -> bool {
    let names = |what: &str| event.stream.as_str() == what;
    match topic {
        Topic::Execution(workspace, id) => {
            event.workspace == *workspace && names(&format!("execution/{id}"))
        }
        Topic::Workspace(workspace) => {
            event.workspace == *workspace && event.stream.kind() != StreamKind::Workspace
        }
        Topic::Plan(..) => event.workspace == acme(),
        Topic::Agent(_, id) => {
            let payload: serde_json::Value =
                serde_json::from_slice(&event.payload).unwrap_or_default();
            payload["agent_id"] == id.as_str() || payload["by"]["id"] == id.as_str()
        }
    }
}
