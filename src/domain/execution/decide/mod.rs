//! What follows from a command: events, or a refusal.

mod create;
mod deadlines;
mod grant;
mod lifecycle;
mod own;
mod presence;
mod record;
mod report;
mod resolve;
mod shape;
mod task;

use super::tree::{Node, Spot};
use super::{Execution, ExecutionCommand, ExecutionStatus, Header};
use crate::event::record::{BlockerKind, BlockerRaised};
use crate::{BlockerId, Event, IllegalTransition, Moment, Rejection, TaskId, Text, Timestamp};

pub use create::{EVENT_TASKS_MAX, check_tree};

/// Events, or a refusal.
type Decided = Result<Vec<Event>, Rejection>;

/// Why a command could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// It was refused; the state is as before.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// What was decided does not apply: a bug. The state must be thrown away.
    #[error("a decided event does not apply")]
    Illegal(#[from] IllegalTransition),
}

impl Execution {
    /// Says what follows from a command, all of it, without changing anything.
    pub fn decide(&self, command: &ExecutionCommand, moment: &Moment) -> Decided {
        match self.clone().handle(command, moment) {
            Ok(events) => Ok(events),
            Err(HandleError::Rejected(rejection)) => Err(rejection),
            Err(HandleError::Illegal(illegal)) => {
                Err(Rejection::invalid("", format!("this is a bug: {illegal}")))
            }
        }
    }

    /// Decides, applies what was decided, and whatever follows from that.
    pub fn handle(
        &mut self,
        command: &ExecutionCommand,
        moment: &Moment,
    ) -> Result<Vec<Event>, HandleError> {
        let mut events = self.first_events(command, moment)?;
        for event in &events {
            self.apply(event)?;
        }
        if events.is_empty() {
            return Ok(events);
        }
        loop {
            let next = self.consequences(moment);
            if next.is_empty() {
                return Ok(events);
            }
            for event in &next {
                self.apply(event)?;
            }
            events.extend(next);
        }
    }

    fn first_events(&self, command: &ExecutionCommand, moment: &Moment) -> Decided {
        use ExecutionCommand as C;
        match command {
            C::Create(command) => self.decide_create(command, moment),
            C::CreateOwn(command, own) => self.decide_create_own(command, own, moment),
            C::MoveOwn(wanted) => self.decide_move_own(wanted, moment),
            C::DeleteOwn { reason } => self.decide_delete_own(reason.as_ref(), moment),
            C::Start(start) => self.decide_start(*start, moment),
            C::Pause { reason } => self.decide_pause(reason.as_ref(), moment),
            C::Resume => self.decide_resume(moment),
            C::Cancel { reason } => self.decide_cancel(reason.as_ref(), moment),
            C::Reassign { agent_id, reason } => {
                self.decide_reassign(agent_id.as_ref(), reason.as_ref(), moment)
            }
            C::ChangePolicy(_)
            | C::ChangePriority(_)
            | C::ChangeLabels(_)
            | C::ChangeBudget(_)
            | C::Fork { .. } => self.decide_setting(command, moment),
            C::Amend(amendment) => self.decide_amend(amendment, moment),
            C::Grant { agent_id, task_id, lease_ms } => {
                self.decide_grant(agent_id, task_id, *lease_ms, moment)
            }
            C::Report(report) => self.decide_report(report, moment),
            C::Resolve(resolve) => self.decide_resolve(resolve, moment),
            C::Raise { .. }
            | C::SkipTask { .. }
            | C::ReassignTask { .. }
            | C::ChangeTaskPriority { .. }
            | C::AdoptLateReport { .. } => self.decide_task(command, moment),
            C::Decompose(decomposition) => self.decide_decompose(decomposition, moment),
            C::ReviewDecomposition { task_id, is_approved, note } => {
                self.decide_review(task_id, *is_approved, note.as_ref(), moment)
            }
            C::SetContext(_)
            | C::RemoveContext { .. }
            | C::LogAction(_)
            | C::AddNote { .. }
            | C::RecordUsage { .. } => self.decide_record(command, moment),
            C::CheckDeadlines { signs_of_life } => self.decide_deadlines(signs_of_life, moment),
            C::AgentLost { .. } | C::AgentReturned { .. } | C::AgentRetired { .. } => {
                self.decide_presence(command, moment)
            }
        }
    }

    fn made_header(&self) -> Result<&Header, Rejection> {
        let not_found = || Rejection::NotFound { what: "execution", id: String::new() };
        self.header.as_deref().ok_or_else(not_found)
    }

    fn refuse_when_over(&self) -> Result<&Header, Rejection> {
        let header = self.made_header()?;
        if !self.phase.status().is_over() {
            return Ok(header);
        }
        Err(self.wrong_state())
    }

    fn wrong_state(&self) -> Rejection {
        let id = self.header.as_ref().map(|h| h.execution_id.to_string()).unwrap_or_default();
        Rejection::WrongState { what: "execution", id, state: self.phase.status().as_str() }
    }

    fn illegal(&self, to: ExecutionStatus) -> Rejection {
        Rejection::IllegalMove { from: self.phase.status(), to }
    }

    fn find_task(&self, task_id: &TaskId) -> Result<(Spot, &Node), Rejection> {
        let not_found = || Rejection::NotFound { what: "task", id: task_id.to_string() };
        let spot = self.tree.find(task_id).ok_or_else(not_found)?;
        Ok((spot, self.tree.node(spot)))
    }

    /// A blocker of the next free id, that many places after the last.
    pub(super) fn new_blocker(
        &self,
        place: u32,
        task_id: Option<&TaskId>,
        kind: BlockerKind,
        message: Text,
        moment: &Moment,
    ) -> BlockerRaised {
        let number = self.blockers_total + 1 + place;
        BlockerRaised {
            blocker_id: BlockerId::parse(&format!("blk_{number}")).expect("this is an id"),
            task_id: task_id.cloned(),
            kind,
            message,
            suggestions: Vec::new(),
            limit_at: Some(moment.at.plus_ms(self.policy().blocker_wait_ms)),
            at: moment.at,
            by: moment.by.clone(),
        }
    }
}

fn only_a_person(moment: &Moment, what: &'static str) -> Result<(), Rejection> {
    if moment.by.is_user() { Ok(()) } else { Err(Rejection::PersonNeeded { what }) }
}

/// A text that we wrote ourselves.
pub(super) fn text(words: &str) -> Text {
    Text::parse(words).expect("our own sentences keep the limits")
}

fn is_due(at: Timestamp, now: Timestamp) -> bool {
    at <= now
}
