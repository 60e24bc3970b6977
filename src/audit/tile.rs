//! The tree as it is stored: tiles of 256 hashes. Tile level 0 holds the leaves, each level above
//! one hash for each full tile of the level below. A tile only grows, and a proof needs few.

use crate::hash::{Hash, hash_of_pair};
use crate::span::{Node, Span, fold};
use std::collections::{BTreeMap, BTreeSet};

/// How many hashes a full tile has.
pub const TILE_HASHES: usize = 256;
/// How many levels of the tree a tile spans.
const TILE_LEVELS: u32 = 8;
/// How many levels of tiles there can be: more than any count of events needs.
const LEVELS_MAX: u32 = 8;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileKey {
    /// 0 for the leaves.
    pub level: u32,
    /// Which one of its level.
    pub number: u64,
}

/// A tile with the hashes that it has so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which one.
    pub key: TileKey,
    /// At most 256.
    pub hashes: Vec<Hash>,
}

/// A tile is not there, or has fewer hashes than the size of the tree asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no tile {number} of level {level}, or not all of it")]
pub struct MissingTile {
    /// The level.
    pub level: u32,
    /// The tile.
    pub number: u64,
}

impl TileKey {
    /// The tile with the hashes below a node.
    fn of(node: Node) -> Self {
        let (level, start) = (node.level / TILE_LEVELS, first_hash(node));
        Self { level, number: start >> TILE_LEVELS }
    }

    fn missing(self) -> MissingTile {
        MissingTile { level: self.level, number: self.number }
    }
}

/// The index, among the hashes of its tile level, of the first one below a node.
fn first_hash(node: Node) -> u64 {
    node.index << (node.level % TILE_LEVELS)
}

/// Tiles that were read.
#[derive(Debug, Clone, Default)]
pub struct Tiles(BTreeMap<TileKey, Vec<Hash>>);

impl FromIterator<Tile> for Tiles {
    fn from_iter<I: IntoIterator<Item = Tile>>(tiles: I) -> Self {
        Self(tiles.into_iter().map(|tile| (tile.key, tile.hashes)).collect())
    }
}

impl Tiles {
    /// The tiles that hold what some spans are made of.
    pub fn needed(spans: &[Span]) -> BTreeSet<TileKey> {
        spans.iter().flat_map(|span| span.nodes()).map(TileKey::of).collect()
    }

    /// The roots of spans.
    pub fn roots(&self, spans: &[Span]) -> Result<Vec<Hash>, MissingTile> {
        spans.iter().map(|span| self.root(*span)).collect()
    }

    /// The root of a span.
    pub fn root(&self, span: Span) -> Result<Hash, MissingTile> {
        let nodes = span.nodes();
        let hashes =
            nodes.into_iter().map(|node| self.hash(node)).collect::<Result<Vec<_>, _>>()?;
        Ok(fold(&hashes))
    }

    fn hash(&self, node: Node) -> Result<Hash, MissingTile> {
        let key = TileKey::of(node);
        let tile = self.0.get(&key).ok_or_else(|| key.missing())?;
        below(tile, node).ok_or_else(|| key.missing())
    }
}

/// The root of a node over the hashes that its tile has.
fn below(tile: &[Hash], node: Node) -> Option<Hash> {
    let width = u64::try_from(TILE_HASHES).ok()?;
    let from = usize::try_from(first_hash(node) % width).ok()?;
    let count = 1_usize << (node.level % TILE_LEVELS);
    tile.get(from..from + count).map(complete)
}

/// The root over a power of two of hashes.
fn complete(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| hash_of_pair(&pair[0], &pair[1])).collect();
    }
    row.first().copied().unwrap_or_default()
}

/// The right edge of the tree: the tiles that are not full yet, one of each level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The tiles that the edge of a tree of this size is made of.
    pub fn needed(size: u64) -> Vec<TileKey> {
        let hashes = |level: u32| size.checked_shr(level * TILE_LEVELS).unwrap_or(0);
        (0..LEVELS_MAX)
            .map(|level| (level, hashes(level)))
            .filter(|(_, count)| count % 256 != 0)
            .map(|(level, count)| TileKey { level, number: count >> TILE_LEVELS })
            .collect()
    }

    /// The edge of a tree of this size, from the tiles that are needed for it.
    pub fn of(size: u64, tiles: &Tiles) -> Result<Self, MissingTile> {
        let mut levels: Vec<Vec<Hash>> = Vec::new();
        for key in Self::needed(size) {
            let count = usize::try_from((size >> (key.level * TILE_LEVELS)) % 256);
            let count = count.map_err(|_| key.missing())?;
            let tile = tiles.0.get(&key).and_then(|tile| tile.get(..count));
            let level = usize::try_from(key.level).map_err(|_| key.missing())?;
            levels.resize_with(levels.len().max(level + 1), Vec::new);
            levels[level] = tile.ok_or_else(|| key.missing())?.to_vec();
        }
        Ok(Self { size, levels })
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; the tiles that are full with it go into `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<Tile>) {
        let (mut hash, mut level) = (leaf, 0);
        self.size += 1;
        loop {
            let at = usize::try_from(level).expect("there are few levels");
            if self.levels.len() <= at {
                self.levels.push(Vec::new());
            }
            self.levels[at].push(hash);
            if self.levels[at].len() < TILE_HASHES {
                return;
            }
            let hashes = std::mem::take(&mut self.levels[at]);
            hash = complete(&hashes);
            let number = (self.size >> ((level + 1) * TILE_LEVELS)) - 1;
            full.push(Tile { key: TileKey { level, number }, hashes });
            level += 1;
        }
    }

    /// The tiles that are not full yet, as they are.
    pub fn tiles(&self) -> Vec<Tile> {
        let needed = Self::needed(self.size);
        let hashes = |level: u32| {
            let at = usize::try_from(level).ok()?;
            self.levels.get(at).cloned()
        };
        needed
            .into_iter()
            .filter_map(|key| Some(Tile { key, hashes: hashes(key.level)? }))
            .collect()
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let tiles: Tiles = self.tiles().into_iter().collect();
        tiles.root(Span { from: 0, to: self.size }).expect("the edge holds what its root needs")
    }
}
