//! What happens to an execution as a whole.

use crate::catalogue::events;
use crate::{
    Actor, AgentId, Budget, Dependency, ExecutionId, Json, Label, PlanId, Policy, Priority,
    TaskDefinition, TaskId, Text, Timestamp, Title,
};
use serde::{Deserialize, Serialize};

/// Where a fork began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkOrigin {
    /// The execution that was forked.
    pub execution_id: ExecutionId,
    /// Its version at that moment.
    pub version: u64,
}

/// What a fork takes along of a task that its origin had finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedOutcome {
    /// The task.
    pub task_id: TaskId,
    /// Whether it was skipped, not completed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_skipped: bool,
    /// What came out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
}

/// New values for some fields of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskChange {
    /// The task, with its new definition; id, parent and kind stay.
    pub definition: TaskDefinition,
}

events! {
    /// What happens to an execution as a whole.
    enum LifecycleEvent {
        /// An execution of a plan was made, with all rules in force for it.
        ExecutionCreated = "execution_created", 1 {
            /// The execution.
            execution_id: ExecutionId,
            /// The plan that it carries out.
            plan_id: PlanId,
            /// The version of the plan's stream that the tasks were taken from.
            plan_version: u64,
            /// One line for people.
            title: Title,
            /// What the plan is for.
            goal: Option<Text> = "Option::is_none",
            /// The one agent that carries it out; none: any capable agent.
            agent_id: Option<AgentId> = "Option::is_none",
            /// What the caller set for this execution.
            parameters: Option<Json> = "Option::is_none",
            /// What it may use up.
            budget: Budget,
            /// Labels to find it by.
            labels: Vec<Label> = "Vec::is_empty",
            /// What goes first among executions.
            priority: Priority,
            /// The rules in force.
            policy: Policy,
            /// How many nodes the tree has; they follow in `tasks_added`.
            tasks_total: u32,
            /// The execution that it was forked from.
            forked_from: Option<ForkOrigin> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who made it.
            by: Actor,
        }
        /// Tasks of the plan, parents before their parts; 500 at most in one event.
        TasksAdded = "tasks_added", 1 {
            /// The tasks.
            tasks: Vec<TaskDefinition>,
            /// When.
            at: Timestamp,
        }
        /// Dependencies between the tasks; 500 at most in one event.
        DependenciesAdded = "dependencies_added", 1 {
            /// The dependencies in force.
            dependencies: Vec<Dependency>,
            /// Implied dependencies that were left out because they would close a circle.
            left_out: Vec<Dependency> = "Vec::is_empty",
            /// When.
            at: Timestamp,
        }
        /// What a fork's origin had achieved was taken over; 500 tasks at most in one event.
        OutcomesCarried = "outcomes_carried", 1 {
            /// The finished tasks.
            outcomes: Vec<CarriedOutcome>,
            /// When.
            at: Timestamp,
        }
        /// The execution waits to be started.
        ExecutionQueued = "execution_queued", 1 {
            /// When.
            at: Timestamp,
            /// Who asked for it.
            by: Actor,
        }
        /// The execution runs: its tasks are given out.
        ExecutionStarted = "execution_started", 1 {
            /// When.
            at: Timestamp,
        }
        /// A person stopped the execution for a while.
        ExecutionPaused = "execution_paused", 1 {
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who paused it.
            by: Actor,
        }
        /// The execution goes on; all deadlines move by the time that it was paused.
        ExecutionResumed = "execution_resumed", 1 {
            /// How long it was paused.
            paused_ms: u64,
            /// When.
            at: Timestamp,
            /// Who resumed it.
            by: Actor,
        }
        /// Blockers stand, and nothing else can go on.
        ExecutionBlocked = "execution_blocked", 1 {
            /// When.
            at: Timestamp,
        }
        /// Something can go on again.
        ExecutionUnblocked = "execution_unblocked", 1 {
            /// When.
            at: Timestamp,
        }
        /// The execution was given to another agent, or opened to all.
        ExecutionReassigned = "execution_reassigned", 1 {
            /// The agent; none: any capable agent.
            agent_id: Option<AgentId> = "Option::is_none",
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who reassigned it.
            by: Actor,
        }
        /// Tasks that had not started, or their dependencies, were changed.
        ExecutionAmended = "execution_amended", 1 {
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
        /// A new execution began with what this one had achieved.
        ExecutionForked = "execution_forked", 1 {
            /// The new execution.
            into: ExecutionId,
            /// The version of this execution that it began with.
            at_version: u64,
            /// When.
            at: Timestamp,
            /// Who forked it.
            by: Actor,
        }
        /// Every task is complete or skipped.
        ExecutionCompleted = "execution_completed", 1 {
            /// When.
            at: Timestamp,
        }
        /// The execution can't succeed any more.
        ExecutionFailed = "execution_failed", 1 {
            /// The task that decided it.
            task_id: Option<TaskId> = "Option::is_none",
            /// Why.
            reason: Text,
            /// When.
            at: Timestamp,
        }
        /// A person gave the execution up.
        ExecutionCancelled = "execution_cancelled", 1 {
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// Until when running tasks may wind down.
            grace_ends_at: Timestamp,
            /// When.
            at: Timestamp,
            /// Who cancelled it.
            by: Actor,
        }
        /// Other rules are in force from here on.
        PolicyChanged = "policy_changed", 1 {
            /// The rules.
            policy: Policy,
            /// When.
            at: Timestamp,
            /// Who changed them.
            by: Actor,
        }
        /// The execution goes before or after others.
        ExecutionPriorityChanged = "execution_priority_changed", 1 {
            /// The priority.
            priority: Priority,
            /// When.
            at: Timestamp,
            /// Who changed it.
            by: Actor,
        }
        /// The execution has other labels.
        LabelsChanged = "labels_changed", 1 {
            /// The labels, all of them.
            labels: Vec<Label>,
            /// When.
            at: Timestamp,
            /// Who changed them.
            by: Actor,
        }
        /// The execution may grow older than it was meant to.
        ExecutionExtended = "execution_extended", 1 {
            /// Until when.
            until: Timestamp,
            /// When.
            at: Timestamp,
            /// Who extended it.
            by: Actor,
        }
        /// The execution may use up another amount.
        BudgetChanged = "budget_changed", 1 {
            /// The budget.
            budget: Budget,
            /// When.
            at: Timestamp,
            /// Who changed it.
            by: Actor,
        }
    }
}
