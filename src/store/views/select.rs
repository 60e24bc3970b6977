//! Reading windows: pages of rows by key, never a count, never an offset.

use super::catalogue::Cells;
use super::session::{Bind, Session};
use super::texts::{self, Dialect, MARKS};
use crate::domain::{Timestamp, WorkspaceId};
use crate::planted::is_planted;
use crate::projections::{Column, ColumnType, Mark, Row, Table, Value};
use crate::store::error::StoreError;
use crate::store::types::Position;
use std::collections::BTreeMap;

/// Which rows of a table are wanted.
#[derive(Debug, Clone)]
pub struct Select<'a> {
    /// The window.
    pub window: &'a str,
    /// The table.
    pub table: &'a Table,
    /// What must hold of them.
    pub conditions: Vec<(&'static str, Condition)>,
    /// The words that full-text search must find in them.
    pub search: Option<&'a str>,
    /// What they are ordered by; the last of these columns tells any two rows apart.
    pub order: &'a [&'static str],
    /// Whether the last comes first.
    pub is_descending: bool,
    /// What the row before the page has in the columns of the order.
    pub after: Option<Vec<Value>>,
    /// How many rows at most.
    pub limit: usize,
}

/// Whose rows are wanted.
enum Whose {
    One(WorkspaceId),
    /// Those of every workspace: for what looks after the machine.
    All,
}

impl Select<'_> {
    /// What is looked for.
    fn words(&self) -> Option<&str> {
        self.search.filter(|words| !words.trim().is_empty())
    }

    /// Whose rows are wanted: a list says so, or it is not read.
    fn whose(&self) -> Option<Whose> {
        self.conditions.iter().find_map(|(column, condition)| match (*column, condition) {
            ("workspace", Condition::Is(Value::Text(id))) => {
                WorkspaceId::parse(id).ok().map(Whose::One)
            }
            ("workspace", Condition::Something) => Some(Whose::All),
            (_, _) => None,
        })
    }
}

/// What must hold of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It holds this.
    Is(Value),
    /// It holds one of these texts.
    In(Vec<String>),
    /// It holds this or more.
    From(Value),
    /// It holds less.
    Before(Value),
    /// It holds nothing.
    Nothing,
    /// It holds something.
    Something,
}

/// A row, with the last event that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What is in it.
    pub row: Row,
    /// The last event that changed it.
    pub mark: Mark,
}

/// Rows of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Seen>,
    /// The last event that the window had taken in; none before it is built.
    pub position: Option<Position>,
    /// Whether the window stopped at the event after that.
    pub is_stopped: bool,
    /// When the window was last written.
    pub changed_at: Timestamp,
}

pub(super) async fn read(
    mut session: Session<'_>,
    dialect: Dialect,
    select: &Select<'_>,
) -> Result<Page, StoreError> {
    let is_walled = match select.whose() {
        Some(Whose::One(workspace)) => session.begin_reading_for(&workspace).await?,
        Some(Whose::All) => session.begin_reading().await.map(|()| false)?,
        None => return Err(StoreError::NoWorkspace),
    };
    use ColumnType::{Integer, Text};
    let columns = [Integer, Integer, Integer, Integer, Text];
    let live = include_str!("../sql/views_live.sql");
    let live = session.rows(live, vec![Bind::from(select.window)], &columns).await?;
    let Some(live) = live.first().map(|row| Cells(row)) else {
        session.roll_back().await?;
        let changed_at = Timestamp::default();
        return Ok(Page { rows: Vec::new(), position: None, is_stopped: false, changed_at });
    };
    let stored = stored_columns(select, live.text(4)?);
    let generation = live.number(0)?;
    let is_found = is_walled && !is_often(&mut session, select, generation).await?;
    let (text, binds) = text_of(select, generation, &stored, (dialect, is_found));
    let columns: Vec<_> = texts::all_columns(select.table).iter().map(|it| it.holds).collect();
    let rows = session.rows(&text, binds, &columns).await?;
    let rows = rows.into_iter().map(seen).collect::<Result<_, _>>()?;
    session.roll_back().await?;
    Ok(Page {
        rows,
        position: Some(live.number(1)?.into()),
        is_stopped: live.optional_number(3)?.is_some(),
        changed_at: Timestamp::from_unix_ms(live.integer(2)?),
    })
}

/// Whether the words that are looked for stand in so many rows that a walk along the list comes
/// upon enough of them sooner than they are all found: views_wall.sql says how many.
async fn is_often(
    session: &mut Session<'_>,
    select: &Select<'_>,
    generation: u64,
) -> Result<bool, StoreError> {
    let Some(words) = select.words() else { return Ok(false) };
    let name = texts::stored_name(select.table.name, generation);
    let text = format!("select {name}_often($1)::int::bigint");
    let told = session.rows(&text, vec![Bind::from(words)], &[ColumnType::Integer]).await?;
    Ok(told.first().map(|row| Cells(row).integer(0)).transpose()? == Some(1))
}

/// The columns that the table of the live generation has: an older release may have made it.
fn stored_columns(select: &Select<'_>, tables: &str) -> Vec<String> {
    let tables: BTreeMap<String, Vec<String>> = serde_json::from_str(tables).unwrap_or_default();
    tables.get(select.table.name).cloned().unwrap_or_default()
}

pub(super) fn seen(mut row: Row) -> Result<Seen, StoreError> {
    let marks = row.split_off(row.len().saturating_sub(2));
    let marks = Cells(&marks);
    let at = Timestamp::from_unix_ms(marks.integer(1)?);
    Ok(Seen { row, mark: Mark { position: marks.number(0)?, at } })
}

/// What gathers while a statement is written.
struct Draft {
    dialect: Dialect,
    binds: Vec<Bind>,
    clauses: Vec<String>,
}

impl Draft {
    fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        format!("${}", self.binds.len())
    }

    fn bind_value(&mut self, value: &Value) -> String {
        self.bind(Bind::from(value))
    }

    fn add(&mut self, column: &str, condition: &Condition) {
        let clause = match condition {
            Condition::Is(value) => format!("t.{column} = {}", self.bind_value(value)),
            Condition::From(value) => format!("t.{column} >= {}", self.bind_value(value)),
            Condition::Before(value) => format!("t.{column} < {}", self.bind_value(value)),
            Condition::Nothing => format!("t.{column} is null"),
            Condition::Something => format!("t.{column} is not null"),
            Condition::In(texts) if self.dialect == Dialect::Postgres => {
                let texts = texts.iter().map(|text| Some(text.as_str().into())).collect();
                format!("t.{column} = any ({})", self.bind(Bind::Texts(texts)))
            }
            Condition::In(texts) => {
                let texts = serde_json::to_string(texts).expect("texts always become JSON");
                let list = self.bind(Bind::from(texts.as_str()));
                format!("t.{column} in (select value from json_each({list}))")
            }
        };
        self.clauses.push(clause);
    }

    /// Every word must be found: no mark in a text is an operator. Where no word has a letter or a
    /// digit, nothing is found.
    fn search(&mut self, name: &str, words: &str) {
        let words = words.split_whitespace().filter(|it| it.contains(char::is_alphanumeric));
        let words: Vec<&str> = words.collect();
        let clause = if words.is_empty() {
            "false".to_owned()
        } else if self.dialect == Dialect::Postgres {
            let words = self.bind(Bind::from(words.join(" ").as_str()));
            format!("t.search @@ plainto_tsquery('simple', {words})")
        } else {
            let words = words.into_iter().map(|it| format!("\"{}\"", it.replace('"', " ")));
            let words = self.bind(Bind::from(words.collect::<Vec<_>>().join(" ").as_str()));
            let found =
                format!("select rowid from {name}_search where {name}_search match {words}");
            format!("t.rowid in ({found})")
        };
        self.clauses.push(clause);
    }
}

fn text_of(
    select: &Select<'_>,
    generation: u64,
    stored: &[String],
    (dialect, is_found): (Dialect, bool),
) -> (String, Vec<Bind>) {
    let name = texts::stored_name(select.table.name, generation);
    let mut source = name.clone();
    let mut draft = Draft { dialect, binds: Vec::new(), clauses: vec!["true".to_owned()] };
    for (column, condition) in &select.conditions {
        let is_of_all = *condition == Condition::Something || is_planted("workspace_not_asked");
        if *column == "workspace" && is_of_all {
            continue;
        }
        draft.add(column, condition);
    }
    if let Some(words) = select.words() {
        if is_found {
            // What is found by words is found in the wall itself: views_wall.sql says why.
            source = format!("{name}_found({})", draft.bind(Bind::from(words)));
        } else {
            draft.search(&name, words);
        }
    }
    let direction = if select.is_descending { " desc" } else { "" };
    let columns = select.order.iter().map(|column| format!("t.{column}")).collect::<Vec<_>>();
    if let Some(after) = &select.after {
        let sign = if select.is_descending { "<" } else { ">" };
        let places = after.iter().map(|value| draft.bind_value(value)).collect::<Vec<_>>();
        let (columns, places) = (columns.join(", "), places.join(", "));
        draft.clauses.push(format!("({columns}) {sign} ({places})"));
    }
    let all = texts::all_columns(select.table);
    let list = all.iter().map(|column| cell(column, stored)).collect::<Vec<_>>().join(", ");
    let order = columns.iter().map(|column| format!("{column}{direction}")).collect::<Vec<_>>();
    let order = order.join(", ");
    let clauses = draft.clauses.join(" and ");
    let limit = draft.bind(Bind::from(u64::try_from(select.limit).unwrap_or(u64::MAX)));
    let text =
        format!("select {list} from {source} t where {clauses} order by {order} limit {limit}");
    (text, draft.binds)
}

/// A column, or what stands for it in a table that does not have it yet.
fn cell(column: &Column, stored: &[String]) -> String {
    let is_there = MARKS.contains(column) || stored.iter().any(|name| name == column.name);
    match (is_there, column.is_optional, column.holds) {
        (true, ..) => format!("t.{}", column.name),
        (false, true, ColumnType::Integer) => "cast(null as bigint)".to_owned(),
        (false, true, ColumnType::Text) => "cast(null as text)".to_owned(),
        (false, false, ColumnType::Integer) => "cast(0 as bigint)".to_owned(),
        (false, false, ColumnType::Text) => "cast('' as text)".to_owned(),
    }
}
