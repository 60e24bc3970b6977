//! Divides the streams of the log into chunks of about as many events each.

use super::cursor::Cursor;
use crate::store::{Position, STREAMS_MAX, Store, StoreError, Stream};
use std::collections::VecDeque;

/// Streams that are folded by one worker.
#[derive(Debug)]
pub(super) struct Chunk {
    /// What was folded before.
    pub(super) after: Cursor,
    /// The streams, at least one, in order.
    pub(super) streams: Vec<Stream>,
}

impl Chunk {
    /// What has been folded after it.
    pub(super) fn end(&self) -> Cursor {
        Cursor::behind(self.streams.last().map_or(self.after.stream, |stream| stream.id))
    }
}

/// Reads which streams there are, and divides them.
pub(super) struct Chunks {
    store: Store,
    target: Position,
    events: u64,
    after: Cursor,
    waiting: VecDeque<Stream>,
    read: Position,
    is_read: bool,
}

impl Chunks {
    /// Chunks of about so many events, up to a position.
    pub(super) fn new(store: Store, after: Cursor, target: Position, events: u64) -> Self {
        let read = after.streams_after();
        Self { store, target, events, after, waiting: VecDeque::new(), read, is_read: false }
    }

    /// The next chunk; none when there is none.
    pub(super) async fn next(&mut self) -> Result<Option<Chunk>, StoreError> {
        let (mut streams, mut events) = (Vec::new(), 0);
        while events < self.events {
            if self.waiting.is_empty() {
                self.read().await?;
            }
            let Some(stream) = self.waiting.pop_front() else { break };
            events += stream.version.get();
            streams.push(stream);
        }
        if streams.is_empty() {
            return Ok(None);
        }
        let chunk = Chunk { after: self.after, streams };
        self.after = chunk.end();
        Ok(Some(chunk))
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        if self.is_read {
            return Ok(());
        }
        let page = self.store.streams(self.read, self.target, STREAMS_MAX).await?;
        self.is_read = page.len() < STREAMS_MAX;
        self.read = page.last().map_or(self.read, |stream| stream.id);
        self.waiting.extend(page);
        Ok(())
    }
}
