//! Texts with limits: what a client wrote, checked once at the door.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, sync::Arc};

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing, or nothing but white space.
    #[error("a {0} must not be empty")]
    Empty(&'static str),
    /// Longer than its kind may be.
    #[error("a {what} has at most {max} bytes, this one has {actual}")]
    TooLong {
        /// The kind of text.
        what: &'static str,
        /// The most bytes that it may have.
        max: usize,
        /// The bytes that it has.
        actual: usize,
    },
    /// A NUL or, in a one-line text, a control character.
    #[error("a {0} must not hold control characters")]
    Control(&'static str),
}

macro_rules! texts {
    ($(
        $(#[$doc:meta])*
        $name:ident, $what:literal, $min:literal..=$max:literal, $one_line:literal;
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The most bytes that it may have.
            pub const BYTES_MAX: usize = $max;

            /// Takes a text, when it keeps the limits.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                if $min > 0 && text.trim().is_empty() {
                    return Err(TextError::Empty($what));
                }
                if text.len() > $max {
                    return Err(TextError::TooLong { what: $what, max: $max, actual: text.len() });
                }
                let is_bad = |c: char| c == '\0' || ($one_line && c.is_control());
                if text.contains(is_bad) {
                    return Err(TextError::Control($what));
                }
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    )*};
}

texts! {
    /// One line that names a thing for people.
    Title, "title", 1..=1024, true;
    /// A longer text: a description, a message, a reason.
    Text, "text", 0..=262_144, false;
    /// A label on an execution.
    Label, "label", 1..=128, true;
    /// The name of an action that an agent can do.
    ActionName, "action", 1..=128, true;
}

impl Text {
    /// Whether nothing stands in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
