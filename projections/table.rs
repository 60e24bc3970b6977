//! What a window's tables look like, as far as a database must know.

use super::value::{ColumnType, Form};

/// A table of a window. Every row also has the position of the last event that changed it and the
/// time of that event; both come by themselves, as do the columns that they stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name, unique among all windows.
    pub name: &'static str,
    /// Its columns; those of the key come first.
    pub columns: &'static [Column],
    /// How many columns make up the key.
    pub key: usize,
    /// How rows are written.
    pub mode: Mode,
    /// What it is searched and ordered by, beside its key.
    pub indexes: &'static [Index],
    /// The columns that full-text search looks into.
    pub search: &'static [&'static str],
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its cells hold.
    pub holds: ColumnType,
    /// Whether a cell may hold nothing.
    pub is_optional: bool,
}

/// What clients are shown of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownField {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    /// How it says it.
    pub form: Form,
    /// Whether it may be null.
    pub is_optional: bool,
}

/// An index: the columns it orders by, the workspace first.
pub type Index = &'static [&'static str];

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A row replaces the one of the same key.
    Replace,
    /// The numbers of a row are added to those of the same key.
    Add,
}

impl Table {
    /// Where a column stands in a row.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// The columns of the key.
    pub fn key_columns(&self) -> &'static [Column] {
        &self.columns[..self.key]
    }
}

/// Declares a row: its type, its columns, and the way into cells and back.
#[macro_export]
macro_rules! rows {
    ($(
        $(#[doc = $doc:literal])+
        struct $Row:ident {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident : $ty:ty,
            )+
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Row {
            $(
                $(#[doc = $field_doc])+
                pub $field: $ty,
            )+
        }

        impl $Row {
            /// The columns that it stands in.
            pub const COLUMNS: &'static [$crate::Column] = &[$($crate::Column {
                name: stringify!($field),
                holds: <$ty as $crate::Cell>::TYPE,
                is_optional: <$ty as $crate::Cell>::IS_OPTIONAL,
            }),+];

            /// A value for each column.
            pub fn into_row(self) -> $crate::Row {
                vec![$($crate::Cell::to_value(&self.$field)),+]
            }

            /// What clients are shown of each column.
            pub const SHOWN: &'static [$crate::ShownField] = &[$($crate::ShownField {
                name: stringify!($field),
                about: concat!($($field_doc),+),
                form: <$ty as $crate::Cell>::FORM,
                is_optional: <$ty as $crate::Cell>::IS_OPTIONAL,
            }),+];

            /// As clients are shown it: an object, a name for each column.
            pub fn to_json(&self) -> $crate::JsonObject {
                [$((stringify!($field).to_owned(), $crate::Cell::to_json(&self.$field))),+]
                    .into_iter()
                    .collect()
            }

            /// What the values of a row say.
            pub fn from_row(row: &[$crate::Value]) -> Result<Self, $crate::BadCell> {
                let mut cells = row.iter();
                $(
                    let cell = cells.next().unwrap_or(&$crate::Value::Null);
                    let $field = <$ty as $crate::Cell>::from_value(cell).ok_or_else(|| {
                        $crate::BadCell { column: stringify!($field), found: cell.clone() }
                    })?;
                )+
                Ok(Self { $($field),+ })
            }
        }
    )+};
}
