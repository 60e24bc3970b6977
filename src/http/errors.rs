//! `/errors`: what each error means, and what to do; also what `docs/errors.md` says.

use super::code::Code;
use super::problem::Problem;
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use std::fmt::Write as _;
use utoipa::ToSchema;

/// The ways in which a request can fail.
#[derive(Serialize, ToSchema)]
pub(super) struct Codes {
    errors: Vec<CodeShown>,
}

/// A way in which a request can fail.
#[derive(Serialize, ToSchema)]
#[schema(as = ErrorCode)]
pub(super) struct CodeShown {
    code: &'static str,
    status: u16,
    title: &'static str,
    meaning: &'static str,
    retryable: bool,
}

/// Every code with which a request can fail.
#[utoipa::path(get, path = "/errors", operation_id = "list_errors", tag = "operators",
    security(()), responses((status = 200, description = "Every code.", body = Codes)))]
pub(super) async fn list() -> Json<Codes> {
    Json(Codes { errors: Code::ALL.iter().map(|code| told(*code)).collect() })
}

/// One code: where the `type` of a problem points.
#[utoipa::path(get, path = "/errors/{code}", operation_id = "get_error", tag = "operators",
    security(()), responses((status = 200, description = "The code.", body = CodeShown)))]
pub(super) async fn get(Path(word): Path<String>) -> Result<Json<CodeShown>, Problem> {
    let found = Code::ALL.iter().find(|code| code.as_str() == word);
    let found =
        found.ok_or_else(|| Problem::new(Code::NotFound, "GET /errors lists every code"))?;
    Ok(Json(told(*found)))
}

fn told(code: Code) -> CodeShown {
    CodeShown {
        code: code.as_str(),
        status: code.status().as_u16(),
        title: code.title(),
        meaning: code.meaning(),
        retryable: code.is_retryable(),
    }
}

/// All of them as a page for people.
pub fn errors_markdown() -> String {
    let mut page = String::from(
        "# Errors\n\nA request that fails is answered by a problem document (RFC 9457, \
         `application/problem+json`) with a\n`code` that never changes, a `request_id` that stands \
         in the server's log, and `errors` that\npoint into the body. `retryable` says whether the \
         same request may well work a little later. A\nserver tells the same under \
         `/errors/{code}`.\n\n| code | status | retry | what it means, and what to do |\n\
         |---|---|---|---|\n",
    );
    for code in Code::ALL {
        let retry = if code.is_retryable() { "later" } else { "–" };
        let (word, status) = (code.as_str(), code.status().as_u16());
        let (title, meaning) = (code.title(), code.meaning());
        writeln!(page, "| `{word}` | {status} | {retry} | **{title}.** {meaning} |")
            .expect("a text grows");
    }
    page
}
