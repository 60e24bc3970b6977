//! How a stream is asked for: from where on, which frames, and over which protocol.

use super::origin;
use crate::domain::{AgentId, Event, TaskId};
use crate::feed::{Filter, Since};
use crate::http::App;
use crate::http::asking::Query;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::planted::is_planted;
use crate::store::Position;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The place where the last event of a connection before stood, as browsers say it.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// How many event types, tasks or agents a filter names.
const FILTER_TERMS_MAX: usize = 100;

/// Which frames are wanted, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct StreamQuery {
    /// The position after which to go on; nothing begins with a snapshot of now.
    after: Option<u64>,
    /// Only events of these types, divided by commas.
    types: Option<String>,
    /// Only what concerns these tasks.
    task_id: Option<String>,
    /// Only what concerns these agents.
    agent_id: Option<String>,
    /// Whether updates of tasks are wanted; they are for one execution and for an agent, unless
    /// this says otherwise.
    task_updates: Option<bool>,
    /// A ticket of `POST /api/tickets`, for browsers.
    #[expect(dead_code, reason = "the gate reads it before")]
    token: Option<String>,
}

/// What a browser sends by itself when it connects again; it is newer than the address.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct LastEventId {
    /// The id of the last event: goes on after it.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<u64>,
}

/// A stream that is asked for by a page or a program that may.
pub(in crate::http) struct Opening {
    pub(super) filter: Filter,
    /// The position that is resumed from.
    pub(super) after: Option<Position>,
    /// Where the client wants a WebSocket.
    pub(super) upgrade: Option<WebSocketUpgrade>,
}

impl Opening {
    pub(super) fn since(&self) -> Since {
        match self.after {
            None => Since::Now,
            Some(after) if is_planted("stream_resumes_late") => {
                Since::After(Position::new(after.get() + 1))
            }
            Some(after) => Since::After(after),
        }
    }
}

impl FromRequestParts<Arc<App>> for Opening {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        origin::check(&parts.headers, &app.origins)?;
        let Query(query) = Query::<StreamQuery>::from_request_parts(parts, app).await?;
        let after = last_event_id(&parts.headers)?.or(query.after).map(Position::new);
        if after.is_some_and(|after| after > POSITION_MAX) {
            return Err(refused(&format!("a position is at most {POSITION_MAX}")));
        }
        let filter = query.filter()?;
        let is_upgrade = parts.headers.contains_key(header::UPGRADE);
        let upgrade = if is_upgrade { Some(upgrade(parts, app).await?) } else { None };
        Ok(Self { filter, after, upgrade })
    }
}

/// Positions are kept as signed numbers of 64 bits.
const POSITION_MAX: Position = Position::new(i64::MAX.unsigned_abs());

async fn upgrade(parts: &mut Parts, app: &Arc<App>) -> Result<WebSocketUpgrade, Problem> {
    if !app.config.is_websocket_enabled {
        let detail = "this server sends live streams as Server-Sent Events only: ask for the same \
                      address without Upgrade";
        return Err(Problem::new(Code::BadRequest, detail));
    }
    let asked = WebSocketUpgrade::from_request_parts(parts, app).await;
    asked.map_err(|error| Problem::new(Code::BadRequest, error.body_text()))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else { return Ok(None) };
    let position = id.to_str().ok().and_then(|id| id.trim().parse().ok());
    position.map(Some).ok_or_else(|| refused("Last-Event-ID is a position: the id of an event"))
}

impl StreamQuery {
    fn filter(&self) -> Result<Filter, Problem> {
        let kinds = terms("types", self.types.as_deref(), |kind| {
            let is_known = Event::catalogue().any(|entry| entry.kind == kind);
            is_known.then(|| kind.to_owned())
        })?;
        let tasks = terms("task_id", self.task_id.as_deref(), |id| TaskId::parse(id).ok())?;
        let agents = terms("agent_id", self.agent_id.as_deref(), |id| AgentId::parse(id).ok())?;
        Ok(Filter { kinds, tasks, agents, task_updates: self.task_updates })
    }
}

/// A list, divided by commas.
fn terms<T>(
    name: &str,
    list: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Problem> {
    let mut terms = Vec::new();
    for term in list.into_iter().flat_map(|list| list.split(',')) {
        let term = term.trim();
        let short: String = term.chars().take(100).collect();
        let wrong = || refused(&format!("{name} cannot be {short:?}; /docs lists what it can be"));
        terms.push(parse(term).ok_or_else(wrong)?);
        if terms.len() > FILTER_TERMS_MAX {
            return Err(refused(&format!("{name} is a list of at most {FILTER_TERMS_MAX}")));
        }
    }
    Ok(terms)
}

fn refused(detail: &str) -> Problem {
    Problem::new(Code::BadRequest, detail)
}
