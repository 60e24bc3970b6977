//! Parts of the tree: complete subtrees, what stands between two leaves, and the right edge as it
//! grows.

use crate::hash::{Hash, LEAF_TREE_EMPTY, hash_of_pair};

/// A complete subtree: 2^level leaves, the first of which is `index << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// How many levels it is above the leaves.
    pub level: u32,
    /// Which one of its level.
    pub index: u64,
}

/// The subtree over the leaves from one index up to before another: one that splitting a tree as
/// RFC 6962 does leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first leaf.
    pub from: u64,
    /// The one after the last leaf.
    pub to: u64,
}

impl Span {
    /// The complete subtrees that it is made of, from left to right, each smaller than the one
    /// before.
    pub fn nodes(self) -> Vec<Node> {
        let (mut nodes, mut from) = (Vec::new(), self.from);
        while from < self.to {
            let level = (self.to - from).ilog2();
            nodes.push(Node { level, index: from >> level });
            from += 1 << level;
        }
        nodes
    }
}

/// The root over complete subtrees that stand beside each other, each smaller than the one before.
pub fn fold(hashes: &[Hash]) -> Hash {
    let Some((last, before)) = hashes.split_last() else { return LEAF_TREE_EMPTY };
    before.iter().rev().fold(*last, |right, left| hash_of_pair(left, &right))
}

/// Where a tree of so many leaves, two at least, is split: the largest power of two below.
pub(crate) fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// A tree that only grows: the complete subtrees at its right edge, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                hash = hash_of_pair(&left, &hash);
            }
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        fold(&self.hashes)
    }
}
