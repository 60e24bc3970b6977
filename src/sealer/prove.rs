//! Proofs from the stored tree.

use super::Sealer;
use crate::audit::{Hash, MissingTile, Span, consistency_spans, inclusion_spans};
use crate::store::{Position, StoreError};

/// That an event is in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Where it stands in the log.
    pub position: Position,
    /// The size of the tree.
    pub size: u64,
    /// Its leaf hash.
    pub leaf: Hash,
    /// The hashes beside the way from the leaf to the root.
    pub path: Vec<Hash>,
    /// The root of the tree.
    pub root: Hash,
}

/// That a tree begins with a smaller one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The size of the smaller one, and its root.
    pub from: (u64, Hash),
    /// The size of the larger one, and its root.
    pub to: (u64, Hash),
    /// The hashes of the proof.
    pub path: Vec<Hash>,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tree has not what it should have.
    #[error(transparent)]
    Tile(#[from] MissingTile),
    /// What is asked about lies beyond the tree.
    #[error("the tree over the log has {size} events so far, and {asked} was asked about")]
    Beyond {
        /// The size that there is.
        size: u64,
        /// What was asked about.
        asked: u64,
    },
    /// The event lies beyond the tree of that size, or the smaller tree is the larger one.
    #[error("{smaller} is not within the first {size} events")]
    Within {
        /// What should be within.
        smaller: u64,
        /// The size that was asked for.
        size: u64,
    },
}

impl Sealer {
    /// Proves that the event at a position is in the tree of a size.
    pub async fn inclusion(&self, position: Position, size: u64) -> Result<Inclusion, ProveError> {
        self.check_size(size).await?;
        let asked = position.get();
        let Some(index) = asked.checked_sub(1).filter(|index| *index < size) else {
            return Err(ProveError::Within { smaller: asked, size });
        };
        let mut spans = inclusion_spans(index, size);
        spans.push(Span { from: index, to: asked });
        spans.push(Span { from: 0, to: size });
        let mut path = self.roots(&spans).await?;
        let root = path.pop().unwrap_or_default();
        let leaf = path.pop().unwrap_or_default();
        Ok(Inclusion { position, size, leaf, path, root })
    }

    /// Proves that the tree of one size begins with the tree of another.
    pub async fn consistency(&self, from: u64, to: u64) -> Result<Consistency, ProveError> {
        self.check_size(to).await?;
        if from == 0 || from > to {
            return Err(ProveError::Within { smaller: from, size: to });
        }
        let mut spans = consistency_spans(from, to);
        spans.push(Span { from: 0, to: from });
        spans.push(Span { from: 0, to });
        let mut path = self.roots(&spans).await?;
        let new = path.pop().unwrap_or_default();
        let old = path.pop().unwrap_or_default();
        Ok(Consistency { from: (from, old), to: (to, new), path })
    }

    async fn check_size(&self, asked: u64) -> Result<(), ProveError> {
        let size = self.tree().size().await?.get();
        if asked <= size { Ok(()) } else { Err(ProveError::Beyond { size, asked }) }
    }

    async fn roots(&self, spans: &[Span]) -> Result<Vec<Hash>, ProveError> {
        Ok(self.tree().tiles_of(spans).await?.roots(spans)?)
    }
}
