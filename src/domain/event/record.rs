//! Blockers, and what is kept beside the work: memory, actions, notes, costs.

use crate::catalogue::events;
use crate::execution::PlanType;
use crate::{Actor, AgentId, BlockerId, Json, TaskId, Text, Timestamp, Title, Usage};
use serde::{Deserialize, Serialize};

/// Why something is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockerKind {
    /// An error that trying again does not mend.
    Incident,
    /// The agent asked for a person.
    HumanReview,
    /// Something outside must happen first.
    ExternalDependency,
    /// A person must approve before the task starts.
    Approval,
    /// A person must look at how the task was broken down.
    DecompositionReview,
    /// Agents fell silent over this task again and again.
    Quarantined,
    /// The agent that the execution is tied to is lost.
    AgentUnreachable,
    /// The execution is older than it may be.
    ExecutionTimeout,
    /// The budget is used up.
    BudgetExceeded,
}

/// How a blocker was resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// As it was, once more; for an old execution: more time; for a budget: the same again.
    Retry,
    /// One of the suggestions; for an approval or a review: yes.
    ApproveAlternative,
    /// What was missing was given.
    ProvideInput,
    /// The task is left out.
    SkipTask,
    /// Another agent does it.
    Reassign,
    /// The task is an error for good.
    FailTask,
    /// The execution is given up.
    CancelExecution,
    /// The cause went away by itself.
    CauseGone,
}

events! {
    /// Blockers, and what is kept beside the work.
    enum RecordEvent {
        /// Something stands in the way.
        BlockerRaised = "blocker_raised", 2 {
            /// The blocker.
            blocker_id: BlockerId,
            /// The task that it stands on; none: the whole execution.
            task_id: Option<TaskId> = "Option::is_none",
            /// Why.
            kind: BlockerKind,
            /// What is the matter.
            message: Text,
            /// Ways out to choose from.
            suggestions: Vec<Text> = "Vec::is_empty",
            /// When it escalates.
            limit_at: Option<Timestamp> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who raised it.
            by: Actor,
        }
        /// The blocker has stood too long: the owner is told.
        BlockerEscalated = "blocker_escalated", 1 {
            /// The blocker.
            blocker_id: BlockerId,
            /// When.
            at: Timestamp,
        }
        /// The blocker is gone.
        BlockerResolved = "blocker_resolved", 1 {
            /// The blocker.
            blocker_id: BlockerId,
            /// How.
            resolution: Resolution,
            /// The suggestion that was chosen.
            option: Option<Text> = "Option::is_none",
            /// What was missing.
            input: Option<Json> = "Option::is_none",
            /// The agent that does it now.
            agent_id: Option<AgentId> = "Option::is_none",
            /// What the person said.
            note: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who resolved it.
            by: Actor,
        }
        /// Something to remember was set; the same scope, type and key replaces what was there.
        ContextSet = "context_set", 1 {
            /// The task that it belongs to; none: the execution.
            task_id: Option<TaskId> = "Option::is_none",
            /// What kind of thing it is: `research`, `decisions`, …
            context_type: Title,
            /// What it is called.
            context_key: Title,
            /// What it says.
            context_value: Text,
            /// What else is known of it.
            metadata: Option<Json> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who set it.
            by: Actor,
        }
        /// Something remembered was taken out.
        ContextRemoved = "context_removed", 1 {
            /// The task that it belonged to; none: the execution.
            task_id: Option<TaskId> = "Option::is_none",
            /// What kind of thing it was.
            context_type: Title,
            /// What it was called.
            context_key: Title,
            /// When.
            at: Timestamp,
            /// Who took it out.
            by: Actor,
        }
        /// An agent wrote down something that it did.
        ActionLogged = "action_logged", 1 {
            /// The task that it was done for.
            task_id: Option<TaskId> = "Option::is_none",
            /// The step of the agent's plan.
            step_number: Option<u32> = "Option::is_none",
            /// What kind of action: `complete_step`, `add_note`, …
            action_type: Title,
            /// What kind of thing it was done to.
            entity_type: Option<Title> = "Option::is_none",
            /// The thing that it was done to.
            entity_id: Option<Title> = "Option::is_none",
            /// What was done.
            description: Text,
            /// How the thing was before.
            before_state: Option<Json> = "Option::is_none",
            /// How it is after.
            after_state: Option<Json> = "Option::is_none",
            /// How sure the agent is, in thousandths.
            confidence_permille: Option<u16> = "Option::is_none",
            /// What went wrong.
            error_message: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who did it.
            by: Actor,
        }
        /// Somebody wrote a note.
        NoteAdded = "note_added", 1 {
            /// The task that it is about; none: the execution.
            task_id: Option<TaskId> = "Option::is_none",
            /// The note.
            text: Text,
            /// When.
            at: Timestamp,
            /// Who wrote it.
            by: Actor,
        }
        /// Work cost something beyond what reports said.
        UsageRecorded = "usage_recorded", 1 {
            /// The task that it was for; none: the execution.
            task_id: Option<TaskId> = "Option::is_none",
            /// What it cost.
            usage: Usage,
            /// When.
            at: Timestamp,
            /// Who says so.
            by: Actor,
        }
        /// The execution is a plan that an agent brought and carries out itself; said when it is
        /// made, and again when it is described anew.
        OwnPlanDescribed = "own_plan_described", 1 {
            /// The task that it is for, by the agent's own reference: it may name nothing here.
            outside_task: Option<TaskId> = "Option::is_none",
            /// What sort of plan it is.
            plan_type: PlanType,
            /// Why the agent does it so.
            reasoning: Option<Text> = "Option::is_none",
            /// What else is known of it.
            metadata: Option<Json> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who described it.
            by: Actor,
        }
        /// The agent's own plan is gone from sight, with what was logged and remembered.
        OwnPlanDeleted = "own_plan_deleted", 1 {
            /// When.
            at: Timestamp,
            /// Who deleted it.
            by: Actor,
        }
    }
}
