//! An engine and a sender of webhooks on a throwaway archive, under a clock that stands still.

use super::receiver::{Act, Receiver};
use crate::store::backend::Backend;
use anyhow::{Context, Result};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::domain::agent::AgentCommand;
use planexe_ax::domain::event::agent::{AgentKind, AgentProfile, Capability};
use planexe_ax::domain::event::workspace::WebhookSettings;
use planexe_ax::domain::workspace::{Webhook, WorkspaceCommand};
use planexe_ax::domain::{
    ActionName, Actor, AgentId, Command, StreamName, Text, Timestamp, Title, WebhookId, WorkspaceId,
};
use planexe_ax::engine::{Engine, EngineConfig, Random, Request, StreamKey};
use planexe_ax::store::Store;
use planexe_ax::store::outbox::{Delivery, Endpoint, Outbox, WebhookKey};
use planexe_ax::webhooks::{KeySource, Network, SealKey, Webhooks, WebhooksConfig};
use std::future::Future;
use std::sync::Arc;

const BEGIN_MS: i64 = 1_700_000_000_000;
/// How long a receiver may take: short, since tests have receivers that never answer.
const TIMEOUT_MS: u64 = 400;
/// Longer than a lead lasts that nobody renews.
pub(super) const LEAD_MS: u64 = 60_000;
pub(super) const HOUR_MS: u64 = 3_600_000;

/// One archive with its engine.
pub(super) struct House {
    pub(super) backend: Backend,
    pub(super) store: Store,
    pub(super) engine: Engine,
    pub(super) hands: Arc<SimulatedClock>,
    pub(super) random: Random,
    pub(super) key: SealKey,
}

impl House {
    async fn on(backend: Backend) -> Result<Self> {
        let store = backend.open().await?;
        let (clock, hands) = Clock::simulated(Timestamp::from_unix_ms(BEGIN_MS));
        let config = EngineConfig { runs_by_itself: false, ..EngineConfig::default() };
        let engine = Engine::start(store.clone(), clock, Random::from_seed(5), config).await?;
        let random = Random::from_seed(6);
        let (key, _) = SealKey::draw(&random);
        let house = Self { backend, store, engine, hands, random, key };
        for name in ["acme", "other"] {
            house.make(&workspace(name)).await?;
        }
        Ok(house)
    }

    async fn make(&self, of: &WorkspaceId) -> Result<()> {
        let name = Title::parse(of.as_str())?;
        self.order(of, WorkspaceCommand::Create { workspace_id: of.clone(), name }).await
    }

    /// A server may send to this machine.
    pub(super) fn config(&self, ports: &[&Receiver]) -> WebhooksConfig {
        let mut config = WebhooksConfig::new(KeySource::Given(self.key.clone()));
        config.targets.allows_http = true;
        config.targets.ports = ports.iter().map(|it| it.address.port()).collect();
        config.targets.networks = vec![Network::parse("127.0.0.0/8").expect("a network")];
        config.timeout_ms = TIMEOUT_MS;
        config.runs_by_itself = false;
        config
    }

    /// A sender that sends when it is asked to.
    pub(super) async fn sender(&self, receivers: &[&Receiver]) -> Result<Webhooks> {
        self.sender_with(self.config(receivers)).await
    }

    pub(super) async fn sender_with(&self, config: WebhooksConfig) -> Result<Webhooks> {
        let outbox = Outbox::open(&self.backend.config()).await?;
        let random = Random::from_seed(self.random.number());
        Ok(Webhooks::start(self.engine.clone(), outbox, random, config))
    }

    pub(super) async fn close(self) -> Result<()> {
        self.engine.stop().await;
        self.store.close().await;
        Ok(())
    }

    pub(super) async fn order(&self, of: &WorkspaceId, command: WorkspaceCommand) -> Result<()> {
        let (stream, command) = (StreamName::workspace(of), Command::Workspace(command));
        self.engine.execute(Request::new(of, stream, command, owner())).await?;
        Ok(())
    }

    /// Makes a webhook whose receiver said that it wants what is sent; answers its secret.
    pub(super) async fn register(
        &self,
        webhooks: &Webhooks,
        id: &str,
        settings: WebhookSettings,
    ) -> Result<String> {
        let url = settings.url.clone();
        let secret = self.register_unconfirmed(webhooks, id, settings).await?;
        let WebhookKey { workspace, webhook_id } = key(id);
        self.order(&workspace, WorkspaceCommand::ConfirmWebhook { webhook_id, url }).await?;
        Ok(secret)
    }

    /// Makes a webhook; answers its secret.
    pub(super) async fn register_unconfirmed(
        &self,
        webhooks: &Webhooks,
        id: &str,
        settings: WebhookSettings,
    ) -> Result<String> {
        let key = key(id);
        let (secret, sealed_secret) = webhooks.new_secret(&key).await?;
        let WebhookKey { workspace, webhook_id } = key;
        let command = WorkspaceCommand::RegisterWebhook { webhook_id, settings, sealed_secret };
        self.order(&workspace, command).await?;
        Ok(secret.reveal())
    }

    /// Something happens: an agent is made known.
    pub(super) async fn happens(&self, agent: &str) -> Result<()> {
        self.happens_in(&acme(), agent).await
    }

    pub(super) async fn happens_in(&self, of: &WorkspaceId, agent: &str) -> Result<()> {
        let agent_id = AgentId::parse(agent)?;
        let profile = AgentProfile {
            name: Title::parse(agent)?,
            role: None,
            kind: AgentKind::Agent,
            capabilities: vec![Capability {
                action: ActionName::parse("work")?,
                params: Vec::new(),
            }],
            integration_endpoints: None,
            webhook_url: None,
            concurrent_tasks_max: 1,
        };
        let stream = StreamName::agent(&agent_id);
        let command = Command::Agent(AgentCommand::Register { agent_id, profile });
        self.engine.execute(Request::new(of, stream, command, owner())).await?;
        Ok(())
    }

    /// A webhook as its workspace has it.
    pub(super) async fn webhook(&self, id: &str) -> Result<Webhook> {
        let WebhookKey { workspace, webhook_id } = key(id);
        let stream = StreamName::workspace(&workspace);
        let of = StreamKey { workspace, stream };
        let asked = self.engine.look(&of, move |state, _| {
            state.workspace().and_then(|it| it.webhook(&webhook_id)).cloned()
        });
        asked.await?.context("no such webhook")
    }

    /// Switches a webhook on.
    pub(super) async fn enable(&self, id: &str) -> Result<()> {
        let settings = WebhookSettings { is_enabled: true, ..self.webhook(id).await?.settings };
        let WebhookKey { workspace, webhook_id } = key(id);
        self.order(&workspace, WorkspaceCommand::ChangeWebhook { webhook_id, settings }).await
    }
}

/// Everything that happens, to this address.
pub(super) fn everything(url: &str) -> WebhookSettings {
    WebhookSettings {
        url: Text::parse(url).expect("a text"),
        events: vec![Title::parse("*").expect("a pattern")],
        agent_id: None,
        description: None,
        is_enabled: true,
    }
}

pub(super) fn workspace(name: &str) -> WorkspaceId {
    WorkspaceId::parse(name).expect("it is an id")
}

pub(super) fn acme() -> WorkspaceId {
    workspace("acme")
}

pub(super) fn owner() -> Actor {
    Actor::user("mark").expect("it is a name")
}

pub(super) fn key(id: &str) -> WebhookKey {
    WebhookKey { workspace: acme(), webhook_id: WebhookId::parse(id).expect("it is an id") }
}

/// What was and is on its way to a webhook, the oldest first.
pub(super) async fn deliveries(webhooks: &Webhooks, id: &str) -> Result<Vec<Delivery>> {
    let mut found = webhooks.outbox().deliveries(&key(id), None, 100).await?;
    found.sort_by_key(|delivery| delivery.position);
    Ok(found)
}

/// The one delivery that there is.
pub(super) async fn only(webhooks: &Webhooks, id: &str) -> Result<Delivery> {
    let mut found = deliveries(webhooks, id).await?;
    anyhow::ensure!(found.len() == 1, "{found:?}");
    found.pop().context("no delivery")
}

/// A webhook as the sender keeps it.
pub(super) async fn endpoint(webhooks: &Webhooks, id: &str) -> Result<Endpoint> {
    let found = webhooks.outbox().endpoints(Some(&acme()), Some(id)).await?;
    found.into_iter().next().context("no such webhook")
}

/// Runs a test on each database, with a receiver that does these things.
pub(super) async fn on_every<F: Future<Output = Result<()>>>(
    acts: &[Act],
    test: impl Fn(House, Receiver) -> F,
) -> Result<()> {
    for backend in Backend::every().await? {
        if !matches!(backend, Backend::Memory(_)) {
            test(House::on(backend).await?, Receiver::start(acts).await?).await?;
        }
    }
    Ok(())
}
