//! Proofs: that a leaf is in a tree, and that a tree begins with another one. What they are made of
//! follows from the sizes alone; RFC 6962 says how, RFC 9162 how they are verified.

use crate::hash::{Hash, hash_of_pair};
use crate::planted::is_planted;
use crate::span::{Span, split};

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// The leaf lies beyond the tree, or the older tree is the larger one.
    #[error("the proof is about {asked}, but the tree has {size} leaves only")]
    Beyond {
        /// The leaf or the size that is asked about.
        asked: u64,
        /// The size of the tree.
        size: u64,
    },
    /// It has more or fewer hashes than such a proof has.
    #[error("the proof has another number of hashes than one between these places has")]
    Length,
    /// It leads to another root.
    #[error("the proof leads to another root: it is of another log, or was changed")]
    OtherRoot,
}

/// The subtrees whose roots prove that a leaf is in a tree, from the leaf upward.
pub fn inclusion_spans(index: u64, size: u64) -> Vec<Span> {
    let (mut from, mut to, mut spans) = (0, size, Vec::new());
    if index >= size {
        return spans;
    }
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            spans.push(Span { from: middle, to });
            to = middle;
        } else {
            spans.push(Span { from, to: middle });
            from = middle;
        }
    }
    spans.reverse();
    spans
}

/// The subtrees whose roots prove that a tree of one size begins with the tree of a smaller one.
pub fn consistency_spans(smaller: u64, size: u64) -> Vec<Span> {
    let (mut from, mut to, mut spans) = (0, size, Vec::new());
    if smaller == 0 || smaller >= size {
        return spans;
    }
    while smaller < to {
        let middle = from + split(to - from);
        if smaller <= middle {
            spans.push(Span { from: middle, to });
            to = middle;
        } else {
            spans.push(Span { from, to: middle });
            from = middle;
        }
    }
    if from > 0 {
        spans.push(Span { from, to });
    }
    spans.reverse();
    spans
}

/// Verifies that a leaf stands at an index of the tree with this size and root.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    path: &[Hash],
    root: &Hash,
) -> Result<(), BadProof> {
    if index >= size {
        return Err(BadProof::Beyond { asked: index, size });
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return Err(BadProof::Length);
        }
        if at & 1 == 1 || at == last {
            hash = hash_of_pair(beside, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = hash_of_pair(&hash, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(BadProof::Length);
    }
    same(&hash, root)
}

/// Verifies that the tree of `size` begins with the tree of `smaller`.
pub fn verify_consistency(
    (smaller, smaller_root): (u64, &Hash),
    (size, root): (u64, &Hash),
    path: &[Hash],
) -> Result<(), BadProof> {
    if smaller > size {
        return Err(BadProof::Beyond { asked: smaller, size });
    }
    if (smaller == 0 || smaller == size) && !path.is_empty() {
        return Err(BadProof::Length);
    }
    if smaller == 0 {
        return Ok(());
    }
    if smaller == size {
        return same(smaller_root, root);
    }
    // A complete older tree is the first hash of its own proof.
    let (first, rest) = if smaller.is_power_of_two() {
        (smaller_root, path)
    } else {
        path.split_first().ok_or(BadProof::Length)?
    };
    let (mut at, mut last) = (smaller - 1, size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (*first, *first);
    for beside in rest {
        if last == 0 {
            return Err(BadProof::Length);
        }
        if at & 1 == 1 || at == last {
            old = hash_of_pair(beside, &old);
            new = hash_of_pair(beside, &new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new = hash_of_pair(&new, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(BadProof::Length);
    }
    if is_planted("consistency_old_root_unchecked") {
        return same(&new, root);
    }
    same(&old, smaller_root).and_then(|()| same(&new, root))
}

fn same(found: &Hash, wanted: &Hash) -> Result<(), BadProof> {
    if found == wanted { Ok(()) } else { Err(BadProof::OtherRoot) }
}
