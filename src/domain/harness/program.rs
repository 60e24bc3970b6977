//! Random commands, spelled by bytes.

use super::Bytes;
use crate::event::record::{BlockerKind, Resolution};
use crate::event::work::{Remarks, TaskError};
use crate::execution::tree::Node;
use crate::execution::{
    ContextEntry, Execution, ExecutionCommand, LoggedAction, Report, ReportBody, ResolveBlocker,
    SignOfLife, Start,
};
use crate::{
    Actor, AgentId, BlockerId, ExecutionId, Json, LeaseToken, Moment, Priority, TaskId, Text,
    Timestamp, Title, Usage,
};

/// When every program begins.
const BEGIN_MS: i64 = 1_700_000_000_000;
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
    pub(super) bytes: Bytes<'a>,
    now: Timestamp,
    leases: Vec<LeaseToken>,
    pub(super) tasks_added: usize,
}

pub(super) fn task_id(number: usize) -> TaskId {
    TaskId::parse(&format!("t{number}")).expect("this is an id")
}

fn text(words: &str) -> Text {
    Text::parse(words).expect("this is a text")
}

pub(super) fn title(words: &str) -> Title {
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

    pub(super) fn agent(bytes: &mut Bytes<'a>) -> AgentId {
        AgentId::parse(&format!("a{}", bytes.below(3))).expect("this is an id")
    }

    pub(super) fn task(&mut self) -> TaskId {
        task_id(self.bytes.below(self.tasks_added + 1))
    }

    pub(super) fn moment(&mut self) -> Moment {
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
            12 => self.task_command(state),
            13 => ExecutionCommand::CheckDeadlines { signs_of_life: self.signs() },
            14 => self.reshape(state),
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

    /// A task that fits, where there is one.
    pub(super) fn task_that(&mut self, state: &Execution, fits: fn(&Node) -> bool) -> TaskId {
        let nodes = state.tree().spots().map(|spot| state.tree().node(spot));
        let fitting: Vec<_> =
            nodes.filter(|node| fits(node)).map(|node| node.definition.task_id.clone()).collect();
        let any = self.task();
        self.bytes.one_of(&fitting).unwrap_or(any)
    }

    fn adopt(&mut self, state: &Execution) -> ExecutionCommand {
        let has_late = |node: &Node| {
            node.history.as_ref().is_some_and(|history| !history.late_reports.is_empty())
        };
        let task_id = self.task_that(state, has_late);
        let late_report = u32::from(self.bytes.byte() % 3);
        ExecutionCommand::AdoptLateReport { task_id, late_report }
    }

    fn task_command(&mut self, state: &Execution) -> ExecutionCommand {
        let task_id = self.task();
        if self.bytes.once_in(3) {
            return self.adopt(state);
        }
        let bytes = &mut self.bytes;
        match bytes.below(5) {
            0 => ExecutionCommand::SkipTask { task_id, reason: None },
            1 => {
                let agent_id = bytes.perhaps(2, Self::agent);
                ExecutionCommand::ReassignTask { task_id, agent_id }
            }
            2 => ExecutionCommand::ChangeTaskPriority { task_id, priority: Priority::Critical },
            _rest => ExecutionCommand::Raise {
                task_id: Some(task_id).filter(|_| !bytes.once_in(4)),
                kind: bytes.one_of(&KINDS).unwrap_or(BlockerKind::Incident),
                message: text("stop here"),
            },
        }
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
