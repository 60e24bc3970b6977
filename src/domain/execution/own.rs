//! An agent's own plan: an execution of steps that the agent brought and carries out itself. What
//! is kept of it, and what its steps and its status are: questions to the state of any execution.

use super::tree::Node;
use super::{ContextEntry, Execution, Memory, MemoryKey, Phase, TaskStatus};
use crate::base::words;
use crate::event::record::OwnPlanDescribed;
use crate::planted::is_planted;
use crate::{IllegalTransition, Json, TaskId, Text};
use serde::{Deserialize, Serialize};

words! {
    /// What sort of plan an agent brings.
    PlanType {
        /// Breaks a task down into parts.
        SubtaskBreakdown = "subtask_breakdown",
        /// Makes something.
        Implementation = "implementation",
        /// Finds something out.
        Research = "research",
        /// Tries whether something works.
        Testing = "testing",
        /// Brings something into use.
        Deployment = "deployment",
        /// Gives something another form.
        Refactoring = "refactoring",
        /// Adds something to what is there.
        FeatureAddition = "feature_addition",
    }
    /// Where an agent's own plan is.
    OwnStatus {
        /// No step has begun.
        Pending = "pending",
        /// It is being carried out.
        InProgress = "in_progress",
        /// Every step is complete, or left out.
        Completed = "completed",
        /// Something stands in the way.
        Blocked = "blocked",
        /// It can't succeed any more.
        Failed = "failed",
        /// It was given up.
        Cancelled = "cancelled",
    }
}

/// What is said of an agent's own plan, beside its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPlan {
    /// The task that it is for, by the agent's own reference: it may name nothing here.
    pub outside_task: Option<TaskId>,
    /// What sort of plan it is.
    pub plan_type: PlanType,
    /// Why the agent does it so.
    pub reasoning: Option<Text>,
    /// What else is known of it.
    pub metadata: Option<Json>,
}

/// What an execution knows of itself as an agent's own plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Owned {
    /// It is one.
    Described(OwnPlan),
    /// It was one, and is gone from sight.
    Deleted,
}

impl Execution {
    /// What is said of it as an agent's own plan; none when it is no such plan, or deleted.
    pub fn own_plan(&self) -> Option<&OwnPlan> {
        match self.own.as_deref() {
            Some(Owned::Described(plan)) => Some(plan),
            Some(Owned::Deleted) | None => None,
        }
    }

    /// Whether it was an agent's own plan, and is gone from sight.
    pub fn is_own_plan_deleted(&self) -> bool {
        matches!(self.own.as_deref(), Some(Owned::Deleted))
    }

    /// How many actions and notes were written down.
    pub fn entries_total(&self) -> u32 {
        self.entries_total
    }

    /// The steps, each with its number from 1.
    pub fn steps(&self) -> impl Iterator<Item = (u32, &Node)> {
        (1..).zip(self.tree.roots().iter().map(|&root| self.tree.node(root)))
    }

    /// How many steps there are.
    pub fn steps_total(&self) -> u32 {
        u32::try_from(self.tree.roots().len()).unwrap_or(u32::MAX)
    }

    /// The step that it is at: one that is at work, else the first that is not done, else the last.
    pub fn current_step(&self) -> u32 {
        let is_at_work = |(_, node): &(u32, &Node)| node.status() == TaskStatus::Running;
        let is_open = |(_, node): &(u32, &Node)| !is_done(node);
        let current = self.steps().find(is_at_work).or_else(|| self.steps().find(is_open));
        current.map_or_else(|| self.steps_total(), |(number, _)| number)
    }

    /// Where it is as an agent's own plan: follows from the phase of every execution. While a
    /// person has paused it, it cannot go on, and that is blocked.
    pub fn own_status(&self) -> OwnStatus {
        match &self.phase {
            Phase::Created | Phase::Queued { .. } => OwnStatus::Pending,
            Phase::Running if self.has_step_begun() => OwnStatus::InProgress,
            Phase::Running => OwnStatus::Pending,
            Phase::Blocked { .. } | Phase::Paused { .. } => OwnStatus::Blocked,
            Phase::Completed => OwnStatus::Completed,
            Phase::Failed { .. } => OwnStatus::Failed,
            Phase::Cancelled { .. } => OwnStatus::Cancelled,
        }
    }

    fn has_step_begun(&self) -> bool {
        let is_held = self.tree.held().next().is_some();
        is_held || self.steps().any(|(_, node)| node.has_begun || node.status().is_over())
    }

    pub(super) fn apply_described(
        &mut self,
        kind: &'static str,
        event: &OwnPlanDescribed,
    ) -> Result<(), IllegalTransition> {
        if self.is_own_plan_deleted() {
            let why = "the agent's own plan is deleted";
            return Err(IllegalTransition::OutOfPlace { kind, why });
        }
        self.own = Some(Box::new(Owned::Described(OwnPlan {
            outside_task: event.outside_task.clone(),
            plan_type: event.plan_type,
            reasoning: event.reasoning.clone(),
            metadata: event.metadata.clone(),
        })));
        Ok(())
    }

    pub(super) fn apply_own_deleted(
        &mut self,
        kind: &'static str,
    ) -> Result<(), IllegalTransition> {
        if self.own_plan().is_none() || !self.phase.status().is_over() {
            let why = "it is no agent's own plan that is over";
            return Err(IllegalTransition::OutOfPlace { kind, why });
        }
        self.own = Some(Box::new(Owned::Deleted));
        if !is_planted("deleted_context_kept") {
            self.memory.clear();
        }
        Ok(())
    }
}

/// Whether a step need not be done any more.
pub(super) fn is_done(node: &Node) -> bool {
    matches!(node.status(), TaskStatus::Complete | TaskStatus::Skipped)
}

impl ContextEntry {
    /// What it is found by.
    pub fn key(&self) -> MemoryKey {
        (self.task_id.clone(), self.context_type.clone(), self.context_key.clone())
    }

    pub(crate) fn bytes(&self) -> usize {
        self.context_value.as_str().len() + self.metadata.as_ref().map_or(0, |it| it.as_str().len())
    }
}

impl Memory {
    pub(crate) fn bytes(&self) -> usize {
        self.value.as_str().len() + self.metadata.as_ref().map_or(0, |it| it.as_str().len())
    }
}
