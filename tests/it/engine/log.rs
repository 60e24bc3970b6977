//! What must hold of every log that an engine leaves behind: it verifies, each stream folds
//! legally at every prefix, and the invariants of the work protocol hold at every position.

use anyhow::{Context, Result, ensure};
use planexe_ax::domain::agent::Agent;
use planexe_ax::domain::event::lifecycle::LifecycleEvent;
use planexe_ax::domain::event::work::WorkEvent;
use planexe_ax::domain::execution::Execution;
use planexe_ax::domain::{AgentId, Event, StreamName};
use planexe_ax::engine::State;
use planexe_ax::store::{LogFilter, Position, RecordedEvent, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Every event of the log.
pub(crate) async fn read(store: &Store) -> Result<Vec<RecordedEvent>> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(Position::ZERO, |event| event.position);
        let page = store.read_log(after, &LogFilter::default(), 1000).await?;
        if page.is_empty() {
            return Ok(events);
        }
        events.extend(page);
    }
}

pub(crate) fn decode(event: &RecordedEvent) -> Result<Event> {
    Ok(Event::decode(&event.kind, event.schema_version, &event.payload)?)
}

/// How many events of that kind the log holds.
pub(super) async fn count(store: &Store, kind: &str) -> Result<usize> {
    Ok(read(store).await?.iter().filter(|event| event.kind == kind).count())
}

/// Checks the whole log.
pub(crate) async fn check(store: &Store) -> Result<()> {
    store.verify().await?;
    let mut states: BTreeMap<StreamName, State> = BTreeMap::new();
    let mut walk = Walk::default();
    for recorded in read(store).await? {
        let event = decode(&recorded)?;
        let kind = recorded.stream.kind();
        let state = states.entry(recorded.stream.clone()).or_insert_with(|| State::new(kind));
        let place = recorded.position;
        state.apply(&event).with_context(|| format!("at {place}: {}", recorded.kind))?;
        walk.take(&recorded.stream, &event, state).with_context(|| format!("at {place}"))?;
    }
    Ok(())
}

/// What is remembered on the way through the log.
#[derive(Default)]
struct Walk {
    epochs: BTreeMap<(StreamName, String), u64>,
    paused: BTreeSet<StreamName>,
    held: BTreeMap<AgentId, BTreeSet<(StreamName, String)>>,
    rooms: BTreeMap<AgentId, u32>,
}

impl Walk {
    fn take(&mut self, stream: &StreamName, event: &Event, state: &State) -> Result<()> {
        if let Event::Work(WorkEvent::TaskGranted(granted)) = event {
            let task = (stream.clone(), granted.task_id.to_string());
            let last = self.epochs.insert(task, granted.epoch);
            ensure!(last < Some(granted.epoch), "an epoch of {} repeats", granted.task_id);
            ensure!(!self.paused.contains(stream), "a grant while paused or over");
        }
        if let Event::Lifecycle(event) = event {
            self.turn(stream, event);
        }
        if let (Some(agent_id), Some(profile)) =
            (state.agent().and_then(Agent::agent_id), state.agent().and_then(Agent::profile))
        {
            self.rooms.insert(agent_id.clone(), profile.concurrent_tasks_max);
        }
        if let Some(execution) = state.execution() {
            self.hold(stream, execution);
            for (agent_id, held) in &self.held {
                let room = self.rooms.get(agent_id).copied().unwrap_or(u32::MAX);
                ensure!(u32::try_from(held.len())? <= room, "{agent_id} holds more than {room}");
            }
        }
        Ok(())
    }

    fn turn(&mut self, stream: &StreamName, event: &LifecycleEvent) {
        let kind = Event::Lifecycle(event.clone()).kind();
        match kind {
            "execution_paused"
            | "execution_cancelled"
            | "execution_completed"
            | "execution_failed" => drop(self.paused.insert(stream.clone())),
            "execution_resumed" => drop(self.paused.remove(stream)),
            _ => {}
        }
    }

    fn hold(&mut self, stream: &StreamName, execution: &Execution) {
        for held in self.held.values_mut() {
            held.retain(|(of, _)| of != stream);
        }
        let tree = execution.tree();
        for node in tree.held().map(|spot| tree.node(spot)) {
            if let Some(lease) = node.leaf.lease() {
                let task = (stream.clone(), node.definition.task_id.to_string());
                self.held.entry(lease.agent_id.clone()).or_default().insert(task);
            }
        }
    }
}
