//! What an agent is called for though no event says it: there is work to ask for, and what it is to
//! do about a task that it holds is not what it was. A call says no more than that, so that one
//! that comes late, or twice, is as good as any: the agent asks.

use super::Shared;
use super::fan_out::Webhooks;
use super::message::drawn_id;
use crate::domain::{AgentId, Timestamp};
use crate::engine::{Engine, EngineError, Looked, Lookout};
use crate::store::outbox::{DeliveryState, NewDelivery, WebhookKey};
use crate::store::{Position, StoreError};
use std::collections::BTreeMap;
use tokio::sync::watch;

/// The kind of the call to ask for work.
pub(super) const WORK_AVAILABLE: &str = "work_available";
/// The kind of the call to ask what to do about the tasks that the agent holds.
pub(super) const AGENT_DIRECTIVE: &str = "agent_directive";
/// How often it is looked whether there is work for one agent, at most.
const LOOK_MS_MIN: u64 = 1_000;

/// Whether a kind is one of a call, and of no event.
pub(super) fn is_call(kind: &str) -> bool {
    matches!(kind, WORK_AVAILABLE | AGENT_DIRECTIVE)
}

/// The agents that are called.
#[derive(Default)]
pub(super) struct Calls {
    called: BTreeMap<WebhookKey, Called>,
}

/// An agent that is called, and by which webhook.
struct Called {
    agent_id: AgentId,
    lookout: Lookout,
    held: watch::Receiver<u64>,
    ready: watch::Receiver<u64>,
    looked_at: Option<Timestamp>,
    had_work: bool,
    /// The last call of each kind.
    last: BTreeMap<&'static str, String>,
}

impl Called {
    fn new(engine: &Engine, key: &WebhookKey, agent_id: &AgentId) -> Self {
        Self {
            agent_id: agent_id.clone(),
            lookout: Lookout::new(engine, &key.workspace, agent_id),
            held: engine.index().watch_holder(&key.workspace, agent_id),
            ready: engine.index().changed(),
            looked_at: None,
            had_work: false,
            last: BTreeMap::new(),
        }
    }

    /// Whether something may be otherwise than when it was looked at.
    fn is_due(&self, now: Timestamp) -> bool {
        let Some(looked_at) = self.looked_at else { return true };
        let has_changed = |watched: &watch::Receiver<u64>| watched.has_changed().unwrap_or(false);
        let may_look = now.ms_since(looked_at) >= LOOK_MS_MIN;
        has_changed(&self.held) || (may_look && has_changed(&self.ready))
    }

    /// What the agent is to be called for.
    async fn look(&mut self, now: Timestamp) -> Result<Vec<&'static str>, EngineError> {
        self.held.borrow_and_update();
        self.ready.borrow_and_update();
        self.looked_at = None;
        let Looked { verdicts, has_work } = self.lookout.look().await?;
        self.looked_at = Some(now);
        let is_new = has_work && !self.had_work;
        self.had_work = has_work;
        let directive = (!verdicts.is_empty()).then_some(AGENT_DIRECTIVE);
        Ok(directive.into_iter().chain(is_new.then_some(WORK_AVAILABLE)).collect())
    }
}

impl Calls {
    /// The calls that are to be made now.
    pub(super) async fn due(
        &mut self,
        shared: &Shared,
        webhooks: &mut Webhooks,
    ) -> Result<Vec<NewDelivery>, StoreError> {
        let now = shared.clock.now();
        let mut due = Vec::new();
        let mut called = BTreeMap::new();
        for (key, known) in webhooks.all_mut() {
            let Some(agent_id) = known.called() else { continue };
            let before = self.called.remove(&key).filter(|it| it.agent_id == *agent_id);
            let mut agent = before.unwrap_or_else(|| Called::new(&shared.engine, &key, agent_id));
            if agent.is_due(now) && known.pending < shared.pending_max {
                let kinds = agent.look(now).await.unwrap_or_else(|error| {
                    tracing::debug!(%error, "the tasks of an agent could not be looked at");
                    Vec::new()
                });
                for kind in kinds.into_iter().filter(|kind| known.wants_call(kind)) {
                    due.extend(agent.call(shared, &key, kind).await?);
                }
            }
            called.insert(key, agent);
        }
        self.called = called;
        Ok(due)
    }
}

impl Called {
    /// A call of a kind; none while the last one waits still.
    async fn call(
        &mut self,
        shared: &Shared,
        key: &WebhookKey,
        kind: &'static str,
    ) -> Result<Option<NewDelivery>, StoreError> {
        if let Some(last) = self.last.get(kind) {
            let last = shared.outbox.delivery(key, last).await?;
            if last.is_some_and(|last| last.state == DeliveryState::Pending) {
                return Ok(None);
            }
        }
        let delivery_id = drawn_id(shared.random.event_id(shared.clock.now()), key);
        self.last.insert(kind, delivery_id.clone());
        let (key, kind) = (key.clone(), kind.to_owned());
        Ok(Some(NewDelivery { key, delivery_id, position: Position::ZERO, kind }))
    }
}
