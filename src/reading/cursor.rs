//! Where a page ends, as an opaque text: a list takes only cursors that it gave itself.

use super::List;
use crate::projections::{Row, Value};
use crate::store::views::Condition;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A cursor that no such list gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It cannot be read.
    #[error("this cursor cannot be read: take it as it came, from `next_cursor`")]
    Unreadable,
    /// It belongs to a list with other filters.
    #[error("this cursor belongs to a list with other filters: begin without one")]
    OtherList,
}

/// Where a page of a list ends.
pub(super) struct Cursor {
    list: [u8; 4],
    pub(super) after: Vec<Value>,
}

impl Cursor {
    /// Where a page ends whose last row this is.
    pub(super) fn after(list: &List<'_>, row: &Row) -> Self {
        Self { list: name_of(list), after: list.place_of(row) }
    }

    /// As text: the list, then what the row has in each column of the order.
    pub(super) fn write(&self) -> String {
        let cells: Vec<_> = self.after.iter().map(to_json).collect();
        let json = serde_json::Value::Array(cells).to_string();
        let bytes = self.list.iter().chain(json.as_bytes());
        bytes.fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a text grows");
            text
        })
    }

    /// Reads the cursor of a list.
    pub(super) fn read(text: &str, list: &List<'_>) -> Result<Self, CursorError> {
        let bytes = bytes_of(text).ok_or(CursorError::Unreadable)?;
        let (name, json) = bytes.split_at_checked(4).ok_or(CursorError::Unreadable)?;
        if name != name_of(list) {
            return Err(CursorError::OtherList);
        }
        let cells: Vec<serde_json::Value> =
            serde_json::from_slice(json).map_err(|_| CursorError::Unreadable)?;
        let after: Option<Vec<_>> = cells.iter().map(from_json).collect();
        let after = after.filter(|cells| cells.len() == list.order.len());
        Ok(Self { list: name_of(list), after: after.ok_or(CursorError::Unreadable)? })
    }
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

/// Tells lists apart, by everything but the page.
fn name_of(list: &List<'_>) -> [u8; 4] {
    let List { window, table, conditions, search, order, is_descending } = list;
    let conditions: &Vec<(&str, Condition)> = conditions;
    let text =
        format!("{window} {} {conditions:?} {search:?} {order:?} {is_descending}", table.name);
    let digest = Sha256::digest(text.as_bytes());
    [digest[0], digest[1], digest[2], digest[3]]
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => text.as_ref().into(),
    }
}

fn from_json(value: &serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Number(number) => number.as_i64().map(Value::Integer),
        serde_json::Value::String(text) => Some(Value::Text(text.as_str().into())),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => None,
    }
}
