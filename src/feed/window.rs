//! What the window of the feed says of events: whoever listens reads the sentence that whoever
//! looks at the window reads.

use super::sentence::{Told, short};
use crate::domain::{ExecutionId, WorkspaceId};
use crate::projections::feed::{FeedRow, TABLES};
use crate::projections::{Cell as _, Value, Window as _, feed::FeedWindow};
use crate::store::views::{Condition, Select, Views};
use crate::store::{Position, RecordedEvent, StoreError};
use std::collections::BTreeMap;

/// The sentences of some events, by their positions.
#[derive(Default)]
pub(super) struct Sayings(BTreeMap<Position, FeedRow>);

impl Sayings {
    /// Puts the window's words in the place of what is told of an event without it.
    pub(super) fn improve(&mut self, event: &RecordedEvent, told: Told) -> Told {
        match self.0.remove(&event.position) {
            None => told,
            Some(row) => Told {
                sentence: row.sentence,
                said: row.message.map(|said| short(&said).into()),
                ..told
            },
        }
    }

    /// Adds what the window says of events that follow one another in a workspace, or in one of
    /// its executions. What the window does not have is left out.
    pub(super) async fn add(
        &mut self,
        views: &Views,
        workspace: &WorkspaceId,
        execution_id: Option<&ExecutionId>,
        events: &[&RecordedEvent],
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let text = |text: &str| Condition::Is(Value::Text(text.into()));
        let place = |position: u64| position.to_value();
        let mut conditions = vec![
            ("workspace", text(workspace.as_str())),
            ("event_position", Condition::From(place(first.position.get()))),
            ("event_position", Condition::Before(place(last.position.get() + 1))),
        ];
        conditions.extend(execution_id.map(|id| ("execution_id", text(id.as_str()))));
        let select = Select {
            window: FeedWindow.name(),
            table: &TABLES[0],
            conditions,
            search: None,
            order: &["event_position"],
            is_descending: false,
            after: None,
            limit: events.len(),
        };
        for seen in views.read(&select).await?.rows {
            match FeedRow::from_row(&seen.row) {
                Ok(row) => drop(self.0.insert(row.event_position.into(), row)),
                Err(error) => tracing::error!(%error, "a row of the feed cannot be read"),
            }
        }
        Ok(())
    }
}
