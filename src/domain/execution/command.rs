//! What can be asked of an execution.

use crate::event::lifecycle::{CarriedOutcome, ForkOrigin, TaskChange};
use crate::event::record::{BlockerKind, Resolution};
use crate::event::work::{DecompositionSource, Remarks, TaskError};
use crate::execution::{OwnPlan, OwnStatus};
use crate::{
    AgentId, BlockerId, Budget, Dependency, ExecutionId, Json, Label, LeaseToken, PlanId, Policy,
    Priority, TaskDefinition, TaskId, Text, Timestamp, Title, Usage,
};

/// Everything that a new execution begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateExecution {
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
    /// Whether it starts at once, and whether its agent is there.
    pub start: Option<Start>,
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
    /// The tasks, parents before their parts.
    pub tasks: Vec<TaskDefinition>,
    /// What waits for what.
    pub dependencies: Vec<Dependency>,
    /// The tasks whose parts a person must look at before they can run.
    pub awaiting_review: Vec<TaskId>,
    /// Where it was forked from, and what it takes along.
    pub fork: Option<(ForkOrigin, Vec<CarriedOutcome>)>,
}

/// Whether the agent that an execution is tied to is there to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Begin now.
    Now,
    /// Wait until the agent asks for work.
    WhenAgentComes,
}

/// What an agent reports of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The agent.
    pub agent_id: AgentId,
    /// The task.
    pub task_id: TaskId,
    /// The lease that it reports under, when it names one.
    pub lease: Option<LeaseToken>,
    /// What it reports.
    pub body: ReportBody,
    /// What it adds.
    pub remarks: Remarks,
}

/// What is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportBody {
    /// It began.
    Started,
    /// It got further.
    Progressed {
        /// How much is done, 0 to 100.
        progress_percent: Option<u8>,
        /// Where another attempt can go on.
        checkpoint: Option<Json>,
    },
    /// It is done.
    Completed {
        /// What came out of it.
        output: Option<Json>,
    },
    /// It failed.
    Failed {
        /// What went wrong.
        error: TaskError,
    },
    /// Something outside must happen first.
    Blocked {
        /// What.
        message: Text,
        /// Ways out that the agent sees.
        suggestions: Vec<Text>,
        /// How long it may wait, when not as the policy says.
        wait_ms: Option<u64>,
    },
    /// The agent gives it back.
    Released {
        /// Where another attempt can go on.
        checkpoint: Option<Json>,
    },
}

/// A sign of life that stands outside the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOfLife {
    /// The task.
    pub task_id: TaskId,
    /// The lease's epoch.
    pub epoch: u64,
    /// When.
    pub seen_at: Timestamp,
}

/// How a task is broken down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decomposition {
    /// The task.
    pub task_id: TaskId,
    /// Its parts.
    pub subtasks: Vec<TaskDefinition>,
    /// What waits for what among them.
    pub dependencies: Vec<Dependency>,
    /// How sure the decomposer is, in thousandths.
    pub confidence_permille: u16,
    /// Who broke it down.
    pub source: DecompositionSource,
    /// What else the decomposer said.
    pub notes: Option<Text>,
}

/// What changes about tasks that have not started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// New tasks, parents before their parts.
    pub added: Vec<TaskDefinition>,
    /// Tasks with a new definition.
    pub changed: Vec<TaskChange>,
    /// Tasks that go, with all their parts.
    pub removed: Vec<TaskId>,
    /// New dependencies.
    pub dependencies_added: Vec<Dependency>,
    /// Dependencies that go.
    pub dependencies_removed: Vec<Dependency>,
    /// Why.
    pub reason: Option<Text>,
}

/// How a person resolves a blocker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveBlocker {
    /// The blocker.
    pub blocker_id: BlockerId,
    /// How.
    pub resolution: Resolution,
    /// The suggestion that is chosen.
    pub option: Option<Text>,
    /// What was missing.
    pub input: Option<Json>,
    /// The agent that does it now.
    pub agent_id: Option<AgentId>,
    /// What the person says.
    pub note: Option<Text>,
}

/// Something that an agent did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedAction {
    /// The task that it was done for.
    pub task_id: Option<TaskId>,
    /// The step of the agent's plan.
    pub step_number: Option<u32>,
    /// What kind of action.
    pub action_type: Title,
    /// What kind of thing it was done to.
    pub entity_type: Option<Title>,
    /// The thing that it was done to.
    pub entity_id: Option<Title>,
    /// What was done.
    pub description: Text,
    /// How the thing was before.
    pub before_state: Option<Json>,
    /// How it is after.
    pub after_state: Option<Json>,
    /// How sure the agent is, in thousandths.
    pub confidence_permille: Option<u16>,
    /// What went wrong.
    pub error_message: Option<Text>,
}

/// Something to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextEntry {
    /// The task that it belongs to; none: the execution.
    pub task_id: Option<TaskId>,
    /// What kind of thing it is.
    pub context_type: Title,
    /// What it is called.
    pub context_key: Title,
    /// What it says.
    pub context_value: Text,
    /// What else is known of it.
    pub metadata: Option<Json>,
}

/// What an agent wants of its own plan, all of it at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MoveOwnPlan {
    /// The step that it is at; those before it are done. One more than there are: all are done.
    pub current_step: Option<u32>,
    /// Where it is.
    pub status: Option<OwnStatus>,
    /// Why the agent does it so.
    pub reasoning: Option<Text>,
}

/// A command to an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionCommand {
    /// Makes it.
    Create(Box<CreateExecution>),
    /// Makes it as a plan that an agent brought and carries out itself.
    CreateOwn(Box<CreateExecution>, Box<OwnPlan>),
    /// Moves an agent's own plan on, or describes it anew.
    MoveOwn(Box<MoveOwnPlan>),
    /// Takes an agent's own plan out of sight, with what was logged and remembered.
    DeleteOwn {
        /// Why.
        reason: Option<Text>,
    },
    /// Starts it.
    Start(Start),
    /// Stops it for a while.
    Pause {
        /// Why.
        reason: Option<Text>,
    },
    /// Lets it go on.
    Resume,
    /// Gives it up.
    Cancel {
        /// Why.
        reason: Option<Text>,
    },
    /// Gives it to another agent, or opens it to all.
    Reassign {
        /// The agent; none: any capable agent.
        agent_id: Option<AgentId>,
        /// Why.
        reason: Option<Text>,
    },
    /// Puts other rules in force.
    ChangePolicy(Policy),
    /// Puts it before or after others.
    ChangePriority(Priority),
    /// Gives it other labels.
    ChangeLabels(Vec<Label>),
    /// Lets it use up another amount.
    ChangeBudget(Budget),
    /// Changes tasks that have not started.
    Amend(Box<Amendment>),
    /// Notes that another execution began with what this one has achieved.
    Fork {
        /// The new execution.
        into: ExecutionId,
        /// The version that it begins with.
        at_version: u64,
    },
    /// Gives a ready task to an agent.
    Grant {
        /// The agent.
        agent_id: AgentId,
        /// The task.
        task_id: TaskId,
        /// How long the lease shall last, when not as the policy says.
        lease_ms: Option<u64>,
    },
    /// An agent reports.
    Report(Box<Report>),
    /// A person resolves a blocker.
    Resolve(Box<ResolveBlocker>),
    /// Raises a blocker by hand.
    Raise {
        /// The task; none: the whole execution.
        task_id: Option<TaskId>,
        /// Why.
        kind: BlockerKind,
        /// What is the matter.
        message: Text,
    },
    /// Leaves a task out.
    SkipTask {
        /// The task.
        task_id: TaskId,
        /// Why.
        reason: Option<Text>,
    },
    /// Gives a task to another agent, or opens it to all.
    ReassignTask {
        /// The task.
        task_id: TaskId,
        /// The agent; none: any capable agent.
        agent_id: Option<AgentId>,
    },
    /// Puts a task before or after others.
    ChangeTaskPriority {
        /// The task.
        task_id: TaskId,
        /// The priority.
        priority: Priority,
    },
    /// Takes the output of a late report as the task's.
    AdoptLateReport {
        /// The task.
        task_id: TaskId,
        /// Which of its late reports, from 0.
        late_report: u32,
    },
    /// Breaks a task down.
    Decompose(Box<Decomposition>),
    /// Approves or rejects the parts of a task.
    ReviewDecomposition {
        /// The task.
        task_id: TaskId,
        /// Whether the parts stay.
        is_approved: bool,
        /// What the person says.
        note: Option<Text>,
    },
    /// Remembers something.
    SetContext(Box<ContextEntry>),
    /// Forgets something.
    RemoveContext {
        /// The task that it belongs to; none: the execution.
        task_id: Option<TaskId>,
        /// What kind of thing it is.
        context_type: Title,
        /// What it is called.
        context_key: Title,
    },
    /// Writes down something that an agent did.
    LogAction(Box<LoggedAction>),
    /// Writes a note.
    AddNote {
        /// The task that it is about; none: the execution.
        task_id: Option<TaskId>,
        /// The note.
        text: Text,
    },
    /// Writes down what work cost.
    RecordUsage {
        /// The task that it was for; none: the execution.
        task_id: Option<TaskId>,
        /// What it cost.
        usage: Usage,
    },
    /// Does what is due.
    CheckDeadlines {
        /// Signs of life that stand outside the log.
        signs_of_life: Vec<SignOfLife>,
    },
    /// An agent has been silent for too long.
    AgentLost {
        /// The agent.
        agent_id: AgentId,
        /// Its last sign of life.
        last_seen_at: Timestamp,
    },
    /// A lost agent gave a sign of life.
    AgentReturned {
        /// The agent.
        agent_id: AgentId,
    },
    /// An agent is gone for good.
    AgentRetired {
        /// The agent.
        agent_id: AgentId,
    },
}
