//! A window's tables in memory: for a look at another moment, and to compare with.

use super::changes::{Mark, TableWrites};
use super::table::{Mode, Table};
use super::value::{Row, Value};
use std::collections::BTreeMap;

type Rows = BTreeMap<Vec<Value>, (Row, Mark)>;

/// The rows of a window's tables, by key, each with the last event that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryTables {
    tables: Vec<(Table, Rows)>,
}

impl MemoryTables {
    /// Tables without rows.
    pub fn new(tables: &[Table]) -> Self {
        Self { tables: tables.iter().map(|table| (*table, BTreeMap::new())).collect() }
    }

    /// Writes what a fold changed.
    pub fn write(&mut self, writes: Vec<TableWrites>) {
        for ((table, rows), writes) in self.tables.iter_mut().zip(writes) {
            for (key, _) in writes.gone {
                rows.remove(&key);
            }
            for (row, mark) in writes.rows {
                let key = row[..table.key].to_vec();
                let row = match (table.mode, rows.get(&key)) {
                    (Mode::Add, Some((known, _))) => sum(known, &row, table.key),
                    (Mode::Add, None) | (Mode::Replace, _) => row,
                };
                rows.insert(key, (row, mark));
            }
        }
    }

    /// The rows of a table, by key.
    pub fn rows(&self, table: usize) -> impl Iterator<Item = &(Row, Mark)> {
        self.tables[table].1.values()
    }
}

fn sum(known: &[Value], more: &[Value], key: usize) -> Row {
    let add = |(at, (one, other)): (usize, (&Value, &Value))| match (one, other) {
        (Value::Integer(one), Value::Integer(other)) if at >= key => {
            Value::Integer(one.saturating_add(*other))
        }
        (kept, _) => kept.clone(),
    };
    known.iter().zip(more).enumerate().map(add).collect()
}
