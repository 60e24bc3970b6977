//! A node of the tree: what is known of one task.

use super::{Few, Spot};
use crate::event::work::{Remarks, ReportKind, TaskError};
use crate::execution::TaskStatus;
use crate::planted::is_planted;
use crate::{AgentId, DependencyType, Json, TaskDefinition, Text, Timestamp, Usage};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One end of a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The task at the other end.
    pub other: Spot,
    /// What of the one holds back what of the other.
    pub kind: DependencyType,
    /// Whether the sequencing mode made it.
    pub is_implied: bool,
    /// Whether it is met; kept at the end that waits.
    pub is_met: bool,
}

/// Whether a person must approve a task before it starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Approval {
    /// Nobody need be asked.
    #[default]
    NotNeeded,
    /// Somebody must be asked when everything else is met.
    Needed,
    /// Somebody was asked.
    Asked,
    /// Somebody said yes.
    Given,
}

/// What an agent holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The agent.
    pub agent_id: AgentId,
    /// The secret number.
    pub nonce: u64,
    /// The attempt, from 1.
    pub attempt: u32,
    /// How long it lasts without a sign of life.
    pub lease_ms: u64,
    /// When it was given.
    pub granted_at: Timestamp,
    /// The last sign of life that stands in the log.
    pub last_seen_at: Timestamp,
    /// When the attempt times out.
    pub times_out_at: Timestamp,
    /// Whether the agent said that it began.
    pub has_started: bool,
}

impl Lease {
    /// When it ends, unless another sign of life comes.
    pub fn expires_at(&self) -> Timestamp {
        self.last_seen_at.plus_ms(self.lease_ms)
    }
}

/// Where a leaf is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Nobody has it.
    #[default]
    Waiting,
    /// It rests before another attempt.
    Resting {
        /// Since when.
        since: Timestamp,
        /// Until when.
        retry_at: Timestamp,
    },
    /// An agent has it.
    Held(Box<Lease>),
    /// It is done, but may not finish yet.
    Finishing,
    /// Done.
    Complete,
    /// Left out.
    Skipped,
    /// Failed for good.
    GivenUp,
    /// Given up with its execution.
    Cancelled,
}

/// How the last lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Closure {
    /// The agent reported that.
    Reported(ReportKind),
    /// The agent fell silent.
    Expired,
    /// It was taken back.
    Revoked,
}

/// The end of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Whose it was.
    pub agent_id: AgentId,
    /// Its epoch.
    pub epoch: u64,
    /// How it ended.
    pub how: Closure,
}

/// A report that came too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateReport {
    /// The agent.
    pub agent_id: AgentId,
    /// The epoch that it reported under, when it named one.
    pub epoch: Option<u64>,
    /// What it reported.
    pub report: ReportKind,
    /// What came out of it.
    pub output: Option<Json>,
    /// When.
    pub at: Timestamp,
}

/// What a person answered to a blocker on the task; the next agent is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The suggestion that was chosen.
    pub option: Option<Text>,
    /// What was missing.
    pub input: Option<Json>,
    /// What the person said.
    pub note: Option<Text>,
}

/// What few tasks have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// What went wrong last.
    pub last_error: Option<TaskError>,
    /// Where another attempt can go on.
    pub checkpoint: Option<Json>,
    /// What persons answered.
    pub answers: Vec<Answer>,
    /// Reports that came too late.
    pub late_reports: Vec<LateReport>,
}

/// What only a leaf has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Where it is.
    pub stage: Stage,
    /// The fence: rises with every grant and reset.
    pub epoch: u64,
    /// How many attempts failed since the last reset.
    pub attempts_failed: u32,
    /// How often in a row agents fell silent.
    pub losses: u32,
    /// Since when it is ready.
    pub ready_since: Option<Timestamp>,
    /// How much is done.
    pub progress_percent: u8,
    /// How the last lease ended.
    pub closing: Option<Box<Closing>>,
}

impl Leaf {
    /// The lease, when an agent holds it.
    pub fn lease(&self) -> Option<&Lease> {
        if let Stage::Held(lease) = &self.stage { Some(lease) } else { None }
    }

    pub(super) fn shift(&mut self, paused_at: Timestamp, resumed_at: Timestamp) {
        let moved = |moment: Timestamp, set_at: Timestamp| {
            moment.plus_ms(resumed_at.ms_since(set_at.max(paused_at)))
        };
        match &mut self.stage {
            Stage::Resting { since, retry_at } => *retry_at = moved(*retry_at, *since),
            Stage::Held(lease) => {
                lease.times_out_at = moved(lease.times_out_at, lease.granted_at);
                lease.last_seen_at = moved(lease.last_seen_at, lease.last_seen_at);
            }
            Stage::Waiting
            | Stage::Finishing
            | Stage::Complete
            | Stage::Skipped
            | Stage::GivenUp
            | Stage::Cancelled => {}
        }
    }
}

/// What is known of one task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The task as the plan describes it; executions of the same plan can share it.
    pub definition: Arc<TaskDefinition>,
    /// The task that it is a part of.
    pub parent: Option<Spot>,
    /// Its parts.
    pub children: Few<Spot>,
    /// What it waits for.
    pub waits_for: Few<Edge>,
    /// What waits for it.
    pub holds_back: Few<Edge>,
    /// How many dependencies still hold back its start.
    pub starts_unmet: u32,
    /// How many dependencies still hold back its finish.
    pub finishes_unmet: u32,
    /// How many blockers stand on it.
    pub blockers: u32,
    /// Whether its parts wait for a review.
    pub awaits_review: bool,
    /// Whether a person must approve.
    pub approval: Approval,
    /// Whether any work on it has ever begun.
    pub has_begun: bool,
    /// Whether it is complete or skipped, and nothing holds back its finish.
    pub is_finished: bool,
    /// Whether it was taken out of the tree.
    pub is_removed: bool,
    /// The statuses of the leaves below; only on parents.
    pub census: Option<Box<super::Census>>,
    /// What only a leaf has.
    pub leaf: Leaf,
    /// What came out of it.
    pub output: Option<Json>,
    /// When work on it began, and when it ended.
    pub times: Times,
    /// What it cost.
    pub usage: Option<Box<Usage>>,
    /// What few tasks have.
    pub history: Option<Box<History>>,
}

/// When work on a task began and ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Node {
    pub(super) fn new(definition: TaskDefinition, parent: Option<Spot>) -> Self {
        let needs_approval = definition.approval.is_some();
        Self {
            definition: Arc::new(definition),
            parent,
            children: Few::default(),
            waits_for: Few::default(),
            holds_back: Few::default(),
            starts_unmet: 0,
            finishes_unmet: 0,
            blockers: 0,
            awaits_review: false,
            approval: if needs_approval { Approval::Needed } else { Approval::NotNeeded },
            has_begun: false,
            is_finished: false,
            is_removed: false,
            census: None,
            leaf: Leaf::default(),
            output: None,
            times: Times::default(),
            usage: None,
            history: None,
        }
    }

    /// Whether it has no parts.
    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// The status that everyone sees.
    pub fn status(&self) -> TaskStatus {
        match &self.census {
            Some(census) if self.blockers > 0 && !census.is_over() && census.running() == 0 => {
                TaskStatus::Blocked
            }
            Some(census) => census.derived_status(),
            None => self.leaf_status(),
        }
    }

    pub(super) fn leaf_status(&self) -> TaskStatus {
        match self.leaf.stage {
            Stage::Waiting | Stage::Resting { .. } if self.blockers > 0 => TaskStatus::Blocked,
            Stage::Waiting | Stage::Resting { .. } => TaskStatus::Queued,
            Stage::Held(_) | Stage::Finishing => TaskStatus::Running,
            Stage::Complete => TaskStatus::Complete,
            Stage::Skipped => TaskStatus::Skipped,
            Stage::GivenUp => TaskStatus::Error,
            Stage::Cancelled => TaskStatus::Cancelled,
        }
    }

    /// What few tasks have, made when first needed.
    pub fn history_mut(&mut self) -> &mut History {
        self.history.get_or_insert_default()
    }

    pub(in crate::execution) fn add_usage(&mut self, remarks: &Remarks) {
        if let Some(usage) = remarks.usage {
            let sum = self.usage.get_or_insert_default();
            **sum = sum.plus(usage);
        }
    }

    /// Whether something on the node itself keeps its leaves from starting.
    pub(super) fn is_gated(&self) -> bool {
        self.starts_unmet > 0
            || self.blockers > 0
            || self.awaits_review
            || (matches!(self.approval, Approval::Needed | Approval::Asked)
                && !is_planted("approval_not_checked"))
    }
}
