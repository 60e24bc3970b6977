//! `/api/members`: the people of a workspace.

use super::{RoleWord, WorkspaceOrder};
use crate::domain::event::workspace::WorkspaceEvent;
use crate::domain::workspace::WorkspaceCommand;
use crate::domain::{Event, MemberId, State, Title};
use crate::http::App;
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::Id;
use crate::http::terms::Terms;
use crate::http::writing::Done;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// Somebody is to join.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMember)]
pub(in crate::http) struct MemberForm {
    #[schema(value_type = Option<Id>)]
    member_id: Option<MemberId>,
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    name: Title,
    role: RoleWord,
}

/// A person of the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(in crate::http) struct MemberShown {
    #[schema(value_type = Id)]
    member_id: String,
    /// None of somebody who left.
    name: Option<String>,
    role: Option<RoleWord>,
}

/// Lets somebody join.
#[utoipa::path(post, path = "/api/members", operation_id = "add_member", tag = "access",
    security(("key" = ["administer"])), params(Terms), request_body = MemberForm,
    responses((status = 201, description = "They belong to it.", body = MemberShown)))]
pub(in crate::http) async fn add(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Body { value, bytes }: Body<MemberForm>,
) -> Result<Response, Problem> {
    if value.role == RoleWord::Agent {
        let message = "a member is a person; an agent is registered, and has a key of its own";
        return Err(Problem::at(Code::Invalid, "/role", message));
    }
    let member_id = value.member_id.unwrap_or_else(new_id);
    let command = WorkspaceCommand::AddMember {
        member_id: member_id.clone(),
        name: value.name,
        role: value.role.into(),
    };
    let done = app.order_member(&caller, &terms, &bytes, member_id, command).await?;
    Ok(done.answer(StatusCode::CREATED))
}

fn new_id() -> MemberId {
    MemberId::parse(&format!("member_{}", Uuid::now_v7().simple())).expect("it is an id")
}

/// The people of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct MemberList {
    members: Vec<MemberShown>,
}

/// The people of the workspace.
#[utoipa::path(get, path = "/api/members", operation_id = "list_members", tag = "access",
    security(("key" = ["read"])),
    responses((status = 200, description = "All of them.", body = MemberList)))]
pub(in crate::http) async fn list(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
) -> Result<Answer<MemberList>, Problem> {
    let members = app.ask_workspace(&caller, |workspace| {
        let shown = workspace.members().map(|(id, member)| MemberShown {
            member_id: id.to_string(),
            name: Some(member.name.to_string()),
            role: Some(member.role.into()),
        });
        shown.collect()
    });
    Ok(Answer(MemberList { members: members.await? }))
}

/// What a member may do from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct MemberPatch {
    role: RoleWord,
}

/// Lets a member do other things; their keys follow.
#[utoipa::path(patch, path = "/api/members/{member_id}", operation_id = "change_member",
    tag = "access", security(("key" = ["administer"])), params(Terms),
    request_body = MemberPatch,
    responses((status = 200, description = "It is so now.", body = MemberShown)))]
pub(in crate::http) async fn change(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(member_id): Path<String>,
    Body { value, bytes }: Body<MemberPatch>,
) -> Result<Response, Problem> {
    let (member_id, role) = (known_id(&member_id)?, value.role.into());
    let command = WorkspaceCommand::ChangeMemberRole { member_id: member_id.clone(), role };
    let done = app.order_member(&caller, &terms, &bytes, member_id, command).await?;
    Ok(done.answer(StatusCode::OK))
}

/// Lets a member leave; their keys are void.
#[utoipa::path(delete, path = "/api/members/{member_id}", operation_id = "remove_member",
    tag = "access", security(("key" = ["administer"])), params(Terms),
    responses((status = 200, description = "They are gone.", body = MemberShown)))]
pub(in crate::http) async fn remove(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(member_id): Path<String>,
) -> Result<Response, Problem> {
    let member_id = known_id(&member_id)?;
    let command = WorkspaceCommand::RemoveMember { member_id: member_id.clone() };
    let done = app.order_member(&caller, &terms, b"", member_id, command).await?;
    Ok(done.answer(StatusCode::OK))
}

fn known_id(member_id: &str) -> Result<MemberId, Problem> {
    MemberId::parse(member_id).map_err(|_| no_such_member())
}

fn no_such_member() -> Problem {
    Problem::new(Code::NotFound, "there is no such member")
}

impl App {
    async fn order_member(
        &self,
        caller: &Caller,
        terms: &Terms,
        body: &[u8],
        member_id: MemberId,
        command: WorkspaceCommand,
    ) -> Result<Done, Problem> {
        let order = WorkspaceOrder { caller, terms, body, command, describe };
        let done = self.order_workspace(order).await.map_err(|problem| {
            let is_absent = problem.code == Code::NotFound;
            if is_absent { no_such_member() } else { problem }
        })?;
        self.keys.wait_for(done.outcome.position).await;
        let shown = self.ask_workspace(caller, move |workspace| {
            let member = workspace.member(&member_id);
            MemberShown {
                member_id: member_id.to_string(),
                name: member.map(|member| member.name.to_string()),
                role: member.map(|member| member.role.into()),
            }
        });
        Ok(done.showing(&shown.await?))
    }
}

fn describe(state: &State, events: &[Event]) -> Vec<u8> {
    let concerned = events.iter().find_map(|event| match event {
        Event::Workspace(WorkspaceEvent::MemberAdded(added)) => Some(&added.member_id),
        Event::Workspace(WorkspaceEvent::MemberRoleChanged(changed)) => Some(&changed.member_id),
        Event::Workspace(WorkspaceEvent::MemberRemoved(removed)) => Some(&removed.member_id),
        Event::Workspace(_)
        | Event::Lifecycle(_)
        | Event::Work(_)
        | Event::Record(_)
        | Event::Agent(_)
        | Event::Plan(_) => None,
    });
    let Some(member_id) = concerned else { return Vec::new() };
    let member = state.workspace().and_then(|workspace| workspace.member(member_id));
    let shown = MemberShown {
        member_id: member_id.to_string(),
        name: member.map(|member| member.name.to_string()),
        role: member.map(|member| member.role.into()),
    };
    serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
}
