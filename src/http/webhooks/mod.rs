//! `/api/webhooks`: where the workspace sends its notices, and with which secrets it signs them.

mod deliveries;
mod form;
mod shown;

pub(super) use deliveries::{
    __path_list as __path_deliveries, __path_retry, __path_test, list as deliveries, retry, test,
};

use super::App;
use super::access::WorkspaceOrder;
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::terms::Terms;
use crate::domain::workspace::{Webhook, WorkspaceCommand};
use crate::domain::{AgentId, Timestamp, WebhookId};
use crate::store::outbox::{Endpoint, WebhookKey};
use crate::webhooks::KeyError;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use form::{Registration, Rotation, WebhookPatch};
use shown::{WebhookAfter, WebhookGone, WebhookList, WebhookMade, WebhookShown};
use std::sync::Arc;
use uuid::Uuid;

/// Makes a webhook, and shows its secret: this once.
#[utoipa::path(post, path = "/api/webhooks", operation_id = "register_webhook", tag = "webhooks",
    security(("key" = ["administer"])), params(Terms), request_body = Registration,
    responses((status = 201, description = "It is there; keep the secret.", body = WebhookMade),
        (status = 200, description = "The request was made before.", body = WebhookAfter)))]
pub(super) async fn register(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<Registration>,
) -> Result<Response, Problem> {
    let settings = value.settings()?;
    app.check_webhook_url(settings.url.as_str())?;
    app.check_agent(&caller, settings.agent_id.as_ref()).await?;
    let key = WebhookKey { workspace: caller.workspace.clone(), webhook_id: new_id() };
    let (secret, sealed_secret) = app.webhooks.new_secret(&key).await.map_err(no_key)?;
    let webhook_id = key.webhook_id.clone();
    let command = WorkspaceCommand::RegisterWebhook { webhook_id, settings, sealed_secret };
    let (caller, terms, describe) = (&caller, &terms, shown::describe_registered);
    let order = WorkspaceOrder { caller, terms, body: &bytes, command, describe };
    let mut done = app.order_workspace(order).await?;
    if done.outcome.is_repeat {
        return Ok(done.answer(StatusCode::OK));
    }
    done.add("secret", secret.reveal());
    Ok(done.answer(StatusCode::CREATED))
}

/// The same, at the path that the documents name.
#[utoipa::path(post, path = "/api/webhooks/register",
    operation_id = "register_webhook_by_document", tag = "webhooks",
    security(("key" = ["administer"])), params(Terms), request_body = Registration,
    responses((status = 201, description = "It is there; keep the secret.", body = WebhookMade),
        (status = 200, description = "The request was made before.", body = WebhookAfter)))]
pub(super) async fn register_by_document(
    app: Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    body: Body<Registration>,
) -> Result<Response, Problem> {
    register(app, caller, terms, body).await
}

/// Every webhook of the workspace, and how it fares.
#[utoipa::path(get, path = "/api/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    security(("key" = ["administer"])),
    responses((status = 200, description = "All of them.", body = WebhookList)))]
pub(super) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
) -> Result<Response, Problem> {
    let asked = app.ask_workspace(&caller, |workspace| {
        let webhooks = workspace.webhooks();
        webhooks.map(|(id, webhook)| (id.clone(), webhook.clone())).collect::<Vec<_>>()
    });
    let known = asked.await?;
    let endpoints = app.webhooks.outbox().endpoints(Some(&caller.workspace), None).await?;
    let now = app.engine.clock().now();
    let webhooks = known.iter().map(|(id, webhook)| {
        let endpoint = endpoints.iter().find(|endpoint| endpoint.key.webhook_id == *id);
        WebhookShown::new(id, webhook, endpoint, now)
    });
    Ok(Answer(WebhookList { webhooks: webhooks.collect() }).into_response())
}

/// One webhook, and how it fares.
#[utoipa::path(get, path = "/api/webhooks/{webhook_id}", operation_id = "get_webhook",
    tag = "webhooks", security(("key" = ["administer"])),
    responses((status = 200, description = "The webhook.", body = WebhookShown)))]
pub(super) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(webhook_id): Path<String>,
) -> Result<Response, Problem> {
    let (key, webhook) = app.webhook(&caller, &webhook_id).await?;
    let endpoint = app.endpoint(&key).await?;
    let now = app.engine.clock().now();
    Ok(Answer(WebhookShown::new(&key.webhook_id, &webhook, endpoint.as_ref(), now)).into_response())
}

/// Lets a webhook send something else, elsewhere, or nothing for a while.
#[utoipa::path(patch, path = "/api/webhooks/{webhook_id}", operation_id = "change_webhook",
    tag = "webhooks", security(("key" = ["administer"])), params(Terms),
    request_body = WebhookPatch,
    responses((status = 200, description = "It is so now.", body = WebhookAfter)))]
pub(super) async fn change(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(webhook_id): Path<String>,
    Body { value, bytes }: Body<WebhookPatch>,
) -> Result<Response, Problem> {
    let (key, webhook) = app.webhook(&caller, &webhook_id).await?;
    let settings = value.applied(webhook.settings)?;
    app.check_webhook_url(settings.url.as_str())?;
    let after = WebhookAfter::new(&key.webhook_id, &settings);
    let webhook_id = key.webhook_id.clone();
    let command = WorkspaceCommand::ChangeWebhook { webhook_id, settings };
    let (caller, terms, describe) = (&caller, &terms, shown::describe_nothing);
    let order = WorkspaceOrder { caller, terms, body: &bytes, command, describe };
    let mut done = app.order_workspace(order).await?;
    done.describe(&after);
    Ok(done.answer(StatusCode::OK))
}

/// Removes a webhook; what was on its way to it is not sent any more.
#[utoipa::path(delete, path = "/api/webhooks/{webhook_id}", operation_id = "remove_webhook",
    tag = "webhooks", security(("key" = ["administer"])), params(Terms),
    responses((status = 200, description = "It is gone.", body = WebhookGone)))]
pub(super) async fn remove(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(webhook_id): Path<String>,
) -> Result<Response, Problem> {
    let webhook_id = WebhookId::parse(&webhook_id).map_err(|_| no_such_webhook())?;
    let gone = WebhookGone { webhook_id: webhook_id.to_string(), status: "removed" };
    let command = WorkspaceCommand::RemoveWebhook { webhook_id, reason: terms.reason.clone() };
    let (caller, terms, describe) = (&caller, &terms, shown::describe_nothing);
    let order = WorkspaceOrder { caller, terms, body: b"", command, describe };
    let done = app.order_workspace(order).await;
    let mut done =
        done.map_err(
            |problem| {
                if problem.code == Code::NotFound { no_such_webhook() } else { problem }
            },
        )?;
    done.describe(&gone);
    Ok(done.answer(StatusCode::OK))
}

/// Draws a new secret, and shows it: this once. The old one signs too for a while.
#[utoipa::path(post, path = "/api/webhooks/{webhook_id}/rotate",
    operation_id = "rotate_webhook_secret", tag = "webhooks",
    security(("key" = ["administer"])), params(Terms), request_body = Rotation,
    responses((status = 200, description = "It signs with the new secret.", body = WebhookMade)))]
pub(super) async fn rotate(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(webhook_id): Path<String>,
    Body { value, bytes }: Body<Rotation>,
) -> Result<Response, Problem> {
    let (key, webhook) = app.webhook(&caller, &webhook_id).await?;
    let old_until = app.engine.clock().now().plus_ms(value.old_valid_ms()?);
    let (secret, sealed_secret) = app.webhooks.new_secret(&key).await.map_err(no_key)?;
    let after = WebhookAfter::new(&key.webhook_id, &webhook.settings);
    let webhook_id = key.webhook_id.clone();
    let command = WorkspaceCommand::RotateWebhookSecret { webhook_id, sealed_secret, old_until };
    let (caller, terms, describe) = (&caller, &terms, shown::describe_nothing);
    let order = WorkspaceOrder { caller, terms, body: &bytes, command, describe };
    let mut done = app.order_workspace(order).await?;
    done.describe(&after);
    if !done.outcome.is_repeat {
        done.add("secret", secret.reveal());
        done.add("old_secret_valid_until", old_until.to_string());
    }
    Ok(done.answer(StatusCode::OK))
}

impl App {
    /// A webhook of the caller's workspace, as it is now.
    async fn webhook(
        &self,
        caller: &Caller,
        webhook_id: &str,
    ) -> Result<(WebhookKey, Webhook), Problem> {
        let webhook_id = WebhookId::parse(webhook_id).map_err(|_| no_such_webhook())?;
        let wanted = webhook_id.clone();
        let asked = self.ask_workspace(caller, move |it| it.webhook(&wanted).cloned());
        let webhook = asked.await?;
        let key = WebhookKey { workspace: caller.workspace.clone(), webhook_id };
        Ok((key, webhook.ok_or_else(no_such_webhook)?))
    }

    async fn endpoint(&self, key: &WebhookKey) -> Result<Option<Endpoint>, Problem> {
        let webhook_id = Some(key.webhook_id.as_str());
        let found = self.webhooks.outbox().endpoints(Some(&key.workspace), webhook_id).await?;
        Ok(found.into_iter().next())
    }

    fn check_webhook_url(&self, url: &str) -> Result<(), Problem> {
        let checked = self.webhooks.check_target(url);
        checked.map_err(|bad| Problem::at(Code::Invalid, "/url", bad.to_string()))
    }

    async fn check_agent(
        &self,
        caller: &Caller,
        agent_id: Option<&AgentId>,
    ) -> Result<(), Problem> {
        let Some(agent_id) = agent_id else { return Ok(()) };
        let (agent, _) = self.engine.agent(&caller.workspace, agent_id).await?;
        if agent.profile().is_some() {
            return Ok(());
        }
        Err(Problem::at(Code::Invalid, "/agent_id", "there is no such agent: register it first"))
    }
}

fn new_id() -> WebhookId {
    WebhookId::parse(&format!("wh_{}", Uuid::now_v7().simple())).expect("it is an id")
}

fn no_such_webhook() -> Problem {
    Problem::new(Code::NotFound, "there is no such webhook")
}

/// Why there is no key, without the paths of this machine.
fn no_key(error: KeyError) -> Problem {
    match error {
        KeyError::Missing => Problem::new(Code::NotConfigured, error.to_string()),
        KeyError::File { .. } | KeyError::Unreadable { .. } => {
            tracing::error!(%error, "a secret could not be sealed");
            let detail = "this server's key for secrets cannot be used: its log says why";
            Problem::new(Code::NotConfigured, detail)
        }
    }
}

/// Until when an old secret signs too, as long as it does.
fn still_valid(until: Timestamp, now: Timestamp) -> Option<String> {
    (now < until).then(|| until.to_string())
}
