//! Random plans, policies, decompositions and amendments, spelled by bytes.

use super::program::{task_id, title};
use super::{Bytes, Program};
use crate::event::lifecycle::TaskChange;
use crate::event::work::DecompositionSource;
use crate::execution::{
    Amendment, CreateExecution, Decomposition, Execution, ExecutionCommand, Start,
};
use crate::{
    Backoff, Budget, Dependency, DependencyType, ExecutionId, Moment, OnBlocker, OnFailure, PlanId,
    Policy, Priority, RetryPolicy, Sequencing, TaskDefinition, TaskId,
};

const PRIORITIES: [Priority; 4] =
    [Priority::Normal, Priority::Low, Priority::High, Priority::Critical];
const TYPES: [DependencyType; 4] = [
    DependencyType::FinishToStart,
    DependencyType::StartToStart,
    DependencyType::FinishToFinish,
    DependencyType::StartToFinish,
];

impl Program<'_> {
    /// The command that makes the execution.
    pub fn creation(&mut self) -> (CreateExecution, Moment) {
        let tasks_total = 1 + self.bytes.below(9);
        let tasks: Vec<_> = (0..tasks_total).map(|n| self.definition(n)).collect();
        self.tasks_added = tasks_total;
        let dependencies = (0..self.bytes.below(7)).map(|_| self.dependency()).collect();
        let starts = [Some(Start::Now), Some(Start::Now), None, Some(Start::WhenAgentComes)];
        let start = self.bytes.one_of(&starts).flatten();
        let creation = CreateExecution {
            execution_id: ExecutionId::parse("e1").expect("this is an id"),
            plan_id: PlanId::parse("p1").expect("this is an id"),
            plan_version: 1,
            title: title("a random execution"),
            goal: None,
            agent_id: self.bytes.perhaps(4, Self::agent),
            start,
            parameters: None,
            budget: self.budget(),
            labels: Vec::new(),
            priority: Priority::Normal,
            policy: self.policy(),
            tasks,
            dependencies,
            awaiting_review: Vec::new(),
            fork: None,
        };
        (creation, self.moment())
    }

    fn definition(&mut self, number: usize) -> TaskDefinition {
        let bytes = &mut self.bytes;
        let parent = (number > 0).then(|| bytes.below(number + 2)).filter(|at| *at < number);
        let mut task = TaskDefinition::new(task_id(number), title("a task"));
        task.parent_id = parent.map(task_id);
        task.priority = bytes.one_of(&PRIORITIES).unwrap_or_default();
        let wishes = bytes.byte();
        task.approval = (wishes % 7 == 6).then(|| title("may it?"));
        task.agent_id = (wishes % 5 == 4).then(|| Self::agent(bytes));
        task.timeout_ms = (wishes % 11 == 10).then_some(3_600_000);
        task.retry = (wishes % 13 == 12).then(|| retry(bytes));
        task
    }

    fn dependency(&mut self) -> Dependency {
        Dependency {
            from: self.task(),
            to: self.task(),
            kind: self.bytes.one_of(&TYPES).unwrap_or_default(),
            is_implied: self.bytes.once_in(8),
        }
    }

    pub(super) fn budget(&mut self) -> Budget {
        let tokens_max = self.bytes.perhaps(8, |bytes| u64::from(bytes.byte()) * 4);
        Budget { cost_microusd_max: None, tokens_max }
    }

    pub(super) fn policy(&mut self) -> Policy {
        let bytes = &mut self.bytes;
        let pick = bytes.byte();
        Policy {
            retry: retry(bytes),
            losses_max: 1 + u32::from(pick % 3),
            lease_ms: if pick.is_multiple_of(4) { 10_000 } else { 1_800_000 },
            blocker_wait_ms: if pick % 8 == 7 { 0 } else { 3_600_000 },
            on_failure: [OnFailure::Incident, OnFailure::Fail, OnFailure::Skip][bytes.below(3)],
            on_blocker: if bytes.once_in(4) { OnBlocker::Halt } else { OnBlocker::Continue },
            sequencing: [Sequencing::Explicit, Sequencing::Phases, Sequencing::Sequential]
                [bytes.below(3)],
            ..Policy::default()
        }
    }

    fn part(&mut self, parent: Option<TaskId>) -> TaskDefinition {
        let is_old = self.bytes.once_in(4);
        let number = if is_old { self.bytes.below(self.tasks_added) } else { self.tasks_added };
        self.tasks_added = self.tasks_added.max(number + 1).min(40);
        let mut part = self.definition(number);
        part.parent_id = parent;
        part
    }

    pub(super) fn reshape(&mut self, state: &Execution) -> ExecutionCommand {
        let task_id = self.task();
        let is_awaited = state.tree().spots().any(|spot| state.tree().node(spot).awaits_review);
        match self.bytes.below(8) {
            0..=5 if is_awaited => ExecutionCommand::ReviewDecomposition {
                task_id: self.task_that(state, |node| node.awaits_review),
                is_approved: self.bytes.once_in(2),
                note: None,
            },
            0..=2 => self.decompose(task_id),
            3 => ExecutionCommand::ReviewDecomposition { task_id, is_approved: true, note: None },
            _rest => self.amend(task_id),
        }
    }

    fn decompose(&mut self, task_id: TaskId) -> ExecutionCommand {
        let total = self.bytes.below(4);
        let subtasks: Vec<_> = (0..total).map(|_| self.part(None)).collect();
        let dependencies: Vec<_> = (0..self.bytes.below(3)).map(|_| self.dependency()).collect();
        let agent_id = Self::agent(&mut self.bytes);
        let sources = [
            DecompositionSource::Rules,
            DecompositionSource::Agent { agent_id },
            DecompositionSource::Person,
        ];
        ExecutionCommand::Decompose(Box::new(Decomposition {
            task_id,
            subtasks,
            dependencies,
            confidence_permille: if self.bytes.once_in(2) { 900 } else { 500 },
            source: self.bytes.one_of(&sources).unwrap_or(DecompositionSource::Rules),
            notes: None,
        }))
    }

    fn amend(&mut self, task_id: TaskId) -> ExecutionCommand {
        let mut amendment = Amendment::default();
        let wishes = self.bytes.byte();
        if wishes.is_multiple_of(2) {
            let parent = self.bytes.once_in(2).then(|| task_id.clone());
            amendment.added.push(self.part(parent));
        }
        if wishes.is_multiple_of(3) {
            let definition = self.part(None);
            amendment.changed.push(TaskChange { definition });
        }
        if wishes.is_multiple_of(5) {
            amendment.removed.push(self.task());
        }
        if wishes % 7 < 3 {
            amendment.dependencies_added.push(self.dependency());
        }
        if wishes.is_multiple_of(11) {
            amendment.dependencies_removed.push(self.dependency());
        }
        ExecutionCommand::Amend(amendment.into())
    }
}

fn retry(bytes: &mut Bytes<'_>) -> RetryPolicy {
    RetryPolicy {
        attempts_max: 1 + u32::from(bytes.byte() % 3),
        backoff: [Backoff::Exponential, Backoff::Linear, Backoff::Fixed][bytes.below(3)],
        backoff_ms: 300_000,
    }
}
