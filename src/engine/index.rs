//! What could be given out, what is held, and what is due when, over all executions: an index that
//! each stream keeps up to date for itself, rebuilt from the log on start.

use super::StreamKey;
use super::presence::Presence;
use super::watched::Watched;
use crate::domain::State;
use crate::domain::agent::Agent;
use crate::domain::execution::{Demand, Execution, SignOfLife, TaskStatus};
use crate::domain::{AgentId, ExecutionId, Priority, TaskId, Timestamp, WorkspaceId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A task in an agent's hands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldTask {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The task.
    pub task_id: TaskId,
    /// The lease's epoch.
    pub epoch: u64,
}

/// The place of an execution's best leaf of one demand, among all that are ready.
type Rank = (Reverse<Priority>, Reverse<Priority>, Timestamp, ExecutionId);

/// A place in the order of what is ready.
pub(super) struct Place(Rank);

/// What the index knows of one execution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Entry {
    offers: Vec<(Demand, Rank)>,
    held: Vec<(AgentId, HeldTask)>,
    deadline: Option<Timestamp>,
    tied_to: Option<AgentId>,
    counts: Counts,
}

/// How many leaves there are to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that could be given out.
    pub ready: usize,
    /// Those that agents have.
    pub granted: usize,
    /// Those that wait for a person or for something outside.
    pub blocked: usize,
}

impl Counts {
    fn of(execution: &Execution, granted: usize) -> Self {
        let blocked = execution.tree().census().of(TaskStatus::Blocked);
        let blocked = usize::try_from(blocked).unwrap_or(usize::MAX);
        Self { ready: execution.ready_total(), granted, blocked }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            ready: self.ready + other.ready,
            granted: self.granted + other.granted,
            blocked: self.blocked + other.blocked,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            ready: self.ready.saturating_sub(other.ready),
            granted: self.granted.saturating_sub(other.granted),
            blocked: self.blocked.saturating_sub(other.blocked),
        }
    }
}

#[derive(Debug, Default)]
struct Maps {
    entries: BTreeMap<StreamKey, Entry>,
    offers: BTreeMap<(WorkspaceId, Demand), BTreeSet<Rank>>,
    held: BTreeMap<(WorkspaceId, AgentId), BTreeSet<HeldTask>>,
    tied: BTreeMap<(WorkspaceId, AgentId), BTreeSet<StreamKey>>,
    deadlines: BTreeSet<(Timestamp, StreamKey)>,
    counts: Counts,
}

/// The index.
#[derive(Debug)]
pub struct Index {
    maps: Mutex<Maps>,
    first_deadline: watch::Sender<Option<Timestamp>>,
    changed: watch::Sender<u64>,
    watched: Watched,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            maps: Mutex::default(),
            first_deadline: watch::Sender::new(None),
            changed: watch::Sender::new(0),
            watched: Watched::default(),
        }
    }
}

impl Index {
    fn maps(&self) -> MutexGuard<'_, Maps> {
        self.maps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a stream's state says now.
    pub(super) fn update(&self, key: &StreamKey, state: &State, presence: &Presence) {
        let State::Execution(execution) = state else {
            return;
        };
        presence.forget_ended(key, execution);
        let entry = entry_of(execution, &presence.signs(key));
        let is_watched = self.watched.has_any();
        let holders = if is_watched { self.holders(key, &entry) } else { BTreeSet::new() };
        self.put(key, entry);
        self.watched.tell(&key.workspace, &holders);
    }

    /// The agents that hold a task of an execution, before or after an update.
    fn holders(&self, key: &StreamKey, entry: &Entry) -> BTreeSet<AgentId> {
        let maps = self.maps();
        let before = maps.entries.get(key).into_iter().flat_map(|known| &known.held);
        before.chain(&entry.held).map(|(agent_id, _)| agent_id.clone()).collect()
    }

    /// Drops a stream that cannot be folded any more: it gives nothing out, and is never due.
    pub(super) fn drop_broken(&self, key: &StreamKey) {
        self.put(key, Entry::default());
    }

    fn put(&self, key: &StreamKey, entry: Entry) {
        let mut maps = self.maps();
        if maps.entries.get(key).unwrap_or(&Entry::default()) == &entry {
            return;
        }
        let has_more = !entry.offers.is_empty();
        maps.take_out(key);
        maps.put_in(key, entry);
        let first = maps.deadlines.first().map(|(at, _)| *at);
        drop(maps);
        self.first_deadline.send_if_modified(|known| std::mem::replace(known, first) != first);
        if has_more {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// Says when the first deadline moves.
    pub fn first_deadline(&self) -> watch::Receiver<Option<Timestamp>> {
        self.first_deadline.subscribe()
    }

    /// Has those look who wait: an agent is not what it was.
    pub(super) fn agent_turned(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Says when something may have become ready, or an agent turned.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The executions that are due.
    pub(super) fn due(&self, now: Timestamp) -> Vec<StreamKey> {
        let maps = self.maps();
        let due = maps.deadlines.iter().take_while(|(at, _)| *at <= now);
        due.map(|(_, key)| key.clone()).collect()
    }

    /// Says when something may have happened to a task that an agent holds, from now on.
    pub fn watch_holder(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> watch::Receiver<u64> {
        self.watched.watch(workspace, agent_id)
    }

    /// What an agent holds, in the order of executions and tasks.
    pub fn held_by(&self, workspace: &WorkspaceId, agent_id: &AgentId) -> Vec<HeldTask> {
        let maps = self.maps();
        let held = maps.held.get(&(workspace.clone(), agent_id.clone()));
        held.into_iter().flatten().cloned().collect()
    }

    /// The executions that an agent has something to do with: it holds a task, or they are its.
    pub(super) fn concerned(&self, workspace: &WorkspaceId, agent_id: &AgentId) -> Vec<StreamKey> {
        let maps = self.maps();
        let agent = (workspace.clone(), agent_id.clone());
        let held = maps.held.get(&agent).into_iter().flatten();
        let holding = held.map(|held| StreamKey::execution(workspace, &held.execution_id));
        let tied = maps.tied.get(&agent).into_iter().flatten().cloned();
        holding.chain(tied).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The execution whose best ready leaf is the next for an agent, behind a place in the order.
    pub(super) fn next_for(
        &self,
        workspace: &WorkspaceId,
        agent: &Agent,
        behind: Option<&Place>,
    ) -> Option<(ExecutionId, Place)> {
        let maps = self.maps();
        let behind = behind.map_or(Bound::Unbounded, |place| Bound::Excluded(&place.0));
        let best = Demand::met_by(agent).into_iter().filter_map(|demand| {
            let offers = maps.offers.get(&(workspace.clone(), demand))?;
            offers.range::<Rank, _>((behind, Bound::Unbounded)).next()
        });
        best.min().map(|rank| (rank.3.clone(), Place(rank.clone())))
    }

    /// The agents that an execution alive has something to do with.
    pub(super) fn agents_concerned(&self) -> BTreeSet<(WorkspaceId, AgentId)> {
        let maps = self.maps();
        maps.held.keys().chain(maps.tied.keys()).cloned().collect()
    }

    /// The streams that it knows something of.
    pub(super) fn keys(&self) -> Vec<StreamKey> {
        self.maps().entries.keys().cloned().collect()
    }

    /// All that it knows, as text.
    pub(super) fn written(&self) -> String {
        format!("{:#?}", self.maps())
    }

    /// How many leaves there are to do in the executions that are alive.
    pub fn counts(&self) -> Counts {
        self.maps().counts
    }

    /// How many executions are alive.
    pub fn executions_total(&self) -> usize {
        self.maps().entries.len()
    }
}

impl Maps {
    fn take_out(&mut self, key: &StreamKey) {
        let Some(entry) = self.entries.remove(key) else {
            return;
        };
        let workspace = &key.workspace;
        self.counts = self.counts.minus(entry.counts);
        for (demand, rank) in entry.offers {
            remove(&mut self.offers, (workspace.clone(), demand), &rank);
        }
        for (agent_id, held) in entry.held {
            remove(&mut self.held, (workspace.clone(), agent_id), &held);
        }
        if let Some(agent_id) = entry.tied_to {
            remove(&mut self.tied, (workspace.clone(), agent_id), key);
        }
        if let Some(at) = entry.deadline {
            self.deadlines.remove(&(at, key.clone()));
        }
    }

    fn put_in(&mut self, key: &StreamKey, entry: Entry) {
        if entry == Entry::default() {
            return;
        }
        let workspace = &key.workspace;
        self.counts = self.counts.plus(entry.counts);
        for (demand, rank) in &entry.offers {
            let place = (workspace.clone(), demand.clone());
            self.offers.entry(place).or_default().insert(rank.clone());
        }
        for (agent_id, held) in &entry.held {
            let place = (workspace.clone(), agent_id.clone());
            self.held.entry(place).or_default().insert(held.clone());
        }
        if let Some(agent_id) = &entry.tied_to {
            let place = (workspace.clone(), agent_id.clone());
            self.tied.entry(place).or_default().insert(key.clone());
        }
        if let Some(at) = entry.deadline {
            self.deadlines.insert((at, key.clone()));
        }
        self.entries.insert(key.clone(), entry);
    }
}

fn remove<K: Ord, V: Ord>(map: &mut BTreeMap<K, BTreeSet<V>>, place: K, value: &V) {
    if let Some(set) = map.get_mut(&place) {
        set.remove(value);
        if set.is_empty() {
            map.remove(&place);
        }
    }
}

fn entry_of(execution: &Execution, signs: &[SignOfLife]) -> Entry {
    let Some(header) = execution.header() else {
        return Entry::default();
    };
    let is_over = execution.phase().status().is_over();
    let execution_id = &header.execution_id;
    let offers = execution.demands().into_iter().map(|(demand, best)| {
        let rank =
            (Reverse(header.priority), Reverse(best.priority), best.since, execution_id.clone());
        (demand, rank)
    });
    let tree = execution.tree();
    let held = tree.held().filter_map(|spot| {
        let node = tree.node(spot);
        let held = HeldTask {
            execution_id: execution_id.clone(),
            task_id: node.definition.task_id.clone(),
            epoch: node.leaf.epoch,
        };
        Some((node.leaf.lease()?.agent_id.clone(), held))
    });
    let held: Vec<_> = held.collect();
    Entry {
        offers: offers.collect(),
        counts: Counts::of(execution, held.len()),
        held,
        deadline: execution.next_deadline_given(signs),
        tied_to: header.agent_id.clone().filter(|_| !is_over),
    }
}
