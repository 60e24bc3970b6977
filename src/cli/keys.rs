//! `ax keys` and `ax login`: who may come in, straight on the database: for the first key, and for
//! whoever lost theirs.

use super::open::{open_store, refusal};
use crate::{
    clock::Clock,
    config::Config,
    domain::{
        Actor, AgentId, Command, KeyId, MemberId, StreamName, Timestamp, Title, WorkspaceId,
        event::workspace::Role,
        workspace::{CreateKey, Workspace, WorkspaceCommand},
    },
    engine::{Engine, EngineConfig, EngineError, Random, Request, StreamKey},
    exit::{Exit, Failure},
    http::owner_link,
    keys::NewKey,
    store::{OpenError, Store},
};
use anyhow::anyhow;
use clap::Subcommand;

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
    List,
    /// Makes an API key void
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
    let house = House::open(config, workspace).await?;
    let done = house.carry_out(&asked.task).await;
    house.close().await;
    done
}

/// Makes a link that logs a browser in once, as an owner.
pub(super) async fn login(config: &Config, workspace: &str) -> Result<(), Failure> {
    let workspace = id(workspace, WorkspaceId::parse)?;
    let store = open(config).await?;
    let link = owner_link(&store, &Clock::System, &workspace).await;
    store.close().await;
    let link = link.map_err(|error| refusal(error.into()))?;
    println!("http://{}{link}", config.listen);
    eprintln!("It works once, for ten minutes.");
    Ok(())
}

async fn open(config: &Config) -> Result<Store, Failure> {
    open_store(config).await.map_err(|failure| {
        if failure.exit != Exit::DatabaseInUse {
            return failure;
        }
        Exit::DatabaseInUse.because(anyhow!(
            "a server has this file open: ask it instead (POST /api/keys, docs/ACCESS.md), or stop \
             it first"
        ))
    })
}

fn id<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Failure>
where
    E: std::error::Error + Send + Sync + 'static,
{
    parse(text).map_err(|error| Exit::Usage.because(anyhow!(error).context(text.to_owned())))
}

/// The log, and a workspace in it.
struct House {
    store: Store,
    engine: Engine,
    workspace: WorkspaceId,
}

impl House {
    async fn open(config: &Config, workspace: WorkspaceId) -> Result<Self, Failure> {
        let store = open(config).await?;
        let quiet = EngineConfig { runs_by_itself: false, ..EngineConfig::default() };
        let started = Engine::start(store.clone(), Clock::System, Random::from_system(), quiet);
        let engine = started.await.map_err(failed)?;
        Ok(Self { store, engine, workspace })
    }

    async fn close(self) {
        self.engine.stop().await;
        self.store.close().await;
    }

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
                let workspace_id = self.workspace.clone();
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
                println!("{}", key.reveal());
                eprintln!("This key is shown this once, and stored nowhere.");
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
            println!("{line}");
        }
        Ok(())
    }

    async fn order(&self, command: WorkspaceCommand) -> Result<(), Failure> {
        let stream = StreamName::workspace(&self.workspace);
        let by = Actor::user("operator").map_err(|error| Exit::Other.because(error))?;
        let request = Request::new(&self.workspace, stream, Command::Workspace(command), by);
        self.engine.execute(request).await.map_err(failed)?;
        Ok(())
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Workspace) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let stream = StreamName::workspace(&self.workspace);
        let key = StreamKey { workspace: self.workspace.clone(), stream };
        let answer = self.engine.look(&key, move |state, _| {
            let nothing = Workspace::default();
            ask(state.workspace().unwrap_or(&nothing))
        });
        answer.await.map_err(failed)
    }
}

fn moment(text: &str) -> Result<Timestamp, Failure> {
    let wrong = || anyhow!("`{text}` is no time: write it like 2027-01-01T00:00:00Z");
    Timestamp::parse(text).ok_or_else(|| Exit::Usage.because(wrong()))
}

fn failed(error: EngineError) -> Failure {
    if let EngineError::Store(error) = error {
        return refusal(OpenError::from(error));
    }
    let is_refused = matches!(error, EngineError::Rejected(_));
    let exit = if is_refused { Exit::NotPossible } else { Exit::Other };
    exit.because(anyhow!(error))
}
