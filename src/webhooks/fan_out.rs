//! From a page of the log to what is to be sent: which webhooks there are at each event, and which
//! of them want it.

use super::message::{id_of, named};
use super::pattern::Pattern;
use crate::domain::event::workspace::{WebhookSettings, WorkspaceEvent};
use crate::domain::{AgentId, Event, StreamKind, WebhookId, WorkspaceId};
use crate::engine::Metadata;
use crate::store::outbox::{Endpoint, EndpointChange, NewDelivery, WebhookKey};
use crate::store::{Position, RecordedEvent};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// How much of a reason is kept.
const WHY_BYTES_MAX: usize = 1_000;

/// A webhook, as it is at some position.
#[derive(Debug, Clone)]
pub(super) struct Known {
    patterns: Vec<Pattern>,
    agent_id: Option<AgentId>,
    pub(super) is_enabled: bool,
    pub(super) behind_at: Option<Position>,
    pub(super) pending: u64,
}

/// Every webhook at some position.
#[derive(Debug, Clone, Default)]
pub(super) struct Webhooks {
    known: BTreeMap<WorkspaceId, BTreeMap<WebhookId, Known>>,
}

/// An event that several webhooks look at; whom it is about is found out once.
pub(super) struct Seen<'a> {
    event: &'a RecordedEvent,
    agent_id: OnceCell<Option<AgentId>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(event: &'a RecordedEvent) -> Self {
        Self { event, agent_id: OnceCell::new() }
    }

    fn is_about(&self, wanted: &AgentId) -> bool {
        let found = self.agent_id.get_or_init(|| named(self.event).agent_id().cloned());
        found.as_ref() == Some(wanted)
    }
}

/// What follows from a page.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) changes: Vec<EndpointChange>,
    pub(super) deliveries: Vec<NewDelivery>,
    pub(super) behind: Vec<(WebhookKey, Position)>,
}

impl Plan {
    /// What was to be sent to a webhook that is gone is not.
    fn take_change(&mut self, change: EndpointChange) {
        if let EndpointChange::Drop(gone) = &change {
            self.deliveries.retain(|delivery| delivery.key != *gone);
            self.behind.retain(|(key, _)| key != gone);
        }
        self.changes.push(change);
    }

    /// Whether nothing follows.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.deliveries.is_empty() && self.behind.is_empty()
    }
}

impl Known {
    fn new(settings: &WebhookSettings) -> Self {
        let patterns = settings.events.iter();
        Self {
            patterns: patterns.filter_map(|text| Pattern::parse(text.as_str()).ok()).collect(),
            agent_id: settings.agent_id.clone(),
            is_enabled: settings.is_enabled,
            behind_at: None,
            pending: 0,
        }
    }

    /// The agent that is called there, though no event says so.
    pub(super) fn called(&self) -> Option<&AgentId> {
        let is_called = self.is_enabled && self.patterns.iter().any(Pattern::wants_calls);
        self.agent_id.as_ref().filter(|_| is_called)
    }

    /// Whether a call of this kind is to be made there.
    pub(super) fn wants_call(&self, kind: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.wants(kind))
    }

    /// Whether an event is to be sent there. Nothing about keys, members and webhooks ever is.
    pub(super) fn wants(&self, seen: &Seen<'_>) -> bool {
        let event = seen.event;
        self.is_enabled
            && event.stream.kind() != StreamKind::Workspace
            && self.patterns.iter().any(|pattern| pattern.wants(&event.kind))
            && self.agent_id.as_ref().is_none_or(|wanted| seen.is_about(wanted))
    }
}

impl Webhooks {
    /// The webhooks as the outbox has them.
    pub(super) fn of(endpoints: &[Endpoint]) -> Self {
        let mut webhooks = Self::default();
        for endpoint in endpoints {
            let Ok(settings) = serde_json::from_str::<WebhookSettings>(&endpoint.settings) else {
                let id = &endpoint.key.webhook_id;
                tracing::error!(webhook.id = %id, "the settings of webhook {id} cannot be read");
                continue;
            };
            let known = Known {
                behind_at: endpoint.behind_at,
                pending: endpoint.pending,
                ..Known::new(&settings)
            };
            webhooks.insert(&endpoint.key, known);
        }
        webhooks
    }

    fn insert(&mut self, key: &WebhookKey, known: Known) {
        let own = self.known.entry(key.workspace.clone()).or_default();
        own.insert(key.webhook_id.clone(), known);
    }

    /// One webhook.
    pub(super) fn get_mut(&mut self, key: &WebhookKey) -> Option<&mut Known> {
        self.known.get_mut(&key.workspace)?.get_mut(&key.webhook_id)
    }

    /// Every webhook.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (WebhookKey, &mut Known)> {
        self.known.iter_mut().flat_map(|(workspace, own)| {
            own.iter_mut().map(|(webhook_id, known)| {
                let (workspace, webhook_id) = (workspace.clone(), webhook_id.clone());
                (WebhookKey { workspace, webhook_id }, known)
            })
        })
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Takes a page of the log in, and says what follows; at most so many wait for one webhook.
    pub(super) fn plan(&mut self, page: &[RecordedEvent], pending_max: u64) -> Plan {
        let mut plan = Plan::default();
        for event in page {
            if event.stream.kind() == StreamKind::Workspace {
                if let Some(change) = self.take_change(event) {
                    plan.take_change(change);
                }
            } else {
                self.add(event, pending_max, &mut plan);
            }
        }
        plan
    }

    fn add(&mut self, event: &RecordedEvent, pending_max: u64, plan: &mut Plan) {
        let seen = Seen::new(event);
        let own = self.known.get_mut(&event.workspace).into_iter().flatten();
        for (webhook_id, known) in own {
            if known.behind_at.is_some() || !known.wants(&seen) {
                continue;
            }
            let (workspace, webhook_id) = (event.workspace.clone(), webhook_id.clone());
            let key = WebhookKey { workspace, webhook_id };
            if known.pending >= pending_max {
                let before = Position::new(event.position.get().saturating_sub(1));
                known.behind_at = Some(before);
                plan.behind.push((key, before));
                continue;
            }
            known.pending += 1;
            plan.deliveries.push(delivery(event, &key));
        }
    }

    /// What an event of a workspace's stream makes of its webhooks.
    fn take_change(&mut self, event: &RecordedEvent) -> Option<EndpointChange> {
        let decoded = Event::decode(&event.kind, event.schema_version, &event.payload).ok()?;
        let Event::Workspace(decoded) = decoded else { return None };
        let key = |webhook_id: &WebhookId| WebhookKey {
            workspace: event.workspace.clone(),
            webhook_id: webhook_id.clone(),
        };
        match decoded {
            WorkspaceEvent::WebhookRegistered(e) => Some(self.put(key(&e.webhook_id), &e.settings)),
            WorkspaceEvent::WebhookChanged(e) => {
                let change = self.put(key(&e.webhook_id), &e.settings);
                Some(if e.settings.is_enabled { change } else { with_reason(change, event) })
            }
            WorkspaceEvent::WebhookRemoved(e) => {
                let key = key(&e.webhook_id);
                self.forget(&key);
                Some(EndpointChange::Drop(key))
            }
            WorkspaceEvent::WebhookConfirmed(_)
            | WorkspaceEvent::WebhookSecretRotated(_)
            | WorkspaceEvent::WorkspaceCreated(_)
            | WorkspaceEvent::WorkspacePolicyChanged(_)
            | WorkspaceEvent::KeyCreated(_)
            | WorkspaceEvent::KeyRevoked(_)
            | WorkspaceEvent::MemberAdded(_)
            | WorkspaceEvent::MemberRoleChanged(_)
            | WorkspaceEvent::MemberRemoved(_)
            | WorkspaceEvent::ProjectionEventSkipped(_) => None,
        }
    }

    fn put(&mut self, key: WebhookKey, settings: &WebhookSettings) -> EndpointChange {
        let mut known = Known::new(settings);
        if let Some(before) = self.get_mut(&key) {
            known.behind_at = before.behind_at;
            known.pending = before.pending;
        }
        let change = EndpointChange::Put {
            key: key.clone(),
            settings: serde_json::to_string(settings).expect("texts always become JSON"),
            is_enabled: settings.is_enabled,
            disabled_why: None,
        };
        self.insert(&key, known);
        change
    }

    fn forget(&mut self, key: &WebhookKey) {
        if let Some(own) = self.known.get_mut(&key.workspace) {
            own.remove(&key.webhook_id);
            if own.is_empty() {
                self.known.remove(&key.workspace);
            }
        }
    }
}

/// What is to be sent of an event to a webhook.
pub(super) fn delivery(event: &RecordedEvent, key: &WebhookKey) -> NewDelivery {
    NewDelivery {
        key: key.clone(),
        delivery_id: id_of(event, key),
        position: event.position,
        kind: event.kind.clone(),
    }
}

/// A webhook that was switched off, with the reason that was given.
fn with_reason(change: EndpointChange, event: &RecordedEvent) -> EndpointChange {
    let metadata = serde_json::from_slice::<Metadata>(&event.metadata).ok();
    let reason = metadata.and_then(|metadata| metadata.reason);
    let reason = reason.map(|reason| {
        let text = reason.as_str();
        text[..text.floor_char_boundary(WHY_BYTES_MAX)].to_owned()
    });
    match change {
        EndpointChange::Put { key, settings, is_enabled, .. } => {
            EndpointChange::Put { key, settings, is_enabled, disabled_why: reason }
        }
        EndpointChange::Drop(key) => EndpointChange::Drop(key),
    }
}
