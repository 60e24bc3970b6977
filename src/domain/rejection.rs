//! Why a command was refused (the client's fault), and why an event cannot be (ours).

use crate::execution::ExecutionStatus;
use crate::{BlockerId, Dependency, TaskId};

/// Why a command was refused. Nothing was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It names something that is not there.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// It makes something that is there already.
    #[error("{what} {id:?} is there already")]
    AlreadyExists {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// Something in it breaks a limit or a rule.
    #[error("{message} (at {pointer})")]
    Invalid {
        /// Where in the command, as a JSON pointer.
        pointer: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// The execution cannot move like that.
    #[error("the execution is {from}, and cannot become {to}")]
    IllegalMove {
        /// The status that it has.
        from: ExecutionStatus,
        /// The status that was asked for.
        to: ExecutionStatus,
    },
    /// The thing is in a state in which the command makes no sense.
    #[error("{what} {id:?} is {state}")]
    WrongState {
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
        /// The state that it is in.
        state: &'static str,
    },
    /// Dependencies close a circle, or tasks wait for their own parts.
    #[error("the dependencies close a circle: {}", circle_text(.circle))]
    Circle {
        /// The tasks of the circle, each waiting for the one before it.
        circle: Vec<TaskId>,
    },
    /// A task is complete only when its parts are.
    #[error("task {task_id} has open parts")]
    SubtasksOpen {
        /// The task.
        task_id: TaskId,
        /// The parts that are open.
        open: Vec<TaskId>,
    },
    /// The lease is not one that was ever given.
    #[error("this lease was never given for task {task_id}")]
    LeaseUnknown {
        /// The task.
        task_id: TaskId,
    },
    /// The lease is no longer the agent's; the report was kept before, and changes nothing.
    #[error("the lease on task {task_id} is lost: stop, and ask for work again")]
    LeaseLost {
        /// The task.
        task_id: TaskId,
    },
    /// The task is not the agent's to report on.
    #[error("task {task_id} is not ready for this agent: {why}")]
    NotGrantable {
        /// The task.
        task_id: TaskId,
        /// Why it cannot be given.
        why: String,
    },
    /// The way out does not fit this blocker.
    #[error("blocker {blocker_id} cannot be resolved like that: {message}")]
    ResolutionDoesNotFit {
        /// The blocker.
        blocker_id: BlockerId,
        /// What would fit.
        message: String,
    },
    /// Only a person may do it.
    #[error("only a person may {what}")]
    PersonNeeded {
        /// What.
        what: &'static str,
    },
}

impl Rejection {
    /// A word for the kind of refusal that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::Invalid { .. } => "invalid",
            Self::IllegalMove { .. } => "illegal_transition",
            Self::WrongState { .. } => "wrong_state",
            Self::Circle { .. } => "dependency_circle",
            Self::SubtasksOpen { .. } => "subtasks_open",
            Self::LeaseUnknown { .. } => "lease_unknown",
            Self::LeaseLost { .. } => "lease_lost",
            Self::NotGrantable { .. } => "not_grantable",
            Self::ResolutionDoesNotFit { .. } => "resolution_does_not_fit",
            Self::PersonNeeded { .. } => "person_needed",
        }
    }

    /// Something in the command breaks a limit or a rule.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { pointer: pointer.into(), message: message.into() }
    }
}

fn circle_text(circle: &[TaskId]) -> String {
    let mut names: Vec<&str> = circle.iter().map(TaskId::as_str).collect();
    names.extend(circle.first().map(TaskId::as_str));
    names.join(" → ")
}

/// Why an event cannot follow on what was before: a corrupt log, or a bug of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalTransition {
    /// The event belongs to another kind of stream.
    #[error("event {kind} does not belong in this stream")]
    WrongStream {
        /// The event.
        kind: &'static str,
    },
    /// The first event does not make anything, or a later one makes it again.
    #[error("event {kind} cannot stand here: {why}")]
    OutOfPlace {
        /// The event.
        kind: &'static str,
        /// What is wrong about the place.
        why: &'static str,
    },
    /// The execution cannot move like that.
    #[error("event {kind} moves the execution from {from} to {to}")]
    IllegalMove {
        /// The event.
        kind: &'static str,
        /// The status before.
        from: ExecutionStatus,
        /// The status after.
        to: ExecutionStatus,
    },
    /// The event names something that is not there.
    #[error("event {kind} names {what} {id:?}, which is not there")]
    Unknown {
        /// The event.
        kind: &'static str,
        /// What kind of thing.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The task is in a state that the event cannot follow on.
    #[error("event {kind} cannot happen to task {task_id}: {why}")]
    Task {
        /// The event.
        kind: &'static str,
        /// The task.
        task_id: TaskId,
        /// What is in the way.
        why: &'static str,
    },
    /// A dependency that cannot be.
    #[error(
        "event {kind} holds a dependency that cannot be: {} on {}",
        .dependency.to,
        .dependency.from
    )]
    Dependency {
        /// The event.
        kind: &'static str,
        /// The dependency.
        dependency: Dependency,
    },
}
