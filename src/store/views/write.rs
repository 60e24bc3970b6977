//! The transaction that writes windows: their rows, and how far they are.

use super::copy::stream_of;
use super::session::{Bind, Session};
use super::texts::{self, Dialect, MARKS};
use crate::domain::Timestamp;
use crate::planted::is_planted;
use crate::projections::{Column, ColumnType, Mark, Mode, Row, Table, TableWrites, Value};
use crate::store::error::StoreError;
use crate::store::rows::to_row;
use crate::store::types::Position;

/// How many rows one statement writes.
const STATEMENT_ROWS_MAX: usize = 2_000;

/// What is written for one generation of a window.
#[derive(Debug, Clone)]
pub struct WindowWrite<'a> {
    /// The window.
    pub name: &'a str,
    /// Its generation.
    pub generation: u64,
    /// Its tables.
    pub tables: &'static [Table],
    /// What is written to each of them.
    pub writes: &'a [TableWrites],
    /// How the generation moves with it.
    pub step: Step,
}

/// How a generation moves. Every step says where it starts: one that somebody else has taken
/// meanwhile is not taken again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Along the log.
    Move {
        /// The position before.
        from: Position,
        /// The position after.
        to: Position,
        /// What stands in the log there.
        prefix_hash: String,
    },
    /// Along the streams, while it is built.
    Build {
        /// The last stream before.
        from: Option<String>,
        /// The last stream after.
        to: String,
        /// How many events were folded by then.
        events_done: u64,
        /// How fast that goes.
        events_per_second: u64,
    },
    /// It is built.
    Built {
        /// What stands in the log at its target.
        prefix_hash: String,
    },
}

/// Whether something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All of it.
    All,
    /// Nothing: another projector has taken over, or was faster.
    Overtaken,
}

pub(super) async fn write(
    mut session: Session<'_>,
    dialect: Dialect,
    epoch: u64,
    writes: &[WindowWrite<'_>],
    at: Timestamp,
) -> Result<Written, StoreError> {
    session.begin().await?;
    if writes.iter().any(is_apart) {
        for write in writes {
            write_tables(&mut session, dialect, write).await?;
        }
        session.script("commit").await?;
        session.begin().await?;
    }
    for write in writes {
        if !take_step(&mut session, epoch, write, at).await? {
            session.roll_back().await?;
            return Ok(Written::Overtaken);
        }
        if !is_apart(write) {
            write_tables(&mut session, dialect, write).await?;
        }
        if matches!(write.step, Step::Built { .. }) {
            for table in write.tables {
                create_indexes(&mut session, dialect, (table, write.generation)).await?;
            }
        }
    }
    session.commit().await?;
    Ok(Written::All)
}

/// Whether the rows are written without the step that goes with them: never, but for a planted
/// bug.
fn is_apart(write: &WindowWrite<'_>) -> bool {
    match write.step {
        Step::Move { .. } => is_planted("checkpoint_apart"),
        Step::Build { .. } | Step::Built { .. } => is_planted("build_cursor_apart"),
    }
}

async fn write_tables(
    session: &mut Session<'_>,
    dialect: Dialect,
    write: &WindowWrite<'_>,
) -> Result<(), StoreError> {
    let moves_on = matches!(write.step, Step::Move { .. });
    for (table, writes) in write.tables.iter().zip(write.writes) {
        let is_guarded = moves_on || table.mode == Mode::Replace;
        let place = (table, write.generation);
        remove_rows(session, dialect, place, &writes.gone).await?;
        let is_new = !moves_on && table.mode == Mode::Replace && dialect == Dialect::Postgres;
        if !is_new || !copy_rows(session, place, &writes.rows).await? {
            write_rows(session, dialect, place, is_guarded, &writes.rows).await?;
        }
    }
    Ok(())
}

/// Writes rows that are new, as nearly all are while a window is built; false, and nothing is
/// written, when one of them is there already.
async fn copy_rows(
    session: &mut Session<'_>,
    (table, generation): (&Table, u64),
    rows: &[(Row, Mark)],
) -> Result<bool, StoreError> {
    if rows.is_empty() {
        return Ok(true);
    }
    session.script("savepoint before_copy").await?;
    let is_copied = session.copy(&texts::copy(table, generation), &stream_of(rows)).await?;
    if is_copied {
        session.script("release savepoint before_copy").await?;
    } else {
        session.script("rollback to savepoint before_copy").await?;
    }
    Ok(is_copied)
}

/// Makes what a table is searched by.
pub(super) async fn create_indexes(
    session: &mut Session<'_>,
    dialect: Dialect,
    (table, generation): (&Table, u64),
) -> Result<(), StoreError> {
    for text in texts::create_indexes(table, generation, dialect) {
        session.script_at_length(&text).await?;
    }
    Ok(())
}

async fn take_step(
    session: &mut Session<'_>,
    epoch: u64,
    write: &WindowWrite<'_>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let mut binds = vec![Bind::from(write.name), Bind::from(write.generation), Bind::from(epoch)];
    let text = match &write.step {
        Step::Move { from, to, prefix_hash } => {
            binds.extend([from.get(), to.get()].map(Bind::from));
            binds.push(Bind::from(prefix_hash.as_str()));
            include_str!("../sql/views_move.sql")
        }
        Step::Build { from, to, events_done, events_per_second } => {
            binds.push(Bind::from(from.as_deref().unwrap_or_default()));
            binds.push(Bind::from(to.as_str()));
            binds.extend([*events_done, *events_per_second].map(Bind::from));
            include_str!("../sql/views_build.sql")
        }
        Step::Built { prefix_hash } => {
            binds.push(Bind::from(prefix_hash.as_str()));
            include_str!("../sql/views_built.sql")
        }
    };
    binds.push(Bind::from(at));
    if is_planted("epoch_not_checked") {
        let text = text.replace("epoch = $3", "$3 = $3");
        return Ok(session.run(&text, binds).await? == 1);
    }
    Ok(session.run(text, binds).await? == 1)
}

async fn write_rows(
    session: &mut Session<'_>,
    dialect: Dialect,
    (table, generation): (&Table, u64),
    is_guarded: bool,
    rows: &[(Row, Mark)],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let text = texts::write(table, generation, dialect, is_guarded);
    let columns = texts::all_columns(table);
    for rows in rows.chunks(STATEMENT_ROWS_MAX) {
        let marked = |(row, mark): &(Row, Mark)| {
            let marks = [to_row(mark.position), mark.at.unix_ms()].map(Value::Integer);
            row.iter().cloned().chain(marks).collect()
        };
        let rows: Vec<Row> = rows.iter().map(marked).collect();
        session.run(&text, binds_of(&columns, &rows, dialect)).await?;
    }
    Ok(())
}

async fn remove_rows(
    session: &mut Session<'_>,
    dialect: Dialect,
    (table, generation): (&Table, u64),
    gone: &[(Row, Mark)],
) -> Result<(), StoreError> {
    if gone.is_empty() {
        return Ok(());
    }
    let text = texts::remove(table, generation, dialect);
    let columns: Vec<_> = table.key_columns().iter().chain([&MARKS[0]]).copied().collect();
    for gone in gone.chunks(STATEMENT_ROWS_MAX) {
        let marked = |(key, mark): &(Row, Mark)| {
            let position = Value::Integer(to_row(mark.position));
            key.iter().cloned().chain([position]).collect()
        };
        let rows: Vec<Row> = gone.iter().map(marked).collect();
        session.run(&text, binds_of(&columns, &rows, dialect)).await?;
    }
    Ok(())
}

/// Rows, as a statement takes them: a list a column, or one JSON text.
fn binds_of(columns: &[Column], rows: &[Row], dialect: Dialect) -> Vec<Bind> {
    if dialect == Dialect::Sqlite {
        return vec![Bind::from(json_of(rows).as_str())];
    }
    let column = |(at, column): (usize, &Column)| {
        let cells = rows.iter().map(|row| &row[at]);
        match column.holds {
            ColumnType::Integer => Bind::Integers(
                cells
                    .map(
                        |cell| if let Value::Integer(number) = cell { Some(*number) } else { None },
                    )
                    .collect(),
            ),
            ColumnType::Text => Bind::Texts(
                cells
                    .map(
                        |cell| if let Value::Text(text) = cell { Some(text.clone()) } else { None },
                    )
                    .collect(),
            ),
        }
    };
    columns.iter().enumerate().map(column).collect()
}

fn json_of(rows: &[Row]) -> String {
    let json = |cell: &Value| match cell {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Text(text) => text.as_ref().into(),
    };
    let rows = rows.iter().map(|row| serde_json::Value::Array(row.iter().map(json).collect()));
    serde_json::Value::Array(rows.collect()).to_string()
}
