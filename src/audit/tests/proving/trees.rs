//! Random trees: whatever their size, roots agree, proofs verify, and changed ones do not.

use super::support::{leaves, plain_root, tiles};
use planexe_ax_audit::{
    Edge, Frontier, Span, Tile, Tiles, consistency_spans, inclusion_spans, verify_consistency,
    verify_inclusion,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// Larger than a full tile of tiles would be too slow; past one tile is what matters.
const LEAVES_MAX: u64 = 1_100;

fn place(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_edge_that_was_put_down_and_taken_up_grows_into_the_same_tree(
        count in 1..LEAVES_MAX,
        put_down in any::<Index>(),
    ) {
        let leaves = leaves(count);
        let middle = put_down.index(leaves.len() + 1);
        let (mut edge, mut stored, mut tree) =
            (Edge::default(), Vec::<Tile>::new(), Frontier::default());
        for leaf in &leaves[..middle] {
            edge.push(*leaf, &mut stored);
        }
        stored.extend(edge.tiles());
        let stored: Tiles = stored.into_iter().collect();
        let size = u64::try_from(middle).expect("small");
        let mut edge = Edge::of(size, &stored).expect("all tiles are there");
        for leaf in &leaves[middle..] {
            edge.push(*leaf, &mut Vec::new());
        }
        leaves.iter().for_each(|leaf| tree.push(*leaf));
        prop_assert_eq!(edge.root(), plain_root(&leaves));
        prop_assert_eq!(tree.root(), plain_root(&leaves));
    }

    #[test]
    fn every_inclusion_proof_verifies_and_every_changed_one_fails(
        count in 1..LEAVES_MAX,
        which in any::<Index>(),
        changed in any::<Index>(),
        bit in 0..256_usize,
    ) {
        let leaves = leaves(count);
        let index = which.index(leaves.len());
        let at = u64::try_from(index).expect("small");
        let path = tiles(&leaves).roots(&inclusion_spans(at, count)).expect("they are there");
        let (leaf, root) = (leaves[index], plain_root(&leaves));
        prop_assert!(verify_inclusion(&leaf, at, count, &path, &root).is_ok());
        let mut other = leaf;
        other[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(&other, at, count, &path, &root).is_err());
        let beside = (at + 1) % count;
        prop_assert!(beside == at || verify_inclusion(&leaf, beside, count, &path, &root).is_err());
        let longer = [path.clone(), vec![leaf]].concat();
        prop_assert!(verify_inclusion(&leaf, at, count, &longer, &root).is_err());
        if !path.is_empty() {
            let mut wrong = path.clone();
            wrong[changed.index(path.len())][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify_inclusion(&leaf, at, count, &wrong, &root).is_err());
            let shorter = &path[..path.len() - 1];
            prop_assert!(verify_inclusion(&leaf, at, count, shorter, &root).is_err());
        }
    }

    #[test]
    fn every_consistency_proof_verifies_and_every_changed_one_fails(
        count in 1..LEAVES_MAX,
        older in any::<Index>(),
        changed in any::<Index>(),
        bit in 0..256_usize,
    ) {
        let leaves = leaves(count);
        let smaller = u64::try_from(older.index(leaves.len()) + 1).expect("small");
        let tiles = tiles(&leaves);
        let path = tiles.roots(&consistency_spans(smaller, count)).expect("they are there");
        let old = plain_root(&leaves[..place(smaller)]);
        let new = plain_root(&leaves);
        prop_assert_eq!(tiles.root(Span { from: 0, to: smaller }), Ok(old));
        prop_assert!(verify_consistency((smaller, &old), (count, &new), &path).is_ok());
        let mut other = old;
        other[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency((smaller, &other), (count, &new), &path).is_err());
        let longer = [path.clone(), vec![old]].concat();
        prop_assert!(verify_consistency((smaller, &old), (count, &new), &longer).is_err());
        if !path.is_empty() {
            let mut wrong = path.clone();
            wrong[changed.index(path.len())][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(verify_consistency((smaller, &old), (count, &new), &wrong).is_err());
        }
    }
}

#[test]
fn a_proof_about_what_lies_beyond_the_tree_is_refused() {
    let leaves = leaves(3);
    let root = plain_root(&leaves);
    let refused = verify_inclusion(&leaves[2], 3, 3, &[], &root).expect_err("it is refused");
    assert!(refused.to_string().contains("3 leaves only"), "{refused}");
    assert!(verify_consistency((4, &root), (3, &root), &[]).is_err());
    assert!(inclusion_spans(3, 3).is_empty() && consistency_spans(3, 3).is_empty());
}
