//! Pure questions to an execution.

use super::tree::{Ready, Spot};
use super::{Execution, ExecutionStatus, Phase, TaskStatus};
use crate::{AgentId, DependencyType, LeaseToken, Policy, TaskId, Timestamp};
use std::collections::BTreeMap;

/// How far an execution is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Leaves that are complete or skipped.
    pub tasks_completed: u32,
    /// All leaves.
    pub tasks_total: u32,
    /// The share of the work that is done, 0 to 100: work in hand counts by what was reported.
    pub percent: u8,
    /// A task that runs now; the one that began first.
    pub current_task_id: Option<TaskId>,
    /// How many leaves have which status.
    pub counts: Vec<(TaskStatus, u32)>,
}

/// What the holder of a lease should do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Ok,
    /// Finish or save a checkpoint, then give the task back.
    Pause,
    /// Wind down until then.
    Cancel {
        /// Until when.
        grace_ends_at: Timestamp,
    },
    /// Stop at once, without side effects.
    Lost,
    /// A person opened the task again: ask for work anew.
    Reset,
}

/// A leaf that could be given out now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grantable {
    /// Its place in the tree.
    pub spot: Spot,
    /// The leaf.
    pub task_id: TaskId,
    /// Since when it is ready.
    pub since: Timestamp,
    /// The one agent that may have it.
    pub tied_to: Option<AgentId>,
    /// The agent that did the last task of the same parent.
    pub preferred: Option<AgentId>,
}

/// A task on the way through the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTask {
    /// The leaf.
    pub task_id: TaskId,
    /// When it can start at the earliest, counted from the start of the plan.
    pub starts_ms: u64,
    /// How long it should take.
    pub estimated_ms: u64,
    /// How much later it could start without making the whole later.
    pub slack_ms: u64,
}

/// How long a task should take, where the plan does not say.
const ESTIMATE_MS: u64 = 3_600_000;

impl Execution {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        let census = self.tree.census();
        let (done, total) = (census.finished(), census.total());
        let in_hand: u64 = self
            .tree
            .held()
            .map(|spot| u64::from(self.tree.node(spot).leaf.progress_percent.min(99)))
            .sum();
        let hundredths = u64::from(done) * 100 + in_hand;
        let percent = hundredths.checked_div(u64::from(total)).unwrap_or(0);
        let first = self
            .tree
            .held()
            .min_by_key(|&spot| self.tree.node(spot).leaf.lease().map(|lease| lease.granted_at));
        let counts = TaskStatus::ALL.iter().map(|&status| (status, census.of(status)));
        Progress {
            tasks_completed: done,
            tasks_total: total,
            percent: u8::try_from(percent.min(100)).unwrap_or(100),
            current_task_id: first.map(|spot| self.tree.node(spot).definition.task_id.clone()),
            counts: counts.collect(),
        }
    }

    /// The words for what a person could do to the execution now.
    pub fn allowed_commands(&self) -> Vec<&'static str> {
        let Some(status) = self.status() else {
            return Vec::new();
        };
        let moves = [
            (ExecutionStatus::Queued, "start"),
            (
                ExecutionStatus::Running,
                if status == ExecutionStatus::Paused { "resume" } else { "start" },
            ),
            (ExecutionStatus::Paused, "pause"),
            (ExecutionStatus::Cancelled, "cancel"),
        ];
        let asks = |to: ExecutionStatus| match (status, to) {
            (ExecutionStatus::Blocked, ExecutionStatus::Running) => false,
            (from, to) => from.can_become(to),
        };
        let mut allowed: Vec<_> =
            moves.into_iter().filter(|(to, _)| asks(*to)).map(|(_, word)| word).collect();
        if !status.is_over() {
            allowed.extend(["reassign", "amend", "change_policy", "change_priority"]);
        }
        if !self.blockers.is_empty() {
            allowed.push("resolve_blocker");
        }
        allowed.push("fork");
        allowed
    }

    /// What the holder of that lease should do.
    pub fn verdict(&self, lease: &LeaseToken) -> Verdict {
        let Some(spot) = self.tree.find(&lease.task_id) else {
            return Verdict::Lost;
        };
        let leaf = &self.tree.node(spot).leaf;
        let is_held = leaf.lease().is_some_and(|held| held.nonce == lease.nonce);
        match &self.phase {
            _ if !is_held || leaf.epoch != lease.epoch => {
                let is_reset = leaf.epoch > lease.epoch && leaf.lease().is_none();
                if is_reset { Verdict::Reset } else { Verdict::Lost }
            }
            Phase::Paused { .. } => Verdict::Pause,
            Phase::Cancelled { grace_ends_at, .. } => {
                Verdict::Cancel { grace_ends_at: *grace_ends_at }
            }
            Phase::Created
            | Phase::Queued { .. }
            | Phase::Running
            | Phase::Blocked { .. }
            | Phase::Completed
            | Phase::Failed { .. } => Verdict::Ok,
        }
    }

    /// The token of the lease on a task, while an agent holds it.
    pub fn lease_of(&self, task_id: &TaskId) -> Option<LeaseToken> {
        let spot = self.tree.find(task_id)?;
        let leaf = &self.tree.node(spot).leaf;
        Some(LeaseToken {
            execution_id: self.header()?.execution_id.clone(),
            task_id: task_id.clone(),
            epoch: leaf.epoch,
            nonce: leaf.lease()?.nonce,
        })
    }

    /// The leaves that could be given out now, the next one first.
    pub fn grantable(&self) -> impl Iterator<Item = Grantable> + '_ {
        let is_open = self.gives_out();
        let ready = self.tree.ready().filter(move |_| is_open);
        ready.map(|ready| self.as_grantable(ready))
    }

    /// Whether ready leaves are given out now.
    pub(super) fn gives_out(&self) -> bool {
        match self.phase {
            Phase::Running => self.whole_blocked == 0,
            Phase::Queued { .. } => self.header().is_some_and(|h| h.agent_id.is_some()),
            Phase::Created
            | Phase::Blocked { .. }
            | Phase::Paused { .. }
            | Phase::Completed
            | Phase::Failed { .. }
            | Phase::Cancelled { .. } => false,
        }
    }

    fn as_grantable(&self, ready: Ready) -> Grantable {
        Grantable {
            spot: ready.spot,
            task_id: self.tree.node(ready.spot).definition.task_id.clone(),
            since: ready.since,
            tied_to: self.tied_agent(ready.spot).cloned(),
            preferred: self.last_agent_of_siblings(ready.spot).cloned(),
        }
    }

    /// The one agent that may have the leaf: its own, an ancestor's, the execution's.
    pub fn tied_agent(&self, spot: Spot) -> Option<&AgentId> {
        self.agent_of_task(spot).or_else(|| self.header()?.agent_id.as_ref())
    }

    /// The one agent that may have the leaf by its own or an ancestor's definition.
    pub(super) fn agent_of_task(&self, spot: Spot) -> Option<&AgentId> {
        let agent_of = |step: Spot| self.tree.node(step).definition.agent_id.as_ref();
        self.tree.chain(spot).find_map(agent_of)
    }

    fn last_agent_of_siblings(&self, spot: Spot) -> Option<&AgentId> {
        let parent = self.tree.node(spot).parent?;
        let siblings = self.tree.node(parent).children.iter().rev().take(SIBLINGS_ASKED_MAX);
        let ended = siblings.filter_map(|&s| {
            let node = self.tree.node(s);
            Some((node.times.ended_at?, &node.leaf.closing.as_ref()?.agent_id))
        });
        ended.max_by_key(|(at, _)| *at).map(|(_, agent_id)| agent_id)
    }

    /// The rules in force.
    pub fn rules(&self) -> Policy {
        self.policy()
    }

    /// The leaves in an order in which they could be done, each with its slack; those without any
    /// are the critical path. Depends on estimates and dependencies alone.
    pub fn schedule(&self) -> Vec<PathTask> {
        schedule(self)
    }

    /// The leaves that make the whole late when they are late, in order.
    pub fn critical_path(&self) -> Vec<PathTask> {
        let mut path = self.schedule();
        path.retain(|task| task.slack_ms == 0);
        path.sort_by(|a, b| (a.starts_ms, &a.task_id).cmp(&(b.starts_ms, &b.task_id)));
        path
    }
}

/// How many siblings are asked who did them.
const SIBLINGS_ASKED_MAX: usize = 64;

/// Vertices of the schedule: the start and the finish of every node.
struct Net {
    edges: Vec<Vec<(usize, u64)>>,
    incoming: Vec<u32>,
}

fn schedule(execution: &Execution) -> Vec<PathTask> {
    let tree = execution.tree();
    let spots: Vec<Spot> = tree.spots().collect();
    let place: BTreeMap<Spot, usize> = spots.iter().copied().zip(0..).collect();
    let net = net_of(execution, &spots, &place);
    let order = in_order(&net);
    let mut earliest = vec![0_u64; net.edges.len()];
    for &vertex in &order {
        for &(next, ms) in &net.edges[vertex] {
            earliest[next] = earliest[next].max(earliest[vertex].saturating_add(ms));
        }
    }
    let end = earliest.iter().copied().max().unwrap_or(0);
    let mut latest = vec![end; net.edges.len()];
    for &vertex in order.iter().rev() {
        for &(next, ms) in &net.edges[vertex] {
            latest[vertex] = latest[vertex].min(latest[next].saturating_sub(ms));
        }
    }
    let leaves = spots.iter().enumerate().filter(|(_, spot)| tree.node(**spot).is_leaf());
    leaves
        .map(|(at, spot)| PathTask {
            task_id: tree.node(*spot).definition.task_id.clone(),
            starts_ms: earliest[2 * at],
            estimated_ms: estimate(execution, *spot),
            slack_ms: latest[2 * at].saturating_sub(earliest[2 * at]),
        })
        .collect()
}

fn estimate(execution: &Execution, spot: Spot) -> u64 {
    execution.tree().node(spot).definition.estimated_ms.unwrap_or(ESTIMATE_MS)
}

fn net_of(execution: &Execution, spots: &[Spot], place: &BTreeMap<Spot, usize>) -> Net {
    let tree = execution.tree();
    let mut edges: Vec<Vec<(usize, u64)>> = vec![Vec::new(); spots.len() * 2];
    for (at, &spot) in spots.iter().enumerate() {
        let node = tree.node(spot);
        let (start, finish) = (2 * at, 2 * at + 1);
        let own_ms = if node.is_leaf() { estimate(execution, spot) } else { 0 };
        edges[start].push((finish, own_ms));
        if let Some(parent) = node.parent.and_then(|parent| place.get(&parent)) {
            edges[2 * parent].push((start, 0));
            edges[finish].push((2 * parent + 1, 0));
        }
        for edge in &node.waits_for {
            let Some(from) = place.get(&edge.other) else {
                continue;
            };
            let (from, to) = match edge.kind {
                DependencyType::FinishToStart => (2 * from + 1, start),
                DependencyType::StartToStart => (2 * from, start),
                DependencyType::FinishToFinish => (2 * from + 1, finish),
                DependencyType::StartToFinish => (2 * from, finish),
            };
            edges[from].push((to, 0));
        }
    }
    let mut incoming = vec![0_u32; edges.len()];
    for (next, _) in edges.iter().flatten() {
        incoming[*next] += 1;
    }
    Net { edges, incoming }
}

/// The vertices, each after all that lead to it.
fn in_order(net: &Net) -> Vec<usize> {
    let mut incoming = net.incoming.clone();
    let mut order: Vec<usize> = (0..incoming.len()).filter(|&v| incoming[v] == 0).collect();
    let mut next = 0;
    while let Some(&vertex) = order.get(next) {
        for &(to, _) in &net.edges[vertex] {
            incoming[to] -= 1;
            if incoming[to] == 0 {
                order.push(to);
            }
        }
        next += 1;
    }
    order
}
