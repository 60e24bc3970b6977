//! What a batch of events changes in one window: gathered by key, so that a thousand events on
//! fifty rows write fifty rows.

use super::table::Table;
use super::value::{Row, Value};
use super::window::{Happened, Part, Shape, Window};
use planexe_ax_domain::Timestamp;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The last event that changed a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its place in the log.
    pub position: u64,
    /// When it was decided.
    pub at: Timestamp,
}

impl Mark {
    fn later(self, other: Self) -> Self {
        if self.position > other.position { self } else { other }
    }
}

/// A table of a window, by its place among the window's tables, and the key of a row.
type Place = (usize, Vec<Value>);

/// Numbers to add, by place, each with the last event that added to them.
type Sums = BTreeMap<Place, (Vec<i64>, Mark)>;

/// The parts of one stream that were touched, for one window.
#[derive(Debug, Clone, Default)]
pub(super) struct Touched {
    pub(super) whole: BTreeMap<usize, Mark>,
    pub(super) parts: BTreeMap<(usize, Part), Mark>,
}

impl Touched {
    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.parts.is_empty()
    }

    /// The position of the last event that touched anything.
    pub(super) fn last(&self) -> u64 {
        let marks = self.whole.values().chain(self.parts.values());
        marks.map(|mark| mark.position).max().unwrap_or_default()
    }
}

/// What is to be written for one window.
#[derive(Debug, Clone, Default)]
pub(super) struct Gathered {
    rows: BTreeMap<Place, (Shape, Mark)>,
    sums: Sums,
}

impl Gathered {
    /// The later of two rows of a key stays, in whatever order they come.
    pub(super) fn put(&mut self, table: usize, key: usize, shape: Shape, mark: Mark) {
        let place = match &shape {
            Shape::There(row) => row[..key].to_vec(),
            Shape::Gone(key) => key.clone(),
        };
        match self.rows.entry((table, place)) {
            Entry::Occupied(kept) if kept.get().1.position > mark.position => {}
            Entry::Occupied(mut kept) => drop(kept.insert((shape, mark))),
            Entry::Vacant(free) => {
                free.insert((shape, mark));
            }
        }
    }

    /// Puts a row that is made anew; what touched it alone may be newer than what touched all.
    pub(super) fn put_again(&mut self, table: usize, key: usize, row: Row, mark: Mark) {
        let place = (table, row[..key].to_vec());
        let newest = self.rows.get(&place).map_or(mark, |(_, known)| known.later(mark));
        self.rows.insert(place, (Shape::There(row), newest));
    }

    /// Sorted by table and key: two that write the same rows lock them in the same order.
    pub(super) fn into_writes(self, window: &dyn Window) -> Vec<TableWrites> {
        let tables = window.tables().iter();
        let mut writes: Vec<_> = tables.map(|_| TableWrites::default()).collect();
        for ((table, _), (shape, mark)) in self.rows {
            match shape {
                Shape::There(row) => writes[table].rows.push((row, mark)),
                Shape::Gone(key) => writes[table].gone.push((key, mark)),
            }
        }
        for ((table, mut row), (sums, mark)) in spread(self.sums, window) {
            row.extend(sums.into_iter().map(Value::Integer));
            writes[table].rows.push((row, mark));
        }
        writes
    }
}

/// The sums, each at all the places that it counts in.
fn spread(base: Sums, window: &dyn Window) -> Sums {
    let mut all = Sums::new();
    for ((table, key), (sums, mark)) in base {
        for key in window.spread(table, &key) {
            add(&mut all, (table, key), &sums, mark);
        }
    }
    all
}

fn add(sums: &mut Sums, place: Place, amounts: &[i64], mark: Mark) {
    let (sums, last) = sums.entry(place).or_insert_with(|| (vec![0; amounts.len()], mark));
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum = sum.saturating_add(*amount);
    }
    *last = last.later(mark);
}

/// What is to be written to one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableWrites {
    /// Rows to write, by key, each with the last event that changed it.
    pub rows: Vec<(Row, Mark)>,
    /// Keys of rows to take out.
    pub gone: Vec<(Vec<Value>, Mark)>,
}

impl TableWrites {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.gone.is_empty()
    }
}

/// Where a window notes what an event changes.
#[derive(Debug)]
pub struct Changes<'a> {
    pub(super) tables: &'static [Table],
    pub(super) mark: Mark,
    pub(super) touched: &'a mut Touched,
    pub(super) gathered: &'a mut Gathered,
}

impl<'a> Changes<'a> {
    pub(super) fn new(
        happened: &Happened<'_>,
        tables: &'static [Table],
        touched: &'a mut Touched,
        gathered: &'a mut Gathered,
    ) -> Self {
        let mark = Mark { position: happened.position, at: happened.at };
        Self { tables, mark, touched, gathered }
    }

    /// The row of a part is to be made anew from the state.
    pub fn touch(&mut self, table: usize, part: Part) {
        self.touched.parts.insert((table, part), self.mark);
    }

    /// All rows of the stream in a table are to be made anew from the state.
    pub fn touch_all(&mut self, table: usize) {
        self.touched.whole.insert(table, self.mark);
    }

    /// Writes a row that no state keeps; a later one of the same key takes its place.
    pub fn put(&mut self, table: usize, row: Row) {
        self.gathered.put(table, self.tables[table].key, Shape::There(row), self.mark);
    }

    /// The row of that key is there no more.
    pub fn remove(&mut self, table: usize, key: Vec<Value>) {
        let columns = self.tables[table].key;
        self.gathered.put(table, columns, Shape::Gone(key), self.mark);
    }

    /// Adds numbers to the sums of a key: one for each column behind the key.
    pub fn add(&mut self, table: usize, key: Vec<Value>, amounts: &[i64]) {
        add(&mut self.gathered.sums, (table, key), amounts, self.mark);
    }
}
