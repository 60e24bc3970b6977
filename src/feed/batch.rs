//! Frames that go together through a ring, and how much memory all of them take.

use super::frame::Frame;
use crate::store::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes of frames go together; a single frame may be larger.
pub(super) const CHUNK_BYTES_MAX: usize = 8 * 1024;

/// Counts the bytes of all batches that are alive.
#[derive(Debug, Clone, Default)]
pub(super) struct Gauge(Arc<AtomicUsize>);

impl Gauge {
    /// How many bytes there are now.
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Everything that concerns a topic between two positions, or a part of it.
#[derive(Debug)]
pub(super) struct Batch {
    /// Nothing is missing between this position and the frames.
    pub(super) after: Position,
    /// With the frames, everything up to there is told.
    pub(super) upto: Position,
    pub(super) frames: Vec<Arc<Frame>>,
    bytes: usize,
    gauge: Gauge,
}

impl Batch {
    pub(super) fn new(
        after: Position,
        upto: Position,
        frames: Vec<Arc<Frame>>,
        gauge: &Gauge,
    ) -> Arc<Self> {
        let bytes = frames.iter().map(|frame| frame.bytes()).sum();
        gauge.0.fetch_add(bytes, Ordering::Relaxed);
        Arc::new(Self { after, upto, frames, bytes, gauge: gauge.clone() })
    }

    /// One frame by itself.
    pub(super) fn single(frame: Frame, gauge: &Gauge) -> Arc<Self> {
        let position = frame.position();
        Self::new(position, position, vec![Arc::new(frame)], gauge)
    }

    /// The frames in batches that are not too large.
    pub(super) fn chunks(
        mut after: Position,
        upto: Position,
        frames: Vec<Arc<Frame>>,
        gauge: &Gauge,
    ) -> Vec<Arc<Self>> {
        let mut chunks = Vec::new();
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        for frame in frames {
            let more = frame.bytes();
            if bytes + more > CHUNK_BYTES_MAX && !chunk.is_empty() {
                let last = chunk.last().map_or(after, |frame: &Arc<Frame>| frame.position());
                chunks.push(Self::new(after, last, std::mem::take(&mut chunk), gauge));
                (after, bytes) = (last, 0);
            }
            bytes += more;
            chunk.push(frame);
        }
        chunks.push(Self::new(after, upto, chunk, gauge));
        chunks
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.gauge.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
