//! Agents: made known, looked at and commanded.

use crate::answers::{Agent, Page};
use crate::call::{After, Told, WriteTerms};
use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;
use serde::Serialize;
use serde_json::json;

/// What an agent is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AgentWish {
    /// The id that it is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// `agent` or `human`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it can do: words for actions.
    pub capabilities: Vec<String>,
    /// How many tasks it takes at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent_tasks: Option<u32>,
}

/// What becomes of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentChange {
    /// It gets work again.
    Resume,
    /// It gets no work for now.
    Pause,
    /// It is gone for good.
    Retire,
}

impl AgentChange {
    fn status(self) -> &'static str {
        match self {
            Self::Resume => "active",
            Self::Pause => "paused",
            Self::Retire => "retired",
        }
    }
}

impl Client {
    /// Makes an agent known, or changes what is known of it.
    pub async fn register_agent(
        &self,
        wish: &AgentWish,
        terms: &WriteTerms,
    ) -> Result<After<Agent>, ClientError> {
        self.call(Method::POST, &["api", "agents"]).sending(wish).written(terms).await
    }

    /// Lists agents.
    pub async fn agents(
        &self,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<Agent>, ClientError> {
        let call = self.get(&["api", "agents"]).with("limit", limit).with("cursor", cursor);
        call.page("agents").await
    }

    /// Shows an agent.
    pub async fn agent(&self, id: &str) -> Result<Told<Agent>, ClientError> {
        self.get(&["api", "agents", id]).told().await
    }

    /// Pauses, resumes or retires an agent.
    pub async fn change_agent(
        &self,
        id: &str,
        change: AgentChange,
        terms: &WriteTerms,
    ) -> Result<After<Agent>, ClientError> {
        let call = self.call(Method::PATCH, &["api", "agents", id]);
        call.sending(&json!({"status": change.status()})).written(terms).await
    }

    /// Lets an agent finish what it holds, and take no more.
    pub async fn drain_agent(
        &self,
        id: &str,
        terms: &WriteTerms,
    ) -> Result<After<Agent>, ClientError> {
        self.call(Method::POST, &["api", "agents", id, "drain"]).written(terms).await
    }
}
