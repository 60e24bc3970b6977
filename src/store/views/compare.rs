//! Two generations of a window at one moment: whether they hold the same.

use super::catalogue::{self, Generation};
use super::session::{Bind, Session};
use super::texts;
use super::{Views, select};
use crate::projections::{ColumnType, Mark, Row, Table, Value};
use crate::store::error::StoreError;

/// How many rows of a table are compared at once.
const PAGE_ROWS: usize = 2_000;

/// What came of comparing two generations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// They were not at one position at that moment.
    Apart,
    /// They hold the same.
    Equal {
        /// How many rows they hold.
        rows: u64,
    },
    /// They differ.
    Different {
        /// The first table in which they do.
        table: &'static str,
        /// The key of the first row in which they do, and what each holds there.
        what: String,
    },
}

/// A generation at one moment, whatever is written meanwhile. Must be ended.
pub struct Frozen<'a> {
    session: Session<'a>,
    /// What was known of it at that moment.
    pub generation: Generation,
}

impl Views {
    /// Compares two generations of a window row by row, as they are at one moment.
    pub async fn compare(
        &self,
        name: &str,
        (one, other): (u64, u64),
        tables: &'static [Table],
    ) -> Result<Compared, StoreError> {
        let mut session = self.reads.session().await?;
        session.begin_reading().await?;
        let known = catalogue::generations(&mut session).await?;
        let position = |number| {
            let found = known.iter().find(|it| it.name == name && it.generation == number);
            found.map(|it| (it.position, &it.skipped))
        };
        let mut compared = Compared::Equal { rows: 0 };
        if position(one).is_none() || position(one) != position(other) {
            compared = Compared::Apart;
        }
        for table in tables {
            if let Compared::Equal { rows } = &mut compared {
                match compare_table(&mut session, table, (one, other)).await? {
                    Compared::Equal { rows: more } => *rows += more,
                    different @ (Compared::Apart | Compared::Different { .. }) => {
                        compared = different;
                    }
                }
            }
        }
        session.roll_back().await?;
        Ok(compared)
    }

    /// A generation as it is now; none when there is no such one.
    pub async fn freeze(
        &self,
        name: &str,
        generation: u64,
    ) -> Result<Option<Frozen<'_>>, StoreError> {
        let mut session = self.reads.session().await?;
        session.begin_reading().await?;
        let known = catalogue::generations(&mut session).await?;
        let mut found = known.into_iter().filter(|it| it.name == name);
        let Some(generation) = found.find(|it| it.generation == generation) else {
            session.roll_back().await?;
            return Ok(None);
        };
        Ok(Some(Frozen { session, generation }))
    }
}

impl Frozen<'_> {
    /// The row of a key.
    pub async fn row(
        &mut self,
        table: &Table,
        key: &[Value],
    ) -> Result<Option<(Row, Mark)>, StoreError> {
        let text = texts::row(table, self.generation.generation);
        let binds = key.iter().map(Bind::from).collect();
        let found = self.session.rows(&text, binds, &holds(table)).await?;
        let seen = found.into_iter().next().map(select::seen).transpose()?;
        Ok(seen.map(|seen| (seen.row, seen.mark)))
    }

    /// Lets go of the moment.
    pub async fn end(self) -> Result<(), StoreError> {
        self.session.roll_back().await
    }
}

fn holds(table: &Table) -> Vec<ColumnType> {
    texts::all_columns(table).iter().map(|column| column.holds).collect()
}

/// Walks both tables in the order of their keys.
async fn compare_table(
    session: &mut Session<'_>,
    table: &Table,
    (one, other): (u64, u64),
) -> Result<Compared, StoreError> {
    let (mut after, mut rows) = (None::<Vec<Value>>, 0);
    loop {
        let left = page(session, table, one, after.as_deref()).await?;
        let right = page(session, table, other, after.as_deref()).await?;
        if left != right {
            let what = difference(table, &left, &right);
            return Ok(Compared::Different { table: table.name, what });
        }
        rows += u64::try_from(left.len()).unwrap_or(u64::MAX);
        match left.last() {
            Some(last) if left.len() == PAGE_ROWS => after = Some(last[..table.key].to_vec()),
            Some(_) | None => return Ok(Compared::Equal { rows }),
        }
    }
}

async fn page(
    session: &mut Session<'_>,
    table: &Table,
    generation: u64,
    after: Option<&[Value]>,
) -> Result<Vec<Row>, StoreError> {
    let text = texts::page(table, generation, after.is_some(), PAGE_ROWS);
    let binds = after.unwrap_or_default().iter().map(Bind::from).collect();
    session.rows(&text, binds, &holds(table)).await
}

/// The first place where two pages of one order differ.
fn difference(table: &Table, left: &[Row], right: &[Row]) -> String {
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let shown = |rows: &[Row]| match rows.get(same) {
        Some(row) => format!("{row:?}"),
        None => "no row".to_owned(),
    };
    let (left, right) = (shown(left), shown(right));
    format!("{}: {left} in the one, {right} in the other", table.name)
}
