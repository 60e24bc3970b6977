//! Random plans, policies and commands, spelled by bytes.

use super::Bytes;
use crate::event::record::{BlockerKind, Resolution};
use crate::event::work::{DecompositionSource, Remarks, TaskError};
use crate::execution::{
    Amendment, ContextEntry, CreateExecution, Decomposition, Execution, ExecutionCommand,
    LoggedAction, Report, ReportBody, ResolveBlocker, SignOfLife, Start,
};
use crate::{
    Actor, AgentId, Backoff, BlockerId, Budget, Dependency, DependencyType, ExecutionId, Json,
    LeaseToken, Moment, OnBlocker, OnFailure, PlanId, Policy, Priority, RetryPolicy, Sequencing,
    TaskDefinition, TaskId, Text, Timestamp, Title, Usage,
};

/// When every program begins.
const BEGIN_MS: i64 = 1_700_000_000_000;
const PRIORITIES: [Priority; 4] =
    [Priority::Normal, Priority::Low, Priority::High, Priority::Critical];
const TYPES: [DependencyType; 4] = [
    DependencyType::FinishToStart,
    DependencyType::StartToStart,
    DependencyType::FinishToFinish,
    DependencyType::StartToFinish,
];
const KINDS: [BlockerKind; 9] = [
    BlockerKind::Incident,
    BlockerKind::HumanReview,
    BlockerKind::ExternalDependency,
    BlockerKind::Approval,
    BlockerKind::DecompositionReview,
    BlockerKind::Quarantined,
    BlockerKind::AgentUnreachable,
    BlockerKind::ExecutionTimeout,
    BlockerKind::BudgetExceeded,
];
const RESOLUTIONS: [Resolution; 8] = [
    Resolution::Retry,
    Resolution::ApproveAlternative,
    Resolution::ProvideInput,
    Resolution::SkipTask,
    Resolution::Reassign,
    Resolution::FailTask,
    Resolution::CancelExecution,
    Resolution::CauseGone,
];
const ERRORS: [&str; 5] = [
    "timeout",
    "validation_error",
    "external_dependency_blocked",
    "decomposition_failed",
    "something else",
];
/// Steps of time, in milliseconds.
const STEPS_MS: [u64; 8] = [0, 1, 5_000, 60_000, 1_800_000, 3_600_000, 86_400_000, 604_800_000];

/// A random program: it makes an execution, and thinks of the next command.
#[derive(Debug)]
pub struct Program<'a> {
    bytes: Bytes<'a>,
    now: Timestamp,
    leases: Vec<LeaseToken>,
    tasks_added: usize,
}

fn task_id(number: usize) -> TaskId {
    TaskId::parse(&format!("t{number}")).expect("this is an id")
}

fn text(words: &str) -> Text {
    Text::parse(words).expect("this is a text")
}

fn title(words: &str) -> Title {
    Title::parse(words).expect("this is a title")
}

impl<'a> Program<'a> {
    /// The program that the bytes spell.
    pub fn of(bytes: &'a [u8]) -> Self {
        let now = Timestamp::from_unix_ms(BEGIN_MS);
        Self { bytes: Bytes::new(bytes), now, leases: Vec::new(), tasks_added: 0 }
    }

    /// Whether everything was said.
    pub fn is_over(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The time that the program has come to.
    pub fn now(&self) -> Timestamp {
        self.now
    }

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

    fn agent(bytes: &mut Bytes<'a>) -> AgentId {
        AgentId::parse(&format!("a{}", bytes.below(3))).expect("this is an id")
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

    fn budget(&mut self) -> Budget {
        let tokens_max = self.bytes.perhaps(8, |bytes| u64::from(bytes.byte()) * 4);
        Budget { cost_microusd_max: None, tokens_max }
    }

    fn policy(&mut self) -> Policy {
        let bytes = &mut self.bytes;
        let pick = bytes.byte();
        Policy {
            retry: retry(bytes),
            losses_max: 1 + u32::from(pick % 3),
            lease_ms: if pick % 4 == 0 { 10_000 } else { 1_800_000 },
            blocker_wait_ms: if pick % 8 == 7 { 0 } else { 3_600_000 },
            on_failure: [OnFailure::Incident, OnFailure::Fail, OnFailure::Skip][bytes.below(3)],
            on_blocker: if bytes.once_in(4) { OnBlocker::Halt } else { OnBlocker::Continue },
            sequencing: [Sequencing::Explicit, Sequencing::Phases, Sequencing::Sequential]
                [bytes.below(3)],
            ..Policy::default()
        }
    }

    fn task(&mut self) -> TaskId {
        task_id(self.bytes.below(self.tasks_added + 1))
    }

    fn moment(&mut self) -> Moment {
        let steps = [0, 1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 7];
        let step = self.bytes.one_of(&steps).unwrap_or(0);
        self.now = self.now.plus_ms(STEPS_MS[step]);
        let mut at = self.now;
        if self.bytes.once_in(32) {
            at = Timestamp::from_unix_ms(at.unix_ms() - 100_000);
        }
        let user = Actor::user("ann").expect("this is a name");
        let agent = Actor::agent(&Self::agent(&mut self.bytes));
        let by = self.bytes.one_of(&[user.clone(), user, agent, Actor::system()]);
        Moment { at, by: by.unwrap_or_else(Actor::system), random: self.bytes.long() }
    }

    /// The next command, with an eye on what could make sense now.
    pub fn next_command(&mut self, state: &Execution) -> (ExecutionCommand, Moment) {
        let held: Vec<_> =
            state.tree().held().map(|s| state.tree().node(s).definition.task_id.clone()).collect();
        self.leases.extend(held.iter().filter_map(|task_id| state.lease_of(task_id)));
        self.leases.dedup();
        let command = match self.bytes.below(16) {
            0..=3 => self.grant(state),
            4..=8 => self.report(state, &held),
            9 => self.steer(),
            10 | 11 => self.resolve(state),
            12 => self.task_command(),
            13 => ExecutionCommand::CheckDeadlines { signs_of_life: self.signs() },
            14 => self.reshape(),
            _rest => self.beside(),
        };
        (command, self.moment())
    }

    fn signs(&mut self) -> Vec<SignOfLife> {
        let lease = self.bytes.one_of(&self.leases);
        let sign = lease.filter(|_| self.bytes.once_in(3)).map(|lease| SignOfLife {
            task_id: lease.task_id,
            epoch: lease.epoch,
            seen_at: self.now,
        });
        sign.into_iter().collect()
    }

    fn grant(&mut self, state: &Execution) -> ExecutionCommand {
        let open: Vec<_> = state.grantable().collect();
        let agent_id = Self::agent(&mut self.bytes);
        let Some(next) = self.bytes.one_of(&open) else {
            return ExecutionCommand::Grant { agent_id, task_id: self.task(), lease_ms: None };
        };
        let lease_ms = self.bytes.perhaps(6, |bytes| u64::from(bytes.byte()) * 500);
        let agent_id = next.tied_to.unwrap_or(agent_id);
        ExecutionCommand::Grant { agent_id, task_id: next.task_id, lease_ms }
    }

    fn report(&mut self, state: &Execution, held: &[TaskId]) -> ExecutionCommand {
        let any = self.task();
        let task_id = self.bytes.one_of(held).filter(|_| !self.bytes.once_in(4)).unwrap_or(any);
        let spot = state.tree().find(&task_id);
        let holder = spot.and_then(|s| Some(state.tree().node(s).leaf.lease()?.agent_id.clone()));
        let stranger = Self::agent(&mut self.bytes);
        let agent_id = holder.filter(|_| !self.bytes.once_in(6)).unwrap_or(stranger);
        let lease = match self.bytes.below(6) {
            0..=2 => state.lease_of(&task_id),
            3 => self.bytes.one_of(&self.leases),
            _none => None,
        };
        let body = self.body();
        let usage = Usage { input_tokens: 100, ..Usage::default() };
        let usage = self.bytes.once_in(4).then_some(usage);
        let remarks = Remarks { usage, ..Remarks::default() };
        ExecutionCommand::Report(Report { agent_id, task_id, lease, body, remarks }.into())
    }

    fn body(&mut self) -> ReportBody {
        let bytes = &mut self.bytes;
        match bytes.below(10) {
            0 | 1 => ReportBody::Started,
            2 => ReportBody::Progressed {
                progress_percent: bytes.perhaps(2, Bytes::byte),
                checkpoint: bytes.perhaps(3, json),
            },
            3..=5 => ReportBody::Completed { output: bytes.perhaps(2, json) },
            6 | 7 => ReportBody::Failed { error: error(bytes) },
            8 => ReportBody::Blocked {
                message: text("the vendor is asleep"),
                suggestions: vec![text("wake it")],
                wait_ms: bytes.perhaps(2, |bytes| u64::from(bytes.byte())),
            },
            _rest => ReportBody::Released { checkpoint: bytes.perhaps(2, json) },
        }
    }

    fn steer(&mut self) -> ExecutionCommand {
        let bytes = &mut self.bytes;
        match bytes.below(16) {
            0 => ExecutionCommand::Start(Start::Now),
            1 => ExecutionCommand::Start(Start::WhenAgentComes),
            2 | 3 => ExecutionCommand::Pause { reason: None },
            4 | 5 => ExecutionCommand::Resume,
            6 if bytes.once_in(2) => ExecutionCommand::Cancel { reason: Some(text("enough")) },
            7 => ExecutionCommand::ChangePolicy(self.policy()),
            8 => ExecutionCommand::ChangeBudget(self.budget()),
            9 => ExecutionCommand::ChangePriority(Priority::High),
            10 => {
                let agent_id = bytes.perhaps(2, Self::agent);
                ExecutionCommand::Reassign { agent_id, reason: None }
            }
            11 | 12 => {
                let last_seen_at = self.now;
                ExecutionCommand::AgentLost { agent_id: Self::agent(bytes), last_seen_at }
            }
            13 => ExecutionCommand::AgentReturned { agent_id: Self::agent(bytes) },
            14 => ExecutionCommand::AgentRetired { agent_id: Self::agent(bytes) },
            _rest => ExecutionCommand::Fork {
                into: ExecutionId::parse("e2").expect("this is an id"),
                at_version: 1,
            },
        }
    }

    fn resolve(&mut self, state: &Execution) -> ExecutionCommand {
        let standing: Vec<_> = state.blockers().map(|b| b.blocker_id.clone()).collect();
        let bytes = &mut self.bytes;
        let other = BlockerId::parse(&format!("blk_{}", bytes.below(9))).expect("this is an id");
        let blocker_id = bytes.one_of(&standing).unwrap_or(other);
        ExecutionCommand::Resolve(Box::new(ResolveBlocker {
            blocker_id,
            resolution: bytes.one_of(&RESOLUTIONS).unwrap_or(Resolution::Retry),
            option: bytes.perhaps(2, |_| text("do it so")),
            input: bytes.perhaps(2, json),
            agent_id: bytes.perhaps(2, Self::agent),
            note: None,
        }))
    }

    fn task_command(&mut self) -> ExecutionCommand {
        let task_id = self.task();
        let bytes = &mut self.bytes;
        match bytes.below(7) {
            0 => ExecutionCommand::SkipTask { task_id, reason: None },
            1 => {
                let agent_id = bytes.perhaps(2, Self::agent);
                ExecutionCommand::ReassignTask { task_id, agent_id }
            }
            2 => ExecutionCommand::ChangeTaskPriority { task_id, priority: Priority::Critical },
            3 | 4 => {
                ExecutionCommand::AdoptLateReport { task_id, late_report: bytes.byte().into() }
            }
            _rest => ExecutionCommand::Raise {
                task_id: Some(task_id).filter(|_| !bytes.once_in(4)),
                kind: bytes.one_of(&KINDS).unwrap_or(BlockerKind::Incident),
                message: text("stop here"),
            },
        }
    }

    fn part(&mut self, parent: Option<TaskId>) -> TaskDefinition {
        let back = self.bytes.below(self.tasks_added + 4);
        let number = if back < self.tasks_added { back } else { self.tasks_added };
        self.tasks_added = self.tasks_added.max(number + 1).min(24);
        let mut part = self.definition(number);
        part.parent_id = parent;
        part
    }

    fn reshape(&mut self) -> ExecutionCommand {
        let task_id = self.task();
        match self.bytes.below(6) {
            0 | 1 => self.decompose(task_id),
            2 => ExecutionCommand::ReviewDecomposition {
                task_id,
                is_approved: self.bytes.once_in(2),
                note: None,
            },
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
        if wishes % 2 == 0 {
            let parent = self.bytes.once_in(2).then(|| task_id.clone());
            amendment.added.push(self.part(parent));
        }
        if wishes % 3 == 0 {
            let definition = self.part(None);
            amendment.changed.push(crate::event::lifecycle::TaskChange { definition });
        }
        if wishes % 5 == 0 {
            amendment.removed.push(self.task());
        }
        if wishes % 7 < 3 {
            amendment.dependencies_added.push(self.dependency());
        }
        if wishes % 11 == 0 {
            amendment.dependencies_removed.push(self.dependency());
        }
        ExecutionCommand::Amend(amendment.into())
    }

    fn beside(&mut self) -> ExecutionCommand {
        let task_id = Some(self.task()).filter(|_| self.bytes.once_in(2));
        let (context_type, context_key) = (title("notes"), title("key"));
        match self.bytes.below(5) {
            0 => ExecutionCommand::AddNote { task_id, text: text("well") },
            1 => {
                let usage = Usage { input_tokens: 50, ..Usage::default() };
                ExecutionCommand::RecordUsage { task_id, usage }
            }
            2 => ExecutionCommand::RemoveContext { task_id, context_type, context_key },
            3 => ExecutionCommand::LogAction(logged(task_id).into()),
            _rest => ExecutionCommand::SetContext(Box::new(ContextEntry {
                task_id,
                context_type,
                context_key,
                context_value: text("value"),
                metadata: self.bytes.perhaps(2, json),
            })),
        }
    }
}

fn logged(task_id: Option<TaskId>) -> LoggedAction {
    LoggedAction {
        task_id,
        step_number: Some(1),
        action_type: title("add_note"),
        entity_type: None,
        entity_id: None,
        description: text("it did"),
        before_state: None,
        after_state: None,
        confidence_permille: Some(900),
        error_message: None,
    }
}

fn retry(bytes: &mut Bytes<'_>) -> RetryPolicy {
    RetryPolicy {
        attempts_max: 1 + u32::from(bytes.byte() % 3),
        backoff: [Backoff::Exponential, Backoff::Linear, Backoff::Fixed][bytes.below(3)],
        backoff_ms: 300_000,
    }
}

fn json(bytes: &mut Bytes<'_>) -> Json {
    let texts = ["{\"a\":1}", "[]", "\"text\"", "0.5"];
    Json::parse(texts[bytes.below(texts.len())]).expect("this is JSON")
}

fn error(bytes: &mut Bytes<'_>) -> TaskError {
    TaskError {
        error_type: text(ERRORS[bytes.below(ERRORS.len())]),
        message: None,
        is_retryable: bytes.perhaps(4, |bytes| bytes.once_in(2)),
        needs_person: bytes.once_in(8),
        suggestions: bytes.perhaps(3, |_| text("try the other door")).into_iter().collect(),
        status_code: None,
        retry_after_ms: bytes.perhaps(4, |bytes| u64::from(bytes.byte()) * 1000),
    }
}
