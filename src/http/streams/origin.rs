//! Which pages a browser may open a stream for: a page of another site could otherwise listen with
//! the rights of whoever looks at it.

use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::planted::is_planted;
use axum::http::{HeaderMap, header};

/// Refuses a page that is neither the server's own nor one of those that are trusted. Who sends no
/// `Origin` is no browser.
pub(super) fn check(headers: &HeaderMap, trusted: &[String]) -> Result<(), Problem> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let is_only = origins.next().is_none();
    let origin = origin.to_str().ok().filter(|_| is_only);
    let is_known = |origin: &str| {
        is_own(origin, headers) || trusted.iter().any(|it| it.eq_ignore_ascii_case(origin))
    };
    if origin.is_some_and(is_known) || is_planted("origin_not_checked") {
        return Ok(());
    }
    let detail = "pages of this origin may not open streams here";
    Err(Problem::new(Code::ForeignOrigin, detail)
        .next("open the stream from a page of this server, or without Origin from a program"))
}

/// Whether a page came from this server, by the name that the request itself calls it.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let site = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    site.is_some_and(|site| !site.is_empty() && site.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::check;
    use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

    fn is_let_in(said: &[(HeaderName, &'static str)]) -> bool {
        let value = |text| HeaderValue::from_static(text);
        let headers: HeaderMap =
            said.iter().map(|(name, text)| (name.clone(), value(text))).collect();
        check(&headers, &["https://board.example".to_owned()]).is_ok()
    }

    #[test]
    fn only_pages_of_the_server_and_trusted_ones_are_let_in() {
        let host = (header::HOST, "ax.example:8000");
        let of = |origin| [host.clone(), (header::ORIGIN, origin)];
        assert!(is_let_in(std::slice::from_ref(&host)), "no browser");
        assert!(is_let_in(&of("http://ax.example:8000")));
        assert!(is_let_in(&of("https://AX.example:8000")));
        assert!(is_let_in(&of("https://board.example")));
        for stranger in [
            "null",
            "",
            "http://",
            "http://ax.example",
            "http://ax.example:8000.evil.example",
            "http://evil.example/ax.example:8000",
            "https://board.example.evil.example",
            "ax.example:8000",
        ] {
            assert!(!is_let_in(&of(stranger)), "{stranger}");
        }
        assert!(!is_let_in(&[(header::ORIGIN, "http://")]), "no host at all");
    }
}
