//! `/api/webhooks/{webhook_id}/deliveries`: what was sent and is to be sent, and trying again.

use super::shown::{DeliveryList, DeliveryShown};
use crate::domain::Timestamp;
use crate::http::App;
use crate::http::asking::Query;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::reading::{PAGE_ROWS, PAGE_ROWS_MAX};
use crate::store::outbox::WebhookKey;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which deliveries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct DeliveriesWish {
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What was sent and is to be sent to a webhook, the newest first.
#[utoipa::path(get, path = "/api/webhooks/{webhook_id}/deliveries",
    operation_id = "list_webhook_deliveries", tag = "webhooks",
    security(("key" = ["administer"])), params(DeliveriesWish),
    responses((status = 200, description = "A page of them.", body = DeliveryList)))]
pub(in crate::http) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(webhook_id): Path<String>,
    Query(wish): Query<DeliveriesWish>,
) -> Result<Response, Problem> {
    let (key, _) = app.webhook(&caller, &webhook_id).await?;
    let limit = wish.limit.unwrap_or(PAGE_ROWS);
    if !(1..=PAGE_ROWS_MAX).contains(&limit) {
        return Err(Problem::new(Code::BadRequest, format!("limit is 1 to {PAGE_ROWS_MAX}")));
    }
    let after = wish.cursor.as_deref().map(place).transpose()?;
    let mut found = app.webhooks.outbox().deliveries(&key, after, limit + 1).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| has_more);
    let next_cursor =
        last.map(|last| format!("{}~{}", last.created_at.unix_ms(), last.delivery_id));
    let deliveries = found.iter().map(DeliveryShown::from).collect();
    Ok(Answer(DeliveryList { deliveries, next_cursor }).into_response())
}

/// Where the page before ended.
fn place(cursor: &str) -> Result<(Timestamp, &str), Problem> {
    let parts = cursor.split_once('~');
    let parts = parts.and_then(|(ms, id)| Some((ms.parse::<i64>().ok()?, id)));
    let (ms, id) = parts.ok_or_else(|| {
        Problem::new(Code::BadRequest, "this cursor cannot be read: take it from `next_cursor`")
    })?;
    Ok((Timestamp::from_unix_ms(ms), id))
}

/// Lets a delivery be tried again now, whatever became of it; the receiver may see it twice.
#[utoipa::path(post, path = "/api/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
    operation_id = "retry_webhook_delivery", tag = "webhooks",
    security(("key" = ["administer"])),
    responses((status = 202, description = "It will be tried.", body = DeliveryShown)))]
pub(in crate::http) async fn retry(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path((webhook_id, delivery_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let key = app.enabled_webhook(&caller, &webhook_id).await?;
    let again = app.webhooks.retry(&key, &delivery_id).await?;
    let again = again.ok_or_else(|| Problem::new(Code::NotFound, "there is no such delivery"))?;
    Ok((StatusCode::ACCEPTED, Answer(DeliveryShown::from(&again))).into_response())
}

/// Sends a message that is about nothing, `webhook.test`, and says what became of it.
#[utoipa::path(post, path = "/api/webhooks/{webhook_id}/test", operation_id = "test_webhook",
    tag = "webhooks", security(("key" = ["administer"])),
    responses((status = 200, description = "What became of it.", body = DeliveryShown)))]
pub(in crate::http) async fn test(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(webhook_id): Path<String>,
) -> Result<Response, Problem> {
    let key = app.enabled_webhook(&caller, &webhook_id).await?;
    let mut stopping = app.stopping.clone();
    // What was put into the outbox is sent whoever waits for it.
    let tried = tokio::select! {
        tried = app.webhooks.try_out(&key) => tried?,
        _ = stopping.wait_for(|is_stopping| *is_stopping) => {
            return Err(Problem::new(Code::Stopping, "the server stops; see the deliveries later"));
        }
    };
    let tried =
        tried.ok_or_else(|| Problem::new(Code::NotFound, "the webhook was removed meanwhile"))?;
    Ok(Answer(DeliveryShown::from(&tried)).into_response())
}

impl App {
    /// A webhook that is switched on.
    async fn enabled_webhook(
        &self,
        caller: &Caller,
        webhook_id: &str,
    ) -> Result<WebhookKey, Problem> {
        let (key, webhook) = self.webhook(caller, webhook_id).await?;
        if webhook.settings.is_enabled {
            return Ok(key);
        }
        let problem = Problem::new(Code::WrongState, "the webhook is switched off");
        Err(problem.next(format!("PATCH /api/webhooks/{webhook_id} {{\"enabled\": true}}")))
    }
}
