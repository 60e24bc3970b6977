//! The secret of a webhook, and what is signed with it, as Standard Webhooks has it.

use crate::domain::Timestamp;
use crate::engine::Random;
use crate::planted::is_planted;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// What a secret begins with, as text.
const PREFIX: &str = "whsec_";
/// How long a secret that was given is.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret: shown once, when it is made.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A new one, that nobody can foresee.
    pub fn draw(random: &Random) -> Self {
        Self(random.bytes().to_vec())
    }

    /// Reads one from its text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// It as text, for the one who is to verify.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    /// Signs what is sent: the id, the time and the body, as they are sent.
    fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length fits");
        hmac.update(id.as_bytes());
        if !is_planted("webhook_time_not_signed") {
            hmac.update(format!(".{}", seconds(at)).as_bytes());
        }
        hmac.update(b".");
        hmac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(hmac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }
}

/// The time of an attempt, as it is sent and signed.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.unix_ms().div_euclid(1_000)
}

/// The header with one signature for each secret that is valid.
pub(super) fn signatures(secrets: &[Secret], id: &str, at: Timestamp, body: &[u8]) -> String {
    let signed = secrets.iter().map(|secret| secret.sign(id, at, body));
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    fn at() -> Timestamp {
        Timestamp::from_unix_ms(1_649_367_553_000)
    }

    #[test]
    fn the_published_example_is_signed_as_published() {
        let secret = Secret::parse(SECRET).expect("it is a secret");
        assert_eq!(secret.reveal(), SECRET);
        let signed = signatures(&[secret], ID, at(), BODY);
        assert_eq!(signed, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn another_id_time_body_or_secret_is_signed_otherwise() {
        let secret = Secret::parse(SECRET).expect("it is a secret");
        let other = Secret::draw(&Random::from_seed(1));
        let one = secret.sign(ID, at(), BODY);
        for signed in [
            secret.sign("msg_other", at(), BODY),
            secret.sign(ID, at().plus_ms(1_000), BODY),
            secret.sign(ID, at(), b"{}"),
            other.sign(ID, at(), BODY),
        ] {
            assert_ne!(one, signed);
        }
    }

    #[test]
    fn a_secret_is_not_shown_by_accident() {
        let secret = Secret::parse(SECRET).expect("it is a secret");
        assert!(!format!("{secret:?}").contains("C2FV"));
        for text in ["", "whsec_", "whsec_AAAA", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"] {
            assert_eq!(Secret::parse(text), None);
        }
    }
}
