//! What changed between two moments of an execution, row by row and cell by cell.

use super::Then;
use crate::projections::{Row, Table, Value, Window};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The window's table.
    pub table: &'static str,
    /// What the row is found by.
    pub key: Vec<Value>,
    /// What became of it.
    pub change: Change,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It came.
    Came(Row),
    /// It went.
    Went(Row),
    /// These cells changed: the column, what it held before and after.
    Changed(Vec<(&'static str, Value, Value)>),
}

impl Then {
    /// What changed in a window from this moment to a later one.
    pub fn diff(&self, later: &Self, window: &dyn Window) -> Vec<RowChange> {
        let tables = window.tables().iter().enumerate();
        let changes = tables.flat_map(|(at, table)| {
            let before = self.by_key(window, at, table);
            let after = later.by_key(window, at, table);
            let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            let of = |key: &Vec<Value>| {
                let change = change(table, before.get(key).copied(), after.get(key).copied())?;
                Some(RowChange { table: table.name, key: key.clone(), change })
            };
            keys.into_iter().filter_map(of).collect::<Vec<_>>()
        });
        changes.collect()
    }

    fn by_key(&self, window: &dyn Window, at: usize, table: &Table) -> BTreeMap<Vec<Value>, &Row> {
        self.rows(window.name(), at).map(|(row, _)| (row[..table.key].to_vec(), row)).collect()
    }
}

fn change(table: &Table, before: Option<&Row>, after: Option<&Row>) -> Option<Change> {
    match (before, after) {
        (None, None) => None,
        (None, Some(row)) => Some(Change::Came(row.clone())),
        (Some(row), None) => Some(Change::Went(row.clone())),
        (Some(before), Some(after)) => {
            let cells = table.columns.iter().zip(before.iter().zip(after));
            let differ = cells.filter(|(_, (before, after))| before != after);
            let told = differ
                .map(|(column, (before, after))| (column.name, before.clone(), after.clone()));
            let told: Vec<_> = told.collect();
            (!told.is_empty()).then_some(Change::Changed(told))
        }
    }
}
