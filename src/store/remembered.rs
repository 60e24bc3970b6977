//! What the appender knows of streams without asking: where it left the log, nobody else has been.

use super::plan::{KnownStream, Plan, StreamKey};
use crate::domain::{StreamName, WorkspaceId};
use std::collections::HashMap;

/// How many streams are remembered; when they are more, all are forgotten.
const STREAMS_MAX: usize = 20_000;

/// The streams as they were when the appender last committed. Worth nothing once the head of the
/// log is somewhere else.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    streams: HashMap<StreamKey, KnownStream>,
}

impl Remembered {
    /// These streams, when each is known.
    pub(super) fn all(
        &self,
        wanted: &[(&WorkspaceId, &StreamName)],
    ) -> Option<HashMap<StreamKey, KnownStream>> {
        let find = |(workspace, stream): &(&WorkspaceId, &StreamName)| {
            let key = ((*workspace).clone(), (*stream).clone());
            let known = *self.streams.get(&key)?;
            Some((key, known))
        };
        wanted.iter().map(find).collect()
    }

    /// Notes what was read.
    pub(super) fn note(&mut self, streams: &HashMap<StreamKey, KnownStream>) {
        self.make_room(streams.len());
        self.streams.extend(streams.iter().map(|(key, known)| (key.clone(), *known)));
    }

    /// Notes what was committed.
    pub(super) fn learn(&mut self, plan: &Plan<'_>) {
        self.make_room(plan.streams.len());
        for planned in &plan.streams {
            let key = (planned.workspace.clone(), planned.stream.clone());
            let known = KnownStream { stream_id: planned.stream_id, version: planned.version };
            self.streams.insert(key, known);
        }
    }

    fn make_room(&mut self, count: usize) {
        if self.streams.len() + count > STREAMS_MAX {
            self.streams.clear();
        }
    }
}
