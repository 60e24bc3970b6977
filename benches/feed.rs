//! How long after its commit an event is with those who listen: through the windows, on
//! PostgreSQL. Prints one JSON object a line.

#[path = "engine_parts/plans.rs"]
#[expect(dead_code, reason = "the feed needs no agent's profile")]
mod plans;
mod shared;

use anyhow::{Context, Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::domain::execution::Execution;
use planexe_ax::domain::{Event, ExecutionId, StreamName, TaskId, Timestamp, WorkspaceId};
use planexe_ax::feed::{Feed, FeedConfig, Filter, Frame, Since, Subscription, Topic};
use planexe_ax::projections::windows;
use planexe_ax::projector::{Projector, ProjectorConfig};
use planexe_ax::store::views::Views;
use planexe_ax::store::{
    AppendRequest, Expected, NewEvent, Store, StoreConfig, StreamWrite, Version,
};
use planexe_ax_testkit::{Database, Durability, Server};
use shared::{Figure, Reach};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use uuid::Uuid;

const EXECUTIONS: u64 = 100;
const SUBSCRIBERS: u64 = 1_000;
const EVENTS_PER_SECOND: u64 = 1_000;
const WARM_UP_MS: u64 = 1_000;
const MEASURE_MS: u64 = 6_000;
const LIMIT_MS: f64 = 100.0;

/// When each event was committed, or came.
type Times = Vec<(Uuid, Instant)>;

#[tokio::main]
async fn main() -> Result<()> {
    let server = Server::start(Durability::On)?;
    let database = Database::on(&server).await?;
    let config = StoreConfig::new(&database.url);
    let store = Store::open(&config).await?;
    let views = Views::open(&config).await?;
    let projector_config = ProjectorConfig::default();
    let projector =
        Projector::start(store.clone(), views.clone(), windows(), Clock::System, projector_config);
    let told = FeedConfig { views: Some(views.clone()), ..FeedConfig::new(Clock::System) };
    let feed = Feed::start(store.clone(), projector.reached(), told);
    let delays = measure(&store, &feed).await?;
    feed.stop().await;
    projector.stop().await;
    views.close().await;
    store.close().await;
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        figure(name, at(&delays, share)).print();
    }
    Ok(())
}

fn figure(name: &str, value: f64) -> Figure {
    let name =
        format!("commit to frame, 1,000 events a second, 1,000 subscribers, PostgreSQL, {name}");
    let reach = Reach { limit: 1.0, is_most: true };
    Figure { name, value, unit: "ms", baseline: LIMIT_MS, reach }
}

/// The delay that a share of the frames did not exceed.
fn at(delays: &[f64], share: f64) -> f64 {
    let count = f64::from(u32::try_from(delays.len()).unwrap_or(u32::MAX));
    let beyond = delays.iter().enumerate().find(|(place, _)| {
        f64::from(u32::try_from(*place + 1).unwrap_or(u32::MAX)) >= count * share
    });
    beyond.map_or(f64::INFINITY, |(_, delay)| *delay)
}

/// The delays in milliseconds of all events at all subscribers, sorted.
async fn measure(store: &Store, feed: &Feed) -> Result<Vec<f64>> {
    let mut writers = Vec::new();
    for number in 0..EXECUTIONS {
        writers.push(Writer::begin(store, number).await?);
    }
    let mut readers = JoinSet::new();
    for number in 0..SUBSCRIBERS {
        let execution_id = ExecutionId::parse(&format!("exec_{}", number % EXECUTIONS))?;
        let topic = Topic::Execution(workspace()?, execution_id);
        let mut subscription = feed.subscribe(topic, Filter::default(), Since::Now);
        subscription.next().await.context("a snapshot")?;
        readers.spawn(listen(subscription));
    }
    let mut writing = JoinSet::new();
    for (number, writer) in (0..).zip(writers) {
        writing.spawn(writer.write(store.clone(), number));
    }
    let mut committed: BTreeMap<Uuid, Instant> = BTreeMap::new();
    while let Some(written) = writing.join_next().await {
        committed.extend(written??);
    }
    let last = store.head().await?.position;
    feed.published().wait_for(|position| *position >= last).await?;
    feed.stop().await;
    let mut delays = Vec::new();
    while let Some(came) = readers.join_next().await {
        let came = came?.into_iter();
        let delay = |(id, came): (Uuid, Instant)| {
            let committed = committed.get(&id)?;
            Some(came.saturating_duration_since(*committed).as_secs_f64() * 1_000.0)
        };
        delays.extend(came.filter_map(delay));
    }
    let expected = committed.len() * usize::try_from(SUBSCRIBERS / EXECUTIONS)?;
    ensure!(delays.len() == expected, "{} of {expected} frames came", delays.len());
    delays.sort_by(f64::total_cmp);
    Ok(delays)
}

async fn listen(mut subscription: Subscription) -> Times {
    let mut came = Times::new();
    while let Some(frame) = subscription.next().await {
        if let Frame::Event(event) = &*frame {
            came.push((event.event_id, now()));
        }
    }
    came
}

/// Writes to one execution.
struct Writer {
    stream: StreamName,
    execution: Execution,
    version: u64,
    task_id: TaskId,
}

impl Writer {
    async fn begin(store: &Store, number: u64) -> Result<Self> {
        let name = format!("exec_{number}");
        let (mut execution, mut events) = plans::made(&name, 10)?;
        let task_id = TaskId::parse("task_0_0")?;
        events.extend(execution.handle(&plans::grant(&task_id)?, &plans::moment(1))?);
        let stream = StreamName::execution(&ExecutionId::parse(&name)?);
        let mut writer = Self { stream, execution, version: 0, task_id };
        writer.append(store, events).await?;
        Ok(writer)
    }

    async fn append(&mut self, store: &Store, events: Vec<Event>) -> Result<Uuid> {
        let event_id = Uuid::now_v7();
        let count = u64::try_from(events.len())?;
        let new = events.iter().enumerate().map(|(place, event)| NewEvent {
            event_id: if place == 0 { event_id } else { Uuid::now_v7() },
            kind: event.kind().into(),
            schema_version: event.schema_version(),
            payload: event.payload(),
            metadata: br#"{"actor":{"kind":"agent","id":"agent_larry_001"}}"#.to_vec(),
            recorded_at: Timestamp::from_unix_ms(1_800_000_000_000),
        });
        let expected = Expected::Exact(Version::new(self.version));
        let write = StreamWrite { stream: self.stream.clone(), expected, events: new.collect() };
        let request = AppendRequest {
            workspace: workspace()?,
            writes: vec![write],
            conditions: Vec::new(),
            key: None,
            answer: Vec::new(),
        };
        store.append(request).await?;
        self.version += count;
        Ok(event_id)
    }

    /// An event at a time, evenly; answers when each was committed, after the warm-up.
    async fn write(mut self, store: Store, number: u64) -> Result<Times> {
        let pause = Duration::from_millis(1_000 * EXECUTIONS / EVENTS_PER_SECOND);
        let mut ticks = tokio::time::interval(pause);
        tokio::time::sleep(pause * u32::try_from(number)? / u32::try_from(EXECUTIONS)?).await;
        let (begun, mut committed, mut step) = (now(), Times::new(), 0);
        while begun.elapsed() < Duration::from_millis(WARM_UP_MS + MEASURE_MS) {
            ticks.tick().await;
            step += 1;
            let report = plans::progress(&self.task_id, step)?;
            let events = self.execution.handle(&report, &plans::moment(1 + step))?;
            let event_id = self.append(&store, events).await?;
            if begun.elapsed() > Duration::from_millis(WARM_UP_MS) {
                committed.push((event_id, now()));
            }
        }
        Ok(committed)
    }
}

fn workspace() -> Result<WorkspaceId> {
    Ok(WorkspaceId::parse("bench")?)
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}
