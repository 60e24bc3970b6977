//! A plan: its tree of tasks, what waits for what, and which breakdowns a person must look at.

mod amend;
mod apply;
mod check;
mod chunks;
mod command;
mod decide;
mod decompose;
#[cfg(test)]
mod decompose_tests;
mod generate;
#[cfg(test)]
mod generate_tests;
mod generation;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
mod tree;

pub use check::{CRITERIA_MAX, DEPENDENCIES_MAX, DEPTH_MAX, TASKS_MAX, check_tasks};
pub use chunks::EVENT_ITEMS_MAX;
pub use command::{
    AmendPlan, AskGeneration, DecomposeTask, GenerationCommand, ImportPlan, PlanCommand,
};
pub use decide::{RISKS_MAX, ROLES_MAX};
pub use decompose::DECOMPOSED_AT_ONCE_MAX;
pub use generation::{Generation, GenerationStage};

use crate::event::plan::{PlanSource, Risk};
use crate::event::work::DecompositionSource;
use crate::{
    Actor, AgentId, Dependency, Json, PlanId, TaskDefinition, TaskId, Text, Timestamp, Title, Usage,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tree::TaskTree;

/// A plan, folded from its stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    phase: PlanPhase,
    imported: Option<Import>,
}

/// When a plan was imported, or PlanExe was asked for it, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Import {
    at: Timestamp,
    by: Actor,
}

/// Where a plan is in its life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum PlanPhase {
    /// Nobody has imported it.
    #[default]
    Absent,
    /// PlanExe makes it, or could not.
    Generating(Box<Generation>),
    /// It can be carried out, once all its tasks are read.
    Imported(Box<PlanContent>),
    /// It is put away.
    Archived { content: Box<PlanContent>, at: Timestamp, by: Actor },
    /// It is gone from sight, with all that it held.
    Deleted { plan_id: PlanId, at: Timestamp, by: Actor },
}

/// What a plan holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PlanContent {
    plan_id: PlanId,
    title: Title,
    goal: Option<Text>,
    source: PlanSource,
    roles: Vec<Title>,
    risks: Vec<Risk>,
    assigned_to: Option<AgentId>,
    metadata: Option<Json>,
    tree: TaskTree,
    /// How many tasks of the import are still to come.
    tasks_missing: u32,
    decompositions: BTreeMap<TaskId, Decomposition>,
    /// What language models used up for it.
    spent: Usage,
    /// How PlanExe made it, where it was asked here.
    #[serde(default)]
    generation: Option<Generation>,
}

/// How a task was broken down last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Decomposition {
    confidence_permille: u16,
    source: DecompositionSource,
    review: Review,
    notes: Option<Text>,
}

/// What a person says of a decomposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Review {
    /// Nobody need be asked.
    NotNeeded,
    /// Somebody must say whether the parts stay.
    Pending,
    /// The parts stay.
    Approved,
    /// The parts are gone.
    Rejected,
}

impl Review {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl Plan {
    /// Whether executions of it can be made.
    pub fn is_ready(&self) -> bool {
        match &self.phase {
            PlanPhase::Imported(content) => content.tasks_missing == 0,
            PlanPhase::Absent
            | PlanPhase::Generating(_)
            | PlanPhase::Archived { .. }
            | PlanPhase::Deleted { .. } => false,
        }
    }

    /// The word for where it is in its life.
    pub fn status(&self) -> &'static str {
        match &self.phase {
            PlanPhase::Absent => "absent",
            PlanPhase::Generating(generation) => generation.status(),
            PlanPhase::Imported(content) if content.tasks_missing > 0 => "importing",
            PlanPhase::Imported(_) => "ready",
            PlanPhase::Archived { .. } => "archived",
            PlanPhase::Deleted { .. } => "deleted",
        }
    }

    /// Its id; none before it is imported or asked for.
    pub fn plan_id(&self) -> Option<&PlanId> {
        match &self.phase {
            PlanPhase::Absent => None,
            PlanPhase::Generating(generation) => Some(&generation.plan_id),
            PlanPhase::Imported(content) | PlanPhase::Archived { content, .. } => {
                Some(&content.plan_id)
            }
            PlanPhase::Deleted { plan_id, .. } => Some(plan_id),
        }
    }

    /// One line for people; none when there is nothing to carry out.
    pub fn title(&self) -> Option<&Title> {
        let in_the_making = || self.in_the_making_now().map(|generation| &generation.title);
        self.content().map(|content| &content.title).or_else(in_the_making)
    }

    /// What it is for.
    pub fn goal(&self) -> Option<&Text> {
        self.content().and_then(|content| content.goal.as_ref())
    }

    /// The agent that it is meant for; none: any.
    pub fn assigned_to(&self) -> Option<&AgentId> {
        match self.in_the_making_now() {
            Some(generation) => generation.assigned_to.as_ref(),
            None => self.content()?.assigned_to.as_ref(),
        }
    }

    /// Where it came from; none when there is nothing to carry out.
    pub fn source(&self) -> Option<&PlanSource> {
        self.content().map(|content| &content.source)
    }

    /// The roles that it needs.
    pub fn roles(&self) -> &[Title] {
        self.content().map_or(&[], |content| &content.roles)
    }

    /// The risks that it names.
    pub fn risks(&self) -> &[Risk] {
        self.content().map_or(&[], |content| &content.risks)
    }

    /// What else is known of it.
    pub fn metadata(&self) -> Option<&Json> {
        self.content().and_then(|content| content.metadata.as_ref())
    }

    /// How PlanExe makes it, or has made it; none where PlanExe was not asked here.
    pub fn generation(&self) -> Option<&Generation> {
        let made = || self.content().and_then(|content| content.generation.as_ref());
        self.in_the_making_now().or_else(made)
    }

    fn in_the_making_now(&self) -> Option<&Generation> {
        match &self.phase {
            PlanPhase::Generating(generation) => Some(generation),
            PlanPhase::Absent
            | PlanPhase::Imported(_)
            | PlanPhase::Archived { .. }
            | PlanPhase::Deleted { .. } => None,
        }
    }

    /// When it was imported, or asked for, and by whom; also of a plan that is deleted.
    pub fn imported(&self) -> Option<(Timestamp, &Actor)> {
        self.imported.as_ref().map(|import| (import.at, &import.by))
    }

    /// The tasks in the plan's order, parents before their parts.
    pub fn tasks(&self) -> impl Iterator<Item = &TaskDefinition> {
        self.content().into_iter().flat_map(|content| content.tree.tasks())
    }

    /// A task of the plan.
    pub fn task(&self, task_id: &TaskId) -> Option<&TaskDefinition> {
        self.content().and_then(|content| content.tree.get(task_id))
    }

    /// What waits for what.
    pub fn dependencies(&self) -> impl Iterator<Item = &Dependency> {
        self.content().into_iter().flat_map(|content| content.tree.dependencies())
    }

    /// The tasks whose parts wait for a person's approval.
    pub fn pending_reviews(&self) -> impl Iterator<Item = &TaskId> {
        let decompositions = self.content().into_iter().flat_map(|content| &content.decompositions);
        decompositions
            .filter_map(|(task_id, known)| (known.review == Review::Pending).then_some(task_id))
    }

    /// How a task was broken down last: by whom, and how sure they were, in thousandths.
    pub fn decomposition(&self, task_id: &TaskId) -> Option<(&DecompositionSource, u16)> {
        let known = self.content()?.decompositions.get(task_id)?;
        Some((&known.source, known.confidence_permille))
    }

    /// What else was said when a task was broken down last.
    pub fn decomposition_notes(&self, task_id: &TaskId) -> Option<&Text> {
        self.content()?.decompositions.get(task_id)?.notes.as_ref()
    }

    /// What language models used up for the plan.
    pub fn spent(&self) -> Usage {
        self.content().map_or_else(Usage::default, |content| content.spent)
    }

    /// Whether a machine may break the task down: it has no parts, or parts that a machine made
    /// and no person has approved.
    pub fn is_open_to_machines(&self, task_id: &TaskId) -> bool {
        self.content().is_some_and(|content| content.is_open_to_machines(task_id))
    }

    /// What a person says of how a task was broken down last.
    pub fn review(&self, task_id: &TaskId) -> Option<Review> {
        Some(self.content()?.decompositions.get(task_id)?.review)
    }

    /// These tasks and all their parts, at any depth, as far as they are there.
    pub fn branches(&self, roots: &[TaskId]) -> BTreeSet<TaskId> {
        self.content().map_or_else(BTreeSet::new, |content| content.tree.branches(roots))
    }

    fn content(&self) -> Option<&PlanContent> {
        match &self.phase {
            PlanPhase::Imported(content) | PlanPhase::Archived { content, .. } => Some(content),
            PlanPhase::Absent | PlanPhase::Generating(_) | PlanPhase::Deleted { .. } => None,
        }
    }
}

impl PlanContent {
    /// Forgets how tasks were broken down that are gone.
    fn forget_decompositions(&mut self) {
        let Self { decompositions, tree, .. } = self;
        decompositions.retain(|task_id, _| tree.has(task_id));
    }
}
