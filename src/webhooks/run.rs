//! The sender's work: of all servers one leads; it puts what is in the log into the outbox, and
//! sends what is due, one message at a time to each webhook.

use super::Shared;
use super::calls::Calls;
use super::fan_out::{Seen, Webhooks, delivery};
use super::send::{self, SendError};
use crate::domain::Timestamp;
use crate::store::outbox::{CaughtUp, Delivery, DeliveryState, Enqueued, Settled, WebhookKey};
use crate::store::{LogFilter, Position, StoreError, TAIL_PAGE_EVENTS, TailError, Tailer};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{Id, JoinSet};
use uuid::Uuid;

/// How long a sender leads without saying so again.
pub(super) const LEAD_MS: u64 = 45_000;
/// How much of the lead must be left when something is sent: more than any attempt takes.
const LEAD_LEFT_MS: u64 = 20_000;
/// How many messages are on their way at once.
const SENDS_MAX: usize = 64;
/// How long deliveries that wait no more are kept, and how often old ones are removed.
const KEPT_MS: u64 = 30 * 24 * 3_600_000;
const PRUNE_MS: u64 = 3_600_000;
/// How long what is on its way may take when the program stops.
const END_MS_MAX: u64 = 2_000;
/// How many events that nobody wants are passed before that is noted: no write for each of them.
const UNNOTED_MAX: u64 = 10_000;
/// How long a webhook is left alone to which this server could not send.
const PAUSE_MS: u64 = 5_000;

/// Why the sender cannot go on for now.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log cannot be followed.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// Another sender leads: everything is looked at anew.
    #[error("another sender has taken over")]
    Overtaken,
}

/// What one sender knows.
pub(super) struct Run {
    shared: Arc<Shared>,
    owner: String,
    lead: Option<Lead>,
    sends: JoinSet<Sent>,
    /// The webhooks to which something is on its way, with its task.
    busy: BTreeMap<WebhookKey, Id>,
    pruned_at: Option<Timestamp>,
}

/// What the leader holds.
struct Lead {
    epoch: u64,
    until: Timestamp,
    tailer: Tailer,
    /// Up to where the outbox says that the log was looked at.
    noted: Position,
    webhooks: Webhooks,
    /// The failures in a row of those that fail.
    failures: BTreeMap<WebhookKey, u64>,
    /// The agents that are called.
    calls: Calls,
    /// Those to which nothing could be sent for a reason of this server's own, and until when.
    paused: BTreeMap<WebhookKey, Timestamp>,
}

/// An attempt that ended.
struct Sent {
    key: WebhookKey,
    epoch: u64,
    came: Result<Settled, SendError>,
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let owner = Uuid::now_v7().to_string();
        let (sends, busy) = (JoinSet::new(), BTreeMap::new());
        Self { shared, owner, lead: None, sends, busy, pruned_at: None }
    }

    /// Takes in what is in the log, and begins to send what is due; false when another one leads.
    /// What fails leaves nothing half done: everything is looked at anew.
    pub(super) async fn step(&mut self) -> Result<bool, WebhooksError> {
        let stepped = self.step_or_fail().await;
        if stepped.is_err() {
            self.lead = None;
        }
        stepped
    }

    async fn step_or_fail(&mut self) -> Result<bool, WebhooksError> {
        // A server without a key could sign nothing: it leaves the lead to those that have one.
        // After a restore, what is still to be sent may have been sent before.
        if self.shared.own_key.is_empty() || self.shared.engine.is_paused() {
            return Ok(false);
        }
        if !self.keep_lead().await? {
            return Ok(false);
        }
        self.enqueue().await?;
        self.catch_up().await?;
        self.call().await?;
        self.start_due().await?;
        self.prune().await?;
        Ok(true)
    }

    /// Takes the lead, or says again that it is here.
    async fn keep_lead(&mut self) -> Result<bool, WebhooksError> {
        let now = self.shared.clock.now();
        if let Some(lead) = &self.lead
            && lead.until.ms_since(now) > LEAD_LEFT_MS
        {
            return Ok(true);
        }
        let until = now.plus_ms(LEAD_MS);
        let outbox = &self.shared.outbox;
        let Some(taken) = outbox.lead(&self.owner, now, until).await? else {
            self.lead = None;
            return Ok(false);
        };
        match &mut self.lead {
            Some(lead) if lead.epoch == taken.epoch => lead.until = until,
            Some(_) | None => {
                let endpoints = outbox.endpoints(None, None).await?;
                let failures = endpoints.iter().map(|it| (it.key.clone(), it.failures)).collect();
                let tailer = Tailer::new(self.shared.store.clone(), taken.position);
                let webhooks = Webhooks::of(&endpoints);
                let epoch = taken.epoch;
                let (noted, calls, paused) = (taken.position, Calls::default(), BTreeMap::new());
                let lead = Lead { epoch, until, tailer, noted, webhooks, failures, calls, paused };
                self.lead = Some(lead);
            }
        }
        Ok(true)
    }

    /// Puts what follows from the log into the outbox, page by page.
    async fn enqueue(&mut self) -> Result<(), WebhooksError> {
        let Some(lead) = &mut self.lead else { return Ok(()) };
        loop {
            let page = lead.tailer.read().await?;
            if page.is_empty() {
                return Ok(());
            }
            let plan = lead.webhooks.plan(&page, self.shared.pending_max);
            for change in &plan.changes {
                lead.failures.remove(change.key());
            }
            let (from, to) = (lead.noted, lead.tailer.delivered());
            if plan.is_empty() && to.get().saturating_sub(from.get()) < UNNOTED_MAX {
                continue;
            }
            let enqueued = Enqueued {
                from,
                to,
                changes: &plan.changes,
                deliveries: &plan.deliveries,
                behind: &plan.behind,
                at: self.shared.clock.now(),
            };
            if !self.shared.outbox.enqueue(lead.epoch, &enqueued).await? {
                return Err(WebhooksError::Overtaken);
            }
            lead.noted = to;
        }
    }

    /// Goes on in the log for webhooks that have their own cursors, where there is room again.
    async fn catch_up(&mut self) -> Result<(), WebhooksError> {
        let Some(lead) = &mut self.lead else { return Ok(()) };
        let reached = lead.tailer.delivered();
        let pending_low = self.shared.pending_max.div_ceil(2);
        for (key, known) in lead.webhooks.all_mut() {
            let key = &key;
            while let Some(from) = known.behind_at
                && known.pending < pending_low
                && known.is_enabled
            {
                let workspace = Some(key.workspace.clone());
                let filter = LogFilter { workspace, ..LogFilter::default() };
                let page = self.shared.store.read_log(from, &filter, TAIL_PAGE_EVENTS).await?;
                let is_last = page.len() < TAIL_PAGE_EVENTS;
                let read = page.iter().filter(|event| event.position <= reached);
                let to = read.clone().next_back().map_or(from, |event| event.position);
                let wanted = read.filter(|event| known.wants(&Seen::new(event)));
                let deliveries: Vec<_> = wanted.map(|event| delivery(event, key)).collect();
                let is_there = is_last || to >= reached;
                let behind_at = (!is_there).then_some(to);
                let at = self.shared.clock.now();
                let page = CaughtUp { key, behind_at, deliveries: &deliveries, at };
                if !self.shared.outbox.catch_up(lead.epoch, &page).await? {
                    return Err(WebhooksError::Overtaken);
                }
                known.behind_at = behind_at;
                let added = u64::try_from(deliveries.len()).unwrap_or(u64::MAX);
                known.pending = known.pending.saturating_add(added);
            }
        }
        Ok(())
    }

    /// Puts into the outbox what agents are to be called for.
    async fn call(&mut self) -> Result<(), WebhooksError> {
        let Some(lead) = &mut self.lead else { return Ok(()) };
        let due = lead.calls.due(&self.shared, &mut lead.webhooks).await?;
        if due.is_empty() {
            return Ok(());
        }
        if !self.shared.outbox.add_calls(lead.epoch, &due, self.shared.clock.now()).await? {
            return Err(WebhooksError::Overtaken);
        }
        for call in &due {
            if let Some(known) = lead.webhooks.get_mut(&call.key) {
                known.pending = known.pending.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Begins to send what is due, as much as is sent at once.
    async fn start_due(&mut self) -> Result<(), WebhooksError> {
        let Some(lead) = &mut self.lead else { return Ok(()) };
        if self.busy.len() >= SENDS_MAX || lead.webhooks.is_empty() {
            return Ok(());
        }
        let now = self.shared.clock.now();
        lead.paused.retain(|_, until| now < *until);
        let due = self.shared.outbox.due(now, SENDS_MAX + self.busy.len()).await?;
        let epoch = lead.epoch;
        for delivery in due {
            let key = &delivery.key;
            let is_busy = self.busy.contains_key(key) || lead.paused.contains_key(key);
            if is_busy || self.busy.len() >= SENDS_MAX {
                continue;
            }
            let (key, failures) = (key.clone(), lead.failures.get(key).copied().unwrap_or(0));
            let task = self.sends.spawn(send(Arc::clone(&self.shared), epoch, delivery, failures));
            self.busy.insert(key, task.id());
        }
        Ok(())
    }

    async fn prune(&mut self) -> Result<(), WebhooksError> {
        let now = self.shared.clock.now();
        if self.pruned_at.is_some_and(|at| now.ms_since(at) < PRUNE_MS) {
            return Ok(());
        }
        self.pruned_at = Some(now);
        let kept_ms = i64::try_from(KEPT_MS).unwrap_or(i64::MAX);
        let before = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(kept_ms));
        self.shared.outbox.prune(before).await?;
        Ok(())
    }

    /// Whether anything is on its way.
    pub(super) fn is_sending(&self) -> bool {
        !self.sends.is_empty()
    }

    /// Waits until an attempt has ended, and takes in what came of it; waits for ever when nothing
    /// is on its way. Safe to cancel.
    pub(super) async fn sent(&mut self) {
        let Some(joined) = self.sends.join_next_with_id().await else {
            return std::future::pending().await;
        };
        match joined {
            Ok((_, sent)) => self.take(sent),
            Err(error) => {
                tracing::error!(%error, "an attempt to send a webhook did not end well");
                self.pause_broken(error.id());
            }
        }
        self.shared.settled.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn take(&mut self, Sent { key, epoch, came }: Sent) {
        self.busy.remove(&key);
        let Some(lead) = self.lead.as_mut().filter(|lead| lead.epoch == epoch) else { return };
        match came {
            Ok(settled) => {
                lead.failures.insert(key.clone(), settled.failures);
                let is_over = settled.state != DeliveryState::Pending;
                if let Some(known) = lead.webhooks.get_mut(&key).filter(|_| is_over) {
                    known.pending = known.pending.saturating_sub(1);
                }
            }
            Err(SendError::Overtaken) => self.lead = None,
            Err(error) => {
                tracing::warn!(%error, "a webhook could not be sent; it is tried again");
                lead.paused.insert(key, self.shared.clock.now().plus_ms(PAUSE_MS));
            }
        }
    }

    fn pause_broken(&mut self, task: Id) {
        let broken = self.busy.iter().find(|(_, busy)| **busy == task);
        let Some(key) = broken.map(|(key, _)| key.clone()) else { return };
        self.busy.remove(&key);
        if let Some(lead) = &mut self.lead {
            lead.paused.insert(key, self.shared.clock.now().plus_ms(PAUSE_MS));
        }
    }

    /// When there is something to do that is not waited for otherwise.
    pub(super) async fn next_at(&self) -> Result<Timestamp, WebhooksError> {
        let now = self.shared.clock.now();
        let Some(lead) = &self.lead else { return Ok(now.plus_ms(PAUSE_MS)) };
        let keeps_until_ms = lead.until.ms_since(now).saturating_sub(LEAD_LEFT_MS);
        let keep_at = now.plus_ms(keeps_until_ms);
        if lead.webhooks.is_empty() {
            return Ok(keep_at);
        }
        let due_at = self.shared.outbox.next_due(now).await?;
        let next = due_at.into_iter().chain(lead.paused.values().copied());
        Ok(next.fold(keep_at, Timestamp::min))
    }

    /// Ends what is on its way, or breaks off what takes too long: whoever leads next sends it
    /// again. Then lets others lead.
    pub(super) async fn end(&mut self) {
        let ending = async {
            while self.is_sending() {
                self.sent().await;
            }
        };
        if tokio::time::timeout(Duration::from_millis(END_MS_MAX), ending).await.is_err() {
            tracing::info!("stopped with webhooks on their way: they are sent again");
            self.sends.shutdown().await;
        }
        self.busy.clear();
        self.resign().await;
    }

    /// Breaks off what is on its way, as a crash would: the lead is not given up.
    pub(super) async fn crash(&mut self) {
        self.sends.shutdown().await;
        self.busy.clear();
        self.lead = None;
    }

    async fn resign(&mut self) {
        self.lead = None;
        if let Err(error) = self.shared.outbox.resign(&self.owner).await {
            tracing::warn!(%error, "the lead over the webhooks could not be given up; it expires");
        }
    }
}

async fn send(shared: Arc<Shared>, epoch: u64, delivery: Delivery, failures: u64) -> Sent {
    let came = send::attempt(&shared, epoch, &delivery, failures).await;
    Sent { key: delivery.key, epoch, came }
}
