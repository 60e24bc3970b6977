//! `/errors`: what each error means, and what to do; also what `docs/errors.md` says.

use super::code::Code;
use super::problem::Problem;
use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Every code.
pub(super) async fn list() -> Json<Value> {
    let codes: Vec<_> = Code::ALL.iter().map(|code| told(*code)).collect();
    Json(json!({"errors": codes}))
}

/// One code: where the `type` of a problem points.
pub(super) async fn get(Path(word): Path<String>) -> Result<Json<Value>, Problem> {
    let found = Code::ALL.iter().find(|code| code.as_str() == word);
    let found =
        found.ok_or_else(|| Problem::new(Code::NotFound, "GET /errors lists every code"))?;
    Ok(Json(told(*found)))
}

fn told(code: Code) -> Value {
    json!({
        "code": code.as_str(),
        "status": code.status().as_u16(),
        "title": code.title(),
        "meaning": code.meaning(),
        "retryable": code.is_retryable(),
    })
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
