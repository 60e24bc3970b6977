//! Who may come in: API keys, members, browser sessions, tickets for streams.

pub(super) mod keys;
pub(super) mod members;
pub(super) mod session;
pub(super) mod tickets;
pub(super) mod workspace;

use super::App;
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::terms::Terms;
use super::writing::{Done, Write};
use crate::domain::event::workspace::Role;
use crate::domain::workspace::{Workspace, WorkspaceCommand};
use crate::domain::{Command, StreamName, Title};
use crate::engine::{Describe, Request, StreamKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(in crate::http) enum RoleWord {
    Owner,
    Member,
    Operator,
    Auditor,
    Agent,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Owner => Self::Owner,
            RoleWord::Member => Self::Member,
            RoleWord::Operator => Self::Operator,
            RoleWord::Auditor => Self::Auditor,
            RoleWord::Agent => Self::Agent,
        }
    }
}

impl From<Role> for RoleWord {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Member => Self::Member,
            Role::Operator => Self::Operator,
            Role::Auditor => Self::Auditor,
            Role::Agent => Self::Agent,
        }
    }
}

/// A command to the caller's workspace.
pub(in crate::http) struct WorkspaceOrder<'a> {
    pub(in crate::http) caller: &'a Caller,
    pub(in crate::http) terms: &'a Terms,
    pub(in crate::http) body: &'a [u8],
    pub(in crate::http) command: WorkspaceCommand,
    pub(in crate::http) describe: Describe,
}

impl App {
    /// Carries out a command to the caller's workspace, which is made when it is not there.
    pub(in crate::http) async fn order_workspace(
        &self,
        order: WorkspaceOrder<'_>,
    ) -> Result<Done, Problem> {
        let WorkspaceOrder { caller, terms, body, command, describe } = order;
        if !terms.is_dry_run {
            self.make_workspace(caller).await?;
        }
        let stream = StreamName::workspace(&caller.workspace);
        let command = Command::Workspace(command);
        self.write(Write { caller, terms, body, stream, command, describe }).await
    }

    async fn make_workspace(&self, caller: &Caller) -> Result<(), Problem> {
        if self.ask_workspace(caller, Workspace::is_created).await? {
            return Ok(());
        }
        let workspace_id = caller.workspace.clone();
        let name = Title::parse(workspace_id.as_str())
            .map_err(|error| Problem::new(Code::Invalid, error.to_string()))?;
        let stream = StreamName::workspace(&workspace_id);
        let command = WorkspaceCommand::Create { workspace_id, name };
        let command = Command::Workspace(command);
        let request = Request::new(&caller.workspace, stream, command, caller.actor.clone());
        self.engine.execute(request).await?;
        Ok(())
    }

    /// Asks the caller's workspace something.
    pub(in crate::http) async fn ask_workspace<T: Send + 'static>(
        &self,
        caller: &Caller,
        ask: impl FnOnce(&Workspace) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let stream = StreamName::workspace(&caller.workspace);
        let key = StreamKey { workspace: caller.workspace.clone(), stream };
        let answer = self.engine.look(&key, move |state, _| {
            let nobody = Workspace::default();
            ask(state.workspace().unwrap_or(&nobody))
        });
        Ok(answer.await?)
    }
}
