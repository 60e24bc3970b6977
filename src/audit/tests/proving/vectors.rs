//! What others published, and what another program computed.

use super::support::{hash, leaf_of, leaves, plain_root};
use planexe_ax_audit::{
    Frontier, LEAF_TREE_EMPTY, Leaf, Verifier, leaf_hash, to_hex, verify_consistency,
    verify_inclusion,
};
use uuid::Uuid;

/// The eight leaves of the vectors of certificate transparency.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// The root over the first so many of them.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const N0: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const N01: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const N23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N03: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const N4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const N45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const N67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";

#[test]
fn the_published_roots_come_out() {
    let mut tree = Frontier::default();
    assert_eq!(tree.root(), LEAF_TREE_EMPTY);
    for (leaf, root) in LEAVES.iter().zip(ROOTS) {
        tree.push(leaf_of(leaf));
        assert_eq!(to_hex(&tree.root()), root, "of {} leaves", tree.size());
    }
    let leaves: Vec<_> = LEAVES.iter().map(|leaf| leaf_of(leaf)).collect();
    assert_eq!(plain_root(&leaves), tree.root());
}

#[test]
fn the_published_proofs_verify() {
    let root = |size: usize| hash(ROOTS[size - 1]);
    let included: [(u64, u64, &[&str]); 3] =
        [(5, 8, &[N4, N67, N03]), (2, 3, &[N01]), (1, 5, &[N0, N23, N4])];
    for (index, size, path) in included {
        let leaf = leaf_of(LEAVES[usize::try_from(index).expect("small")]);
        let path: Vec<_> = path.iter().map(|text| hash(text)).collect();
        let root = root(usize::try_from(size).expect("small"));
        verify_inclusion(&leaf, index, size, &path, &root).expect("it verifies");
    }
    let consistent: [(u64, u64, &[&str]); 2] = [(6, 8, &[N45, N67, N03]), (2, 5, &[N23, N4])];
    for (from, to, path) in consistent {
        let path: Vec<_> = path.iter().map(|text| hash(text)).collect();
        let [old, new] = [from, to].map(|size| root(usize::try_from(size).expect("small")));
        verify_consistency((from, &old), (to, &new), &path).expect("it verifies");
    }
    assert_eq!(leaves(8).len(), 8);
}

#[test]
fn a_leaf_is_what_the_page_says() {
    let leaf = Leaf {
        workspace: "default",
        stream: "execution/first",
        event_id: Uuid::from_u128(0x0192_f0c1_a2b3_7c4d_8e9f_0001_0203_0405),
        kind: "execution_created",
        schema_version: 1,
        recorded_at_ms: 1_770_825_600_000,
        payload: br#"{"a":1}"#,
        metadata: br#"{"actor":"user:ada"}"#,
    };
    let wanted = "46f8f3847038d6814e5137ef81a9b10ad085bbc2edf86c3ca5f6ad8bf76ecba4";
    assert_eq!(to_hex(&leaf_hash(&leaf)), wanted);
}

#[test]
fn a_signed_note_of_another_program_verifies() {
    const R: &str = "f64992e052f541bf49f7dcbc8010c5506d885ba92cbafca40704959227348b86";
    const S: &str = "52060dd451580b6a5948d5e02afa9fa9d9e0a2da5165be8a13a472c81c099c03";
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let key = Verifier::parse(key).expect("a key");
    let text = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n";
    let signature: Vec<u8> = [R, S].iter().flat_map(|half| hash(half)).collect();
    assert_eq!(to_hex(&key.id()), "c74f20a3");
    assert!(key.verifies(text.as_bytes(), &signature));
    assert!(!key.verifies(text.replace("you", "You").as_bytes(), &signature));
}
