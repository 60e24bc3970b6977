//! The dashboard, as it was built in: the page for every address of its own, and the files that the
//! page asks for. What is in them is the same for everybody; what is shown comes from the API.

use super::around;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use planexe_ax_dashboard::{Asset, PAGE, asset};

const POLICY: HeaderName = HeaderName::from_static("content-security-policy");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// Nothing but what this server sends, no script in the page itself, and no text that becomes HTML.
const POLICY_OF_THE_PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
     trusted-types 'none'";
/// The file has another name when it has changed.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// It is asked each time whether the file has changed.
const ASKED_AGAIN: &str = "no-cache";
/// Where the addresses of the dashboard begin.
const VIEWS: [&str; 8] =
    ["executions", "plans", "agents", "agent-plans", "inbox", "auditor", "operator", "login"];

/// The dashboard.
#[utoipa::path(get, path = "/", operation_id = "get_dashboard", tag = "operators", security(()),
    responses((status = 200, description = "A page.", body = String,
        content_type = "text/html")))]
pub(super) async fn page(headers: HeaderMap) -> Response {
    asset(PAGE).map_or_else(|| StatusCode::NOT_FOUND.into_response(), |it| sent(it, &headers))
}

/// A file that the dashboard's page asks for.
#[utoipa::path(get, path = "/assets/{file}", operation_id = "get_dashboard_file",
    tag = "operators", security(()), responses((status = 200,
        description = "A script, a style sheet, a font or a picture.", body = String,
        content_type = "application/octet-stream")))]
pub(super) async fn file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    match asset(&format!("assets/{file}")) {
        Some(asset) => sent(asset, &headers),
        None => around::nothing_there().await.into_response(),
    }
}

/// What no operation is at: the page, where the address is one of the dashboard's.
pub(super) async fn elsewhere(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let first = uri.path().split('/').nth(1).unwrap_or_default();
    if VIEWS.contains(&first) && matches!(method, Method::GET | Method::HEAD) {
        return page(headers).await;
    }
    around::nothing_there().await.into_response()
}

/// The file, unless the client has it.
fn sent(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let cache = if asset.is_immutable { FOR_EVER } else { ASKED_AGAIN };
    let gzip = asset.gzip.filter(|_| takes_gzip(headers));
    let etag = match gzip {
        Some(_) => asset.etag.replacen('"', "\"gz-", 1),
        None => asset.etag.clone(),
    };
    let is_known = words(headers, &header::IF_NONE_MATCH).any(|it| it == etag || it == "*");
    let mut response = match (is_known, gzip) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, Some(bytes)) => bytes.into_response(),
        (false, None) => asset.bytes.into_response(),
    };
    let set = response.headers_mut();
    if gzip.is_some() && !is_known {
        set.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        set.insert(header::ETAG, etag);
    }
    for (name, value) in [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, cache),
        (header::VARY, "accept-encoding"),
        (header::REFERRER_POLICY, "no-referrer"),
        (OPENER, "same-origin"),
        (POLICY, POLICY_OF_THE_PAGE),
    ] {
        set.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let mut offers = words(headers, &header::ACCEPT_ENCODING);
    offers.any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("gzip"));
        let is_refused = parts.any(|it| {
            let quality = it.strip_prefix("q=").and_then(|it| it.parse::<f32>().ok());
            quality.is_some_and(|quality| quality <= 0.0)
        });
        is_gzip && !is_refused
    })
}

/// The words of a header that is a list.
fn words<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::takes_gzip;
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn compressed_files_go_to_those_who_take_them() {
        for (offer, is_taken) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.8", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("x-gzipped", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(offer));
            assert_eq!(takes_gzip(&headers), is_taken, "{offer}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
