//! `/api/tickets`: what opens one stream, once, within half a minute. A browser cannot send a
//! header with a WebSocket, and a key must not stand in an address: a ticket may.

use super::session::Admitted;
use crate::http::App;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::Moment;
use crate::keys::{hash_of, random_token};
use crate::store::{Token, TokenKind};
use axum::Json as Answer;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// How long a ticket is good.
const TICKET_MS: u64 = 30_000;

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Ticket {
    /// For `?token=` of a stream.
    token: String,
    #[schema(value_type = Moment)]
    expires_at: String,
}

/// Makes a ticket for one stream.
#[utoipa::path(post, path = "/api/tickets", operation_id = "create_ticket", tag = "streams",
    security(("key" = ["read"])),
    responses((status = 201, description = "It is good for one stream.", body = Ticket)))]
pub(in crate::http) async fn create(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    let (secret, now) = (random_token(), app.engine.clock().now());
    let until = now.plus_ms(TICKET_MS);
    let bearer = serde_json::to_string(&Admitted::of(&caller)).expect("texts become JSON");
    let token = Token { workspace: caller.workspace, bearer, seen_at: now, until };
    app.engine.store().keep_token(hash_of(&secret), TokenKind::Ticket, &token).await?;
    let ticket = Ticket { token: secret, expires_at: until.to_string() };
    Ok((StatusCode::CREATED, Answer(ticket)).into_response())
}

impl App {
    /// Who a ticket lets in, this once.
    pub(in crate::http) async fn by_ticket(&self, secret: &str) -> Result<Caller, Problem> {
        let over = || Problem::new(Code::Unauthorized, "this ticket was used, or is over");
        let now = self.engine.clock().now();
        let spent = self.engine.store().spend_token(hash_of(secret), TokenKind::Ticket).await?;
        let token = spent.filter(|token| now < token.until).ok_or_else(over)?;
        let admitted = serde_json::from_str(&token.bearer).map_err(|_| over())?;
        if self.keys.is_unused() {
            return Ok(Caller { workspace: token.workspace, ..Caller::one_person() });
        }
        self.admitted(&token, admitted).ok_or_else(over)
    }
}
