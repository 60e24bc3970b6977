//! Another moment of an execution: `as_of`, and what changed between two of them.

use super::App;
use super::asking::Query;
use super::caller::Caller;
use super::code::Code;
use super::executions::{known_id, no_such_execution};
use super::problem::Problem;
use super::schemas::{Any, AnyObject, Id};
use crate::domain::{ExecutionId, Timestamp};
use crate::projections::progress::{ProgressRow, ProgressWindow};
use crate::projections::task_tree::{TaskRow, TaskTreeWindow};
use crate::projections::{Form, Row, ShownField, Table, Value as CellValue, Window};
use crate::reading::{AsOf, Change, RowChange, Then};
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Reads a moment: a version, a position of the log, or a time.
pub(super) fn moment(text: &str) -> Result<AsOf, Problem> {
    let number = |digits: &str| digits.parse::<u64>().ok();
    let found = match text.split_once(':') {
        Some(("version", digits)) => number(digits).map(|it| AsOf::Version(it.into())),
        Some(("position", digits)) => number(digits).map(|it| AsOf::Position(it.into())),
        Some(_) | None => {
            let version = number(text).map(|it| AsOf::Version(it.into()));
            version.or_else(|| Timestamp::parse(text).map(AsOf::Time))
        }
    };
    found.ok_or_else(|| {
        let detail = "a moment is version:12, position:345, or a time with its zone, such as \
                      2026-02-11T16:09:45Z";
        Problem::new(Code::BadRequest, detail)
    })
}

impl App {
    /// An execution at a moment; as absent when it was not there yet.
    pub(super) async fn then(
        &self,
        caller: &Caller,
        execution_id: &ExecutionId,
        as_of: &str,
        windows: &[Arc<dyn Window>],
    ) -> Result<Then, Problem> {
        let as_of = moment(as_of)?;
        let then = self.reader.then(&caller.workspace, execution_id, as_of, windows).await?;
        then.ok_or_else(no_such_execution)
    }
}

/// The rows of a window's first table at a moment, read as what they are.
pub(super) fn rows_then<T, E>(
    then: &Then,
    window: &str,
    read: impl Fn(&[CellValue]) -> Result<T, E>,
) -> Result<Vec<T>, Problem> {
    let rows = then.rows(window, 0).map(|(row, _)| read(row));
    rows.collect::<Result<_, _>>()
        .map_err(|_| Problem::new(Code::Internal, "something is wrong with the server"))
}

/// Between which moments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    /// A version, `position:…` or a time.
    from: String,
    /// A version, `position:…` or a time; now, when nothing is said.
    to: Option<String>,
}

/// What changed between two moments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Difference {
    #[schema(value_type = Id)]
    execution_id: ExecutionId,
    from_version: u64,
    to_version: u64,
    changes: Vec<ChangeShown>,
}

/// What became of one thing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeOfState)]
struct ChangeShown {
    /// `execution` or `task`.
    of: &'static str,
    task_id: Option<String>,
    /// `came`, `went` or `changed`.
    change: &'static str,
    /// What it was, of what changed.
    #[schema(value_type = Option<AnyObject>)]
    before: Option<Map<String, Value>>,
    /// What it is, of what changed.
    #[schema(value_type = Option<Any>)]
    after: Option<Map<String, Value>>,
}

/// What changed in an execution and its tasks between two moments.
#[utoipa::path(get, path = "/api/executions/{execution_id}/diff", operation_id = "diff_execution",
    tag = "auditors", security(("key" = ["read"])), params(Between),
    responses((status = 200, description = "What changed.", body = Difference)))]
pub(super) async fn diff(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(between): Query<Between>,
) -> Result<Answer<Difference>, Problem> {
    let execution_id = known_id(&execution_id)?;
    let windows: [Arc<dyn Window>; 2] = [Arc::new(ProgressWindow), Arc::new(TaskTreeWindow)];
    let from = app.then(&caller, &execution_id, &between.from, &windows).await?;
    let to = between.to.unwrap_or_else(|| format!("position:{}", u64::MAX));
    let to = app.then(&caller, &execution_id, &to, &windows).await?;
    let changes = windows.iter().flat_map(|window| {
        let changes = from.diff(&to, window.as_ref());
        changes.into_iter().filter_map(|change| shown(window.tables(), &change))
    });
    let changes = changes.collect();
    let (from_version, to_version) = (from.version.get(), to.version.get());
    Ok(Answer(Difference { execution_id, from_version, to_version, changes }))
}

fn shown(tables: &[Table], change: &RowChange) -> Option<ChangeShown> {
    let table = tables.iter().find(|table| table.name == change.table)?;
    let (of, fields) = match change.table {
        "progress" => ("execution", ProgressRow::SHOWN),
        "task_tree" => ("task", TaskRow::SHOWN),
        _other => return None,
    };
    let plain = |name: &str, cell: &CellValue| plain(fields, name, cell);
    let place = table.key_columns().iter().position(|column| column.name == "task_id");
    let task_id = place.and_then(|place| match change.key.get(place)? {
        CellValue::Text(id) => Some(id.to_string()),
        CellValue::Integer(_) | CellValue::Null => None,
    });
    let whole = |row: &Row| {
        let cells = table.columns.iter().zip(row).filter(|(column, _)| column.name != "workspace");
        cells.map(|(column, cell)| (column.name.to_owned(), plain(column.name, cell))).collect()
    };
    let (word, before, after) = match &change.change {
        Change::Came(row) => ("came", None, Some(whole(row))),
        Change::Went(row) => ("went", Some(whole(row)), None),
        Change::Changed(cells) => {
            let cells = cells.iter();
            let before = cells.clone().map(|(name, it, _)| ((*name).to_owned(), plain(name, it)));
            let after = cells.map(|(name, _, it)| ((*name).to_owned(), plain(name, it)));
            ("changed", Some(before.collect()), Some(after.collect()))
        }
    };
    Some(ChangeShown { of, task_id, change: word, before, after })
}

/// A cell, in the form in which its column is shown.
fn plain(fields: &[ShownField], name: &str, cell: &CellValue) -> Value {
    let form = fields.iter().find(|field| field.name == name).map(|field| field.form);
    match (cell, form) {
        (CellValue::Null, _) => Value::Null,
        (CellValue::Integer(ms), Some(Form::Moment)) => {
            json!(Timestamp::from_unix_ms(*ms).to_string())
        }
        (CellValue::Integer(number), Some(Form::Truth)) => json!(*number != 0),
        (CellValue::Integer(number), _) => json!(number),
        (CellValue::Text(text), Some(Form::Json)) => serde_json::from_str(text).unwrap_or_default(),
        (CellValue::Text(text), _) => json!(text),
    }
}
