//! What follows from an agent's report.

use super::Decided;
use crate::event::record::{BlockerKind, NoteAdded, RecordEvent};
use crate::event::work::{
    LateReportKept, ReportKind, TaskCompleted, TaskCompletionHeld, TaskError, TaskFailed,
    TaskProgressed, TaskReleased, TaskResultKept, TaskStarted, WorkEvent,
};
use crate::execution::tree::{Closure, Node, Spot, Stage};
use crate::execution::{Execution, ExecutionStatus, Report, ReportBody};
use crate::planted::is_planted;
use crate::{Event, Json, Moment, Rejection, TaskId, Text};

/// The most late reports that are kept for one task.
const LATE_REPORTS_MAX: usize = 100;

/// How an agent stands to the task that it reports on.
enum Standing {
    /// It holds the task, under that epoch.
    Holder { epoch: u64 },
    /// It held the task once; the report changes nothing.
    Late,
    /// It said the same before.
    Repeated,
    /// It never asked, but the task is its to take.
    Claimant,
}

impl ReportBody {
    /// What kind of report it is.
    pub fn kind(&self) -> ReportKind {
        match self {
            Self::Started => ReportKind::Started,
            Self::Progressed { .. } => ReportKind::Progressed,
            Self::Completed { .. } => ReportKind::Completed,
            Self::Failed { .. } => ReportKind::Failed,
            Self::Blocked { .. } => ReportKind::Blocked,
            Self::Released { .. } => ReportKind::Released,
        }
    }

    /// Whether somebody has to look at it before the task can go on.
    fn holds_up(&self) -> bool {
        match self.kind() {
            ReportKind::Failed | ReportKind::Blocked => true,
            ReportKind::Started
            | ReportKind::Progressed
            | ReportKind::Completed
            | ReportKind::Released => false,
        }
    }

    /// As what kind of report it ends a lease: what is blocked is given back.
    fn closing_kind(&self) -> ReportKind {
        match self.kind() {
            ReportKind::Blocked => ReportKind::Released,
            other @ (ReportKind::Started
            | ReportKind::Progressed
            | ReportKind::Completed
            | ReportKind::Failed
            | ReportKind::Released) => other,
        }
    }
}

impl Execution {
    pub(super) fn decide_report(&self, report: &Report, moment: &Moment) -> Decided {
        let header = self.made_header()?;
        let (spot, node) = self.find_task(&report.task_id)?;
        let names_other = report.lease.as_ref().is_some_and(|lease| {
            lease.task_id != report.task_id || lease.execution_id != header.execution_id
        });
        if names_other {
            return Err(Rejection::LeaseUnknown { task_id: report.task_id.clone() });
        }
        if !node.is_leaf() {
            // A lease on it is from before it was broken down: nothing may be held up under it.
            if report.lease.is_some() && report.body.holds_up() {
                return self.keep_late_report(node, report, moment);
            }
            return self.report_on_parent(spot, report, moment);
        }
        match self.standing_now(spot, report)? {
            Standing::Holder { epoch } => Ok(self.take_in(spot, epoch, report, moment)),
            Standing::Late => self.keep_late_report(node, report, moment),
            Standing::Repeated => Ok(Vec::new()),
            Standing::Claimant => {
                let mut events = self.given_out(spot, &report.agent_id, None, moment)?;
                events.extend(self.take_in(spot, node.leaf.epoch + 1, report, moment));
                Ok(events)
            }
        }
    }

    /// A start or progress that its own end has overtaken says nothing new.
    fn standing_now(&self, spot: Spot, report: &Report) -> Result<Standing, Rejection> {
        let standing = self.standing(spot, report)?;
        let leaf = &self.tree.node(spot).leaf;
        let is_ended = leaf.closing.as_deref().is_some_and(|closing| {
            let is_epoch = report.lease.as_ref().is_none_or(|lease| lease.epoch == closing.epoch);
            let is_reported = matches!(closing.how, Closure::Reported(_));
            is_epoch && is_reported && closing.agent_id == report.agent_id
        });
        let goes_on = matches!(report.body, ReportBody::Started | ReportBody::Progressed { .. });
        let is_overtaken = is_ended && goes_on && report.remarks.is_empty();
        match standing {
            Standing::Late if is_overtaken => Ok(Standing::Repeated),
            other @ (Standing::Holder { .. }
            | Standing::Late
            | Standing::Repeated
            | Standing::Claimant) => Ok(other),
        }
    }

    fn standing(&self, spot: Spot, report: &Report) -> Result<Standing, Rejection> {
        let leaf = &self.tree.node(spot).leaf;
        let unknown = || Rejection::LeaseUnknown { task_id: report.task_id.clone() };
        let closing = leaf.closing.as_deref();
        let is_repeat = closing.is_some_and(|closing| {
            let is_same = closing.how == Closure::Reported(report.body.closing_kind());
            let is_epoch = report.lease.as_ref().is_none_or(|lease| lease.epoch == closing.epoch);
            is_same && is_epoch && closing.agent_id == report.agent_id
        });
        match (leaf.lease(), &report.lease) {
            (Some(held), Some(named)) if named.epoch == leaf.epoch => {
                let is_holder = held.agent_id == report.agent_id && held.nonce == named.nonce;
                if is_holder { Ok(Standing::Holder { epoch: leaf.epoch }) } else { Err(unknown()) }
            }
            (Some(held), None) if held.agent_id == report.agent_id => {
                Ok(Standing::Holder { epoch: leaf.epoch })
            }
            (_, Some(named)) if named.epoch > leaf.epoch => Err(unknown()),
            (None, _) if is_repeat => Ok(Standing::Repeated),
            (Some(_), Some(_)) if is_planted("skip_fence_check") => {
                Ok(Standing::Holder { epoch: leaf.epoch })
            }
            (Some(held), None) if closing.is_none_or(|c| c.agent_id != report.agent_id) => {
                let task_id = report.task_id.clone();
                Err(Rejection::NotGrantable {
                    task_id,
                    why: format!("agent {} has it", held.agent_id),
                })
            }
            (Some(_), _) | (None, Some(_)) => Ok(Standing::Late),
            (None, None) => self.standing_without_lease(spot, report),
        }
    }

    /// The simple agent of the documents reports without a lease, and may never have polled.
    fn standing_without_lease(&self, spot: Spot, report: &Report) -> Result<Standing, Rejection> {
        let node = self.tree.node(spot);
        let agent_id = &report.agent_id;
        let was_holder = node.leaf.closing.as_ref().is_some_and(|c| &c.agent_id == agent_id);
        if was_holder && (node.status().is_over() || node.leaf.ready_since.is_none()) {
            return Ok(Standing::Late);
        }
        let is_running = self.phase.status() == ExecutionStatus::Running;
        let is_theirs = was_holder || self.is_tied_to(spot, agent_id);
        if (is_running && is_theirs) || self.begins_with(spot, agent_id) {
            return Ok(Standing::Claimant);
        }
        let why = if is_running {
            "it was not given to this agent: ask for work first".to_owned()
        } else {
            format!("the execution is {}", self.phase.status())
        };
        Err(Rejection::NotGrantable { task_id: report.task_id.clone(), why })
    }

    /// What follows when the one who holds the task reports.
    fn take_in(&self, spot: Spot, epoch: u64, report: &Report, moment: &Moment) -> Vec<Event> {
        let node = self.tree.node(spot);
        let (task_id, remarks, at) = (report.task_id.clone(), report.remarks.clone(), moment.at);
        match &report.body {
            ReportBody::Started => {
                let has_started = node.leaf.lease().is_some_and(|lease| lease.has_started);
                if has_started && remarks.is_empty() {
                    return Vec::new();
                }
                one(TaskStarted { task_id, epoch, remarks, at })
            }
            ReportBody::Progressed { progress_percent, checkpoint } => {
                let progress_percent = progress_percent.map(|percent| percent.min(100));
                if is_known(node, progress_percent, checkpoint.as_ref()) && remarks.is_empty() {
                    return Vec::new();
                }
                let checkpoint = checkpoint.clone();
                one(TaskProgressed { task_id, epoch, progress_percent, checkpoint, remarks, at })
            }
            ReportBody::Completed { output } => {
                let output = output.clone();
                if node.finishes_unmet > 0 && !self.phase.status().is_over() {
                    return one(TaskCompletionHeld { task_id, epoch, output, remarks, at });
                }
                one(TaskCompleted { task_id, epoch, output, remarks, at })
            }
            ReportBody::Released { checkpoint } => {
                let checkpoint = checkpoint.clone();
                one(TaskReleased { task_id, epoch, checkpoint, remarks, at })
            }
            ReportBody::Failed { error } => self.failed(spot, epoch, error, report, moment),
            ReportBody::Blocked { message, suggestions, wait_ms } => {
                let mut events =
                    one(TaskReleased { task_id, epoch, checkpoint: None, remarks, at });
                let wait = (*wait_ms, suggestions.as_slice());
                events.extend(self.waits_outside(&report.task_id, message, wait, moment));
                events
            }
        }
    }

    fn waits_outside(
        &self,
        task_id: &TaskId,
        message: &Text,
        (wait_ms, suggestions): (Option<u64>, &[Text]),
        moment: &Moment,
    ) -> Option<Event> {
        if self.phase.status().is_over() {
            return None;
        }
        let kind = BlockerKind::ExternalDependency;
        let mut blocker = self.new_blocker(0, Some(task_id), kind, message.clone(), moment);
        blocker.suggestions = suggestions.to_vec();
        if let Some(wait_ms) = wait_ms {
            blocker.limit_at = Some(moment.at.plus_ms(wait_ms));
        }
        Some(RecordEvent::from(blocker).into())
    }

    fn failed(
        &self,
        spot: Spot,
        epoch: u64,
        error: &TaskError,
        report: &Report,
        moment: &Moment,
    ) -> Vec<Event> {
        let attempt = self.tree.node(spot).leaf.attempts_failed + 1;
        let failed = TaskFailed {
            task_id: report.task_id.clone(),
            epoch,
            agent_id: report.agent_id.clone(),
            attempt,
            error: error.clone(),
            remarks: report.remarks.clone(),
            at: moment.at,
        };
        let mut events = one(failed);
        events.extend(self.after_failure(spot, attempt, error, moment));
        events
    }

    /// Keeps a report that came too late, once, as evidence.
    fn keep_late_report(&self, node: &Node, report: &Report, moment: &Moment) -> Decided {
        let (output, error) = match &report.body {
            ReportBody::Completed { output } => (output.clone(), None),
            ReportBody::Failed { error } => (None, Some(error.clone())),
            ReportBody::Started
            | ReportBody::Progressed { .. }
            | ReportBody::Blocked { .. }
            | ReportBody::Released { .. } => (None, None),
        };
        let epoch = report.lease.as_ref().map(|lease| lease.epoch);
        let late = node.history.as_ref().map_or(&[][..], |history| &history.late_reports);
        let is_kept = late.iter().any(|late| {
            late.agent_id == report.agent_id
                && late.epoch == epoch
                && late.report == report.body.kind()
                && late.output == output
        });
        let task_id = report.task_id.clone();
        if is_kept || late.len() >= LATE_REPORTS_MAX {
            return Err(Rejection::LeaseLost { task_id });
        }
        Ok(one(LateReportKept {
            task_id,
            agent_id: report.agent_id.clone(),
            epoch,
            report: report.body.kind(),
            output,
            error,
            remarks: report.remarks.clone(),
            at: moment.at,
        }))
    }

    /// A simple agent reports on the task whose parts it carries out.
    fn report_on_parent(&self, spot: Spot, report: &Report, moment: &Moment) -> Decided {
        let task_id = report.task_id.clone();
        match &report.body {
            ReportBody::Completed { output } => {
                self.result_of_parent(spot, report, output.as_ref(), moment)
            }
            ReportBody::Failed { error } => {
                self.refuse_when_over()?;
                self.refuse_when_task_over(&task_id)?;
                let message = error.message.clone().unwrap_or_else(|| error.error_type.clone());
                let kind = match error.error_type.as_str() {
                    "decomposition_failed" => BlockerKind::DecompositionReview,
                    _ => BlockerKind::HumanReview,
                };
                let mut blocker = self.new_blocker(0, Some(&task_id), kind, message, moment);
                blocker.suggestions.clone_from(&error.suggestions);
                Ok(self.unless_stands(blocker))
            }
            ReportBody::Blocked { message, suggestions, wait_ms } => {
                self.refuse_when_over()?;
                self.refuse_when_task_over(&task_id)?;
                let kind = BlockerKind::ExternalDependency;
                let mut blocker =
                    self.new_blocker(0, Some(&task_id), kind, message.clone(), moment);
                blocker.suggestions.clone_from(suggestions);
                blocker.limit_at =
                    wait_ms.map_or(blocker.limit_at, |ms| Some(moment.at.plus_ms(ms)));
                Ok(self.unless_stands(blocker))
            }
            ReportBody::Started | ReportBody::Progressed { .. } | ReportBody::Released { .. } => {
                let words = [&report.remarks.message, &report.remarks.notes];
                let said = words.into_iter().flatten().find(|words| !words.is_empty());
                let notes = said.map(|text| {
                    let (text, at, by) = (text.clone(), moment.at, moment.by.clone());
                    let task_id = Some(task_id.clone());
                    RecordEvent::from(NoteAdded { task_id, text, at, by }).into()
                });
                Ok(notes.into_iter().collect())
            }
        }
    }

    fn unless_stands(&self, blocker: crate::event::record::BlockerRaised) -> Vec<Event> {
        let stands = self.blockers.values().any(|other| {
            other.task_id == blocker.task_id
                && other.kind == blocker.kind
                && other.message == blocker.message
        });
        if stands { Vec::new() } else { vec![RecordEvent::from(blocker).into()] }
    }

    fn result_of_parent(
        &self,
        spot: Spot,
        report: &Report,
        output: Option<&Json>,
        moment: &Moment,
    ) -> Decided {
        let is_open = |leaf: &Spot| !self.tree.node(*leaf).status().is_over();
        let open: Vec<TaskId> = self
            .tree
            .leaves_below(spot)
            .into_iter()
            .filter(is_open)
            .map(|leaf| self.tree.node(leaf).definition.task_id.clone())
            .collect();
        let task_id = report.task_id.clone();
        if !open.is_empty() {
            return Err(Rejection::SubtasksOpen { task_id, open });
        }
        let is_same = self.tree.node(spot).output.as_ref() == output;
        if is_same && report.remarks.is_empty() {
            return Ok(Vec::new());
        }
        Ok(one(TaskResultKept {
            task_id,
            agent_id: report.agent_id.clone(),
            output: output.cloned(),
            remarks: report.remarks.clone(),
            at: moment.at,
        }))
    }
}

fn one(event: impl Into<WorkEvent>) -> Vec<Event> {
    vec![event.into().into()]
}

/// Whether progress and checkpoint are what was reported last.
fn is_known(node: &Node, progress_percent: Option<u8>, checkpoint: Option<&Json>) -> bool {
    let kept = node.history.as_ref().and_then(|history| history.checkpoint.as_ref());
    let has_started = node.leaf.lease().is_some_and(|lease| lease.has_started);
    has_started
        && progress_percent.is_none_or(|percent| percent == node.leaf.progress_percent)
        && checkpoint.is_none_or(|checkpoint| Some(checkpoint) == kept)
}

impl Node {
    /// Whether an agent is done with it and it only waits for others.
    pub fn is_finishing(&self) -> bool {
        self.leaf.stage == Stage::Finishing
    }
}
