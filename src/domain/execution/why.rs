//! Why a task does not run now: the complete reason, from the state itself.

use super::tree::{Approval, Node, Spot, Stage};
use super::{Execution, ExecutionStatus, Phase, TaskStatus};
use crate::event::record::BlockerKind;
use crate::{Actor, AgentId, BlockerId, DependencyType, TaskId, Text, Timestamp};
use std::fmt;

/// One reason why a task does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// An agent has it: it does run.
    Held {
        /// The agent.
        agent_id: AgentId,
        /// Since when.
        since: Timestamp,
    },
    /// It is over.
    Over {
        /// How.
        status: TaskStatus,
    },
    /// Its parts run, not it.
    HasParts {
        /// How many of them are open.
        open: u32,
    },
    /// The execution gives no tasks out.
    ExecutionIs {
        /// Its status.
        status: ExecutionStatus,
    },
    /// A person stopped the execution.
    Paused {
        /// Who.
        by: Actor,
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Text>,
    },
    /// A dependency is not met.
    WaitsFor {
        /// The task that is waited for.
        task_id: TaskId,
        /// Its status.
        status: TaskStatus,
        /// What of it is waited for.
        kind: DependencyType,
        /// The ancestor that waits, when it is not the task itself.
        through: Option<TaskId>,
    },
    /// A blocker stands.
    Blocked {
        /// The blocker.
        blocker_id: BlockerId,
        /// Why.
        kind: BlockerKind,
        /// The task that it stands on; none: the whole execution.
        on: Option<TaskId>,
        /// Since when.
        since: Timestamp,
    },
    /// It rests before another attempt.
    RestsUntil {
        /// Until when.
        retry_at: Timestamp,
    },
    /// A person must look at how a task was broken down.
    AwaitsReview {
        /// The task.
        task_id: TaskId,
    },
    /// A person must approve first; they are asked when everything else is met.
    NeedsApproval {
        /// The task.
        task_id: TaskId,
    },
    /// It is done, and waits for others to finish.
    FinishHeldBack {
        /// The task that is waited for.
        task_id: TaskId,
    },
    /// It is ready, for one agent only.
    ReadyFor {
        /// The agent.
        agent_id: AgentId,
        /// Since when.
        since: Timestamp,
    },
    /// It is ready for any capable agent that has room for it.
    Ready {
        /// Since when.
        since: Timestamp,
    },
}

impl Execution {
    /// Why the task does not run now; none when there is no such task.
    pub fn why(&self, task_id: &TaskId) -> Option<Vec<Reason>> {
        let spot = self.tree.find(task_id)?;
        let node = self.tree.node(spot);
        if let Some(census) = &node.census
            && !census.is_over()
        {
            let mut reasons = vec![Reason::HasParts { open: census.open() }];
            reasons.extend(self.standing_in_the_way(spot));
            return Some(reasons);
        }
        if node.status().is_over() {
            return Some(vec![Reason::Over { status: node.status() }]);
        }
        Some(self.why_leaf(spot, node))
    }

    fn why_leaf(&self, spot: Spot, node: &Node) -> Vec<Reason> {
        if let Some(lease) = node.leaf.lease() {
            let (agent_id, since) = (lease.agent_id.clone(), lease.granted_at);
            return vec![Reason::Held { agent_id, since }];
        }
        if node.leaf.stage == Stage::Finishing {
            let unmet = node.waits_for.iter().filter(|e| !e.is_met && !e.kind.gates_start());
            let held_back = unmet.map(|e| Reason::FinishHeldBack { task_id: self.id(e.other) });
            return self.phase_in_the_way().into_iter().chain(held_back).collect();
        }
        let mut reasons = self.standing_in_the_way(spot);
        if let Stage::Resting { retry_at, .. } = node.leaf.stage {
            reasons.push(Reason::RestsUntil { retry_at });
        }
        if let (true, Some(since)) = (reasons.is_empty(), node.leaf.ready_since) {
            reasons.push(match self.tied_agent(spot).cloned() {
                Some(agent_id) => Reason::ReadyFor { agent_id, since },
                None => Reason::Ready { since },
            });
        }
        reasons
    }

    /// What about the whole execution keeps its tasks waiting.
    fn phase_in_the_way(&self) -> Option<Reason> {
        match &self.phase {
            Phase::Running => None,
            Phase::Paused { since, by, reason } => {
                let (by, at, reason) = (by.clone(), *since, reason.clone());
                Some(Reason::Paused { by, at, reason })
            }
            Phase::Created
            | Phase::Queued { .. }
            | Phase::Blocked { .. }
            | Phase::Completed
            | Phase::Failed { .. }
            | Phase::Cancelled { .. } => Some(Reason::ExecutionIs { status: self.phase.status() }),
        }
    }

    fn standing_in_the_way(&self, spot: Spot) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = self.phase_in_the_way().into_iter().collect();
        let chain: Vec<Spot> = self.tree.chain(spot).collect();
        for &step in &chain {
            reasons.extend(self.gates_of(step, spot));
        }
        let stands = self.blockers.values().filter(|blocker| {
            blocker
                .task_id
                .as_ref()
                .is_none_or(|task_id| self.tree.find(task_id).is_some_and(|at| chain.contains(&at)))
        });
        reasons.extend(stands.map(|blocker| Reason::Blocked {
            blocker_id: blocker.blocker_id.clone(),
            kind: blocker.kind,
            on: blocker.task_id.clone(),
            since: blocker.raised_at,
        }));
        reasons
    }

    fn gates_of(&self, step: Spot, asked: Spot) -> Vec<Reason> {
        let node = self.tree.node(step);
        let through = (step != asked).then(|| self.id(step));
        let unmet = node.waits_for.iter().filter(|e| !e.is_met && e.kind.gates_start());
        let mut reasons: Vec<Reason> = unmet
            .map(|edge| Reason::WaitsFor {
                task_id: self.id(edge.other),
                status: self.tree.node(edge.other).status(),
                kind: edge.kind,
                through: through.clone(),
            })
            .collect();
        if node.awaits_review {
            reasons.push(Reason::AwaitsReview { task_id: self.id(step) });
        }
        if node.approval == Approval::Needed {
            reasons.push(Reason::NeedsApproval { task_id: self.id(step) });
        }
        reasons
    }

    fn id(&self, spot: Spot) -> TaskId {
        self.tree.node(spot).definition.task_id.clone()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { agent_id, since } => write!(f, "agent {agent_id} has it since {since}"),
            Self::Over { status } => write!(f, "it is {status}"),
            Self::HasParts { open } => write!(f, "its parts run, {open} of them are open"),
            Self::ExecutionIs { status } => write!(f, "the execution is {status}"),
            Self::Paused { by, at, .. } => write!(f, "{by} paused the execution at {at}"),
            Self::WaitsFor { task_id, status, through: None, .. } => {
                write!(f, "it waits for {task_id}, which is {status}")
            }
            Self::WaitsFor { task_id, status, through: Some(ancestor), .. } => {
                write!(f, "{ancestor}, which it is part of, waits for {task_id}, which is {status}")
            }
            Self::Blocked { blocker_id, since, on: Some(task_id), .. } => {
                write!(f, "blocker {blocker_id} stands on {task_id} since {since}")
            }
            Self::Blocked { blocker_id, since, on: None, .. } => {
                write!(f, "blocker {blocker_id} stands on the whole execution since {since}")
            }
            Self::RestsUntil { retry_at } => write!(f, "it rests until {retry_at}"),
            Self::AwaitsReview { task_id } => write!(f, "the parts of {task_id} await a review"),
            Self::NeedsApproval { task_id } => write!(f, "{task_id} needs approval"),
            Self::FinishHeldBack { task_id } => {
                write!(f, "it is done, and finishes when {task_id} does")
            }
            Self::ReadyFor { agent_id, since } => {
                write!(f, "it is ready since {since}, for agent {agent_id} only")
            }
            Self::Ready { since } => {
                write!(f, "it is ready since {since}, and waits for a capable agent with room")
            }
        }
    }
}
