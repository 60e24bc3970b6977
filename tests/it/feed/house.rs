//! A feed on a throwaway archive, and subscribers that do not wait for ever.

use crate::projector::story::{Story, new_event, request};
use crate::store::backend::Backend;
use anyhow::{Context, Result};
use planexe_ax::clock::Clock;
use planexe_ax::domain::event::record::NoteAdded;
use planexe_ax::domain::event::record::RecordEvent;
use planexe_ax::domain::{Actor, Event, ExecutionId, StreamName, Text, Timestamp, WorkspaceId};
use planexe_ax::feed::{Feed, FeedConfig, Filter, Frame, Since, Subscription, Topic};
use planexe_ax::store::{AppendRequest, Expected, Position, Store, StreamWrite};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// How long a subscriber waits for a frame before the test fails.
const PATIENCE_MS: u64 = 60_000;
/// A test does not wait long to learn that there is nothing.
const HEARTBEAT_MS: u64 = 5;

/// An archive and a feed on it.
pub(super) struct House {
    pub(super) backend: Backend,
    pub(super) store: Store,
    pub(super) feed: Feed,
}

impl House {
    pub(super) async fn on(backend: Backend) -> Result<Self> {
        let store = backend.open().await?;
        let feed = feed_on(&store);
        Ok(Self { backend, store, feed })
    }

    pub(super) async fn close(self) {
        self.feed.stop().await;
        self.store.close().await;
    }

    pub(super) fn subscribe(&self, topic: &Topic, since: Since) -> Subscription {
        self.feed.subscribe(topic.clone(), Filter::default(), since)
    }

    pub(super) async fn head(&self) -> Result<Position> {
        Ok(self.store.head().await?.position)
    }
}

pub(super) fn feed_on(store: &Store) -> Feed {
    let config = FeedConfig { heartbeat_ms: HEARTBEAT_MS, ..FeedConfig::new(Clock::System) };
    Feed::start(store.clone(), store.wake(), config)
}

/// Runs a test on each database.
pub(super) async fn on_every<F: Future<Output = Result<()>>>(
    test: impl Fn(House) -> F,
) -> Result<()> {
    for backend in Backend::every().await? {
        if !matches!(backend, Backend::Memory(_)) {
            test(House::on(backend).await?).await?;
        }
    }
    Ok(())
}

/// The next frame, within reason.
pub(super) async fn next(subscription: &mut Subscription) -> Result<Arc<Frame>> {
    let patience = Duration::from_millis(PATIENCE_MS);
    let frame = tokio::time::timeout(patience, subscription.next()).await;
    frame.context("nothing came for a minute")?.context("the subscription ended")
}

/// Every frame until one is at that position or behind it, and the execution's update with it.
pub(super) async fn frames_upto(
    subscription: &mut Subscription,
    to: Position,
) -> Result<Vec<Arc<Frame>>> {
    let mut frames: Vec<Arc<Frame>> = Vec::new();
    while frames.last().is_none_or(|frame| frame.position() < to) {
        frames.push(next(subscription).await?);
    }
    Ok(frames)
}

pub(super) fn acme() -> WorkspaceId {
    WorkspaceId::parse("acme").expect("it is an id")
}

pub(super) fn execution(seed: u64) -> ExecutionId {
    ExecutionId::parse(&format!("exec_{seed}")).expect("it is an id")
}

pub(super) fn topic(seed: u64) -> Topic {
    Topic::Execution(acme(), execution(seed))
}

/// A note on an execution, in any workspace.
pub(super) fn note(workspace: &WorkspaceId, seed: u64, text: &str) -> AppendRequest {
    let event = NoteAdded {
        task_id: None,
        text: Text::parse(text).expect("it is a text"),
        at: Timestamp::from_unix_ms(1_700_000_000_000),
        by: Actor::user("mark").expect("it is a name"),
    };
    let event = Event::from(RecordEvent::from(event));
    let write = StreamWrite {
        stream: StreamName::execution(&execution(seed)),
        expected: Expected::Any,
        events: vec![new_event(&event)],
    };
    AppendRequest { workspace: workspace.clone(), ..request(vec![write]) }
}

/// Writes the first events of a random execution.
pub(super) async fn begin(store: &Store, seed: u64) -> Result<()> {
    Story::of(seed).go_on(store, 4).await
}
