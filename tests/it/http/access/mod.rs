//! Who may come in, and what each may do.

mod command_line;
mod keys;
mod matrix;
mod sessions;
mod strangers;

use super::house::Server;
use anyhow::Result;
use planexe_ax::domain::event::workspace::Role;
use planexe_ax::domain::workspace::{CreateKey, WorkspaceCommand};
use planexe_ax::domain::{Actor, AgentId, Command, KeyId, StreamName, Title, WorkspaceId};
use planexe_ax::engine::Request;
use planexe_ax::keys::NewKey;

/// A key, and the header that shows it.
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) text: String,
}

impl Key {
    pub(super) fn header(&self) -> (&'static str, String) {
        ("Authorization", format!("Bearer {}", self.text))
    }
}

/// Makes a key in a workspace, past the door.
pub(super) async fn key(
    server: &Server,
    workspace: &str,
    role: Role,
    agent_id: Option<&str>,
) -> Result<Key> {
    let workspace_id = WorkspaceId::parse(workspace)?;
    let made = NewKey::make();
    let stream = StreamName::workspace(&workspace_id);
    let commands = [
        WorkspaceCommand::Create {
            workspace_id: workspace_id.clone(),
            name: Title::parse(workspace)?,
        },
        WorkspaceCommand::CreateKey(Box::new(CreateKey {
            key_id: made.key_id.clone(),
            name: Title::parse("a key")?,
            role,
            agent_id: agent_id.map(AgentId::parse).transpose()?,
            member_id: None,
            secret_hash: made.secret_hash.clone(),
            expires_at: None,
        })),
    ];
    for command in commands {
        let command = Command::Workspace(command);
        let by = Actor::user("test")?;
        let done =
            server.engine.execute(Request::new(&workspace_id, stream.clone(), command, by)).await?;
        server.keys.wait_for(done.position).await;
    }
    Ok(Key { text: made.reveal().to_owned(), id: made.key_id })
}
