//! What happens to other streams in the append of a request: stored with it, or not at all.

use super::EngineInner;
use super::encode;
use super::request::Request;
use crate::domain::execution::HandleError;
use crate::domain::{Event, Moment, Timestamp};
use crate::store::StreamWrite;

/// What the commands to other streams lead to, one after the other.
pub(super) fn decided(request: &Request, moment: &Moment) -> Result<Vec<Vec<Event>>, HandleError> {
    request.beside.iter().map(|beside| beside.decided(moment)).collect()
}

/// The events for the other streams, as the archive takes them.
pub(super) fn writes(
    engine: &EngineInner,
    request: &Request,
    decided: Vec<Vec<Event>>,
    at: Timestamp,
) -> Vec<StreamWrite> {
    let each = request.beside.iter().zip(decided).filter(|(_, events)| !events.is_empty());
    let writes = each.map(|(beside, events)| StreamWrite {
        stream: beside.stream.clone(),
        expected: encode::expected(beside.version),
        events: encode::new_events(engine, &events, &request.metadata, at),
    });
    writes.collect()
}
