//! One request in the making, and what its answer is read as.

use crate::answers::{Page, Rehearsal};
use crate::client::{Answer, Asked, Client};
use crate::error::ClientError;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a server told: read as a type, and as it came.
#[derive(Debug, Clone)]
pub struct Told<T> {
    /// What it means.
    pub told: T,
    /// What it says, with what this client does not know.
    pub json: Value,
}

/// What came of a write.
#[derive(Debug, Clone)]
pub enum After<T> {
    /// It is in the log.
    Stored(Told<T>),
    /// Nothing is stored: this is what would be.
    Rehearsed(Told<Rehearsal>),
}

impl<T> After<T> {
    /// What the server said.
    pub fn json(&self) -> &Value {
        match self {
            Self::Stored(told) => &told.json,
            Self::Rehearsed(told) => &told.json,
        }
    }
}

/// On what terms something is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteTerms {
    /// Why; it is kept in the log.
    pub reason: Option<String>,
    /// Whether only to say what would be stored.
    pub is_dry_run: bool,
    /// What makes this write the same when it is sent again; one is made where there is none.
    pub key: Option<String>,
}

/// A request in the making.
pub(crate) struct Call<'a> {
    client: &'a Client,
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(&'static str, String)>,
    headers: HeaderMap,
    body: Bytes,
    wait: Duration,
}

impl<'a> Call<'a> {
    pub(crate) fn new(client: &'a Client, method: Method, path: &[&'a str]) -> Self {
        Self {
            client,
            method,
            path: path.to_vec(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            wait: Duration::ZERO,
        }
    }

    /// Asks for this, where something is wished.
    pub(crate) fn with(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query.extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Asks for an answer that has seen what this client wrote.
    pub(crate) fn seeing_writes(self) -> Self {
        let written = self.client.written();
        self.with("min_position", written)
    }

    /// Sends this as JSON.
    pub(crate) fn sending(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("texts and numbers always become JSON");
        self.sending_bytes("application/json", body)
    }

    /// Sends these bytes.
    pub(crate) fn sending_bytes(mut self, kind: &'static str, bytes: Vec<u8>) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        self.body = bytes.into();
        self
    }

    /// Says this in a header as well.
    pub(crate) fn saying(mut self, name: &'static str, value: &str) -> Result<Self, ClientError> {
        let value = HeaderValue::from_str(value).map_err(|_| ClientError::Id(value.to_owned()))?;
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    /// Has the server wait for so long before it answers that there is nothing.
    pub(crate) fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Reads the answer.
    pub(crate) async fn told<T: DeserializeOwned>(self) -> Result<Told<T>, ClientError> {
        let client = self.client;
        let answer = client.answered(&self.asked()?).await?;
        read(client, &answer)
    }

    /// The answer, byte by byte.
    pub(crate) async fn bytes(self) -> Result<Bytes, ClientError> {
        let client = self.client;
        Ok(client.answered(&self.asked()?).await?.body)
    }

    /// Reads the answer, where there is something in it.
    pub(crate) async fn told_if_any<T>(self) -> Result<Option<Told<T>>, ClientError>
    where
        T: DeserializeOwned,
    {
        let client = self.client;
        let answer = client.answered(&self.asked()?).await?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        read(client, &answer).map(Some)
    }

    /// Reads a page of a list, which stands under this name.
    pub(crate) async fn page<T>(self, name: &'static str) -> Result<Page<T>, ClientError>
    where
        T: DeserializeOwned,
    {
        let client = self.client;
        let Told { json, .. } = self.told::<IgnoredAny>().await?;
        let wrong = |error: serde_json::Error| client.not_understood(error.to_string());
        let listed = json.get(name).ok_or_else(|| client.not_understood(format!("no {name}")))?;
        let entries = Vec::deserialize(listed).map_err(wrong)?;
        let next_cursor = json["next_cursor"].as_str().map(str::to_owned);
        Ok(Page { entries, next_cursor, json })
    }

    /// Writes; the same write counts once, however often it is sent.
    pub(crate) async fn written<T: DeserializeOwned>(
        mut self,
        terms: &WriteTerms,
    ) -> Result<After<T>, ClientError> {
        let key = terms.key.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
        let key = HeaderValue::from_str(&key).map_err(|_| ClientError::Id(key))?;
        self.headers.insert(IDEMPOTENCY_KEY, key);
        let client = self.client;
        let call = self.with("reason", terms.reason.clone());
        let call = call.with("dry_run", terms.is_dry_run.then_some("true"));
        let answer = client.answered(&call.asked()?).await?;
        if terms.is_dry_run {
            return Ok(After::Rehearsed(read(client, &answer)?));
        }
        let stored: Told<T> = read(client, &answer)?;
        client.wrote(stored.json["position"].as_u64().unwrap_or_default());
        Ok(After::Stored(stored))
    }

    /// The request, as it is sent each time.
    pub(crate) fn asked(self) -> Result<Asked, ClientError> {
        let Self { client, method, path, query, headers, body, wait } = self;
        let mut url = client.below(&path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Asked { method, url, headers, body, wait })
    }
}

fn read<T: DeserializeOwned>(client: &Client, answer: &Answer) -> Result<Told<T>, ClientError> {
    let wrong = |error: serde_json::Error| client.not_understood(error.to_string());
    let json: Value = serde_json::from_slice(&answer.body).map_err(wrong)?;
    let told = T::deserialize(&json).map_err(wrong)?;
    Ok(Told { told, json })
}
