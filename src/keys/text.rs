//! An API key as text: `ax_<key id>_<secret>_<checksum>`. The secret has 160 random bits, so that a
//! fast hash of it is enough; the checksum tells a key that was cut or mistyped from a wrong one.

use crate::domain::{KeyId, Title};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// How many random bytes a key's id has.
const ID_BYTES: usize = 8;
/// How many random bytes its secret has.
const SECRET_BYTES: usize = 20;
/// How long a key can be at most.
const KEY_BYTES_MAX: usize = 300;

/// A key that was just made: shown once, and stored nowhere.
pub struct NewKey {
    /// Names it.
    pub key_id: KeyId,
    /// The whole of it.
    text: String,
    /// What is stored of it.
    pub secret_hash: Title,
}

impl NewKey {
    /// Makes a key that nobody can foresee.
    pub fn make() -> Self {
        let id = format!("k{}", hexadecimal(&random::<ID_BYTES>()));
        let secret = hexadecimal(&random::<SECRET_BYTES>());
        let body = format!("ax_{id}_{secret}");
        let checksum = checksum(&body);
        let hash = hexadecimal(&hash_of(&secret));
        Self {
            key_id: KeyId::parse(&id).expect("it is an id"),
            text: format!("{body}_{checksum}"),
            secret_hash: Title::parse(&hash).expect("it is a line of text"),
        }
    }

    /// The whole of it, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

/// It is never written by accident.
impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewKey({})", self.key_id)
    }
}

/// A key as somebody showed it: its id, and the hash of its secret.
pub(super) struct ShownKey {
    pub(super) key_id: KeyId,
    pub(super) hash: [u8; 32],
}

impl ShownKey {
    /// Reads a key; none when it is not written like one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > KEY_BYTES_MAX {
            return None;
        }
        let (body, given) = text.rsplit_once('_')?;
        let (id, secret) = body.strip_prefix("ax_")?.split_once('_')?;
        if checksum(body) != given {
            return None;
        }
        Some(Self { key_id: KeyId::parse(id).ok()?, hash: hash_of(secret) })
    }
}

/// A secret that nobody can foresee, for what is shown once and kept as its hash.
pub fn random_token() -> String {
    hexadecimal(&random::<32>())
}

/// The hash that is kept of a secret.
pub fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut random = [0; BYTES];
    getrandom::fill(&mut random).expect("the system has random numbers");
    random
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text grows");
        text
    })
}

/// Eight digits of the hash of everything before them.
fn checksum(body: &str) -> String {
    hexadecimal(&Sha256::digest(body.as_bytes())[..4])
}

#[cfg(test)]
mod tests {
    use super::{NewKey, ShownKey, hexadecimal};

    #[test]
    fn a_key_is_read_back_and_one_that_was_mistyped_is_not() {
        let key = NewKey::make();
        let shown = ShownKey::parse(key.reveal()).expect("a key");
        assert_eq!(shown.key_id, key.key_id);
        assert_eq!(hexadecimal(&shown.hash), key.secret_hash.as_str());
        for at in 0..key.reveal().len() {
            let mut wrong = key.reveal().to_owned();
            wrong.replace_range(at..=at, "z");
            assert!(ShownKey::parse(&wrong).is_none(), "{wrong}");
            assert!(ShownKey::parse(&wrong[..at]).is_none(), "{wrong}");
        }
        assert!(!format!("{key:?}").contains(key.reveal()), "a key does not show itself");
    }
}
