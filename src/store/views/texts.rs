//! The statements for a window's tables: made from what the table looks like.

use crate::projections::{Column, ColumnType, Index, Mode, Table};
use std::fmt::Write as _;

/// How a database spells what the two do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    Sqlite,
}

/// The columns that every table has behind its own.
pub(super) const MARKS: [Column; 2] = [
    Column { name: "position", holds: ColumnType::Integer, is_optional: false },
    Column { name: "updated_at_ms", holds: ColumnType::Integer, is_optional: false },
];

/// The name of a generation's table in the database.
pub(super) fn stored_name(table: &str, generation: u64) -> String {
    format!("view_{table}_{generation}")
}

/// All columns of a table, with those that come by themselves.
pub(super) fn all_columns(table: &Table) -> Vec<Column> {
    table.columns.iter().chain(&MARKS).copied().collect()
}

fn type_of(column: &Column) -> &'static str {
    match column.holds {
        ColumnType::Integer => "bigint",
        ColumnType::Text => "text",
    }
}

fn names(columns: &[Column], separator: &str) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(separator)
}

/// Makes a table, without what it is searched by.
pub(super) fn create(table: &Table, generation: u64, dialect: Dialect) -> String {
    let name = stored_name(table.name, generation);
    let columns = all_columns(table);
    let lines = columns.iter().map(|column| {
        let null = if column.is_optional { "" } else { " not null" };
        format!("{} {}{null}", column.name, type_of(column))
    });
    let lines = lines.collect::<Vec<_>>().join(", ");
    let key = names(table.key_columns(), ", ");
    let room = if dialect == Dialect::Postgres { " with (fillfactor = 70)" } else { "" };
    let mut text = format!("create table {name} ({lines}, primary key ({key})){room};");
    if !table.search.is_empty() && dialect == Dialect::Postgres {
        let texts = table.search.iter().map(|it| format!("left(coalesce({it}, ''), 100000)"));
        let texts = texts.collect::<Vec<_>>().join(" || ' ' || ");
        write!(
            text,
            "alter table {name} add search tsvector \
             generated always as (to_tsvector('simple', {texts})) stored;"
        )
        .expect("a text grows");
    }
    text
}

/// Makes what a table is searched by, one statement after the other: quicker over all rows than
/// row by row.
pub(super) fn create_indexes(table: &Table, generation: u64, dialect: Dialect) -> Vec<String> {
    let name = stored_name(table.name, generation);
    let index = |(at, index): (usize, &Index)| {
        format!("create index {name}_{at} on {name} ({})", index.join(", "))
    };
    let mut texts: Vec<_> = table.indexes.iter().enumerate().map(index).collect();
    if !table.search.is_empty() {
        texts.push(match dialect {
            Dialect::Postgres => {
                format!("create index {name}_search on {name} using gin (search)")
            }
            Dialect::Sqlite => create_search(table.search, &name),
        });
    }
    texts
}

fn create_search(columns: &[&str], name: &str) -> String {
    let list = columns.join(", ");
    let of = |row: &str| {
        let texts = columns.iter().map(|column| format!("{row}.{column}"));
        texts.collect::<Vec<_>>().join(", ")
    };
    let (new, old) = (of("new"), of("old"));
    let forget = format!(
        "insert into {name}_search ({name}_search, rowid, {list}) \
         values ('delete', old.rowid, {old});"
    );
    let learn = format!("insert into {name}_search (rowid, {list}) values (new.rowid, {new});");
    format!(
        "create virtual table {name}_search using fts5({list}, content='{name}');\
         insert into {name}_search ({name}_search) values ('rebuild');\
         create trigger {name}_came after insert on {name} begin {learn} end;\
         create trigger {name}_went after delete on {name} begin {forget} end;\
         create trigger {name}_changed after update on {name} begin {forget} {learn} end;"
    )
}

/// Takes a table away with all that belongs to it.
pub(super) fn drop(table: &str, generation: u64, dialect: Dialect) -> String {
    let name = stored_name(table, generation);
    match dialect {
        Dialect::Sqlite => {
            format!("drop table if exists {name};drop table if exists {name}_search;")
        }
        Dialect::Postgres => {
            format!(
                "drop function if exists {name}_found(text);\
                 drop function if exists {name}_often(text);\
                 drop table if exists {name};"
            )
        }
    }
}

/// Writes rows. Guarded, a row that was written at the same or a later position stays; sums that
/// are not guarded keep the later one of the two marks.
pub(super) fn write(table: &Table, generation: u64, dialect: Dialect, is_guarded: bool) -> String {
    let name = stored_name(table.name, generation);
    let columns = all_columns(table);
    let list = names(&columns, ", ");
    let source = source(&columns, dialect);
    let key = names(table.key_columns(), ", ");
    let own = columns[table.key..].iter().map(|column| column.name);
    let sets = own.map(|column| {
        let is_mark = MARKS.iter().any(|mark| mark.name == column);
        let value = match (table.mode, is_mark) {
            (Mode::Add, false) => format!("{name}.{column} + excluded.{column}"),
            (Mode::Add, true) if !is_guarded => format!(
                "case when {name}.position < excluded.position then excluded.{column} \
                 else {name}.{column} end"
            ),
            (Mode::Add | Mode::Replace, _) => format!("excluded.{column}"),
        };
        format!("{column} = {value}")
    });
    let sets = sets.collect::<Vec<_>>().join(", ");
    let guard = if is_guarded {
        format!(" where {name}.position < excluded.position")
    } else {
        String::new()
    };
    format!("insert into {name} ({list}) {source} on conflict ({key}) do update set {sets}{guard}")
}

/// Takes rows in, in bulk; PostgreSQL only.
pub(super) fn copy(table: &Table, generation: u64) -> String {
    let name = stored_name(table.name, generation);
    let list = names(&all_columns(table), ", ");
    format!("copy {name} ({list}) from stdin (format binary)")
}

/// A page of rows, by key.
pub(super) fn page(table: &Table, generation: u64, has_after: bool, rows: usize) -> String {
    let name = stored_name(table.name, generation);
    let list = names(&all_columns(table), ", ");
    let key = names(table.key_columns(), ", ");
    let places = (1..=table.key).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ");
    let after = if has_after { format!(" where ({key}) > ({places})") } else { String::new() };
    format!("select {list} from {name}{after} order by {key} limit {rows}")
}

/// The row of a key.
pub(super) fn row(table: &Table, generation: u64) -> String {
    let name = stored_name(table.name, generation);
    let list = names(&all_columns(table), ", ");
    let key = (1..).zip(table.key_columns()).map(|(at, it)| format!("{} = ${at}", it.name));
    format!("select {list} from {name} where {}", key.collect::<Vec<_>>().join(" and "))
}

/// The rows that come in with a statement, as a query.
fn source(columns: &[Column], dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => {
            let arrays = (1..).zip(columns).map(|(at, it)| format!("${at}::{}[]", type_of(it)));
            format!("select * from unnest({})", arrays.collect::<Vec<_>>().join(", "))
        }
        Dialect::Sqlite => {
            let cells = (0..columns.len()).map(|at| format!("value ->> {at}"));
            let cells = cells.collect::<Vec<_>>().join(", ");
            format!("select {cells} from json_each($1) where true")
        }
    }
}

/// Takes rows out, unless they were written at a later position.
pub(super) fn remove(table: &Table, generation: u64, dialect: Dialect) -> String {
    let name = stored_name(table.name, generation);
    let key = table.key_columns();
    match dialect {
        Dialect::Postgres => {
            let columns: Vec<_> = key.iter().chain([&MARKS[0]]).copied().collect();
            let list = names(&columns, ", ");
            let source = source(&columns, dialect);
            let same = key.iter().map(|it| format!("{name}.{0} = gone.{0}", it.name));
            let same = same.collect::<Vec<_>>().join(" and ");
            format!(
                "delete from {name} using ({source}) as gone ({list}) \
                 where {same} and {name}.position < gone.position"
            )
        }
        Dialect::Sqlite => {
            let same = key.iter().enumerate();
            let same = same.map(|(at, it)| format!("t.{} = (gone.value ->> {at})", it.name));
            let same = same.collect::<Vec<_>>().join(" and ");
            format!(
                "delete from {name} where rowid in (select t.rowid from json_each($1) gone \
                 join {name} t on {same} and t.position < (gone.value ->> {}))",
                key.len()
            )
        }
    }
}
