//! `/api/workspace`: what its members and agents share, and the rules of new executions.

use super::WorkspaceOrder;
use crate::domain::workspace::WorkspaceCommand;
use crate::domain::{Event, Policy, State};
use crate::http::App;
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::schemas::{AnyObject, Id};
use crate::http::terms::Terms;
use axum::Json as Answer;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(in crate::http) struct WorkspaceShown {
    #[schema(value_type = Id)]
    workspace_id: String,
    name: String,
    /// The rules of new executions; null until somebody changes them.
    #[schema(value_type = Option<AnyObject>)]
    policy: Value,
}

/// The caller's workspace.
#[utoipa::path(get, path = "/api/workspace", operation_id = "get_workspace", tag = "access",
    security(("key" = ["read"])),
    responses((status = 200, description = "The workspace.", body = WorkspaceShown)))]
pub(in crate::http) async fn get(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
) -> Result<Answer<WorkspaceShown>, Problem> {
    let workspace_id = caller.workspace.to_string();
    let unnamed = workspace_id.clone();
    let shown = app.ask_workspace(&caller, move |workspace| WorkspaceShown {
        workspace_id,
        name: workspace.name().map_or(unnamed, ToString::to_string),
        policy: json!(workspace.policy()),
    });
    Ok(Answer(shown.await?))
}

/// What is to be changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct WorkspacePatch {
    /// The rules of new executions; what it does not say is as usual.
    #[schema(value_type = AnyObject)]
    policy: Policy,
}

/// Gives new executions other rules; those that there are keep theirs.
#[utoipa::path(patch, path = "/api/workspace", operation_id = "change_workspace", tag = "access",
    security(("key" = ["administer"])), params(Terms), request_body = WorkspacePatch,
    responses((status = 200, description = "It is so now.", body = WorkspaceShown)))]
pub(in crate::http) async fn change(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<WorkspacePatch>,
) -> Result<Response, Problem> {
    let command = WorkspaceCommand::ChangePolicy { policy: Box::new(value.policy) };
    let (caller, terms, body) = (&caller, &terms, &*bytes);
    let order = WorkspaceOrder { caller, terms, body, command, describe };
    Ok(app.order_workspace(order).await?.answer(StatusCode::OK))
}

fn describe(state: &State, _: &[Event]) -> Vec<u8> {
    let Some(workspace) = state.workspace() else { return Vec::new() };
    let shown = WorkspaceShown {
        workspace_id: workspace.workspace_id().map(ToString::to_string).unwrap_or_default(),
        name: workspace.name().map(ToString::to_string).unwrap_or_default(),
        policy: json!(workspace.policy()),
    };
    serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
}
