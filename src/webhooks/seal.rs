//! How secrets are kept: sealed with a key that is not in the database, each bound to its webhook.

use super::secret::Secret;
use crate::domain::Text;
use crate::engine::Random;
use crate::store::outbox::WebhookKey;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// What a sealed secret begins with: how it is sealed.
const FORM: &str = "ax1";
const NONCE_BYTES: usize = 12;
/// How many bytes a key has.
pub(super) const KEY_BYTES: usize = 32;

/// A key that seals and opens secrets.
#[derive(Clone)]
pub struct SealKey {
    cipher: Arc<ChaCha20Poly1305>,
    /// Tells keys apart, and says nothing of this one.
    name: Arc<str>,
}

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 bytes, written in base64 or in 64 hexadecimal digits")]
pub struct BadKey;

/// Why a sealed secret cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed with another key.
    #[error("the secret was sealed with the key {sealed_with}, and this server has {own}")]
    OtherKey {
        /// The key that it needs.
        sealed_with: String,
        /// The key that there is.
        own: String,
    },
    /// It is not a sealed secret, or that of another webhook.
    #[error("the sealed secret is damaged, or that of another webhook")]
    Damaged,
}

impl SealKey {
    /// A new one.
    pub fn draw(random: &Random) -> (Self, String) {
        let bytes = random.bytes();
        (Self::new(&bytes), BASE64_STANDARD.encode(bytes))
    }

    /// Reads one from its text.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        let bytes = if text.len() == 2 * KEY_BYTES {
            let pairs = (0..KEY_BYTES).map(|at| text.get(2 * at..2 * at + 2));
            pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<_>>>()
        } else {
            BASE64_STANDARD.decode(text).ok()
        };
        let bytes: [u8; KEY_BYTES] = bytes.ok_or(BadKey)?.try_into().map_err(|_| BadKey)?;
        Ok(Self::new(&bytes))
    }

    fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        let hash = Sha256::new().chain_update(b"ax key name\0").chain_update(bytes).finalize();
        let name = hash[..4].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self { cipher: Arc::new(ChaCha20Poly1305::new(bytes.into())), name: name.into() }
    }

    /// Tells it from other keys.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seals the secret of a webhook.
    pub fn seal(&self, secret: &Secret, of: &WebhookKey, random: &Random) -> Text {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&random.bytes()[..NONCE_BYTES]);
        let bound = bound_to(of);
        let plain = secret.reveal();
        let payload = Payload { msg: plain.as_bytes(), aad: &bound };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload);
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed.expect("a short text can be sealed"));
        let text = format!("{FORM}.{}.{}", self.name, BASE64_STANDARD.encode(bytes));
        Text::parse(&text).expect("it is short and plain")
    }

    /// Opens the secret of a webhook.
    pub fn open(&self, sealed: &Text, of: &WebhookKey) -> Result<Secret, SealError> {
        let mut parts = sealed.as_str().splitn(3, '.');
        let (form, name) = (parts.next(), parts.next());
        let name = name.filter(|_| form == Some(FORM)).ok_or(SealError::Damaged)?;
        if name != &*self.name {
            let (sealed_with, own) = (name.chars().take(16).collect(), self.name.to_string());
            return Err(SealError::OtherKey { sealed_with, own });
        }
        let bytes = parts.next().and_then(|text| BASE64_STANDARD.decode(text).ok());
        let bytes = bytes.ok_or(SealError::Damaged)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Damaged)?;
        let payload = Payload { msg: sealed, aad: &bound_to(of) };
        let opened = self.cipher.decrypt(&Nonce::from(*nonce), payload);
        let text = opened.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| Secret::parse(&text)).ok_or(SealError::Damaged)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key {}", self.name)
    }
}

/// What a sealed secret is bound to: it opens for no other webhook, and in no other workspace.
fn bound_to(of: &WebhookKey) -> Vec<u8> {
    format!("ax webhook secret\0{}\0{}", of.workspace, of.webhook_id).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{WebhookId, WorkspaceId};

    fn webhook(workspace: &str, id: &str) -> WebhookKey {
        let workspace = WorkspaceId::parse(workspace).expect("it is an id");
        WebhookKey { workspace, webhook_id: WebhookId::parse(id).expect("it is an id") }
    }

    #[test]
    fn a_secret_opens_with_its_key_for_its_webhook_only() {
        let random = Random::from_seed(7);
        let (key, text) = SealKey::draw(&random);
        let secret = Secret::draw(&random);
        let own = webhook("acme", "wh_1");
        let sealed = key.seal(&secret, &own, &random);
        assert!(!sealed.as_str().contains(&secret.reveal()[6..]));
        assert_eq!(SealKey::parse(&text).expect("a key").open(&sealed, &own), Ok(secret.clone()));
        for other in [webhook("acme", "wh_2"), webhook("other", "wh_1")] {
            assert_eq!(key.open(&sealed, &other), Err(SealError::Damaged));
        }
        let (other, _) = SealKey::draw(&random);
        assert!(matches!(other.open(&sealed, &own), Err(SealError::OtherKey { .. })));
        assert_ne!(key.seal(&secret, &own, &random), sealed, "a nonce was used twice");
    }

    #[test]
    fn a_sealed_secret_that_was_changed_does_not_open() {
        let random = Random::from_seed(8);
        let (key, _) = SealKey::draw(&random);
        let own = webhook("acme", "wh_1");
        let sealed = key.seal(&Secret::draw(&random), &own, &random);
        let cut = &sealed.as_str()[..sealed.as_str().len() - 4];
        let name = key.name();
        for text in [cut.to_owned(), String::new(), format!("ax1.{name}."), "ax1".into()] {
            let text = Text::parse(&text).expect("a text");
            assert_eq!(key.open(&text, &own), Err(SealError::Damaged), "{text}");
        }
    }

    #[test]
    fn a_key_is_read_in_base64_and_hexadecimal_and_never_shown() {
        let hex = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
        let base64 = "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=";
        let [one, two] = [hex, base64].map(|text| SealKey::parse(text).expect("a key"));
        assert_eq!(one.name(), two.name());
        assert!(!format!("{one:?}").contains("1122"));
        for text in ["", "abc", &hex[..62], &format!("{hex}00"), "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"]
        {
            assert_eq!(SealKey::parse(text).err(), Some(BadKey), "{text}");
        }
    }
}
