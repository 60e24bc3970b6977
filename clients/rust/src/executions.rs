//! Executions: made, looked at and commanded.

use crate::answers::{Execution, Page, Reasons, Task, Version};
use crate::call::{After, Told, WriteTerms};
use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;
use serde::Serialize;
use serde_json::{Value, json};

/// How many tasks are asked for at once.
const TASKS_MAX: u32 = 500;

/// What an execution is to be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExecutionWish {
    /// The plan to carry out.
    pub plan_id: String,
    /// The id that it is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// The one agent that is to carry it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Words that mark it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// How much it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// What it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Rules of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// Whether it starts at once.
    pub start: bool,
}

/// Which executions.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    /// Of this plan.
    pub plan_id: Option<String>,
    /// In this status.
    pub status: Option<String>,
    /// Of this agent.
    pub agent_id: Option<String>,
    /// Marked so.
    pub label: Option<String>,
    /// With these words.
    pub words: Option<String>,
    /// How many at once.
    pub limit: Option<u32>,
    /// Behind here.
    pub cursor: Option<String>,
}

/// What a fork is to be.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ForkWish {
    /// What the old one had achieved by this version; all of it where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_version: Option<u64>,
    /// The id that it is to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// The one agent that is to carry it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}

impl Client {
    /// Which program answers.
    pub async fn version(&self) -> Result<Told<Version>, ClientError> {
        self.get(&["version"]).told().await
    }

    /// Makes an execution.
    pub async fn create_execution(
        &self,
        wish: &ExecutionWish,
        terms: &WriteTerms,
    ) -> Result<After<Execution>, ClientError> {
        self.call(Method::POST, &["api", "executions"]).sending(wish).written(terms).await
    }

    /// Lists executions.
    pub async fn executions(&self, of: &ExecutionFilter) -> Result<Page<Execution>, ClientError> {
        let call = self.get(&["api", "executions"]);
        let call = call.with("plan_id", of.plan_id.as_ref()).with("status", of.status.as_ref());
        let call = call.with("agent_id", of.agent_id.as_ref()).with("label", of.label.as_ref());
        let call = call.with("q", of.words.as_ref()).with("limit", of.limit);
        call.with("cursor", of.cursor.as_ref()).seeing_writes().page("executions").await
    }

    /// Shows an execution; as it was then, where a moment is named.
    pub async fn execution(
        &self,
        id: &str,
        as_of: Option<&str>,
    ) -> Result<Told<Execution>, ClientError> {
        let call = self.get(&["api", "executions", id]);
        match as_of {
            Some(_) => call.with("as_of", as_of).told().await,
            None => call.seeing_writes().told().await,
        }
    }

    /// All tasks of an execution, in the order of the plan.
    pub async fn tasks(&self, id: &str, as_of: Option<&str>) -> Result<Page<Task>, ClientError> {
        let mut all: Option<Page<Task>> = None;
        let mut cursor: Option<String> = None;
        loop {
            let call = self.get(&["api", "executions", id, "tasks"]).with("as_of", as_of);
            let call = call.with("limit", Some(TASKS_MAX)).with("cursor", cursor.take());
            let call = if as_of.is_none() { call.seeing_writes() } else { call };
            let page: Page<Task> = call.page("tasks").await?;
            cursor.clone_from(&page.next_cursor);
            all = Some(match all {
                None => page,
                Some(before) => joined(before, page),
            });
            if cursor.is_none() {
                return Ok(all.expect("a page was read"));
            }
        }
    }

    /// Why a task is not at work.
    pub async fn why(&self, id: &str, task_id: &str) -> Result<Told<Reasons>, ClientError> {
        self.get(&["api", "executions", id, "tasks", task_id, "why"]).told().await
    }

    /// Pauses, resumes, cancels or reassigns, by what the body says.
    pub async fn change_execution(
        &self,
        id: &str,
        change: &Value,
        terms: &WriteTerms,
    ) -> Result<After<Execution>, ClientError> {
        let call = self.call(Method::PATCH, &["api", "executions", id]);
        call.sending(change).written(terms).await
    }

    /// Moves an execution to `PAUSED`, `RUNNING` or `CANCELLED`.
    pub async fn move_execution(
        &self,
        id: &str,
        status: &str,
        terms: &WriteTerms,
    ) -> Result<After<Execution>, ClientError> {
        self.change_execution(id, &json!({"status": status}), terms).await
    }

    /// Changes tasks that have not begun.
    pub async fn amend_execution(
        &self,
        id: &str,
        amendment: &Value,
        terms: &WriteTerms,
    ) -> Result<After<Execution>, ClientError> {
        let call = self.call(Method::POST, &["api", "executions", id, "amend"]);
        call.sending(amendment).written(terms).await
    }

    /// Makes a new execution of what an old one had achieved.
    pub async fn fork_execution(
        &self,
        id: &str,
        wish: &ForkWish,
        terms: &WriteTerms,
    ) -> Result<After<Execution>, ClientError> {
        let call = self.call(Method::POST, &["api", "executions", id, "fork"]);
        call.sending(wish).written(terms).await
    }
}

/// Two pages as one.
fn joined(mut before: Page<Task>, page: Page<Task>) -> Page<Task> {
    before.entries.extend(page.entries);
    let more = page.json["tasks"].as_array().cloned().unwrap_or_default();
    if let Some(tasks) = before.json["tasks"].as_array_mut() {
        tasks.extend(more);
    }
    before.json["next_cursor"] = page.json["next_cursor"].clone();
    before.next_cursor = page.next_cursor;
    before
}
