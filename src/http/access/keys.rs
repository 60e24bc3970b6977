//! `/api/keys`: who may come in without a person at a browser.

use super::{RoleWord, WorkspaceOrder};
use crate::domain::event::workspace::{Role, WorkspaceEvent};
use crate::domain::workspace::{CreateKey, Key, WorkspaceCommand};
use crate::domain::{AgentId, Event, KeyId, MemberId, State, Timestamp, Title};
use crate::http::App;
use crate::http::asking::{Query, page};
use crate::http::body::Body;
use crate::http::caller::{Caller, Who};
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::{Id, Moment};
use crate::http::terms::Terms;
use crate::keys::NewKey;
use crate::reading::PAGE_ROWS;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A key is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKey)]
pub(in crate::http) struct KeyForm {
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Title,
    role: RoleWord,
    /// The agent that bears it: just then the role is `agent`.
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    /// The member that bears it.
    #[schema(value_type = Option<Id>)]
    member_id: Option<MemberId>,
    /// When it ends by itself.
    #[schema(value_type = Option<Moment>)]
    expires_at: Option<Timestamp>,
}

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(in crate::http) struct KeyShown {
    #[schema(value_type = Id)]
    key_id: String,
    name: String,
    role: RoleWord,
    agent_id: Option<String>,
    member_id: Option<String>,
    #[schema(value_type = Moment)]
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// About a minute sharp.
    last_used_at: Option<String>,
    /// The key itself: shown this once, and stored nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

impl KeyShown {
    fn of(key_id: &KeyId, key: &Key) -> Self {
        Self {
            key_id: key_id.to_string(),
            name: key.name.to_string(),
            role: key.role.into(),
            agent_id: key.agent_id.as_ref().map(ToString::to_string),
            member_id: key.member_id.as_ref().map(ToString::to_string),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
            last_used_at: None,
            api_key: None,
        }
    }
}

/// Makes an API key, which is shown this once.
#[utoipa::path(post, path = "/api/keys", operation_id = "create_key", tag = "access",
    security(("key" = ["administer"])), params(Terms), request_body = KeyForm,
    responses((status = 201, description = "Here it is.", body = KeyShown),
        (status = 200, description = "It was made before; it is not shown again.",
            body = KeyShown)))]
pub(in crate::http) async fn create(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<KeyForm>,
) -> Result<Response, Problem> {
    if caller.who == Who::OnePerson && value.role != RoleWord::Owner {
        let message = "the first key is an owner's: from then on, every request needs a key, and \
                       only an owner makes more";
        return Err(Problem::at(Code::Invalid, "/role", message));
    }
    let key = NewKey::make();
    let command = WorkspaceCommand::CreateKey(Box::new(CreateKey {
        key_id: key.key_id.clone(),
        name: value.name,
        role: value.role.into(),
        agent_id: value.agent_id,
        member_id: value.member_id,
        secret_hash: key.secret_hash.clone(),
        expires_at: value.expires_at,
    }));
    let (caller, terms, body) = (&caller, &terms, &*bytes);
    let order = WorkspaceOrder { caller, terms, body, command, describe };
    let done = app.order_workspace(order).await?;
    if done.outcome.is_repeat {
        return Ok(done.answer(StatusCode::OK));
    }
    app.keys.wait_for(done.outcome.position).await;
    Ok(done.telling("api_key", key.reveal()).answer(StatusCode::CREATED))
}

/// The key that was made, or made void.
fn describe(state: &State, events: &[Event]) -> Vec<u8> {
    let concerned = events.iter().find_map(|event| match event {
        Event::Workspace(WorkspaceEvent::KeyCreated(made)) => Some(&made.key_id),
        Event::Workspace(WorkspaceEvent::KeyRevoked(revoked)) => Some(&revoked.key_id),
        Event::Workspace(_)
        | Event::Lifecycle(_)
        | Event::Work(_)
        | Event::Record(_)
        | Event::Agent(_)
        | Event::Plan(_) => None,
    });
    let key = concerned.and_then(|id| Some((id, state.workspace()?.key(id)?)));
    key.map_or_else(Vec::new, |(id, key)| bytes(&KeyShown::of(id, key)))
}

fn bytes(shown: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shown).expect("texts and numbers always become JSON")
}

/// Which keys are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct KeysWish {
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// API keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyList)]
pub(in crate::http) struct KeyList {
    keys: Vec<KeyShown>,
    next_cursor: Option<String>,
}

/// The API keys, void ones too, without their secrets.
#[utoipa::path(get, path = "/api/keys", operation_id = "list_keys", tag = "access",
    security(("key" = ["audit"])), params(KeysWish),
    responses((status = 200, description = "A page of them.", body = KeyList)))]
pub(in crate::http) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Query(wish): Query<KeysWish>,
) -> Result<Answer<KeyList>, Problem> {
    let limit = page(wish.limit, None)?.limit.unwrap_or(PAGE_ROWS);
    let after = wish.cursor;
    let found = app.ask_workspace(&caller, move |workspace| {
        let keys = workspace.keys();
        let keys = keys.filter(|(id, _)| after.as_deref().is_none_or(|after| id.as_str() > after));
        keys.take(limit + 1).map(|(id, key)| KeyShown::of(id, key)).collect::<Vec<_>>()
    });
    let mut keys = found.await?;
    let has_more = keys.len() > limit;
    keys.truncate(limit);
    let uses: BTreeMap<_, _> = app.engine.store().key_uses().await?.into_iter().collect();
    for key in &mut keys {
        key.last_used_at = uses.get(&key.key_id).map(ToString::to_string);
    }
    let next_cursor = keys.last().filter(|_| has_more).map(|key| key.key_id.clone());
    Ok(Answer(KeyList { keys, next_cursor }))
}

/// Makes an API key void, on every server within a second, with all that was opened with it.
#[utoipa::path(delete, path = "/api/keys/{key_id}", operation_id = "revoke_key", tag = "access",
    security(("key" = ["administer"])), params(Terms),
    responses((status = 200, description = "It opens nothing any more.", body = KeyShown)))]
pub(in crate::http) async fn revoke(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(key_id): Path<String>,
) -> Result<Response, Problem> {
    let no_such_key = || Problem::new(Code::NotFound, "there is no such API key");
    let key_id = KeyId::parse(&key_id).map_err(|_| no_such_key())?;
    app.an_owner_stays(&caller, &key_id).await?;
    let reason = terms.reason.clone();
    let command = WorkspaceCommand::RevokeKey { key_id: key_id.clone(), reason };
    let (caller, terms, body) = (&caller, &terms, &b""[..]);
    let order = WorkspaceOrder { caller, terms, body, command, describe };
    let done = app.order_workspace(order).await.map_err(|problem| {
        let is_absent = problem.code == Code::NotFound;
        if is_absent { no_such_key() } else { problem }
    })?;
    app.keys.wait_for(done.outcome.position).await;
    let shown = app.ask_workspace(caller, move |workspace| {
        workspace.key(&key_id).map(|key| KeyShown::of(&key_id, key))
    });
    Ok(done.showing(&shown.await?).answer(StatusCode::OK))
}

impl App {
    /// Makes the first key of an agent.
    pub(in crate::http) async fn key_of_agent(
        &self,
        caller: &Caller,
        agent_id: &AgentId,
        name: Title,
    ) -> Result<NewKey, Problem> {
        let key = NewKey::make();
        let command = WorkspaceCommand::CreateKey(Box::new(CreateKey {
            key_id: key.key_id.clone(),
            name,
            role: Role::Agent,
            agent_id: Some(agent_id.clone()),
            member_id: None,
            secret_hash: key.secret_hash.clone(),
            expires_at: None,
        }));
        let (terms, body) = (&Terms::default(), &b""[..]);
        let order = WorkspaceOrder { caller, terms, body, command, describe };
        let done = self.order_workspace(order).await?;
        self.keys.wait_for(done.outcome.position).await;
        Ok(key)
    }

    /// Without an owner's key nobody could make another: the last one stays.
    async fn an_owner_stays(&self, caller: &Caller, leaving: &KeyId) -> Result<(), Problem> {
        let (leaving, now) = (leaving.clone(), self.engine.clock().now());
        let stays = self.ask_workspace(caller, move |workspace| {
            let is_owner = |key: &Key| key.role == Role::Owner && key.is_valid(now);
            let mut owners = workspace.keys().filter(|(_, key)| is_owner(key));
            let is_owners = workspace.key(&leaving).is_some_and(is_owner);
            !is_owners || owners.any(|(id, _)| *id != leaving)
        });
        if stays.await? {
            return Ok(());
        }
        let detail = "this is the last key of an owner: make another one first";
        Err(Problem::new(Code::WrongState, detail).next("POST /api/keys"))
    }
}
