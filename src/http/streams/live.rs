//! One stream, whatever it is sent over: what the feed says, what an agent is told beside, and how
//! it ends.

use super::admission::Admission;
use super::directives::{Directive, Directives};
use super::limits::Place;
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::feed::{Frame, Since, Subscription};
use crate::store::Position;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::watch;

/// A stream that is open.
pub(super) struct Live {
    parts: Parts,
    /// Where whoever comes again goes on; none when nothing was sent yet.
    resume_after: Option<Position>,
    is_cut: bool,
    is_over: bool,
}

/// What a stream is made of.
pub(super) struct Parts {
    pub(super) subscription: Subscription,
    pub(super) directives: Option<Directives>,
    pub(super) admission: Admission,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) clock: Clock,
    pub(super) _place: Place,
}

/// What comes next.
pub(super) enum Next {
    Frame(Arc<Frame>),
    Directive(Directive),
    /// Nothing any more.
    Closing(Closing),
}

/// The end of a stream that the server closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename = "closing")]
pub(super) struct Closing {
    pub(super) reason: ClosingReason,
    /// Where to go on; none where nothing was sent yet, and there is nothing to go on from.
    pub(super) resume_after: Option<Position>,
    pub(super) timestamp: Timestamp,
}

/// Why the server closes a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ClosingReason {
    /// The server stops.
    Stopping,
    /// The reader fell behind again and again.
    TooSlow,
    /// The key that it was opened with is void.
    KeyVoid,
}

enum Input {
    Stop,
    Void,
    Frame(Option<Arc<Frame>>),
    Directive(Directive),
}

impl Live {
    pub(super) fn new(parts: Parts, since: Since) -> Self {
        let resume_after = match since {
            Since::Now => None,
            Since::After(position) => Some(position),
        };
        Self { parts, resume_after, is_cut: false, is_over: false }
    }

    /// Up to where everything was sent.
    pub(super) fn resume_after(&self) -> Option<Position> {
        self.resume_after
    }

    /// What comes next; none after the closing. Safe to cancel: nothing is lost.
    pub(super) async fn next(&mut self) -> Option<Next> {
        if self.is_over {
            return None;
        }
        Some(match self.input().await {
            Input::Directive(directive) => Next::Directive(directive),
            Input::Frame(Some(frame)) => {
                self.is_cut = matches!(&*frame, Frame::Lagged(lagged) if lagged.is_cut);
                self.resume_after = Some(frame.position());
                Next::Frame(frame)
            }
            Input::Void => self.close(ClosingReason::KeyVoid),
            Input::Frame(None) if self.is_cut => self.close(ClosingReason::TooSlow),
            Input::Frame(None) | Input::Stop => self.close(ClosingReason::Stopping),
        })
    }

    fn close(&mut self, reason: ClosingReason) -> Next {
        self.is_over = true;
        let timestamp = self.parts.clock.now();
        Next::Closing(Closing { reason, resume_after: self.resume_after, timestamp })
    }

    async fn input(&mut self) -> Input {
        let Parts { subscription, directives, admission, stopping, clock: _, _place: _ } =
            &mut self.parts;
        let directive = async {
            match directives {
                Some(directives) => directives.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = stopping.wait_for(|is_stopping| *is_stopping) => Input::Stop,
            () = admission.ended() => Input::Void,
            directive = directive => Input::Directive(directive),
            frame = subscription.next() => Input::Frame(frame),
        }
    }
}

impl Closing {
    /// For people, and short enough for the end of a WebSocket.
    pub(super) fn sentence(&self) -> String {
        let why = match self.reason {
            ClosingReason::Stopping => "the server stops",
            ClosingReason::KeyVoid => "the key is void",
            ClosingReason::TooSlow => "you read more slowly than things happen",
        };
        match self.resume_after {
            Some(position) => format!("{why}; resume with after={position}"),
            None => format!("{why}; connect again"),
        }
    }
}
