//! What webhooks send, kept beside the log: who sends, how far the log was looked at for each
//! webhook, and what is on its way. Every write of a sender names its epoch.

mod ask;
mod rows;
mod types;

pub use types::{
    Delivery, DeliveryState, Endpoint, EndpointChange, NewDelivery, OutboxCounts, SenderLead,
    Settled, WebhookKey,
};

use super::alongside;
use super::config::StoreConfig;
use super::error::StoreError;
use super::open_error::OpenError;
use super::types::Position;
use super::views::{Bind, Cells, Links, Session};
use crate::domain::Timestamp;
use crate::planted::is_planted;
use crate::projections::ColumnType;
use rows::{added, named};
use std::sync::Arc;

/// How many old rows are removed at once.
const PRUNED_MAX: u64 = 1_000;

/// The outbox; clones are the same one.
#[derive(Clone)]
pub struct Outbox {
    links: Arc<Links>,
}

/// What a page of the log puts into the outbox.
#[derive(Debug, Clone, Copy)]
pub struct Enqueued<'a> {
    /// Where the sender is.
    pub from: Position,
    /// Where it is afterwards.
    pub to: Position,
    /// What became of the webhooks.
    pub changes: &'a [EndpointChange],
    /// What is to be sent.
    pub deliveries: &'a [NewDelivery],
    /// The webhooks for which more waits than fits, each with its own cursor from here on.
    pub behind: &'a [(WebhookKey, Position)],
    /// Now.
    pub at: Timestamp,
}

/// What a page of the log puts into the outbox of a webhook that has its own cursor.
#[derive(Debug, Clone, Copy)]
pub struct CaughtUp<'a> {
    /// Which one.
    pub key: &'a WebhookKey,
    /// Where its cursor is; none when it is the sender's again.
    pub behind_at: Option<Position>,
    /// What is to be sent.
    pub deliveries: &'a [NewDelivery],
    /// Now.
    pub at: Timestamp,
}

impl Outbox {
    /// Opens the outbox of the archive at an address, which has been brought up to date. A power
    /// cut may cost its last writes: they follow from the log, or are sent again.
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        Ok(Self { links: alongside::links(config)? })
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.links.close().await;
    }

    /// Takes or keeps the lead over all senders until then; none while another one has it.
    pub async fn lead(
        &self,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<SenderLead>, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let binds = vec![Bind::from(owner), Bind::from(now), Bind::from(until)];
        let columns = [ColumnType::Integer, ColumnType::Integer];
        let rows = session.rows(include_str!("../sql/webhook_lead.sql"), binds, &columns).await?;
        let lead = rows.first().map(|row| {
            let cells = Cells(row);
            Ok::<_, StoreError>(SenderLead {
                epoch: cells.number(0)?,
                position: cells.number(1)?.into(),
            })
        });
        session.commit().await?;
        lead.transpose()
    }

    /// Gives the lead up.
    pub async fn resign(&self, owner: &str) -> Result<(), StoreError> {
        self.change(include_str!("../sql/webhook_resign.sql"), vec![Bind::from(owner)]).await?;
        Ok(())
    }

    /// Puts what follows from a page of the log into the outbox, and moves the sender on, in one
    /// transaction; false when another one leads, or has been there already.
    pub async fn enqueue(&self, epoch: u64, page: &Enqueued<'_>) -> Result<bool, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let binds = vec![Bind::from(epoch), Bind::from(page.from.get()), Bind::from(page.to.get())];
        if session.run(include_str!("../sql/webhook_move.sql"), binds).await? != 1 {
            session.roll_back().await?;
            return Ok(false);
        }
        for change in page.changes {
            put(&mut session, change, page.at).await?;
        }
        for (key, position) in page.behind {
            set_behind(&mut session, key, Some(*position)).await?;
        }
        add(&mut session, page.deliveries, page.at).await?;
        session.commit().await?;
        Ok(true)
    }

    /// The same for one webhook that has its own cursor.
    pub async fn catch_up(&self, epoch: u64, page: &CaughtUp<'_>) -> Result<bool, StoreError> {
        let Some(mut session) = self.fenced(epoch).await? else { return Ok(false) };
        set_behind(&mut session, page.key, page.behind_at).await?;
        add(&mut session, page.deliveries, page.at).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Puts calls of agents into the outbox; false when another sender leads.
    pub async fn add_calls(
        &self,
        epoch: u64,
        calls: &[NewDelivery],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(mut session) = self.fenced(epoch).await? else { return Ok(false) };
        add(&mut session, calls, now).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Says what came of an attempt; false when another sender leads.
    pub async fn settle(&self, epoch: u64, settled: &Settled) -> Result<bool, StoreError> {
        let Some(mut session) = self.fenced(epoch).await? else { return Ok(false) };
        let mut binds = named(&settled.key);
        binds.extend([
            Bind::from(settled.delivery_id.as_str()),
            Bind::from(settled.state.as_str()),
            Bind::from(settled.attempts),
            Bind::from(settled.next_attempt_at),
            Bind::from(settled.last_status),
            Bind::from(settled.last_failure.as_deref()),
            Bind::from(settled.answer_bytes),
            Bind::from(settled.at),
        ]);
        session.run(include_str!("../sql/webhook_settle.sql"), binds).await?;
        let mut binds = named(&settled.key);
        binds.extend([
            Bind::from(settled.failures),
            Bind::from(settled.hold_until),
            Bind::from(settled.at),
        ]);
        session.run(include_str!("../sql/webhook_settle_endpoint.sql"), binds).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Lets a delivery be tried again from now on, whatever became of it; false when there is none.
    pub async fn retry(
        &self,
        key: &WebhookKey,
        delivery_id: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let mut binds = named(key);
        binds.extend([Bind::from(delivery_id), Bind::from(now)]);
        let changed = session.run(include_str!("../sql/webhook_retry.sql"), binds).await?;
        session.run(include_str!("../sql/webhook_release.sql"), named(key)).await?;
        session.commit().await?;
        Ok(changed == 1)
    }

    /// Puts a trial into the outbox of a webhook.
    pub async fn add_trial(&self, trial: &NewDelivery, now: Timestamp) -> Result<(), StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        add(&mut session, std::slice::from_ref(trial), now).await?;
        session.run(include_str!("../sql/webhook_release.sql"), named(&trial.key)).await?;
        session.commit().await
    }

    /// Removes what was settled before that, a part of it.
    pub async fn prune(&self, before: Timestamp) -> Result<u64, StoreError> {
        let binds = vec![Bind::from(before), Bind::from(PRUNED_MAX)];
        self.change(include_str!("../sql/webhook_prune.sql"), binds).await
    }

    /// A transaction under the lead; none when another sender has it.
    async fn fenced(&self, epoch: u64) -> Result<Option<Session<'_>>, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let text = include_str!("../sql/webhook_fence.sql");
        let fenced = session.run(text, vec![Bind::from(epoch)]).await?;
        if fenced == 1 || is_planted("webhook_epoch_not_checked") {
            return Ok(Some(session));
        }
        session.roll_back().await?;
        Ok(None)
    }

    async fn change(&self, text: &str, binds: Vec<Bind>) -> Result<u64, StoreError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        let changed = session.run(text, binds).await?;
        session.commit().await?;
        Ok(changed)
    }
}

async fn put(
    session: &mut Session<'_>,
    change: &EndpointChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    match change {
        EndpointChange::Put { key, settings, is_enabled, disabled_why } => {
            let mut binds = named(key);
            binds.extend([
                Bind::from(settings.as_str()),
                Bind::from(u64::from(*is_enabled)),
                Bind::from(disabled_why.as_deref()),
            ]);
            session.run(include_str!("../sql/webhook_put_endpoint.sql"), binds).await?;
        }
        EndpointChange::Drop(key) => {
            session.run(include_str!("../sql/webhook_drop_endpoint.sql"), named(key)).await?;
            let mut binds = named(key);
            binds.extend([Bind::from("the webhook was removed"), Bind::from(now)]);
            session.run(include_str!("../sql/webhook_bury.sql"), binds).await?;
        }
    }
    Ok(())
}

async fn set_behind(
    session: &mut Session<'_>,
    key: &WebhookKey,
    behind_at: Option<Position>,
) -> Result<(), StoreError> {
    let mut binds = named(key);
    binds.push(Bind::from(behind_at.map(Position::get)));
    session.run(include_str!("../sql/webhook_set_behind.sql"), binds).await?;
    Ok(())
}

async fn add(
    session: &mut Session<'_>,
    deliveries: &[NewDelivery],
    now: Timestamp,
) -> Result<(), StoreError> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let text = if session.is_postgres() {
        include_str!("../sql/webhook_add_postgres.sql")
    } else {
        include_str!("../sql/webhook_add_sqlite.sql")
    };
    session.run(text, vec![Bind::from(added(deliveries, now).as_str())]).await?;
    Ok(())
}
