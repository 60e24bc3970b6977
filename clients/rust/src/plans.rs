//! Plans: read in, looked at and deleted.

use crate::answers::{Page, Plan};
use crate::call::{After, Told, WriteTerms};
use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;
use serde_json::Value;

/// How many tasks are asked for at once.
const TASKS_MAX: u32 = 500;

/// What a plan is read from.
#[derive(Debug, Clone)]
pub enum PlanSource {
    /// A form in JSON.
    Json(Vec<u8>),
    /// A zip of a run.
    Zip(Vec<u8>),
    /// Markdown.
    Markdown(Vec<u8>),
    /// An outline, or whatever is plain text.
    Text(Vec<u8>),
}

impl PlanSource {
    fn parts(self) -> (&'static str, Vec<u8>) {
        match self {
            Self::Json(bytes) => ("application/json", bytes),
            Self::Zip(bytes) => ("application/zip", bytes),
            Self::Markdown(bytes) => ("text/markdown", bytes),
            Self::Text(bytes) => ("text/plain", bytes),
        }
    }
}

/// What is wished of an import.
#[derive(Debug, Clone, Default)]
pub struct ImportWish {
    /// The id that the plan is to have.
    pub plan_id: Option<String>,
    /// The title that it is to have.
    pub title: Option<String>,
    /// The agent that it is meant for.
    pub assigned_to: Option<String>,
    /// Whether documents that a run wants become tasks.
    pub documents: Option<bool>,
    /// Whether open decisions become approvals.
    pub gates: Option<bool>,
    /// Whether tasks without parts are broken down right away.
    pub decompose: Option<bool>,
    /// In what order tasks stand that do not depend on each other.
    pub sequencing: Option<String>,
}

impl Client {
    /// Reads a plan in.
    pub async fn import_plan(
        &self,
        source: PlanSource,
        wish: &ImportWish,
        terms: &WriteTerms,
    ) -> Result<After<Value>, ClientError> {
        let (kind, bytes) = source.parts();
        let call = self.call(Method::POST, &["api", "plans"]).sending_bytes(kind, bytes);
        let call = call.with("plan_id", wish.plan_id.as_ref()).with("title", wish.title.as_ref());
        let call = call.with("assigned_to", wish.assigned_to.as_ref());
        let call = call.with("documents", wish.documents).with("gates", wish.gates);
        let call = call.with("decompose", wish.decompose);
        call.with("sequencing", wish.sequencing.as_ref()).written(terms).await
    }

    /// Lists plans.
    pub async fn plans(
        &self,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<Plan>, ClientError> {
        let call = self.get(&["api", "plans"]).with("limit", limit).with("cursor", cursor);
        call.page("plans").await
    }

    /// Shows a plan.
    pub async fn plan(&self, id: &str) -> Result<Told<Plan>, ClientError> {
        self.get(&["api", "plans", id]).told().await
    }

    /// All tasks of a plan, in its order.
    pub async fn plan_tasks(&self, id: &str) -> Result<Vec<Value>, ClientError> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let call = self.get(&["api", "plans", id, "tasks"]).with("limit", Some(TASKS_MAX));
            let page: Page<Value> = call.with("cursor", cursor.take()).page("tasks").await?;
            all.extend(page.entries);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// Deletes a plan, for good.
    pub async fn delete_plan(
        &self,
        id: &str,
        terms: &WriteTerms,
    ) -> Result<After<Value>, ClientError> {
        self.call(Method::DELETE, &["api", "plans", id]).written(terms).await
    }
}
