//! The keys of checkpoints: Ed25519, named and written as C2SP signed notes have them.

use crate::hash::to_hex;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use std::fmt;

/// How many bytes a private key has, and a public one.
const KEY_BYTES: usize = 32;
/// What stands before a public key: the number of Ed25519 among the signatures of notes.
const ED25519_NUMBER: u8 = 1;

/// A text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It has not the form of a public key.
    #[error("a public key is written <name>+<eight hexadecimal digits>+<base64>")]
    Form,
    /// Its middle part does not fit the rest.
    #[error("the key's digits in the middle do not fit its name and bytes: it was changed")]
    Id,
    /// It is not the private key of a log.
    #[error("a private key is 32 bytes in base64 or in hexadecimal digits")]
    Private,
}

/// A public key, and the name under which it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    public: [u8; KEY_BYTES],
}

impl Verifier {
    /// A public key under a name.
    pub fn new(name: &str, public: [u8; KEY_BYTES]) -> Self {
        let id = id_of(name, &public);
        Self { name: name.to_owned(), id, public }
    }

    /// Reads `<name>+<id>+<base64>`.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(BadKey::Form);
        };
        let bytes = STANDARD.decode(key).map_err(|_| BadKey::Form)?;
        let public = bytes.strip_prefix(&[ED25519_NUMBER]).ok_or(BadKey::Form)?;
        let public: [u8; KEY_BYTES] = public.try_into().map_err(|_| BadKey::Form)?;
        if name.is_empty() || name.chars().any(|it| it.is_whitespace() || it.is_control()) {
            return Err(BadKey::Form);
        }
        let key = Self::new(name, public);
        if to_hex(&key.id) == id { Ok(key) } else { Err(BadKey::Id) }
    }

    /// The name under which it signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What tells it from other keys of this name.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Whether a signature is by this key over these bytes.
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text, signature).is_ok()
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = [ED25519_NUMBER].into_iter().chain(self.public).collect();
        write!(f, "{}+{}+{}", self.name, to_hex(&self.id), STANDARD.encode(bytes))
    }
}

/// The first four bytes of a hash over name, kind and key, as signed notes have it.
fn id_of(name: &str, public: &[u8; KEY_BYTES]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ED25519_NUMBER]);
    hasher.update(public);
    let hash: [u8; 32] = hasher.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// A private key, and the name under which it signs.
pub struct Signer {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

impl Signer {
    /// The private key that these bytes stand for.
    pub fn new(name: &str, seed: &[u8; KEY_BYTES]) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| BadKey::Private)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| BadKey::Private)?;
        Ok(Self { pair, verifier: Verifier::new(name, public) })
    }

    /// The public key that goes with it.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}

/// A private key as the text of a file.
pub fn seed_text(seed: &[u8; KEY_BYTES]) -> String {
    STANDARD.encode(seed)
}

/// The private key in the text of a file.
pub fn seed_of(text: &str) -> Result<[u8; KEY_BYTES], BadKey> {
    let text = text.trim();
    if let Ok(seed) = crate::hash::from_hex(text) {
        return Ok(seed);
    }
    let bytes = STANDARD.decode(text).map_err(|_| BadKey::Private)?;
    bytes.try_into().map_err(|_| BadKey::Private)
}
