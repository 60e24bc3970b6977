//! `/openapi.json` and `/docs`: what the API is, for programs and for people. The page is made in
//! the browser from the description; it needs nothing but this server.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

const POLICY: HeaderName = HeaderName::from_static("content-security-policy");
/// Nothing but what this server sends, and no script in the page itself.
const POLICY_OF_THE_PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

static DESCRIPTION: LazyLock<String> = LazyLock::new(super::openapi_json);

/// The API's description (OpenAPI 3.1).
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_description", tag = "operators",
    security(()), responses((status = 200, description = "OpenAPI 3.1.",
        body = super::schemas::AnyObject)))]
pub(super) async fn openapi() -> Response {
    typed("application/json", DESCRIPTION.as_str())
}

/// The API for people.
#[utoipa::path(get, path = "/docs", operation_id = "get_docs", tag = "operators", security(()),
    responses((status = 200, description = "A page.", body = String,
        content_type = "text/html")))]
pub(super) async fn page() -> Response {
    typed("text/html; charset=utf-8", include_str!("docs/page.html"))
}

/// What the page does.
#[utoipa::path(get, path = "/docs/page.js", operation_id = "get_docs_script", tag = "operators",
    security(()), responses((status = 200, description = "A script.", body = String,
        content_type = "text/javascript")))]
pub(super) async fn script() -> Response {
    typed("text/javascript; charset=utf-8", include_str!("docs/page.js"))
}

/// How the page looks.
#[utoipa::path(get, path = "/docs/page.css", operation_id = "get_docs_style", tag = "operators",
    security(()), responses((status = 200, description = "A style sheet.", body = String,
        content_type = "text/css")))]
pub(super) async fn style() -> Response {
    typed("text/css; charset=utf-8", include_str!("docs/page.css"))
}

fn typed(kind: &'static str, text: &'static str) -> Response {
    let policy = HeaderValue::from_static(POLICY_OF_THE_PAGE);
    let kind = HeaderValue::from_static(kind);
    ([(header::CONTENT_TYPE, kind), (POLICY, policy)], text).into_response()
}
