//! A stream over a WebSocket, with the sub-protocol `ax.v1`.

use super::limits::StreamLimits;
use super::live::{Closing, ClosingReason, Live, Next};
use super::wire::Written;
use crate::clock::Clock;
use crate::domain::Timestamp;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;

/// The sub-protocol.
const PROTOCOL: &str = "ax.v1";
/// How much is read from a connection at once.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// From how many bytes on what is written goes out by itself.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;
/// The most that may wait to go out: the largest snapshot fits.
const WRITE_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long the other side may take to close too.
const CLOSE_MS_MAX: u64 = 1_000;
/// How long the reason of a close may be.
const REASON_BYTES_MAX: usize = 123;

/// What a client may say.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    /// It wants to know whether somebody is there.
    Ping {},
    /// It has everything up to there. Nothing follows from it: it shows that it is there.
    Ack {
        #[expect(dead_code, reason = "the position is where the client resumes, not the server")]
        position: u64,
    },
}

/// Why a connection ends.
enum End {
    /// The other side is gone.
    Gone,
    /// It is told why.
    Close(u16, String),
}

enum Input {
    Peer(Option<Result<Message, axum::Error>>),
    Next(Option<Next>),
    Time,
}

/// Answers with the stream.
pub(super) fn answer(
    upgrade: WebSocketUpgrade,
    live: Live,
    limits: &StreamLimits,
    clock: Clock,
) -> Response {
    let limits = limits.clone();
    // Twice as much is read as may be said, so that who says too much can be told so.
    let read_max = limits.message_bytes_max.saturating_mul(2);
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(read_max)
        .max_frame_size(read_max)
        .on_upgrade(async move |socket| Connection::new(socket, live, limits, clock).run().await)
}

/// A connection, while it is open.
struct Connection {
    socket: WebSocket,
    live: Live,
    limits: StreamLimits,
    clock: Clock,
    heard_at: Timestamp,
    ping_at: Timestamp,
    second: Timestamp,
    heard_in_second: u32,
}

impl Connection {
    fn new(socket: WebSocket, live: Live, limits: StreamLimits, clock: Clock) -> Self {
        let now = clock.now();
        let ping_at = now.plus_ms(limits.ping_ms);
        Self {
            socket,
            live,
            limits,
            clock,
            heard_at: now,
            ping_at,
            second: now,
            heard_in_second: 0,
        }
    }

    async fn run(mut self) {
        loop {
            let end = match self.input().await {
                Input::Peer(message) => self.hear(message).await,
                Input::Next(next) => self.tell(next).await,
                Input::Time => self.ask().await,
            };
            match end {
                Ok(()) => {}
                Err(End::Gone) => return,
                Err(End::Close(code, reason)) => return self.close(code, &reason).await,
            }
        }
    }

    /// Waits for what comes first. Each wait may be cancelled.
    async fn input(&mut self) -> Input {
        tokio::select! {
            biased;
            message = self.socket.recv() => Input::Peer(message),
            () = self.clock.sleep_until(self.ping_at) => Input::Time,
            next = self.live.next() => Input::Next(next),
        }
    }

    async fn tell(&mut self, next: Option<Next>) -> Result<(), End> {
        match next {
            None => Err(End::Gone),
            Some(Next::Closing(closing)) => Err(End::Close(code(&closing), closing.sentence())),
            Some(next @ (Next::Frame(_) | Next::Directive(_))) => {
                self.send(Message::Text(Written::of(&next).json.into())).await
            }
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        self.socket.send(message).await.map_err(|_| End::Gone)
    }

    /// Asks whether the other side is there, unless it has not been for too long.
    async fn ask(&mut self) -> Result<(), End> {
        let now = self.clock.now();
        if now.ms_since(self.heard_at) >= self.limits.idle_ms_max {
            return Err(self.refuse(close_code::POLICY, "no ping was answered"));
        }
        self.ping_at = now.plus_ms(self.limits.ping_ms);
        self.send(Message::Ping(Vec::new().into())).await
    }

    fn refuse(&self, code: u16, why: &str) -> End {
        let resume = self.live.resume_after();
        let resume = resume.map_or_else(String::new, |it| format!("; resume with after={it}"));
        End::Close(code, format!("{why}{resume}"))
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let Some(message) = message else { return Err(End::Gone) };
        let Ok(message) = message else {
            let why = "what was sent is too large, or no WebSocket message";
            return Err(self.refuse(close_code::PROTOCOL, why));
        };
        self.heard_at = self.clock.now();
        if !matches!(message, Message::Pong(_)) {
            self.count()?;
        }
        match message {
            Message::Text(text) if text.len() > self.limits.message_bytes_max => {
                let why = format!("a message is at most {} bytes", self.limits.message_bytes_max);
                Err(self.refuse(close_code::SIZE, &why))
            }
            Message::Text(text) => self.answer(&text).await,
            Message::Binary(_) => Err(self.refuse(close_code::UNSUPPORTED, "send text, not bytes")),
            // A close is answered by reading on, up to the end.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        }
    }

    /// Counts what the other side says by itself, in each second.
    fn count(&mut self) -> Result<(), End> {
        let now = self.heard_at;
        if now.ms_since(self.second) >= 1_000 {
            (self.second, self.heard_in_second) = (now, 0);
        }
        self.heard_in_second += 1;
        let max = self.limits.messages_per_second_max;
        if self.heard_in_second <= max {
            return Ok(());
        }
        Err(self.refuse(close_code::POLICY, &format!("at most {max} messages a second")))
    }

    async fn answer(&mut self, text: &str) -> Result<(), End> {
        match serde_json::from_str(text) {
            Ok(Said::Ping {}) => self.send(Message::Text("{\"type\":\"pong\"}".into())).await,
            Ok(Said::Ack { .. }) => Ok(()),
            Err(_) => {
                let why =
                    "only {\"type\":\"ping\"} and {\"type\":\"ack\",\"position\":1} are known";
                Err(self.refuse(close_code::POLICY, why))
            }
        }
    }

    /// Says why, and waits a little for the other side to close too: what it has sent meanwhile
    /// would otherwise cut off the reason.
    async fn close(mut self, code: u16, reason: &str) {
        let end = reason.floor_char_boundary(REASON_BYTES_MAX);
        let frame = CloseFrame { code, reason: reason[..end].into() };
        let closing = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        };
        if tokio::time::timeout(Duration::from_millis(CLOSE_MS_MAX), closing).await.is_err() {
            tracing::debug!("a client did not close its WebSocket in time");
        }
    }
}

fn code(closing: &Closing) -> u16 {
    match closing.reason {
        ClosingReason::Stopping => close_code::AWAY,
        ClosingReason::TooSlow => close_code::AGAIN,
        ClosingReason::KeyVoid => close_code::POLICY,
    }
}
