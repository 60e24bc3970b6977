//! `/api/export`, `/api/executions/{execution_id}/export`: all rows of a list as one file to take
//! away, CSV or JSON. It is made page by page, as the client takes it, and held nowhere in whole.

mod csv;
mod rows;

use super::App;
use super::asking::Query;
use super::caller::Caller;
use super::code::Code;
use super::executions::known_id;
use super::problem::Problem;
use super::schemas::AnyObject;
use super::writing::AX_POSITION;
use crate::domain::WorkspaceId;
use crate::projections::JsonObject;
use crate::reading::ReadError;
use axum::body::Body;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use rows::{Page, Rows};
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How many rows a file has at most. One that would have more breaks off, so that nobody takes
/// it for the whole.
const EXPORT_ROWS_MAX: usize = 1_000_000;

/// Which table of the workspace is wanted, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportWish {
    #[param(inline)]
    of: TableOfWorkspace,
    /// `csv` when nothing is said.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// Which table of an execution is wanted, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExecutionExportWish {
    #[param(inline)]
    of: TableOfExecution,
    /// `csv` when nothing is said.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TableOfWorkspace {
    Executions,
    Plans,
    Agents,
    Blockers,
    Feed,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TableOfExecution {
    Tasks,
    Blockers,
    Feed,
    Events,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Csv,
    Json,
}

impl Format {
    fn end(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
        }
    }
}

/// A table as a file.
#[derive(Serialize, ToSchema)]
pub(super) struct ExportedTable {
    /// Which table.
    of: String,
    #[schema(value_type = Vec<AnyObject>)]
    rows: Vec<JsonObject>,
}

/// A table of the workspace as a file: what its list shows, all of it.
#[utoipa::path(get, path = "/api/export", operation_id = "export_workspace", tag = "executions",
    security(("key" = ["read"])), params(ExportWish),
    responses((status = 200, description = "The file.",
        content((ExportedTable = "application/json"), (String = "text/csv")))))]
pub(super) async fn workspace(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<ExportWish>,
) -> Result<Response, Problem> {
    let rows = match wish.of {
        TableOfWorkspace::Executions => Rows::Executions,
        TableOfWorkspace::Plans => Rows::Plans,
        TableOfWorkspace::Agents => Rows::Agents,
        TableOfWorkspace::Blockers => Rows::OpenBlockers,
        TableOfWorkspace::Feed => Rows::Feed(None),
    };
    let name = format!("{}.{}", rows.name(), wish.format.end());
    answer(app, caller.workspace, rows, wish.format, &name).await
}

/// A table of an execution as a file: what its list shows, all of it.
#[utoipa::path(get, path = "/api/executions/{execution_id}/export",
    operation_id = "export_execution", tag = "executions", security(("key" = ["read"])),
    params(ExecutionExportWish),
    responses((status = 200, description = "The file.",
        content((ExportedTable = "application/json"), (String = "text/csv")))))]
pub(super) async fn execution(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(execution_id): Path<String>,
    Query(wish): Query<ExecutionExportWish>,
) -> Result<Response, Problem> {
    let id = known_id(&execution_id)?;
    app.status_of(&caller, &id).await?;
    let of = id.as_str().replace(':', "_");
    let rows = match wish.of {
        TableOfExecution::Tasks => Rows::Tasks(id),
        TableOfExecution::Blockers => Rows::Blockers(id),
        TableOfExecution::Feed => Rows::Feed(Some(id)),
        TableOfExecution::Events => Rows::Events(id),
    };
    let name = format!("{of}-{}.{}", rows.name(), wish.format.end());
    answer(app, caller.workspace, rows, wish.format, &name).await
}

/// Reads the first page, so that what cannot be read is a problem and no broken file; the others
/// follow as the client takes them.
async fn answer(
    app: Arc<App>,
    workspace: WorkspaceId,
    rows: Rows,
    format: Format,
    name: &str,
) -> Result<Response, Problem> {
    let first = rows.page(&app, &workspace, None).await?;
    let position = HeaderValue::from(first.position.get());
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let disposition = disposition.map_err(|_| {
        Problem::new(Code::Internal, "something is wrong with the server, and in its log")
    })?;
    let file = File { app, workspace, rows, format, page: Some(first), written: 0, is_over: false };
    let parts = unfold(file, async |mut file| Some((file.next().await?, file)));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
        (header::CONTENT_DISPOSITION, disposition),
        (AX_POSITION, position),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// A file that is being written.
struct File {
    app: Arc<App>,
    workspace: WorkspaceId,
    rows: Rows,
    format: Format,
    /// What is written next; none after the last page.
    page: Option<Page>,
    written: usize,
    is_over: bool,
}

impl File {
    /// The next part of it; an error breaks the answer off.
    async fn next(&mut self) -> Option<io::Result<String>> {
        if self.is_over {
            return None;
        }
        let Some(page) = self.page.take() else {
            self.is_over = true;
            return Some(Ok(self.end().to_owned()));
        };
        if self.written.saturating_add(page.rows.len()) > EXPORT_ROWS_MAX {
            self.is_over = true;
            tracing::warn!(rows.max = EXPORT_ROWS_MAX, "an export is too long, and breaks off");
            return Some(Err(io::Error::other("there are more rows than a file may have")));
        }
        let text = self.text(&page.rows);
        self.written += page.rows.len();
        if let Some(cursor) = page.next_cursor {
            match self.rows.page(&self.app, &self.workspace, Some(cursor)).await {
                Ok(page) => self.page = Some(page),
                Err(error) => return Some(Err(self.broken(&error))),
            }
        }
        Some(Ok(text))
    }

    fn broken(&mut self, error: &ReadError) -> io::Error {
        self.is_over = true;
        tracing::warn!(%error, "an export breaks off: a page of it cannot be read");
        io::Error::other("a page cannot be read")
    }

    fn text(&self, rows: &[JsonObject]) -> String {
        let mut text = String::new();
        if self.written == 0 {
            text.push_str(&self.begin());
        }
        for (at, row) in rows.iter().enumerate() {
            match self.format {
                Format::Csv => csv::line(&mut text, &self.rows.columns(), row),
                Format::Json => {
                    let is_first = self.written + at == 0;
                    text.push_str(if is_first { "\n" } else { ",\n" });
                    text.push_str(&serde_json::Value::from(row.clone()).to_string());
                }
            }
        }
        text
    }

    fn begin(&self) -> String {
        match self.format {
            Format::Csv => csv::head(&self.rows.columns()),
            Format::Json => format!("{{\"of\":\"{}\",\"rows\":[", self.rows.name()),
        }
    }

    fn end(&self) -> &'static str {
        match self.format {
            Format::Csv => "",
            Format::Json => "\n]}\n",
        }
    }
}
