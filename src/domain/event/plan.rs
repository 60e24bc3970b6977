//! What happens to a plan.

pub use super::generation::{GenerationFault, GenerationTrouble, GenerationWishes};
use crate::catalogue::events;
use crate::event::lifecycle::TaskChange;
use crate::event::work::DecompositionSource;
use crate::{
    Actor, AgentId, Dependency, Json, PlanId, TaskDefinition, TaskId, Text, Timestamp, Title, Usage,
};
use serde::{Deserialize, Serialize};

/// A risk that the plan names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// Its id, unique in the plan.
    pub risk_id: TaskId,
    /// What may go wrong.
    pub description: Text,
    /// What helps against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigation: Option<Text>,
}

/// Where a plan came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSource {
    /// The format: `json`, `planexe`, `markdown`, `outline`, `steps`.
    pub format: Title,
    /// The SHA-256 of what was read, in hexadecimal, by which a second import is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<Title>,
    /// The source's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<Title>,
}

events! {
    /// What happens to a plan.
    enum PlanEvent {
        /// A plan was read in; its tasks follow.
        PlanImported = "plan_imported", 1 {
            /// The plan.
            plan_id: PlanId,
            /// One line for people.
            title: Title,
            /// What it is for.
            goal: Option<Text> = "Option::is_none",
            /// Where it came from.
            source: PlanSource,
            /// The roles that it needs.
            roles: Vec<Title> = "Vec::is_empty",
            /// The risks that it names.
            risks: Vec<Risk> = "Vec::is_empty",
            /// The agent that it is meant for.
            assigned_to: Option<AgentId> = "Option::is_none",
            /// How many nodes its tree has.
            tasks_total: u32,
            /// What was read, repaired and dropped, and why.
            report: Option<Json> = "Option::is_none",
            /// What else is known of it.
            metadata: Option<Json> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who imported it.
            by: Actor,
        }
        /// Tasks of the plan, parents before their parts; 500 at most in one event.
        PlanTasksAdded = "plan_tasks_added", 1 {
            /// The tasks.
            tasks: Vec<TaskDefinition>,
            /// When.
            at: Timestamp,
        }
        /// Dependencies between the tasks; 500 at most in one event.
        PlanDependenciesAdded = "plan_dependencies_added", 1 {
            /// The dependencies.
            dependencies: Vec<Dependency>,
            /// When.
            at: Timestamp,
        }
        /// Tasks or dependencies of the plan were changed; executions that run keep theirs.
        PlanAmended = "plan_amended", 1 {
            /// New tasks, parents before their parts.
            added: Vec<TaskDefinition> = "Vec::is_empty",
            /// Tasks with a new definition.
            changed: Vec<TaskChange> = "Vec::is_empty",
            /// Tasks that are gone, with all their parts.
            removed: Vec<TaskId> = "Vec::is_empty",
            /// New dependencies.
            dependencies_added: Vec<Dependency> = "Vec::is_empty",
            /// Dependencies that are gone.
            dependencies_removed: Vec<Dependency> = "Vec::is_empty",
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who amended it.
            by: Actor,
        }
        /// PlanExe is asked for a plan, which will come in under this id.
        PlanGenerationAsked = "plan_generation_asked", 1 {
            /// The plan.
            plan_id: PlanId,
            /// One line for people, until the plan has its own.
            title: Title,
            /// What PlanExe is asked, in the words of whoever asks.
            prompt: Text,
            /// The models that PlanExe is to use, by its name for them.
            profile: Option<Title> = "Option::is_none",
            /// What is wished of the import.
            wishes: GenerationWishes = "GenerationWishes::is_usual",
            /// The agent that the plan is meant for.
            assigned_to: Option<AgentId> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who asked for it.
            by: Actor,
        }
        /// PlanExe has taken it up.
        PlanGenerationStarted = "plan_generation_started", 1 {
            /// The run, by PlanExe's name for it.
            run_id: Title,
            /// When.
            at: Timestamp,
        }
        /// PlanExe got further, or something is in its way.
        PlanGenerationProgressed = "plan_generation_progressed", 1 {
            /// How much is done, 0 to 100.
            percent: u8,
            /// What it works on.
            step: Option<Title> = "Option::is_none",
            /// What is in the way, without having ended it.
            trouble: Option<GenerationTrouble> = "Option::is_none",
            /// When.
            at: Timestamp,
        }
        /// PlanExe made no plan.
        PlanGenerationFailed = "plan_generation_failed", 1 {
            /// Why.
            fault: GenerationFault,
            /// Whether another try goes on where this one ended.
            is_resumable: bool,
            /// What was said of it.
            message: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
        }
        /// Somebody gave it up: PlanExe is told to stop.
        PlanGenerationCancelled = "plan_generation_cancelled", 1 {
            /// When.
            at: Timestamp,
            /// Who gave it up.
            by: Actor,
        }
        /// PlanExe was told to stop, or never began.
        PlanGenerationStopped = "plan_generation_stopped", 1 {
            /// When.
            at: Timestamp,
        }
        /// PlanExe is asked once more.
        PlanGenerationRetried = "plan_generation_retried", 1 {
            /// When.
            at: Timestamp,
            /// Who asked for it.
            by: Actor,
        }
        /// A task of the plan was broken down; earlier parts are gone.
        PlanTaskDecomposed = "plan_task_decomposed", 2 {
            /// The task.
            task_id: TaskId,
            /// Its parts.
            subtasks: Vec<TaskDefinition>,
            /// What waits for what among them.
            dependencies: Vec<Dependency> = "Vec::is_empty",
            /// How sure the decomposer is, in thousandths.
            confidence_permille: u16,
            /// Who broke it down.
            source: DecompositionSource,
            /// Whether a person must approve before the parts can run.
            needs_review: bool,
            /// What else the decomposer said.
            notes: Option<Text> = "Option::is_none",
            /// What language models used up for it, also where their answers were of no use.
            usage: Option<Usage> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who asked for it.
            by: Actor,
        }
        /// A person approved or rejected the parts of a task.
        PlanDecompositionReviewed = "plan_decomposition_reviewed", 1 {
            /// The task.
            task_id: TaskId,
            /// Whether the parts stay.
            is_approved: bool,
            /// What the person said.
            note: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who reviewed.
            by: Actor,
        }
        /// The plan is meant for another agent, or for any.
        PlanAssigned = "plan_assigned", 1 {
            /// The agent; none: any.
            agent_id: Option<AgentId> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who assigned it.
            by: Actor,
        }
        /// The plan is put away; executions of it go on.
        PlanArchived = "plan_archived", 1 {
            /// When.
            at: Timestamp,
            /// Who put it away.
            by: Actor,
        }
        /// The plan is gone from sight.
        PlanDeleted = "plan_deleted", 1 {
            /// When.
            at: Timestamp,
            /// Who deleted it.
            by: Actor,
        }
    }
}
