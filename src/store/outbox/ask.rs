//! What is asked of the outbox.

use super::rows::{self, DELIVERY, ENDPOINT, named};
use super::types::{Delivery, Endpoint, OutboxCounts, WebhookKey};
use super::{Outbox, StoreError};
use crate::domain::{Timestamp, WorkspaceId};
use crate::projections::{ColumnType, Row};
use crate::store::rows::READ_ROWS_MAX;
use crate::store::views::{Bind, Cells};

impl Outbox {
    /// Every webhook that was not removed; of one workspace, or one alone, when that is named.
    pub async fn endpoints(
        &self,
        workspace: Option<&WorkspaceId>,
        webhook_id: Option<&str>,
    ) -> Result<Vec<Endpoint>, StoreError> {
        let binds = vec![Bind::from(workspace.map(WorkspaceId::as_str)), Bind::from(webhook_id)];
        let text = include_str!("../sql/webhook_endpoints.sql");
        self.rows(text, binds, &ENDPOINT).await?.iter().map(rows::endpoint).collect()
    }

    /// What can be sent now: the first that is due of each webhook, those left longest first.
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        let binds = vec![Bind::from(now), limited(limit)];
        self.deliveries_by(include_str!("../sql/webhook_due.sql"), binds).await
    }

    /// When something can be sent next that cannot be sent now.
    pub async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let text = include_str!("../sql/webhook_next_due.sql");
        let rows = self.rows(text, vec![Bind::from(now)], &[ColumnType::Integer]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(moment(Cells(row).optional_number(0)?))
    }

    /// A page of what was and is on its way to a webhook, the newest first, behind such a one.
    pub async fn deliveries(
        &self,
        key: &WebhookKey,
        after: Option<(Timestamp, &str)>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (at, delivery_id) = after.unwrap_or((Timestamp::from_unix_ms(i64::MAX), ""));
        let mut binds = named(key);
        binds.extend([Bind::from(at), Bind::from(delivery_id), limited(limit)]);
        self.deliveries_by(include_str!("../sql/webhook_deliveries.sql"), binds).await
    }

    /// One delivery.
    pub async fn delivery(
        &self,
        key: &WebhookKey,
        delivery_id: &str,
    ) -> Result<Option<Delivery>, StoreError> {
        let mut binds = named(key);
        binds.push(Bind::from(delivery_id));
        let text = include_str!("../sql/webhook_delivery.sql");
        Ok(self.deliveries_by(text, binds).await?.pop())
    }

    /// How much is on its way.
    pub async fn counts(&self) -> Result<OutboxCounts, StoreError> {
        let columns = [ColumnType::Integer; 4];
        let rows =
            self.rows(include_str!("../sql/webhook_counts.sql"), Vec::new(), &columns).await?;
        let Some(row) = rows.first() else { return Ok(OutboxCounts::default()) };
        let cells = Cells(row);
        Ok(OutboxCounts {
            pending: cells.number(0)?,
            failed: cells.number(1)?,
            dead: cells.number(2)?,
            oldest_at: moment(cells.optional_number(3)?),
        })
    }

    async fn deliveries_by(
        &self,
        text: &str,
        binds: Vec<Bind>,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.rows(text, binds, &DELIVERY).await?.iter().map(rows::delivery).collect()
    }

    async fn rows(
        &self,
        text: &str,
        binds: Vec<Bind>,
        columns: &[ColumnType],
    ) -> Result<Vec<Row>, StoreError> {
        let mut session = self.links.session().await?;
        session.begin_reading().await?;
        let rows = session.rows(text, binds, columns).await?;
        session.roll_back().await?;
        Ok(rows)
    }
}

fn limited(limit: usize) -> Bind {
    Bind::from(u64::try_from(limit.min(READ_ROWS_MAX)).unwrap_or(u64::MAX))
}

fn moment(ms: Option<u64>) -> Option<Timestamp> {
    ms.map(|ms| Timestamp::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX)))
}
