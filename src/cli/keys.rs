//! `ax keys` and `ax login`: who may come in, straight on the database: for the first key, and for
//! whoever lost theirs.

use super::house::{House, id, open};
use super::open::refusal;
use super::out;
use crate::{
    clock::Clock,
    config::Config,
    domain::{
        AgentId, Command, KeyId, MemberId, StreamName, Timestamp, Title, WorkspaceId,
        event::workspace::Role,
        workspace::{CreateKey, Workspace, WorkspaceCommand},
    },
    engine::State,
    exit::{Exit, Failure},
    http::owner_link,
    keys::NewKey,
};
use anyhow::anyhow;
use clap::Subcommand;

/// What a server is asked for that has the file open.
const INSTEAD: &str = "POST /api/keys, docs/ACCESS.md";

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Keys {
    #[command(subcommand)]
    task: Task,
    /// The workspace; it is made when it is not there
    #[arg(long, default_value = "default", global = true)]
    workspace: String,
}

#[derive(Debug, Clone, Subcommand)]
enum Task {
    /// Makes an API key, and shows it this once
    #[command(after_help = "Examples:\n  ax keys create --name ada --role owner\n  \
                            ax keys create --name larry --role agent --agent larry")]
    Create {
        /// What it is called
        #[arg(long)]
        name: String,
        /// What its bearer may do: docs/ACCESS.md
        #[arg(long, value_parser = role)]
        role: Role,
        /// The agent that bears it: just then the role is agent
        #[arg(long)]
        agent: Option<String>,
        /// The member that bears it
        #[arg(long)]
        member: Option<String>,
        /// When it ends by itself, such as 2027-01-01T00:00:00Z
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// Lists the API keys, void ones too
    #[command(after_help = "Examples:\n  ax keys list")]
    List,
    /// Makes an API key void
    #[command(after_help = "Examples:\n  ax keys revoke k904ff29deece38bf")]
    Revoke {
        /// The key's id: what stands behind ax_ in it
        key_id: String,
    },
}

/// Reads a role by the word that the log has for it.
fn role(word: &str) -> Result<Role, String> {
    serde_json::from_value(word.into())
        .map_err(|_| "a role is owner, member, operator, auditor or agent".to_owned())
}

/// Does what is asked of the keys.
pub(super) async fn keys(config: &Config, asked: &Keys) -> Result<(), Failure> {
    let workspace = id(&asked.workspace, WorkspaceId::parse)?;
    let ring = KeyRing(House::open(config, workspace, INSTEAD).await?);
    let done = ring.carry_out(&asked.task).await;
    ring.0.close().await;
    done
}

/// Makes a link that logs a browser in once, as an owner.
pub(super) async fn login(config: &Config, workspace: &str) -> Result<(), Failure> {
    let workspace = id(workspace, WorkspaceId::parse)?;
    let store = open(config, INSTEAD).await?;
    let link = owner_link(&store, &Clock::System, &workspace).await;
    store.close().await;
    let link = link.map_err(|error| refusal(error.into()))?;
    out::say(&format!("http://{}{link}", config.listen))?;
    out::note("It works once, for ten minutes.");
    Ok(())
}

/// The keys of a workspace.
struct KeyRing(House);

impl KeyRing {
    async fn carry_out(&self, task: &Task) -> Result<(), Failure> {
        match task {
            Task::List => self.list().await,
            Task::Revoke { key_id } => {
                let key_id = id(key_id.trim_start_matches("ax_"), KeyId::parse)?;
                self.order(WorkspaceCommand::RevokeKey { key_id, reason: None }).await
            }
            Task::Create { name, role, agent, member, expires_at } => {
                let key = NewKey::make();
                let agent_id = agent.as_deref().map(|it| id(it, AgentId::parse)).transpose()?;
                let member_id = member.as_deref().map(|it| id(it, MemberId::parse)).transpose()?;
                let expires_at = expires_at.as_deref().map(moment).transpose()?;
                let workspace_id = self.0.workspace.clone();
                if !self.ask(Workspace::is_created).await? {
                    let name = id(workspace_id.as_str(), Title::parse)?;
                    self.order(WorkspaceCommand::Create { workspace_id, name }).await?;
                }
                let create = CreateKey {
                    key_id: key.key_id.clone(),
                    name: id(name, Title::parse)?,
                    role: *role,
                    agent_id,
                    member_id,
                    secret_hash: key.secret_hash.clone(),
                    expires_at,
                };
                self.order(WorkspaceCommand::CreateKey(Box::new(create))).await?;
                out::say(key.reveal())?;
                out::note("This key is shown this once, and stored nowhere.");
                Ok(())
            }
        }
    }

    async fn list(&self) -> Result<(), Failure> {
        let now = Clock::System.now();
        let lines = self.ask(move |workspace| {
            let line = |(id, key): (&KeyId, &crate::domain::workspace::Key)| {
                let state = if key.is_valid(now) { "good" } else { "void" };
                format!("{id}\t{:?}\t{state}\t{}\t{}", key.role, key.created_at, key.name)
            };
            workspace.keys().map(line).collect::<Vec<_>>()
        });
        for line in lines.await? {
            out::say(&line)?;
        }
        Ok(())
    }

    async fn order(&self, command: WorkspaceCommand) -> Result<(), Failure> {
        let stream = StreamName::workspace(&self.0.workspace);
        self.0.order(stream, Command::Workspace(command)).await?;
        Ok(())
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Workspace) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let stream = StreamName::workspace(&self.0.workspace);
        let ask = move |state: &State| {
            let nothing = Workspace::default();
            ask(state.workspace().unwrap_or(&nothing))
        };
        self.0.ask(stream, ask).await
    }
}

fn moment(text: &str) -> Result<Timestamp, Failure> {
    let wrong = || anyhow!("`{text}` is no time: write it like 2027-01-01T00:00:00Z");
    Timestamp::parse(text).ok_or_else(|| Exit::Usage.because(wrong()))
}
