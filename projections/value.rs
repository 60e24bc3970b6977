//! What stands in a cell of a window's table, and what types of ours stand there as.

use planexe_ax_domain::{Json, Timestamp};
use std::sync::Arc;

/// What a cell holds. Moments are milliseconds since 1970; what is true is 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(Arc<str>),
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Whole numbers.
    Integer,
    /// Texts.
    Text,
}

/// How clients are shown what stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A whole number.
    Number,
    /// A text.
    Text,
    /// A moment, by RFC 3339.
    Moment,
    /// True or false.
    Truth,
    /// Any JSON.
    Json,
}

/// A row of a window's table: a value for each column.
pub type Row = Vec<Value>;

/// A stored cell is not what its column says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column:?} holds {found:?}, which does not belong there")]
pub struct BadCell {
    /// The column.
    pub column: &'static str,
    /// What it holds.
    pub found: Value,
}

/// A type that stands in a cell.
pub trait Cell: Sized {
    /// What its column holds.
    const TYPE: ColumnType;
    /// How clients are shown it.
    const FORM: Form;
    /// Whether its column may hold nothing.
    const IS_OPTIONAL: bool = false;

    /// As it stands in a cell.
    fn to_value(&self) -> Value;

    /// From what stands in a cell; none when it cannot be.
    fn from_value(value: &Value) -> Option<Self>;

    /// As clients are shown it.
    fn to_json(&self) -> serde_json::Value {
        match self.to_value() {
            Value::Null => serde_json::Value::Null,
            Value::Integer(number) => number.into(),
            Value::Text(text) => text.as_ref().into(),
        }
    }
}

impl<T: Cell> Cell for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const FORM: Form = T::FORM;
    const IS_OPTIONAL: bool = true;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }

    fn to_json(&self) -> serde_json::Value {
        self.as_ref().map_or(serde_json::Value::Null, T::to_json)
    }
}

impl Cell for Arc<str> {
    const TYPE: ColumnType = ColumnType::Text;
    const FORM: Form = Form::Text;

    fn to_value(&self) -> Value {
        Value::Text(Self::clone(self))
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(Self::clone(text)) } else { None }
    }
}

/// JSON, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(pub Arc<str>);

impl JsonText {
    /// A value as JSON.
    pub fn of(value: &impl serde::Serialize) -> Self {
        let text = serde_json::to_string(value).expect("a row holds nothing that JSON cannot");
        Self(text.into())
    }
}

impl From<&Json> for JsonText {
    fn from(json: &Json) -> Self {
        Self(json.as_str().into())
    }
}

impl Cell for JsonText {
    const TYPE: ColumnType = ColumnType::Text;
    const FORM: Form = Form::Json;

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn from_value(value: &Value) -> Option<Self> {
        Cell::from_value(value).map(Self)
    }

    fn to_json(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

/// The word by which a value of a small enum is stored.
pub(crate) fn word(value: &impl serde::Serialize) -> Arc<str> {
    JsonText::of(value).0.trim_matches('"').into()
}

impl Cell for Timestamp {
    const TYPE: ColumnType = ColumnType::Integer;
    const FORM: Form = Form::Moment;

    fn to_value(&self) -> Value {
        Value::Integer(self.unix_ms())
    }

    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Integer(ms) = value { Some(Self::from_unix_ms(*ms)) } else { None }
    }

    fn to_json(&self) -> serde_json::Value {
        self.to_string().into()
    }
}

impl Cell for bool {
    const TYPE: ColumnType = ColumnType::Integer;
    const FORM: Form = Form::Truth;

    fn to_value(&self) -> Value {
        Value::Integer(i64::from(*self))
    }

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            Value::Integer(_) | Value::Text(_) | Value::Null => None,
        }
    }

    fn to_json(&self) -> serde_json::Value {
        (*self).into()
    }
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {$(
        impl Cell for $type {
            const TYPE: ColumnType = ColumnType::Integer;
            const FORM: Form = Form::Number;

            fn to_value(&self) -> Value {
                Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }

            fn from_value(value: &Value) -> Option<Self> {
                if let Value::Integer(number) = value { Self::try_from(*number).ok() } else { None }
            }
        }
    )*};
}

whole_numbers!(u8 u16 u32 u64 i64);
