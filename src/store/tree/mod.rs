//! The Merkle tree over the log as it is stored: tiles of hashes, signed checkpoints, and up to
//! where places outside were told of them. What grows it names its epoch.

mod rows;

use super::alongside;
use super::config::StoreConfig;
use super::error::StoreError;
use super::open_error::OpenError;
use super::types::Position;
use super::views::{Bind, Links, Session};
use crate::audit::{Span, Tile, TileKey, Tiles};
use crate::domain::Timestamp;
use crate::planted::is_planted;
use crate::projections::{ColumnType, Row};
use rows::{CHECKPOINT, anchor, checkpoint, hashes, text_of, whole};
use std::sync::Arc;

/// How many checkpoints are read at once.
pub const CHECKPOINTS_MAX: usize = 500;

/// The stored tree; clones are the same one.
#[derive(Clone)]
pub struct StoredTree {
    links: Arc<Links>,
}

/// The lead over all that could grow the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeLead {
    /// The fence: rises with each new one.
    pub epoch: u64,
    /// How many events are in the tree.
    pub size: u64,
}

/// What grows: from one size to another, with the tiles that follow.
#[derive(Debug, Clone, Copy)]
pub struct Grown<'a> {
    /// How many events were in the tree.
    pub from: u64,
    /// How many are in it afterwards.
    pub to: u64,
    /// The tiles that are new, or have more hashes than before.
    pub tiles: &'a [Tile],
}

/// A checkpoint as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// How many events it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// A place outside that is told of checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchored {
    /// What it is called.
    pub name: String,
    /// The size of the last checkpoint that it was told of.
    pub size: u64,
    /// When that was, or when it was last tried.
    pub at: Timestamp,
    /// Why it could not be told of what followed.
    pub failure: Option<String>,
}

impl StoredTree {
    /// Opens the tree of the archive at an address, which has been brought up to date. A power cut
    /// may cost its last writes: they follow from the log.
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        Ok(Self { links: alongside::links(config)? })
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.links.close().await;
    }

    /// Takes or keeps the lead until then; none while another one has it.
    pub async fn lead(
        &self,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<TreeLead>, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let binds = vec![Bind::from(owner), Bind::from(now), Bind::from(until)];
        let columns = [ColumnType::Integer, ColumnType::Integer];
        let rows = session.rows(include_str!("../sql/audit_lead.sql"), binds, &columns).await?;
        session.commit().await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(TreeLead { epoch: whole(row, 0)?, size: whole(row, 1)? }))
    }

    /// Gives the lead up.
    pub async fn resign(&self, owner: &str) -> Result<(), StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        session.run(include_str!("../sql/audit_resign.sql"), vec![Bind::from(owner)]).await?;
        session.commit().await
    }

    /// Grows the tree, in one transaction; false when another one leads, or has been there already.
    pub async fn grow(&self, epoch: u64, grown: &Grown<'_>) -> Result<bool, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let binds = vec![Bind::from(epoch), Bind::from(grown.from), Bind::from(grown.to)];
        let moved = session.run(include_str!("../sql/audit_move.sql"), binds).await?;
        if moved != 1 && !is_planted("tree_epoch_not_checked") {
            session.roll_back().await?;
            return Ok(false);
        }
        for tile in grown.tiles {
            let TileKey { level, number } = tile.key;
            let hashes = text_of(&tile.hashes);
            let binds =
                vec![Bind::from(u64::from(level)), Bind::from(number), Bind::from(&*hashes)];
            session.run(include_str!("../sql/audit_put_tile.sql"), binds).await?;
        }
        session.commit().await?;
        Ok(true)
    }

    /// How many events are in the tree.
    pub async fn size(&self) -> Result<Position, StoreError> {
        let text = include_str!("../sql/audit_size.sql");
        let rows = self.rows(text, Vec::new(), &[ColumnType::Integer]).await?;
        let row = rows.first().ok_or_else(|| rows::damaged("its size is gone"))?;
        Ok(whole(row, 0)?.into())
    }

    /// Reads tiles, as far as they are there.
    pub async fn tiles(
        &self,
        keys: impl IntoIterator<Item = TileKey>,
    ) -> Result<Tiles, StoreError> {
        let mut session = self.links.session().await?;
        session.begin_reading().await?;
        let mut tiles = Vec::new();
        for key in keys {
            tiles.extend(read_tile(&mut session, key).await?);
        }
        session.roll_back().await?;
        Ok(tiles.into_iter().collect())
    }

    /// One tile; none when it is not there.
    pub async fn tile(&self, key: TileKey) -> Result<Option<Tile>, StoreError> {
        let mut session = self.links.session().await?;
        session.begin_reading().await?;
        let tile = read_tile(&mut session, key).await?;
        session.roll_back().await?;
        Ok(tile)
    }

    /// The tiles that hold what spans are made of.
    pub async fn tiles_of(&self, spans: &[Span]) -> Result<Tiles, StoreError> {
        self.tiles(Tiles::needed(spans)).await
    }

    /// Keeps a checkpoint, unless there is one of its size.
    pub async fn add_checkpoint(&self, signed: &SignedCheckpoint) -> Result<(), StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let binds = vec![Bind::from(signed.size), Bind::from(&*signed.note), Bind::from(signed.at)];
        session.run(include_str!("../sql/audit_add_checkpoint.sql"), binds).await?;
        session.commit().await
    }

    /// The checkpoints of at most this size, the largest first.
    pub async fn checkpoints_down(
        &self,
        size: u64,
        limit: usize,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        self.checkpoints(include_str!("../sql/audit_checkpoints_down.sql"), size, limit).await
    }

    /// The checkpoints of at least this size, the smallest first.
    pub async fn checkpoints_up(
        &self,
        size: u64,
        limit: usize,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        self.checkpoints(include_str!("../sql/audit_checkpoints_up.sql"), size, limit).await
    }

    /// The newest checkpoint.
    pub async fn newest_checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        Ok(self.checkpoints_down(u64::MAX, 1).await?.pop())
    }

    async fn checkpoints(
        &self,
        text: &str,
        size: u64,
        limit: usize,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let limit = u64::try_from(limit.min(CHECKPOINTS_MAX)).unwrap_or(u64::MAX);
        let rows = self.rows(text, vec![Bind::from(size), Bind::from(limit)], &CHECKPOINT).await?;
        rows.iter().map(checkpoint).collect()
    }

    /// The public key of this log, when one was used.
    pub async fn key(&self) -> Result<Option<String>, StoreError> {
        let text = include_str!("../sql/audit_key.sql");
        let rows = self.rows(text, Vec::new(), &[ColumnType::Text]).await?;
        rows.first().map(|row| rows::text(row, 0)).transpose()
    }

    /// Keeps the public key of this log, unless it has one; answers which it is.
    pub async fn pin_key(&self, verifier: &str, now: Timestamp) -> Result<String, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let binds = vec![Bind::from(verifier), Bind::from(now)];
        session.run(include_str!("../sql/audit_pin_key.sql"), binds).await?;
        session.commit().await?;
        self.key().await?.ok_or_else(|| rows::damaged("its key is gone"))
    }

    /// Which places outside were told of what.
    pub async fn anchors(&self) -> Result<Vec<Anchored>, StoreError> {
        let text = include_str!("../sql/audit_anchors.sql");
        self.rows(text, Vec::new(), &rows::ANCHOR).await?.iter().map(anchor).collect()
    }

    /// Notes what a place outside was told.
    pub async fn put_anchor(&self, anchored: &Anchored) -> Result<(), StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let binds = vec![
            Bind::from(&*anchored.name),
            Bind::from(anchored.size),
            Bind::from(anchored.at),
            Bind::from(anchored.failure.as_deref()),
        ];
        session.run(include_str!("../sql/audit_put_anchor.sql"), binds).await?;
        session.commit().await
    }

    async fn rows(
        &self,
        text: &str,
        binds: Vec<Bind>,
        columns: &[ColumnType],
    ) -> Result<Vec<Row>, StoreError> {
        let mut session = self.links.session().await?;
        session.begin_reading().await?;
        let rows = session.rows(text, binds, columns).await?;
        session.roll_back().await?;
        Ok(rows)
    }
}

async fn read_tile(session: &mut Session<'_>, key: TileKey) -> Result<Option<Tile>, StoreError> {
    let binds = vec![Bind::from(u64::from(key.level)), Bind::from(key.number)];
    let text = include_str!("../sql/audit_tile.sql");
    let rows = session.rows(text, binds, &[ColumnType::Text]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Tile { key, hashes: hashes(row)? }))
}
