//! What follows from a command to an agent's own plan: what would follow from the reports and
//! decisions that it stands for, one after the other, all of them or none.

use super::{Decided, HandleError, text};
use crate::event::record::{
    BlockerKind, OwnPlanDeleted, OwnPlanDescribed, RecordEvent, Resolution,
};
use crate::event::work::{Remarks, TaskError};
use crate::execution::own::is_done;
use crate::execution::{
    Blocker, CreateExecution, Execution, ExecutionCommand, ExecutionStatus, MoveOwnPlan, OwnPlan,
    OwnStatus, Report, ReportBody, TaskStatus,
};
use crate::{AgentId, Event, Moment, Rejection, TaskId, Text};

impl Execution {
    pub(super) fn decide_create_own(
        &self,
        command: &CreateExecution,
        own: &OwnPlan,
        moment: &Moment,
    ) -> Decided {
        let mut events = self.decide_create(command, moment)?;
        events.push(described(own, moment));
        Ok(events)
    }

    pub(super) fn decide_move_own(&self, wanted: &MoveOwnPlan, moment: &Moment) -> Decided {
        let own = self.made_own()?;
        let mut draft = Draft { execution: self.clone(), events: Vec::new(), moment };
        draft.move_to(wanted)?;
        if let Some(reasoning) = wanted.reasoning.as_ref()
            && own.reasoning.as_ref() != Some(reasoning)
        {
            let reasoning = Some(reasoning.clone());
            draft.events.push(described(&OwnPlan { reasoning, ..own.clone() }, moment));
        }
        Ok(draft.events)
    }

    pub(super) fn decide_delete_own(&self, reason: Option<&Text>, moment: &Moment) -> Decided {
        if self.is_own_plan_deleted() {
            return Ok(Vec::new());
        }
        self.made_own()?;
        let is_over = self.phase.status().is_over();
        let mut events = if is_over { Vec::new() } else { self.decide_cancel(reason, moment)? };
        let (at, by) = (moment.at, moment.by.clone());
        events.push(RecordEvent::from(OwnPlanDeleted { at, by }).into());
        Ok(events)
    }

    fn made_own(&self) -> Result<&OwnPlan, Rejection> {
        let id = self.header().map(|header| header.execution_id.to_string()).unwrap_or_default();
        self.own_plan().ok_or(Rejection::NotFound { what: "agent's own plan", id })
    }

    /// Nothing is written down beside a plan that is gone from sight.
    pub(super) fn refuse_when_deleted(&self) -> Result<(), Rejection> {
        if !self.is_own_plan_deleted() {
            return Ok(());
        }
        let id = self.made_header()?.execution_id.to_string();
        Err(Rejection::WrongState { what: "agent's own plan", id, state: "deleted" })
    }
}

fn described(own: &OwnPlan, moment: &Moment) -> Event {
    let own = own.clone();
    RecordEvent::from(OwnPlanDescribed {
        outside_task: own.outside_task,
        plan_type: own.plan_type,
        reasoning: own.reasoning,
        metadata: own.metadata,
        at: moment.at,
        by: moment.by.clone(),
    })
    .into()
}

/// A copy on which commands are carried out one after the other.
struct Draft<'a> {
    execution: Execution,
    events: Vec<Event>,
    moment: &'a Moment,
}

impl Draft<'_> {
    fn move_to(&mut self, wanted: &MoveOwnPlan) -> Result<(), Rejection> {
        let MoveOwnPlan { current_step, status, reasoning } = wanted;
        let is_over = self.execution.phase.status().is_over();
        if let (true, Some(status)) = (is_over, *status) {
            self.stay_over(status)?;
        }
        if matches!(status, Some(OwnStatus::InProgress | OwnStatus::Failed)) {
            self.go_on()?;
        }
        if let Some(step) = *current_step {
            self.finish_before(step)?;
        }
        let step = current_step.unwrap_or_else(|| self.execution.current_step());
        match status {
            None if current_step.is_none() || self.is_stopped_at(step) => Ok(()),
            None => self.start(step),
            Some(OwnStatus::InProgress) => {
                self.start(step)?;
                self.expect(OwnStatus::InProgress)
            }
            Some(OwnStatus::Pending) => self.expect(OwnStatus::Pending),
            Some(OwnStatus::Blocked) => self.block(step, reasoning.as_ref()),
            Some(OwnStatus::Completed) => {
                self.finish_before(self.execution.steps_total().saturating_add(1))?;
                self.expect(OwnStatus::Completed)
            }
            Some(OwnStatus::Failed) => self.fail(step, reasoning.as_ref()),
            Some(OwnStatus::Cancelled) => {
                self.carry_out(&ExecutionCommand::Cancel { reason: reasoning.clone() }).map(|_| ())
            }
        }
    }

    /// What is over stays as it is, but for a failed plan that is given up.
    fn stay_over(&self, status: OwnStatus) -> Result<(), Rejection> {
        let from = self.execution.phase.status();
        let to = match status {
            OwnStatus::Pending => ExecutionStatus::Queued,
            OwnStatus::InProgress => ExecutionStatus::Running,
            OwnStatus::Completed => ExecutionStatus::Completed,
            OwnStatus::Blocked => ExecutionStatus::Blocked,
            OwnStatus::Failed => ExecutionStatus::Failed,
            OwnStatus::Cancelled => ExecutionStatus::Cancelled,
        };
        if from == to || (from == ExecutionStatus::Failed && to == ExecutionStatus::Cancelled) {
            return Ok(());
        }
        Err(Rejection::IllegalMove { from, to })
    }

    /// Takes away what the agent itself put in the way; a person also ends a pause.
    fn go_on(&mut self) -> Result<(), Rejection> {
        let by = &self.moment.by;
        let is_theirs = |blocker: &&Blocker| {
            blocker.kind == BlockerKind::ExternalDependency
                && (blocker.raised_by == *by || by.is_user())
        };
        let gone: Vec<Event> = self
            .execution
            .blockers()
            .filter(is_theirs)
            .map(|it| super::resolve::gone(it, Resolution::CauseGone, self.moment))
            .collect();
        self.take(gone)?;
        if by.is_user() && self.execution.phase.status() == ExecutionStatus::Paused {
            self.carry_out(&ExecutionCommand::Resume)?;
        }
        Ok(())
    }

    /// Completes the steps before one, in their order.
    fn finish_before(&mut self, step: u32) -> Result<(), Rejection> {
        let last = self.execution.steps_total().saturating_add(1);
        if !(1..=last).contains(&step) {
            let message = format!("the steps are 1 to {}; {last}: all are done", last - 1);
            return Err(Rejection::invalid("/current_step", message));
        }
        let before = self.execution.steps().take_while(|(number, _)| *number < step);
        let open = before.filter(|(_, node)| !is_done(node));
        let open: Vec<TaskId> = open.map(|(_, node)| node.definition.task_id.clone()).collect();
        for task_id in open {
            self.report(task_id, ReportBody::Completed { output: None })?;
        }
        Ok(())
    }

    /// Whether it is at that step, and cannot go on there: then it is where it is wanted.
    fn is_stopped_at(&self, step: u32) -> bool {
        let is_blocked = self.execution.own_status() == OwnStatus::Blocked;
        is_blocked && self.execution.current_step() == step
    }

    /// Starts a step, unless it is under way; behind the last one there is nothing to start.
    fn start(&mut self, step: u32) -> Result<(), Rejection> {
        let Some((task_id, status)) = self.step(step) else { return Ok(()) };
        let is_current = self.execution.current_step() == step;
        if status == TaskStatus::Running || (status.is_over() && is_current) {
            return Ok(());
        }
        if status.is_over() {
            let (id, state) = (task_id.to_string(), status.as_str());
            return Err(Rejection::WrongState { what: "step", id, state });
        }
        self.report(task_id, ReportBody::Started)
    }

    fn block(&mut self, step: u32, why: Option<&Text>) -> Result<(), Rejection> {
        if self.execution.own_status() == OwnStatus::Blocked {
            return Ok(());
        }
        let Some((task_id, _)) = self.step(step) else { return self.expect(OwnStatus::Blocked) };
        let message = why.cloned().unwrap_or_else(|| text("the agent cannot go on"));
        let is_said =
            |it: &Blocker| it.kind == BlockerKind::ExternalDependency && it.message == message;
        if self.execution.blockers().any(is_said) {
            return Ok(());
        }
        let (suggestions, wait_ms) = (Vec::new(), None);
        self.report(task_id, ReportBody::Blocked { message, suggestions, wait_ms })
    }

    fn fail(&mut self, step: u32, why: Option<&Text>) -> Result<(), Rejection> {
        if self.execution.own_status() == OwnStatus::Failed {
            return Ok(());
        }
        if let Some((task_id, _)) = self.step(step) {
            let error = TaskError {
                error_type: text("own_plan_failed"),
                message: why.cloned(),
                is_retryable: Some(false),
                needs_person: false,
                suggestions: Vec::new(),
                status_code: None,
                retry_after_ms: None,
            };
            self.report(task_id, ReportBody::Failed { error })?;
        }
        self.expect(OwnStatus::Failed)
    }

    /// Refuses what did not come of it.
    fn expect(&self, status: OwnStatus) -> Result<(), Rejection> {
        let is = self.execution.own_status();
        if is == status {
            return Ok(());
        }
        let header = self.execution.made_header()?;
        let (id, state) = (header.execution_id.to_string(), is.as_str());
        Err(Rejection::WrongState { what: "agent's own plan", id, state })
    }

    fn step(&self, step: u32) -> Option<(TaskId, TaskStatus)> {
        let mut steps = self.execution.steps();
        let (_, node) = steps.find(|(number, _)| *number == step)?;
        Some((node.definition.task_id.clone(), node.status()))
    }

    /// Lets the agent report on a step; a report that comes too late is refused here.
    fn report(&mut self, task_id: TaskId, body: ReportBody) -> Result<(), Rejection> {
        let agent_id = self.agent_of(&task_id)?;
        let (lease, remarks) = (None, Remarks::default());
        let report = Report { agent_id, task_id: task_id.clone(), lease, body, remarks };
        let events = self.carry_out(&ExecutionCommand::Report(Box::new(report)))?;
        if events.iter().any(|event| event.kind() == "late_report_kept") {
            let reasons = self.execution.why(&task_id).unwrap_or_default();
            let words: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            return Err(Rejection::NotGrantable { task_id, why: words.join("; ") });
        }
        Ok(())
    }

    /// Whose step it is.
    fn agent_of(&self, task_id: &TaskId) -> Result<AgentId, Rejection> {
        let spot = self.execution.tree.find(task_id);
        let agent_id = spot.and_then(|spot| self.execution.tied_agent(spot));
        agent_id.cloned().ok_or_else(|| {
            let (task_id, why) = (task_id.clone(), "no agent carries the plan out".to_owned());
            Rejection::NotGrantable { task_id, why }
        })
    }

    fn carry_out(&mut self, command: &ExecutionCommand) -> Result<Vec<Event>, Rejection> {
        let events = self.execution.handle(command, self.moment).map_err(refused)?;
        self.events.extend(events.iter().cloned());
        Ok(events)
    }

    /// Takes events in, and what follows from them.
    fn take(&mut self, events: Vec<Event>) -> Result<(), Rejection> {
        let mut next = events;
        while !next.is_empty() {
            for event in &next {
                self.execution.apply(event).map_err(|it| refused(it.into()))?;
            }
            self.events.append(&mut next);
            next = self.execution.consequences(self.moment);
        }
        Ok(())
    }
}

fn refused(error: HandleError) -> Rejection {
    match error {
        HandleError::Rejected(rejection) => rejection,
        HandleError::Illegal(illegal) => {
            Rejection::invalid("", format!("this is a bug: {illegal}"))
        }
    }
}
