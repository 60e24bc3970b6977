//! Plans in a few words: `"p p/a p/b c"` is a parent with two parts, and a leaf.

use super::{agent_id, task_id, title};
use planexe_ax_domain::execution::{CreateExecution, ExecutionCommand, Start};
use planexe_ax_domain::{
    Budget, Dependency, DependencyType, ExecutionId, PlanId, Policy, Priority, TaskDefinition,
};

/// A plan, and how its execution begins.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) creation: CreateExecution,
}

/// A plan of these tasks; a path names the parents.
pub(crate) fn plan(paths: &str) -> Plan {
    let task = |path: &str| {
        let mut steps = path.rsplit('/');
        let id = steps.next().unwrap_or(path);
        let mut task = TaskDefinition::new(task_id(id), title(id));
        task.parent_id = steps.next().map(task_id);
        task
    };
    Plan {
        creation: CreateExecution {
            execution_id: ExecutionId::parse("exec_1").expect("this is an id"),
            plan_id: PlanId::parse("plan_1").expect("this is an id"),
            plan_version: 1,
            title: title("a story"),
            goal: None,
            agent_id: None,
            start: Some(Start::Now),
            parameters: None,
            budget: Budget::default(),
            labels: Vec::new(),
            priority: Priority::Normal,
            policy: Policy::default(),
            tasks: paths.split_whitespace().map(task).collect(),
            dependencies: Vec::new(),
            awaiting_review: Vec::new(),
            fork: None,
        },
    }
}

pub(crate) fn edge(from: &str, to: &str, kind: DependencyType) -> Dependency {
    Dependency { from: task_id(from), to: task_id(to), kind, is_implied: false }
}

impl Plan {
    pub(crate) fn command(&self) -> ExecutionCommand {
        ExecutionCommand::Create(Box::new(self.creation.clone()))
    }

    pub(crate) fn tied(mut self, from: &str, to: &str, kind: DependencyType) -> Self {
        self.creation.dependencies.push(edge(from, to, kind));
        self
    }

    /// The second starts when the first is finished.
    pub(crate) fn after(self, from: &str, to: &str) -> Self {
        self.tied(from, to, DependencyType::FinishToStart)
    }

    pub(crate) fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.creation.policy);
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut CreateExecution)) -> Self {
        change(&mut self.creation);
        self
    }

    pub(crate) fn task(mut self, id: &str, change: impl FnOnce(&mut TaskDefinition)) -> Self {
        let tasks = &mut self.creation.tasks;
        let task = tasks.iter_mut().find(|task| task.task_id.as_str() == id);
        change(task.expect("the plan has the task"));
        self
    }

    /// A person must approve the task.
    pub(crate) fn approval(self, id: &str) -> Self {
        self.task(id, |task| task.approval = Some(title("may it?")))
    }

    /// The whole is tied to that agent.
    pub(crate) fn for_agent(self, agent: &str) -> Self {
        self.with(|creation| creation.agent_id = Some(agent_id(agent)))
    }

    pub(crate) fn not_started(self) -> Self {
        self.with(|creation| creation.start = None)
    }

    pub(crate) fn queued(self) -> Self {
        self.with(|creation| creation.start = Some(Start::WhenAgentComes))
    }
}
