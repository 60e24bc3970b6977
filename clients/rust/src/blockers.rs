//! Blockers: what waits for a person, and the ways out.

use crate::answers::{Blocker, Execution, Page};
use crate::call::{After, WriteTerms};
use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;
use serde::Serialize;
use serde_json::Value;

/// A way out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WayOut {
    /// `retry`, `approve_alternative`, `provide_input`, `skip_task`, `reassign`, `fail_task` or
    /// `cancel_execution`.
    pub resolution: String,
    /// Which of the suggestions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// What the agent is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Who goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// For the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Client {
    /// Lists what waits for a person, everywhere.
    pub async fn inbox(
        &self,
        status: Option<&str>,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<Blocker>, ClientError> {
        let call = self.get(&["api", "blockers"]).with("status", status);
        call.with("limit", limit).with("cursor", cursor).seeing_writes().page("blockers").await
    }

    /// Lists the blockers of an execution.
    pub async fn blockers(
        &self,
        execution_id: &str,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<Blocker>, ClientError> {
        let call = self.get(&["api", "executions", execution_id, "blockers"]);
        call.with("limit", limit).with("cursor", cursor).seeing_writes().page("blockers").await
    }

    /// Resolves a blocker.
    pub async fn resolve_blocker(
        &self,
        execution_id: &str,
        blocker_id: &str,
        way_out: &WayOut,
        terms: &WriteTerms,
    ) -> Result<After<Execution>, ClientError> {
        let path = ["api", "executions", execution_id, "blockers", blocker_id, "resolve"];
        self.call(Method::POST, &path).sending(way_out).written(terms).await
    }
}
