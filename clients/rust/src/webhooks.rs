//! Webhooks: who is told what happens, and what came of it.

use crate::answers::{Delivery, Page, Webhook};
use crate::call::{After, WriteTerms};
use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;
use serde_json::{Value, json};

impl Client {
    /// Lists the webhooks.
    pub async fn webhooks(&self) -> Result<Page<Webhook>, ClientError> {
        self.get(&["api", "webhooks"]).page("webhooks").await
    }

    /// Has a server told; the secret is shown this once.
    pub async fn register_webhook(
        &self,
        url: &str,
        events: &[String],
        description: Option<&str>,
        terms: &WriteTerms,
    ) -> Result<After<Webhook>, ClientError> {
        let wish = json!({"url": url, "events": events, "description": description});
        self.call(Method::POST, &["api", "webhooks"]).sending(&wish).written(terms).await
    }

    /// Tells it no more.
    pub async fn remove_webhook(
        &self,
        id: &str,
        terms: &WriteTerms,
    ) -> Result<After<Value>, ClientError> {
        self.call(Method::DELETE, &["api", "webhooks", id]).written(terms).await
    }

    /// Lists what was sent to a webhook.
    pub async fn deliveries(
        &self,
        id: &str,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<Delivery>, ClientError> {
        let call = self.get(&["api", "webhooks", id, "deliveries"]).with("limit", limit);
        call.with("cursor", cursor).page("deliveries").await
    }
}
