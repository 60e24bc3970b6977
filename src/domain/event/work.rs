//! What happens to a task: grants, reports, failures.

pub use super::report::{DecompositionSource, Remarks, ReportKind, RevokeReason, TaskError};
use crate::catalogue::events;
use crate::{
    Actor, AgentId, Dependency, Json, LeaseToken, Priority, TaskDefinition, TaskId, Text, Timestamp,
};

events! {
    /// What happens to a task.
    enum WorkEvent {
        /// A task was given to an agent, under a lease.
        TaskGranted = "task_granted", 1 {
            /// The task.
            task_id: TaskId,
            /// The agent.
            agent_id: AgentId,
            /// The fence: rises with every grant of the task and never repeats.
            epoch: u64,
            /// The attempt, from 1.
            attempt: u32,
            /// The secret number in the lease.
            nonce: u64,
            /// How long the lease lasts without a sign of life.
            lease_ms: u64,
            /// When the attempt times out, whatever signs of life there are.
            times_out_at: Timestamp,
            /// When.
            at: Timestamp,
        }
        /// The agent began.
        TaskStarted = "task_started", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// The agent got further.
        TaskProgressed = "task_progressed", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// How much is done, 0 to 100.
            progress_percent: Option<u8> = "Option::is_none",
            /// Where another attempt can go on.
            checkpoint: Option<Json> = "Option::is_none",
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// The agent is done, but the task may only finish when others have.
        TaskCompletionHeld = "task_completion_held", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// What came out of it.
            output: Option<Json> = "Option::is_none",
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// A task is done.
        TaskCompleted = "task_completed", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// What came out of it; left out when `task_completion_held` has it.
            output: Option<Json> = "Option::is_none",
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// An agent gave the result of a task whose parts are all done.
        TaskResultKept = "task_result_kept", 1 {
            /// The task.
            task_id: TaskId,
            /// The agent.
            agent_id: AgentId,
            /// What came out of it.
            output: Option<Json> = "Option::is_none",
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// The agent gave the task back; costs no attempt.
        TaskReleased = "task_released", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// Where another attempt can go on.
            checkpoint: Option<Json> = "Option::is_none",
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// The agent fell silent; the task is open again, and the attempt does not count.
        LeaseExpired = "lease_expired", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// The agent.
            agent_id: AgentId,
            /// The last sign of life.
            last_seen_at: Timestamp,
            /// How often in a row agents have fallen silent over this task.
            losses: u32,
            /// When.
            at: Timestamp,
        }
        /// The lease was taken back.
        LeaseRevoked = "lease_revoked", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// Why.
            reason: RevokeReason,
            /// When.
            at: Timestamp,
        }
        /// An attempt failed.
        TaskFailed = "task_failed", 1 {
            /// The task.
            task_id: TaskId,
            /// The lease's epoch.
            epoch: u64,
            /// The agent.
            agent_id: AgentId,
            /// The attempt, from 1.
            attempt: u32,
            /// What went wrong.
            error: TaskError,
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// The task rests before it is tried again.
        RetryScheduled = "retry_scheduled", 1 {
            /// The task.
            task_id: TaskId,
            /// When it may be tried again.
            retry_at: Timestamp,
            /// When.
            at: Timestamp,
        }
        /// The rest is over.
        RetryCameDue = "retry_came_due", 1 {
            /// The task.
            task_id: TaskId,
            /// When.
            at: Timestamp,
        }
        /// The task is an error for good.
        TaskGivenUp = "task_given_up", 1 {
            /// The task.
            task_id: TaskId,
            /// Why.
            reason: Text,
            /// When.
            at: Timestamp,
        }
        /// The task is left out; what waits for it goes on.
        TaskSkipped = "task_skipped", 1 {
            /// The task; a parent stands for all its open parts.
            task_id: TaskId,
            /// Why.
            reason: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who left it out.
            by: Actor,
        }
        /// A person opened the task again, with all its attempts.
        TaskReset = "task_reset", 1 {
            /// The task.
            task_id: TaskId,
            /// The new epoch.
            epoch: u64,
            /// When.
            at: Timestamp,
            /// Who opened it.
            by: Actor,
        }
        /// The task is for another agent, or for any.
        TaskReassigned = "task_reassigned", 1 {
            /// The task.
            task_id: TaskId,
            /// The agent; none: any capable agent.
            agent_id: Option<AgentId> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who reassigned it.
            by: Actor,
        }
        /// The task goes before or after others.
        TaskPriorityChanged = "task_priority_changed", 1 {
            /// The task.
            task_id: TaskId,
            /// The priority.
            priority: Priority,
            /// When.
            at: Timestamp,
            /// Who changed it.
            by: Actor,
        }
        /// A report came under a lease that was no longer the agent's; it changes nothing.
        LateReportKept = "late_report_kept", 1 {
            /// The task.
            task_id: TaskId,
            /// The agent.
            agent_id: AgentId,
            /// The epoch that it reported under, when it named one.
            epoch: Option<u64> = "Option::is_none",
            /// What it reported.
            report: ReportKind,
            /// What came out of it.
            output: Option<Json> = "Option::is_none",
            /// What went wrong.
            error: Option<TaskError> = "Option::is_none",
            /// What the agent added.
            remarks: Remarks = "Remarks::is_empty",
            /// When.
            at: Timestamp,
        }
        /// A person took the output of a late report as the task's.
        LateReportAdopted = "late_report_adopted", 1 {
            /// The task.
            task_id: TaskId,
            /// Which of its late reports, from 0.
            late_report: u32,
            /// When.
            at: Timestamp,
            /// Who took it.
            by: Actor,
        }
        /// A task was broken down into parts.
        DecompositionAdopted = "decomposition_adopted", 1 {
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
            /// When.
            at: Timestamp,
            /// Who asked for it.
            by: Actor,
        }
        /// A person approved the parts of a task.
        DecompositionApproved = "decomposition_approved", 1 {
            /// The task.
            task_id: TaskId,
            /// What the person said.
            note: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who approved.
            by: Actor,
        }
        /// A person rejected the parts of a task; it is a leaf again and waits for a new breakdown.
        DecompositionRejected = "decomposition_rejected", 1 {
            /// The task.
            task_id: TaskId,
            /// What the person said.
            note: Option<Text> = "Option::is_none",
            /// When.
            at: Timestamp,
            /// Who rejected.
            by: Actor,
        }
        /// A person broke the task down by hand; earlier parts are gone.
        DecompositionOverridden = "decomposition_overridden", 1 {
            /// The task.
            task_id: TaskId,
            /// Its parts.
            subtasks: Vec<TaskDefinition>,
            /// What waits for what among them.
            dependencies: Vec<Dependency> = "Vec::is_empty",
            /// When.
            at: Timestamp,
            /// Who broke it down.
            by: Actor,
        }
    }
}

impl TaskGranted {
    /// The token that the agent holds.
    pub fn lease(&self, execution_id: &crate::ExecutionId) -> LeaseToken {
        LeaseToken {
            execution_id: execution_id.clone(),
            task_id: self.task_id.clone(),
            epoch: self.epoch,
            nonce: self.nonce,
        }
    }
}
