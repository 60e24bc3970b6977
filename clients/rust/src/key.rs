//! An API key in the hands of a client: it goes into one header, and is never printed.

use hyper::header::HeaderValue;
use std::fmt;

/// An API key.
#[derive(Clone)]
pub struct Key(HeaderValue);

impl Key {
    /// Takes a key as it was shown; none where it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.contains(char::is_whitespace) {
            return None;
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    /// What `Authorization` says.
    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// Says that there is one, and nothing of it.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_key_is_not_printed() {
        let key = Key::parse(" ax_k1_secret\n").expect("it is one");
        assert_eq!(format!("{key:?} {:?}", key.header()), "Key(hidden) Sensitive");
    }

    #[test]
    fn what_no_header_can_carry_is_no_key() {
        for text in ["", "  ", "ax_k1\r\nHost: evil", "ax k1", "ax_\u{7f}"] {
            assert!(Key::parse(text).is_none(), "{text:?}");
        }
    }
}
