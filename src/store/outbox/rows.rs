//! Rows of the outbox as both databases return them, and what they mean.

use super::types::{Delivery, DeliveryState, Endpoint, NewDelivery, WebhookKey};
use crate::domain::{Timestamp, WebhookId, WorkspaceId};
use crate::projections::{ColumnType, Row};
use crate::store::error::StoreError;
use crate::store::rows::to_row;
use crate::store::views::{Bind, Cells};
use serde_json::json;

use ColumnType::{Integer, Text};

/// The columns of a webhook.
pub(super) const ENDPOINT: [ColumnType; 9] =
    [Text, Text, Text, Integer, Text, Integer, Integer, Integer, Integer];
/// The columns of a delivery.
pub(super) const DELIVERY: [ColumnType; 13] = [
    Text, Text, Text, Integer, Text, Text, Integer, Integer, Integer, Text, Integer, Integer,
    Integer,
];

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} in the outbox of the webhooks"))
}

fn key(cells: &Cells<'_>) -> Result<WebhookKey, StoreError> {
    let workspace = WorkspaceId::parse(cells.text(0)?).map_err(|_| damaged("a workspace"))?;
    let webhook_id = WebhookId::parse(cells.text(1)?).map_err(|_| damaged("a webhook"))?;
    Ok(WebhookKey { workspace, webhook_id })
}

pub(super) fn endpoint(row: &Row) -> Result<Endpoint, StoreError> {
    let cells = Cells(row);
    Ok(Endpoint {
        key: key(&cells)?,
        settings: cells.text(2)?.to_owned(),
        is_enabled: cells.integer(3)? != 0,
        disabled_why: cells.optional_text(4),
        behind_at: cells.optional_number(5)?.map(Into::into),
        failures: cells.number(6)?,
        hold_until: Timestamp::from_unix_ms(cells.integer(7)?),
        pending: cells.number(8)?,
    })
}

pub(super) fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    let cells = Cells(row);
    let word = cells.text(5)?;
    let state = DeliveryState::ALL.into_iter().find(|state| state.as_str() == word);
    Ok(Delivery {
        key: key(&cells)?,
        delivery_id: cells.text(2)?.to_owned(),
        position: cells.number(3)?.into(),
        kind: cells.text(4)?.to_owned(),
        state: state.ok_or_else(|| damaged("a state"))?,
        attempts: cells.number(6)?,
        next_attempt_at: Timestamp::from_unix_ms(cells.integer(7)?),
        last_status: cells.optional_number(8)?,
        last_failure: cells.optional_text(9),
        answer_bytes: cells.optional_number(10)?,
        created_at: Timestamp::from_unix_ms(cells.integer(11)?),
        changed_at: Timestamp::from_unix_ms(cells.integer(12)?),
    })
}

/// The new rows as one text.
pub(super) fn added(deliveries: &[NewDelivery], now: Timestamp) -> String {
    let row = |new: &NewDelivery| {
        let WebhookKey { workspace, webhook_id } = &new.key;
        let position = to_row(new.position.get());
        json!([workspace, webhook_id, new.delivery_id, position, new.kind, now.unix_ms()])
    };
    serde_json::Value::Array(deliveries.iter().map(row).collect()).to_string()
}

/// The two columns that name a webhook.
pub(super) fn named(key: &WebhookKey) -> Vec<Bind> {
    vec![Bind::from(key.workspace.as_str()), Bind::from(key.webhook_id.as_str())]
}
