//! The columns of a table of tasks, found by their names.

use crate::listing::{Field, Unit};

/// What stands in which column.
#[derive(Debug, Default)]
pub(super) struct Columns(Vec<Option<(Field, Option<Unit>)>>);

impl Columns {
    pub(super) fn of(header: &[String]) -> Self {
        Self(header.iter().map(|name| Field::named(name)).collect())
    }

    pub(super) fn has_title(&self) -> bool {
        self.place(Field::Title).is_some()
    }

    fn place(&self, wanted: Field) -> Option<usize> {
        self.0.iter().position(|column| column.is_some_and(|(field, _)| field == wanted))
    }

    fn cell<'a>(&self, cells: &'a [String], wanted: Field) -> Option<&'a str> {
        let cell = cells.get(self.place(wanted)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }

    pub(super) fn title<'a>(&self, cells: &'a [String]) -> Option<&'a str> {
        self.cell(cells, Field::Title)
    }

    pub(super) fn phase<'a>(&self, cells: &'a [String]) -> Option<&'a str> {
        self.cell(cells, Field::Phase)
    }

    /// What a row says beside its title.
    pub(super) fn fields<'a>(
        &'a self,
        cells: &'a [String],
    ) -> impl Iterator<Item = (Field, Option<Unit>, &'a str)> {
        let known = self.0.iter().zip(cells).filter_map(|(column, cell)| {
            let (field, unit) = (*column)?;
            Some((field, unit, cell.as_str()))
        });
        known.filter(|(field, _, _)| !matches!(field, Field::Title | Field::Phase))
    }
}
