//! The gate: every request passes it before its handler, and its handler is told who calls. What an
//! operation needs stands in the API's description; where no right stands, nobody passes.

use super::App;
use super::access::session::{cookie_of, csrf_token, refused};
use super::caller::{Caller, Who};
use super::code::Code;
use super::executions::no_such_execution;
use super::plans::no_such_plan;
use super::problem::Problem;
use super::rights::{Right, Rights};
use crate::planted::is_planted;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// The cookie of a browser that logged in.
pub(super) const SESSION_COOKIE: &str = "__Host-ax_session";
/// What proves that a write of a session is meant.
const AX_CSRF: HeaderName = HeaderName::from_static("ax-csrf");
/// How every API key begins.
const KEY_PREFIX: &str = "ax_";
/// How long a ticket is.
const TICKET_CHARS: usize = 64;
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the gate needs.
pub(super) struct Gate {
    pub(super) app: Arc<App>,
    pub(super) rights: Rights,
}

/// Lets a request through to its handler, or turns it away.
pub(super) async fn admit(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match gate.admitted(&parts).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                if let Err(problem) = gate.in_sight(&caller, &mut parts).await {
                    return problem.into_response();
                }
                if let Who::Bearer { key_id: Some(key_id), .. } = &caller.who {
                    tracing::Span::current().record("key.id", tracing::field::display(key_id));
                }
                parts.extensions.insert(caller);
            }
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

impl Gate {
    /// Who calls; none where that does not matter.
    async fn admitted(&self, parts: &Parts) -> Result<Option<Caller>, Problem> {
        from_this_site(&parts.method, &parts.headers)?;
        let Some(path) = parts.extensions.get::<MatchedPath>() else { return Ok(None) };
        let Some(right) = self.rights.needed(path.as_str(), parts.method.as_str()) else {
            return if self.rights.knows(path.as_str()) { Ok(None) } else { Err(undeclared(path)) };
        };
        if right == Right::Anyone {
            return Ok(None);
        }
        let caller = self.caller(parts, path.as_str()).await?;
        if !caller.may(right) && !is_planted("rights_not_asked") {
            let detail = format!("this needs the right to {}", right.as_str());
            return Err(Problem::new(Code::Forbidden, detail));
        }
        Ok(Some(caller))
    }

    /// An agent finds neither plans that other agents brought nor their executions, at any path.
    async fn in_sight(&self, caller: &Caller, parts: &mut Parts) -> Result<(), Problem> {
        if !caller.is_agent() {
            return Ok(());
        }
        let Ok(named) = RawPathParams::from_request_parts(parts, &()).await else { return Ok(()) };
        for (name, id) in &named {
            let no_such = match name {
                "execution_id" => no_such_execution,
                "plan_id" => no_such_plan,
                _other => continue,
            };
            if self.app.is_anothers_own(caller, id).await? {
                return Err(no_such());
            }
        }
        Ok(())
    }

    /// Who calls: by a key, a session or a ticket; without keys, the one person.
    async fn caller(&self, parts: &Parts, path: &str) -> Result<Caller, Problem> {
        let app = &self.app;
        if let Some(key) = shown_key(&parts.headers)? {
            let bearer = app.keys.bearer(key).map_err(refused)?;
            app.keys.note_use(&bearer.key_id).await;
            return Ok(Caller::bearing(&bearer));
        }
        if let Some(secret) = cookie_of(&parts.headers).filter(|_| !app.keys.is_unused()) {
            let caller = app.by_session(secret).await?;
            meant(parts, secret)?;
            return Ok(caller);
        }
        if let Some(ticket) = ticket_of(parts, path)? {
            return app.by_ticket(&ticket).await;
        }
        if app.keys.is_unused() {
            at_this_machine(&parts.headers)?;
            return Ok(Caller::one_person());
        }
        let detail = "send an API key in Authorization: Bearer ax_…, or log in";
        Err(Problem::new(Code::Unauthorized, detail).next("POST /api/session"))
    }
}

/// The key that the request shows: in its header, or among the protocols of a socket.
pub(super) fn shown_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    if let Some(shown) = text_of(headers, &header::AUTHORIZATION) {
        let scheme = shown.split_at_checked(7).filter(|(it, _)| it.eq_ignore_ascii_case("bearer "));
        let wrong = || Problem::new(Code::Unauthorized, "write Authorization: Bearer ax_…");
        return scheme.map(|(_, key)| Some(key.trim())).ok_or_else(wrong);
    }
    Ok(offered(headers).find(|word| word.starts_with(KEY_PREFIX)))
}

/// The protocols that a socket offers; a browser can send nothing else with it.
fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let protocols = text_of(headers, &header::SEC_WEBSOCKET_PROTOCOL).unwrap_or_default();
    protocols.split(',').map(str::trim)
}

/// The ticket of a stream, in its address or among the protocols of its socket.
fn ticket_of(parts: &Parts, path: &str) -> Result<Option<String>, Problem> {
    if !path.ends_with("/stream") {
        return Ok(None);
    }
    let query = parts.uri.query().unwrap_or_default();
    let named = query.split('&').find_map(|part| part.strip_prefix("token="));
    if named.is_some_and(|token| token.starts_with(KEY_PREFIX)) {
        let detail = "an API key must not stand in an address: send it in Authorization, or open \
                      the stream with a ticket";
        return Err(Problem::new(Code::Unauthorized, detail).next("POST /api/tickets"));
    }
    let offered = || offered(&parts.headers).find(|word| word.len() == TICKET_CHARS);
    Ok(named.or_else(offered).map(str::to_owned))
}

/// A write of a session proves that it comes from a page that may read this server's answers.
fn meant(parts: &Parts, session: &str) -> Result<(), Problem> {
    let is_read = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let proof = text_of(&parts.headers, &AX_CSRF);
    if is_read || proof == Some(csrf_token(session).as_str()) {
        return Ok(());
    }
    let detail = "a write of a session sends the header AX-CSRF, as GET /api/session tells it";
    Err(Problem::new(Code::ForeignOrigin, detail))
}

/// A route that is not in the description is a fault of ours, and nobody passes.
fn undeclared(path: &MatchedPath) -> Problem {
    tracing::error!(http.route = path.as_str(), "a route has no right: it is closed");
    Problem::new(Code::Internal, "something is wrong with the server, and in its log")
}

/// A page of another site cannot make a browser write here.
fn from_this_site(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let site = text_of(headers, &SEC_FETCH_SITE);
    let is_foreign = site.is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let origin = text_of(headers, &header::ORIGIN);
    let host = text_of(headers, &header::HOST).unwrap_or_default();
    let is_own = |origin: &str| origin.split_once("://").is_some_and(|(_, it)| it == host);
    if is_foreign || origin.is_some_and(|origin| !is_own(origin)) {
        let detail = "this request comes from a page of another site, which may not write here";
        return Err(Problem::new(Code::ForeignOrigin, detail));
    }
    Ok(())
}

/// Without keys, whoever reaches the server owns it: so it must have been asked for by a name of
/// this machine. A page that lets its own name point here is turned away.
fn at_this_machine(headers: &HeaderMap) -> Result<(), Problem> {
    let host = text_of(headers, &header::HOST).unwrap_or_default();
    if is_of_this_machine(host) {
        return Ok(());
    }
    let detail = "without API keys, the server answers at the names of this machine only, such as \
                  127.0.0.1 and localhost";
    Err(Problem::new(Code::WrongHost, detail).next("make an API key: ax keys create"))
}

fn is_of_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let is_loopback = |address: IpAddr| address.is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

fn text_of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::is_of_this_machine;

    #[test]
    fn only_names_of_this_machine_are_its_names() {
        for host in ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000"] {
            assert!(is_of_this_machine(host), "{host}");
        }
        let others = ["", "example.org", "127.0.0.1.example.org:8000", "10.0.0.1", "[::2]:8000"];
        for host in others {
            assert!(!is_of_this_machine(host), "{host}");
        }
    }
}
