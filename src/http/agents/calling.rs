//! The webhook of an agent that names an address: there it is called when there is work for it, and
//! when it is to do something else about a task that it holds. It is one of the workspace's
//! webhooks, made and changed with the agent's registration.

use crate::domain::event::workspace::WebhookSettings;
use crate::domain::workspace::{Webhook, Workspace, WorkspaceCommand};
use crate::domain::{AgentId, Text, Title, WebhookId};
use crate::http::App;
use crate::http::access::WorkspaceOrder;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::Id;
use crate::http::terms::Terms;
use crate::store::outbox::WebhookKey;
use crate::webhooks::Secret;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What an agent is called for.
const CALLS: [&str; 2] = ["work.available", "agent.directive"];
/// How much of the hash of an agent's id is in the id of its webhook.
const HASH_BYTES: usize = 16;

/// Whether an agent is called at its address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct AgentWebhook {
    #[schema(value_type = Id)]
    webhook_id: String,
    #[schema(value_type = CalledWord)]
    status: &'static str,
    /// Why it is not called.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What it verifies calls with: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Whether an agent is called: `confirmed` is, `unconfirmed` is once it answered the challenge that
/// goes before the first call, `off` and `refused` are not.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", as = AgentWebhookStatus)]
#[expect(dead_code, reason = "it stands in the description only")]
enum CalledWord {
    Confirmed,
    Unconfirmed,
    Off,
    Refused,
}

/// The webhooks of agents as a workspace has them.
pub(super) type AgentWebhooks = BTreeMap<WebhookId, &'static str>;

/// What is to be done so that an agent is called where it says.
enum Step {
    Nothing,
    Make,
    Change(WebhookSettings),
}

impl AgentWebhook {
    fn new(webhook_id: &WebhookId, status: &'static str) -> Self {
        Self { webhook_id: webhook_id.to_string(), status, detail: None, secret: None }
    }

    fn refused(webhook_id: &WebhookId, why: impl Into<String>) -> Self {
        Self { detail: Some(why.into()), ..Self::new(webhook_id, "refused") }
    }

    fn telling(self, secret: &Secret) -> Self {
        Self { secret: Some(secret.reveal()), ..self }
    }

    /// The webhook of an agent, when there is one.
    pub(super) fn of(agent_id: &AgentId, webhooks: &AgentWebhooks) -> Option<Self> {
        let webhook_id = id_of(agent_id);
        webhooks.get(&webhook_id).map(|status| Self::new(&webhook_id, status))
    }
}

/// The id of an agent's webhook: the same for ever, and as long as an id may be.
fn id_of(agent_id: &AgentId) -> WebhookId {
    let hash = Sha256::digest(agent_id.as_str().as_bytes());
    let digits: String = hash[..HASH_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
    WebhookId::parse(&format!("wh_agent_{digits}")).expect("it is an id")
}

fn status(webhook: &Webhook) -> &'static str {
    match (webhook.settings.is_enabled, webhook.is_confirmed()) {
        (false, _) => "off",
        (true, false) => "unconfirmed",
        (true, true) => "confirmed",
    }
}

fn settings(agent_id: &AgentId, url: &Text) -> WebhookSettings {
    WebhookSettings {
        url: url.clone(),
        events: CALLS.iter().map(|it| Title::parse(it).expect("it is short")).collect(),
        agent_id: Some(agent_id.clone()),
        description: None,
        is_enabled: true,
    }
}

/// What follows from the address that an agent names. One that was switched off stays so while it
/// names the same: what switched it off would hold for it again.
fn step(known: Option<&Webhook>, url: Option<&Text>) -> Step {
    match (known, url) {
        (None, None) => Step::Nothing,
        (None, Some(_)) => Step::Make,
        (Some(known), Some(url)) if known.settings.url == *url => Step::Nothing,
        (Some(known), Some(url)) => {
            let url = url.clone();
            Step::Change(WebhookSettings { url, is_enabled: true, ..known.settings.clone() })
        }
        (Some(known), None) => {
            Step::Change(WebhookSettings { is_enabled: false, ..known.settings.clone() })
        }
    }
}

impl App {
    /// Has an agent called at the address that it names, and nowhere when it names none. An address
    /// that cannot be called is said, and keeps no agent from its work.
    pub(super) async fn call_agent_at(
        &self,
        caller: &Caller,
        agent_id: &AgentId,
        url: Option<&Text>,
    ) -> Result<Option<AgentWebhook>, Problem> {
        let webhook_id = id_of(agent_id);
        let wanted = webhook_id.clone();
        let known = self.ask_workspace(caller, move |it| it.webhook(&wanted).cloned()).await?;
        let step = step(known.as_ref(), url);
        let refusal = url.and_then(|url| self.webhooks.check_target(url.as_str()).err());
        if let Some(refusal) = refusal.filter(|_| !matches!(step, Step::Nothing)) {
            return Ok(Some(AgentWebhook::refused(&webhook_id, refusal.to_string())));
        }
        match (step, url) {
            (Step::Make, Some(url)) => {
                self.make_agents_webhook(caller, agent_id, url).await.map(Some)
            }
            (Step::Make, None) => Ok(None),
            (Step::Change(settings), _) => {
                let is_enabled = settings.is_enabled;
                let command =
                    WorkspaceCommand::ChangeWebhook { webhook_id: webhook_id.clone(), settings };
                self.order_webhook(caller, command).await?;
                let status = if is_enabled { "unconfirmed" } else { "off" };
                Ok(Some(AgentWebhook::new(&webhook_id, status)))
            }
            (Step::Nothing, _) => {
                Ok(known.map(|known| AgentWebhook::new(&webhook_id, status(&known))))
            }
        }
    }

    async fn make_agents_webhook(
        &self,
        caller: &Caller,
        agent_id: &AgentId,
        url: &Text,
    ) -> Result<AgentWebhook, Problem> {
        let webhook_id = id_of(agent_id);
        let key =
            WebhookKey { workspace: caller.workspace.clone(), webhook_id: webhook_id.clone() };
        let Ok((secret, sealed_secret)) = self.webhooks.new_secret(&key).await else {
            let why = "this server has no key to sign with: its operator must set \
                       AX_SECRET_KEY_FILE; then register again";
            return Ok(AgentWebhook::refused(&webhook_id, why));
        };
        let settings = settings(agent_id, url);
        let command = WorkspaceCommand::RegisterWebhook {
            webhook_id: webhook_id.clone(),
            settings,
            sealed_secret,
        };
        match self.order_webhook(caller, command).await {
            Ok(()) => Ok(AgentWebhook::new(&webhook_id, "unconfirmed").telling(&secret)),
            Err(problem) if matches!(problem.code, Code::WrongState | Code::Invalid) => {
                Ok(AgentWebhook::refused(&webhook_id, problem.detail()))
            }
            Err(problem) => Err(problem),
        }
    }

    async fn order_webhook(
        &self,
        caller: &Caller,
        command: WorkspaceCommand,
    ) -> Result<(), Problem> {
        let (terms, body) = (&Terms::default(), &b""[..]);
        let describe = |_: &_, _: &[_]| Vec::new();
        let order = WorkspaceOrder { caller, terms, body, command, describe };
        self.order_workspace(order).await.map(drop)
    }

    /// How the webhooks of the workspace's agents stand.
    pub(super) async fn agent_webhooks(&self, caller: &Caller) -> Result<AgentWebhooks, Problem> {
        let all = |workspace: &Workspace| {
            let webhooks = workspace.webhooks().filter(|(_, it)| it.settings.agent_id.is_some());
            webhooks.map(|(id, webhook)| (id.clone(), status(webhook))).collect()
        };
        self.ask_workspace(caller, all).await
    }
}
