//! What can be asked of a plan.

use crate::event::lifecycle::TaskChange;
use crate::event::plan::{GenerationFault, GenerationTrouble, GenerationWishes, PlanSource, Risk};
use crate::event::work::DecompositionSource;
use crate::{
    AgentId, Budget, Dependency, Json, PlanId, TaskDefinition, TaskId, Text, Title, Usage,
};

/// What can be asked of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanCommand {
    /// Reads a plan in.
    Import(Box<ImportPlan>),
    /// Has PlanExe make a plan, and says how far it is.
    Generate(GenerationCommand),
    /// Changes tasks or dependencies of the plan; executions that run keep theirs.
    Amend(Box<AmendPlan>),
    /// Breaks a task down; earlier parts go.
    Decompose(Box<DecomposeTask>),
    /// Breaks several tasks down, all of them or none.
    DecomposeAll(Vec<DecomposeTask>),
    /// Approves or rejects the parts of a task.
    Review {
        /// The task.
        task_id: TaskId,
        /// Whether the parts stay.
        is_approved: bool,
        /// What the person says.
        note: Option<Text>,
    },
    /// Means the plan for another agent, or for any.
    Assign {
        /// The agent; none: any.
        agent_id: Option<AgentId>,
    },
    /// Puts the plan away; executions of it go on.
    Archive,
    /// Takes the plan out of sight.
    Delete,
}

/// What can be asked of a plan that PlanExe makes, and said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GenerationCommand {
    /// Asks PlanExe for a plan.
    Ask(Box<AskGeneration>),
    /// PlanExe has taken it up.
    Start {
        /// The run, by PlanExe's name for it.
        run_id: Title,
    },
    /// PlanExe got further, or something is in its way.
    Note {
        /// How much is done, 0 to 100.
        percent: u8,
        /// What it works on.
        step: Option<Title>,
        /// What is in the way.
        trouble: Option<GenerationTrouble>,
    },
    /// PlanExe made no plan.
    Fail {
        /// Why.
        fault: GenerationFault,
        /// Whether another try goes on where this one ended.
        is_resumable: bool,
        /// What was said of it.
        message: Option<Text>,
    },
    /// Gives it up.
    Cancel,
    /// PlanExe was told to stop, or never began.
    Stop,
    /// Asks PlanExe once more.
    Retry,
    /// The plan is here.
    Finish(Box<ImportPlan>),
}

/// Asks PlanExe for a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskGeneration {
    /// The id that the plan is to have.
    pub plan_id: PlanId,
    /// One line for people, until the plan has its own.
    pub title: Title,
    /// What PlanExe is asked.
    pub prompt: Text,
    /// The models that it is to use.
    pub profile: Option<Title>,
    /// What is wished of the import.
    pub wishes: GenerationWishes,
    /// The agent that the plan is meant for.
    pub assigned_to: Option<AgentId>,
}

/// Reads a plan in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportPlan {
    /// The plan.
    pub plan_id: PlanId,
    /// One line for people.
    pub title: Title,
    /// What it is for.
    pub goal: Option<Text>,
    /// Where it came from.
    pub source: PlanSource,
    /// The roles that it needs.
    pub roles: Vec<Title>,
    /// The risks that it names.
    pub risks: Vec<Risk>,
    /// The agent that it is meant for.
    pub assigned_to: Option<AgentId>,
    /// The tree of tasks, parents before their parts.
    pub tasks: Vec<TaskDefinition>,
    /// What waits for what.
    pub dependencies: Vec<Dependency>,
    /// What was read, repaired and dropped, and why.
    pub report: Option<Json>,
    /// What else is known of it.
    pub metadata: Option<Json>,
}

/// Changes tasks or dependencies of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AmendPlan {
    /// New tasks, parents before their parts.
    pub added: Vec<TaskDefinition>,
    /// Tasks with a new definition.
    pub changed: Vec<TaskChange>,
    /// Tasks that go, with all their parts and what waits for them.
    pub removed: Vec<TaskId>,
    /// New dependencies.
    pub dependencies_added: Vec<Dependency>,
    /// Dependencies that go.
    pub dependencies_removed: Vec<Dependency>,
    /// Why.
    pub reason: Option<Text>,
}

/// Breaks a task down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecomposeTask {
    /// The task.
    pub task_id: TaskId,
    /// Its parts, at any depth below it, parents before their parts.
    pub subtasks: Vec<TaskDefinition>,
    /// What waits for what among them.
    pub dependencies: Vec<Dependency>,
    /// How sure the decomposer is, in thousandths.
    pub confidence_permille: u16,
    /// Who broke it down.
    pub source: DecompositionSource,
    /// What else the decomposer said.
    pub notes: Option<Text>,
    /// The confidence under which a person must approve, in thousandths.
    pub threshold_permille: u16,
    /// What language models used up for it.
    pub usage: Option<Usage>,
    /// What they may use up for one plan.
    pub budget: Budget,
}
