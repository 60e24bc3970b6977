//! Sends what has ended to the collector, several spans at once.

use super::otlp::document;
use super::{Ended, Span};
use crate::models::Wire;
use crate::outbound::{Endpoint, Proxy};
use crate::telemetry::metrics::TRACE_SPANS_DROPPED;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How many spans are sent at once.
const SPANS_AT_ONCE_MAX: usize = 512;
/// How long spans are gathered.
const GATHER_MS: u64 = 1_000;
/// How long the collector may take to answer.
const TIMEOUT_MS: u64 = 3_000;
/// Where it takes traces, behind its address.
const PATH: &str = "/v1/traces";

/// The task that sends.
pub struct Sending {
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sending {
    /// Begins to send what ends. Must be called within a runtime.
    pub fn start(ended: Ended, collector: Endpoint, proxy: Option<Proxy>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let wire = Wire::new(collector, &[], proxy, TIMEOUT_MS);
        let task = tokio::spawn(send(ended, wire, stopped));
        Self { stop, task: Mutex::new(Some(task)) }
    }

    /// Sends what is left, and ends.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::warn!(%error, "traces were not sent to their end");
        }
    }
}

async fn send(mut ended: Ended, wire: Wire, mut stopped: watch::Receiver<bool>) {
    let mut is_heard = true;
    let mut spans = Vec::new();
    loop {
        let is_over = *stopped.borrow();
        if !is_over {
            tokio::select! {
                count = ended.0.recv_many(&mut spans, SPANS_AT_ONCE_MAX) => {
                    if count == 0 {
                        return;
                    }
                }
                _ = stopped.changed() => {}
            }
            gather(&mut stopped).await;
        }
        while spans.len() < SPANS_AT_ONCE_MAX
            && let Ok(span) = ended.0.try_recv()
        {
            spans.push(span);
        }
        if spans.is_empty() && is_over {
            return;
        }
        let was_heard = is_heard;
        is_heard = spans.is_empty() || post(&wire, &spans).await;
        if was_heard && !is_heard {
            tracing::warn!("the collector of traces does not take them: what ends now is lost");
        }
        if is_over && !is_heard {
            return;
        }
        spans.clear();
    }
}

/// Lets more end, unless the program does.
async fn gather(stopped: &mut watch::Receiver<bool>) {
    if !*stopped.borrow() {
        let pause = Duration::from_millis(GATHER_MS);
        drop(tokio::time::timeout(pause, stopped.changed()).await);
    }
}

async fn post(wire: &Wire, spans: &[Span]) -> bool {
    let answer = wire.post(PATH, &[], &document(spans)).await;
    if answer.is_err() {
        TRACE_SPANS_DROPPED.add(spans.len());
    }
    answer.is_ok()
}
