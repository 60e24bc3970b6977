//! JSON that the law carries and never looks into: parameters, outputs, metadata.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;
use std::{fmt, sync::Arc};

/// Why a JSON text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It does not parse.
    #[error("this is not JSON: {0}")]
    Malformed(String),
    /// It is larger than [`Json::BYTES_MAX`].
    #[error("a JSON value has at most {max} bytes, this one has {actual}", max = Json::BYTES_MAX)]
    TooLarge {
        /// The bytes that it has.
        actual: usize,
    },
    /// It is nested deeper than [`Json::DEPTH_MAX`].
    #[error("a JSON value is nested at most {max} deep", max = Json::DEPTH_MAX)]
    TooDeep,
    /// A text in it holds a NUL.
    #[error("a JSON text must not hold a NUL")]
    Nul,
    /// It is null: then it is left out, or it would read as missing once it is stored.
    #[error("null is not a value: leave it out")]
    Null,
}

/// A JSON value, kept as compact text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Json(Arc<str>);

impl Json {
    /// The most bytes of compact text.
    pub const BYTES_MAX: usize = 262_144;
    /// The deepest nesting.
    pub const DEPTH_MAX: usize = 64;

    /// Reads a JSON text and makes it compact.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        let value = serde_json::from_str(text).map_err(|e| JsonError::Malformed(e.to_string()))?;
        Self::from_value(&value)
    }

    /// Takes a value, when it keeps the limits.
    pub fn from_value(value: &serde_json::Value) -> Result<Self, JsonError> {
        if value.is_null() {
            return Err(JsonError::Null);
        }
        check(value, Self::DEPTH_MAX)?;
        let text = value.to_string();
        if text.len() > Self::BYTES_MAX {
            return Err(JsonError::TooLarge { actual: text.len() });
        }
        Ok(Self(text.into()))
    }

    /// The compact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(value: &serde_json::Value, depth_left: usize) -> Result<(), JsonError> {
    use serde_json::Value;
    let is_clean = |text: &str| if text.contains('\0') { Err(JsonError::Nul) } else { Ok(()) };
    let deeper = || depth_left.checked_sub(1).ok_or(JsonError::TooDeep);
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(text) => is_clean(text),
        Value::Array(items) => {
            let depth_left = deeper()?;
            items.iter().try_for_each(|item| check(item, depth_left))
        }
        Value::Object(fields) => {
            let depth_left = deeper()?;
            fields.iter().try_for_each(|(name, item)| {
                is_clean(name)?;
                check(item, depth_left)
            })
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self(raw.get().into()))
    }
}
