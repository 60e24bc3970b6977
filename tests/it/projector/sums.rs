//! A window of a test's own: it counts events by kind, over all streams, and by stream; its second
//! version has one more column.

use planexe_ax::domain::StreamKind;
use planexe_ax::projections::{
    Changes, Column, ColumnType, FoldError, Happened, Mode, Part, Shape, Subject, Table, Value,
    Window,
};
use std::sync::Arc;

/// The execution whose third event makes a window that is told so panic.
pub(super) const POISON: u64 = 666;
const POISON_ID: &str = "exec_666";

/// Counts events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) version: u16,
    /// Where it panics at poison, if it does.
    pub(super) panics: Option<Panics>,
}

/// Where a window panics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Panics {
    InTheFold,
    InTheRow,
}

impl Sums {
    pub(super) fn window(version: u16) -> Arc<dyn Window> {
        Arc::new(Self { version, panics: None })
    }

    pub(super) fn panicking(panics: Panics) -> Arc<dyn Window> {
        Arc::new(Self { version: 1, panics: Some(panics) })
    }

    /// The tables of a version.
    pub(super) fn tables_of(version: u16) -> &'static [Table] {
        if version == 1 { TABLES_1 } else { TABLES_2 }
    }
}

const fn column(name: &'static str, holds: ColumnType) -> Column {
    Column { name, holds, is_optional: false }
}

const KIND: Table = Table {
    name: "sum_kind",
    columns: &[column("kind", ColumnType::Text), column("events", ColumnType::Integer)],
    key: 1,
    mode: Mode::Add,
    indexes: &[],
    search: &[],
};

const STREAM: Table = Table {
    name: "sum_stream",
    columns: &[
        column("workspace", ColumnType::Text),
        column("id", ColumnType::Text),
        column("version", ColumnType::Integer),
    ],
    key: 2,
    mode: Mode::Replace,
    indexes: &[],
    search: &[],
};

const STREAM_2: Table = Table {
    columns: &[
        column("workspace", ColumnType::Text),
        column("id", ColumnType::Text),
        column("version", ColumnType::Integer),
        column("doubled", ColumnType::Integer),
    ],
    ..STREAM
};

const TABLES_1: &[Table] = &[KIND, STREAM];
const TABLES_2: &[Table] = &[KIND, STREAM_2];

impl Window for Sums {
    fn name(&self) -> &'static str {
        "sums"
    }

    fn version(&self) -> u16 {
        self.version
    }

    fn tables(&self) -> &'static [Table] {
        Self::tables_of(self.version)
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution]
    }

    fn after(
        &self,
        happened: &Happened<'_>,
        _subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let is_poison = happened.stream.id() == POISON_ID && happened.version == 3;
        assert!(!is_poison || self.panics != Some(Panics::InTheFold), "it is poison");
        changes.add(0, vec![Value::Text(happened.event.kind().into())], &[1]);
        changes.touch(1, Part::Whole);
        if is_poison {
            changes.touch(1, Part::Named(POISON_ID.into()));
        }
        Ok(())
    }

    fn row(&self, _table: usize, subject: &Subject<'_>, part: &Part) -> Shape {
        let is_poison = part.name().is_some();
        assert!(!is_poison || self.panics != Some(Panics::InTheRow), "it is poison");
        let version = i64::try_from(subject.version).expect("it is small");
        let mut row = subject.key();
        row.push(Value::Integer(version));
        if self.version > 1 {
            row.push(Value::Integer(2 * version));
        }
        Shape::There(row)
    }

    fn parts(&self, table: usize, _subject: &Subject<'_>) -> Vec<Part> {
        if table == 1 { vec![Part::Whole] } else { Vec::new() }
    }
}
