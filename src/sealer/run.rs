//! The sealer's work: of all servers one leads and grows the tree; each that has the key signs.

use super::anchor::{self, AnchorError};
use super::own_key::SealerKeyError;
use super::{Looked, Shared};
use crate::audit::{
    Checkpoint, Edge, MissingTile, Signer, Span, Tile, TileKey, Tiles, leaf_hash, origin_of,
};
use crate::domain::Timestamp;
use crate::planted::is_planted;
use crate::store::tree::{Anchored, Grown, SignedCheckpoint, StoredTree};
use crate::store::{LogFilter, Position, RecordedEvent, StoreError};
use std::sync::Arc;
use uuid::Uuid;

/// How long one leads without saying so again.
const LEAD_MS: u64 = 15_000;
/// How much of the lead must be left when the tree is grown.
const LEAD_LEFT_MS: u64 = 5_000;
/// How many events are taken in at once, and how often before it is looked around.
const PAGE_EVENTS: usize = 2_000;
const PAGES_MAX: usize = 10;
/// How often a part of the tree is compared with the events again.
const LOOK_MS: u64 = 60_000;
/// How many events a tile of leaves has.
const TILE_EVENTS: u64 = 256;
/// How long a place outside is left alone that could not be told.
const TELL_AGAIN_MS: u64 = 60_000;

/// Why the log cannot be sealed for now.
#[derive(Debug, thiserror::Error)]
pub enum SealerError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tree has not what it should have.
    #[error(transparent)]
    Tile(#[from] MissingTile),
    /// There is no key to sign with.
    #[error(transparent)]
    Key(#[from] SealerKeyError),
    /// Another server has taken over: everything is looked at anew.
    #[error("another server has taken over")]
    Overtaken,
    /// An event is not what its leaf says.
    #[error("position {0}: the event was changed behind the engine's back; run ax audit verify")]
    Changed(Position),
    /// An event is missing.
    #[error("position {0}: the event is missing; run ax audit verify")]
    Missing(Position),
    /// An event is not what is in the tree.
    #[error("position {0}: another event is in the tree; run ax audit verify")]
    Replaced(Position),
    /// Another key has signed before.
    #[error(
        "checkpoints of this log are signed with the key {pinned}, and this server has another \
         one: give it the same file (AX_AUDIT_KEY_FILE)"
    )]
    OtherKey {
        /// The public key of the log.
        pinned: String,
    },
    /// The log ends before a checkpoint that was told outside.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
}

impl SealerError {
    /// What is said of it outside the server's own log: no paths, nothing of the database.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Store(_) => "the database does not answer as it should".to_owned(),
            Self::Key(_) => "the key that signs checkpoints cannot be read; the server's log says \
                             why"
            .to_owned(),
            Self::Tile(_)
            | Self::Overtaken
            | Self::Changed(_)
            | Self::Missing(_)
            | Self::Replaced(_)
            | Self::OtherKey { .. }
            | Self::Anchor(_) => self.to_string(),
        }
    }

    /// Whether somebody must act.
    pub(super) fn is_alarm(&self) -> bool {
        match self {
            Self::Store(_) | Self::Overtaken => false,
            Self::Tile(_)
            | Self::Key(_)
            | Self::Changed(_)
            | Self::Missing(_)
            | Self::Replaced(_)
            | Self::OtherKey { .. }
            | Self::Anchor(_) => true,
        }
    }
}

/// What one server knows.
pub(super) struct Run {
    shared: Arc<Shared>,
    owner: String,
    lead: Option<Lead>,
    origin: Option<String>,
    signer: Option<Arc<Signer>>,
    has_looked_outside: bool,
    looked_at: Option<Timestamp>,
    is_behind: bool,
}

/// What the leader holds.
struct Lead {
    epoch: u64,
    until: Timestamp,
    edge: Edge,
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            owner: Uuid::now_v7().to_string(),
            lead: None,
            origin: None,
            signer: None,
            has_looked_outside: false,
            looked_at: None,
            is_behind: false,
        }
    }

    /// Takes in what is in the log, and signs when it is time; false when another one leads. What
    /// fails leaves nothing half done: everything is looked at anew.
    pub(super) async fn step(&mut self) -> Result<bool, SealerError> {
        let leads = self.keep_lead().await?;
        let grown = if leads { self.grow().await } else { Ok(()) };
        if grown.is_err() {
            self.lead = None;
        }
        grown?;
        if self.is_behind {
            return Ok(leads);
        }
        self.sign(false).await?;
        self.tell().await?;
        self.look_again().await?;
        Ok(leads)
    }

    async fn keep_lead(&mut self) -> Result<bool, SealerError> {
        let now = self.shared.clock.now();
        if let Some(lead) = &self.lead
            && lead.until.ms_since(now) > LEAD_LEFT_MS
        {
            return Ok(true);
        }
        let until = now.plus_ms(LEAD_MS);
        let tree = &self.shared.tree;
        let Some(taken) = tree.lead(&self.owner, now, until).await? else {
            self.lead = None;
            return Ok(false);
        };
        match &mut self.lead {
            Some(lead) if lead.epoch == taken.epoch => lead.until = until,
            Some(_) | None => {
                let tiles = tree.tiles(Edge::needed(taken.size)).await?;
                let edge = Edge::of(taken.size, &tiles)?;
                self.lead = Some(Lead { epoch: taken.epoch, until, edge });
            }
        }
        Ok(true)
    }

    /// Whether there is more in the log than was taken in.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Takes in what is in the log, page by page, and not for too long.
    async fn grow(&mut self) -> Result<(), SealerError> {
        self.is_behind = false;
        let Some(lead) = &mut self.lead else { return Ok(()) };
        for _ in 0..PAGES_MAX {
            let from = lead.edge.size();
            let filter = LogFilter::default();
            let page = self.shared.store.read_log(from.into(), &filter, PAGE_EVENTS).await?;
            if page.is_empty() {
                return Ok(());
            }
            let mut tiles = Vec::new();
            for event in &page {
                lead.edge.push(sound(event, lead.edge.size())?, &mut tiles);
            }
            let is_leaf = |tile: &Tile| tile.key.level == 0;
            let has_full = !tiles.is_empty();
            tiles.extend(lead.edge.tiles().into_iter().filter(|it| has_full || is_leaf(it)));
            let grown = Grown { from, to: lead.edge.size(), tiles: &tiles };
            if !self.shared.tree.grow(lead.epoch, &grown).await? {
                return Err(SealerError::Overtaken);
            }
            if page.len() < PAGE_EVENTS {
                return Ok(());
            }
        }
        self.is_behind = true;
        Ok(())
    }

    /// Signs a checkpoint when it is time, or whatever the time; a server without the key does not.
    pub(super) async fn sign(&mut self, whatever_the_time: bool) -> Result<(), SealerError> {
        let Some(signer) = self.signer().await? else { return Ok(()) };
        let shared = Arc::clone(&self.shared);
        let (tree, config) = (&shared.tree, &shared.config);
        let size = tree.size().await?.get();
        let now = shared.clock.now();
        if let Some(newest) = tree.newest_checkpoint().await? {
            let is_many = size.saturating_sub(newest.size) >= config.checkpoint_events;
            let is_old = now.ms_since(newest.at) >= config.checkpoint_ms;
            if size <= newest.size || !(is_many || is_old || whatever_the_time) {
                return Ok(());
            }
        }
        if size == 0 {
            return Ok(());
        }
        let checkpoint = checkpoint_at(tree, signer.verifier().name(), size).await?;
        if !self.fits_outside(&checkpoint).await? {
            return Ok(());
        }
        let pinned = tree.pin_key(&signer.verifier().to_string(), now).await?;
        if pinned != signer.verifier().to_string() {
            return Err(SealerError::OtherKey { pinned });
        }
        let note = checkpoint.signed(&signer);
        tree.add_checkpoint(&SignedCheckpoint { size, note, at: now }).await?;
        Ok(())
    }

    /// What was told outside must be the beginning of this log: looked at before the first
    /// signature of this server. False while the tree is not grown up to there yet.
    async fn fits_outside(&mut self, newest: &Checkpoint) -> Result<bool, SealerError> {
        if self.has_looked_outside {
            return Ok(true);
        }
        for known in anchor::known(&self.shared.config.anchors, &newest.origin).await {
            let head = self.shared.store.head().await?.position.get();
            if known.size > newest.size && known.size <= head {
                return Ok(false);
            }
            if known.size > newest.size {
                return Err(AnchorError::Backwards { size: newest.size, known: known.size }.into());
            }
            let here = checkpoint_at(&self.shared.tree, &newest.origin, known.size).await?;
            if here != known {
                return Err(AnchorError::OtherWay { size: known.size }.into());
            }
        }
        self.has_looked_outside = true;
        Ok(true)
    }

    async fn signer(&mut self) -> Result<Option<Arc<Signer>>, SealerError> {
        if let Some(signer) = &self.signer {
            return Ok(Some(Arc::clone(signer)));
        }
        let origin = match &self.origin {
            Some(origin) => origin.clone(),
            None => origin_of(&self.shared.store.head().await?.log_id.to_string()),
        };
        self.origin = Some(origin.clone());
        let shared = Arc::clone(&self.shared);
        let reading =
            tokio::task::spawn_blocking(move || shared.config.key.signer(&origin, &shared.random));
        let signer = reading.await.expect("reading a key does not panic")?;
        self.signer = signer.map(Arc::new);
        Ok(self.signer.clone())
    }

    /// Tells the places outside of the newest checkpoint, where this server leads.
    pub(super) async fn tell(&mut self) -> Result<(), SealerError> {
        let shared = &self.shared;
        if self.lead.is_none() || shared.config.anchors.is_empty() {
            return Ok(());
        }
        let Some(newest) = shared.tree.newest_checkpoint().await? else { return Ok(()) };
        let told = shared.tree.anchors().await?;
        let now = shared.clock.now();
        for anchor in &shared.config.anchors {
            let name = anchor.name();
            let last = told.iter().find(|it| it.name == name);
            let rests = last.is_some_and(|it| {
                let is_failing = it.failure.is_some();
                let rest_ms = if is_failing { TELL_AGAIN_MS } else { shared.config.anchor_ms };
                now.ms_since(it.at) < rest_ms
            });
            if rests || last.is_some_and(|it| it.size >= newest.size) {
                continue;
            }
            let outcome = anchor.tell(&newest).await;
            let size = if outcome.is_ok() { newest.size } else { last.map_or(0, |it| it.size) };
            let failure = outcome.err().map(|error| error.to_string());
            if let Some(why) = &failure {
                tracing::warn!(anchor.name = %name, "a checkpoint could not be anchored: {why}");
            }
            shared.tree.put_anchor(&Anchored { name, size, at: now, failure }).await?;
        }
        Ok(())
    }

    /// Compares a tile that is drawn at random with the events, every now and then.
    async fn look_again(&mut self) -> Result<(), SealerError> {
        let now = self.shared.clock.now();
        if self.looked_at.is_some_and(|at| now.ms_since(at) < LOOK_MS) {
            return Ok(());
        }
        let full = self.shared.tree.size().await?.get() / TILE_EVENTS;
        if full == 0 {
            return Ok(());
        }
        let number = self.shared.random.number() % full;
        let key = TileKey { level: 0, number };
        let tile = self.shared.tree.tile(key).await?;
        let tile = tile.ok_or(MissingTile { level: 0, number })?;
        let from = number * TILE_EVENTS;
        let count = tile.hashes.len();
        let filter = LogFilter::default();
        let events = self.shared.store.read_log(from.into(), &filter, count).await?;
        for (at, hash) in (from..).zip(&tile.hashes) {
            let event = usize::try_from(at - from).ok().and_then(|at| events.get(at));
            let event = event.ok_or(SealerError::Missing((at + 1).into()))?;
            if sound(event, at)? != *hash {
                return Err(SealerError::Replaced(event.position));
            }
        }
        self.looked_at = Some(now);
        let to = (from + TILE_EVENTS).into();
        self.shared.said().looked = Some(Looked { from: (from + 1).into(), to, at: now });
        Ok(())
    }

    /// Lets others lead.
    pub(super) async fn end(&mut self) {
        self.lead = None;
        if let Err(error) = self.shared.tree.resign(&self.owner).await {
            tracing::warn!(%error, "the lead over the tree could not be given up; it expires");
        }
    }

    /// Forgets everything, as a crash would: the lead is not given up.
    pub(super) fn crash(&mut self) {
        self.lead = None;
        self.owner = Uuid::now_v7().to_string();
    }
}

/// The leaf of the event that follows so many others, when it is what its leaf says.
fn sound(event: &RecordedEvent, before: u64) -> Result<crate::audit::Hash, SealerError> {
    let position = Position::new(before).next();
    if event.position != position {
        return Err(SealerError::Missing(position));
    }
    let leaf = leaf_hash(&event.audited().leaf);
    if leaf != event.leaf_hash && !is_planted("sealer_signs_what_was_changed") {
        return Err(SealerError::Changed(position));
    }
    Ok(leaf)
}

/// The tree at one size.
pub(super) async fn checkpoint_at(
    tree: &StoredTree,
    origin: &str,
    size: u64,
) -> Result<Checkpoint, SealerError> {
    let whole = Span { from: 0, to: size };
    let tiles: Tiles = tree.tiles_of(&[whole]).await?;
    Ok(Checkpoint { origin: origin.to_owned(), size, root: tiles.root(whole)? })
}
