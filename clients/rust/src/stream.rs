//! A live stream that goes on where it was after the connection or the server was away.

use crate::call::Told;
use crate::client::{Begun, Client};
use crate::connection::Connection;
use crate::error::{ClientError, Unreachable};
use crate::frames::Frame;
use crate::sse::Reader;
use hyper::body::Incoming;
use serde::Deserialize;
use std::time::Duration;

/// How long a server may be silent: it says something every 15 seconds.
const SILENCE_MS_MAX: u64 = 45_000;
/// What is waited before the stream is opened again, the first time; it doubles.
const WAIT_MS: u64 = 250;
/// The longest that is waited before it is opened again.
const WAIT_MS_MAX: u64 = 5_000;

/// A live stream.
pub struct Stream {
    client: Client,
    path: Vec<String>,
    after: Option<u64>,
    open: Option<Open>,
    /// How often it was lost in a row.
    losses: u32,
    /// Whether anything was heard yet.
    has_begun: bool,
}

/// What is heard on it.
#[derive(Debug)]
pub enum Heard {
    /// A frame.
    Frame(Box<Told<Frame>>),
    /// The server is away, or ended the stream: it is opened again, and goes on where it was.
    Lost(ClientError),
}

struct Open {
    connection: Connection,
    body: Incoming,
    reader: Reader,
}

impl Stream {
    pub(crate) fn new(client: Client, path: Vec<String>, after: Option<u64>) -> Self {
        Self { client, path, after, open: None, losses: 0, has_begun: false }
    }

    /// The position behind which it goes on.
    pub fn after(&self) -> Option<u64> {
        self.after
    }

    /// What is heard next; an error where it cannot be opened again. Safe to cancel: nothing is
    /// lost.
    pub async fn next(&mut self) -> Result<Heard, ClientError> {
        match self.heard().await {
            Ok(frame) => Ok(Heard::Frame(Box::new(frame))),
            Err(lost) => {
                self.open = None;
                self.losses = self.losses.saturating_add(1);
                if self.has_begun && lost.is_retryable() {
                    Ok(Heard::Lost(lost))
                } else {
                    Err(lost)
                }
            }
        }
    }

    async fn heard(&mut self) -> Result<Told<Frame>, ClientError> {
        if self.open.is_none() {
            tokio::time::sleep(self.wait()).await;
            self.open = Some(self.opened().await?);
        }
        let client = self.client.clone();
        let broken = || client.unreachable(Unreachable::Broken);
        let open = self.open.as_mut().ok_or_else(broken)?;
        let silence = Duration::from_millis(SILENCE_MS_MAX);
        let sent = loop {
            if let Some(sent) = open.reader.next() {
                break sent;
            }
            let piece = tokio::time::timeout(silence, open.connection.piece(&mut open.body)).await;
            let piece = piece.map_err(|_| client.unreachable(Unreachable::TooSlow(silence)))?;
            open.reader.take(&piece.ok_or_else(broken)?).map_err(|_| broken())?;
        };
        let wrong = |error: serde_json::Error| client.not_understood(error.to_string());
        let json = serde_json::from_str(&sent.data).map_err(wrong)?;
        let told = Frame::deserialize(&json).map_err(wrong)?;
        self.after = sent.id.or(self.after);
        self.losses = 0;
        self.has_begun = true;
        if matches!(told, Frame::Closing { .. }) {
            self.open = None;
        }
        Ok(Told { told, json })
    }

    fn wait(&self) -> Duration {
        let Some(doublings) = self.losses.checked_sub(1) else { return Duration::ZERO };
        let wait_ms = WAIT_MS.checked_shl(doublings.min(10)).unwrap_or(WAIT_MS_MAX);
        Duration::from_millis(wait_ms.min(WAIT_MS_MAX))
    }

    async fn opened(&self) -> Result<Open, ClientError> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let asked = self.client.get(&path).with("after", self.after).asked()?;
        let limit = Duration::from_millis(SILENCE_MS_MAX);
        let opened = tokio::time::timeout(limit, self.client.begun(&asked)).await;
        let slow = |_| Err(self.client.unreachable(Unreachable::TooSlow(limit)));
        let Begun { mut connection, response } = opened.unwrap_or_else(slow)?;
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok(Open { connection, body, reader: Reader::default() });
        }
        let body = connection.all(body).await.map_err(|why| self.client.unreachable(why))?;
        Err(self.client.refusal(head.status, &head.headers, &body))
    }
}
