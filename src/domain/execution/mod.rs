//! An execution of a plan: its tree, its statuses, its rules.

mod apply;
mod blocker;
mod command;
mod deadline;
mod decide;
mod demand;
mod fork;
mod invariants;
mod own;
pub(crate) mod pairs;
mod phase;
mod questions;
mod settle;
mod status;
pub mod tree;
mod why;

pub use blocker::Blocker;
pub use command::{
    Amendment, ContextEntry, CreateExecution, Decomposition, ExecutionCommand, LoggedAction,
    MoveOwnPlan, Report, ReportBody, ResolveBlocker, SignOfLife, Start,
};
pub use deadline::Deadline;
pub use decide::{EVENT_TASKS_MAX, HandleError, check_tree};
pub use demand::{BestReady, Demand};
pub use fork::Heritage;
pub use own::{OwnPlan, OwnStatus, PlanType};
pub use phase::Phase;
pub use questions::{Grantable, PathTask, Progress, Verdict};
pub use status::{ExecutionStatus, TaskStatus};
pub use why::Reason;

use crate::event::lifecycle::ForkOrigin;
use crate::{
    Actor, AgentId, BlockerId, Budget, ExecutionId, Json, Label, PlanId, Policy, Priority, TaskId,
    Text, Timestamp, Title, Usage,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tree::{SharedDefinitions, Tree};

/// What is set when an execution is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The plan that it carries out.
    pub plan_id: PlanId,
    /// The version of the plan's stream that the tasks were taken from.
    pub plan_version: u64,
    /// One line for people.
    pub title: Title,
    /// What the plan is for.
    pub goal: Option<Text>,
    /// The one agent that carries it out.
    pub agent_id: Option<AgentId>,
    /// What the caller set.
    pub parameters: Option<Json>,
    /// What it may use up.
    pub budget: Budget,
    /// Labels to find it by.
    pub labels: Vec<Label>,
    /// What goes first among executions.
    pub priority: Priority,
    /// The rules in force.
    pub policy: Policy,
    /// Where it was forked from.
    pub forked_from: Option<ForkOrigin>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a remembered thing is found by.
pub type MemoryKey = (Option<TaskId>, Title, Title);

/// A remembered thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What it says.
    pub value: Text,
    /// What else is known of it.
    pub metadata: Option<Json>,
    /// When it was set.
    pub set_at: Timestamp,
    /// Who set it.
    pub set_by: Actor,
}

/// The state of one execution, folded from its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    header: Option<Box<Header>>,
    phase: Phase,
    tree: Tree,
    #[serde(with = "pairs")]
    blockers: BTreeMap<BlockerId, Blocker>,
    blockers_total: u32,
    whole_blocked: u32,
    deadlines: BTreeSet<(Timestamp, Deadline)>,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    times_out_at: Option<Timestamp>,
    usage: Usage,
    #[serde(with = "pairs")]
    memory: BTreeMap<MemoryKey, Memory>,
    /// How many actions and notes were written down.
    entries_total: u32,
    own: Option<Box<own::Owned>>,
    forks: Vec<ExecutionId>,
}

impl Execution {
    /// What was set when it was made; none before that.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_deref()
    }

    /// The tasks.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Where it is in its life.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The status that everyone sees; none before it is made.
    pub fn status(&self) -> Option<ExecutionStatus> {
        self.header.as_ref().map(|_| self.phase.status())
    }

    /// The blockers that stand.
    pub fn blockers(&self) -> impl Iterator<Item = &Blocker> {
        self.blockers.values()
    }

    /// The blocker of that id, while it stands.
    pub fn blocker(&self, blocker_id: &BlockerId) -> Option<&Blocker> {
        self.blockers.get(blocker_id)
    }

    /// What it cost so far.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// When it first ran.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.started_at
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.ended_at
    }

    /// What it remembers.
    pub fn memory(&self) -> impl Iterator<Item = (&MemoryKey, &Memory)> {
        self.memory.iter()
    }

    /// What it remembers under a key.
    pub fn remembered(&self, key: &MemoryKey) -> Option<&Memory> {
        self.memory.get(key)
    }

    /// The executions that began with what this one had achieved.
    pub fn forks(&self) -> &[ExecutionId] {
        &self.forks
    }

    /// Keeps what other executions of the same plan describe in the same words only once for all.
    /// The state stays equal; it only costs less memory.
    pub fn share_definitions(&mut self, shared: &mut SharedDefinitions) {
        self.tree.share_definitions(shared);
    }

    fn policy(&self) -> Policy {
        self.header.as_ref().map_or_else(Policy::default, |header| header.policy)
    }
}
