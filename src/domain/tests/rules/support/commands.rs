//! Commands in a few words.

use planexe_ax_domain::event::record::{BlockerKind, Resolution};
use planexe_ax_domain::event::work::{DecompositionSource, Remarks, TaskError};
use planexe_ax_domain::execution::{
    Amendment, Decomposition, ExecutionCommand, Report, ReportBody, ResolveBlocker,
};
use planexe_ax_domain::{
    Actor, AgentId, BlockerId, Json, LeaseToken, TaskDefinition, TaskId, Text, Title,
};

pub(crate) fn task_id(id: &str) -> TaskId {
    TaskId::parse(id).expect("this is an id")
}

pub(crate) fn agent_id(id: &str) -> AgentId {
    AgentId::parse(id).expect("this is an id")
}

pub(crate) fn title(words: &str) -> Title {
    Title::parse(words).expect("this is a title")
}

pub(crate) fn text(words: &str) -> Text {
    Text::parse(words).expect("this is a text")
}

pub(crate) fn json(words: &str) -> Json {
    Json::parse(words).expect("this is JSON")
}

pub(crate) fn person() -> Actor {
    Actor::user("ann").expect("this is a name")
}

pub(crate) fn grant(task: &str, agent: &str) -> ExecutionCommand {
    let (agent_id, task_id) = (agent_id(agent), task_id(task));
    ExecutionCommand::Grant { agent_id, task_id, lease_ms: None }
}

/// A report without a lease and without remarks.
pub(crate) fn report(task: &str, agent: &str, body: ReportBody) -> ExecutionCommand {
    ExecutionCommand::Report(Box::new(Report {
        agent_id: agent_id(agent),
        task_id: task_id(task),
        lease: None,
        body,
        remarks: Remarks::default(),
    }))
}

/// The same report, under that lease.
pub(crate) fn under(lease: &LeaseToken, command: ExecutionCommand) -> ExecutionCommand {
    let ExecutionCommand::Report(mut report) = command else {
        panic!("only reports have leases");
    };
    report.lease = Some(lease.clone());
    ExecutionCommand::Report(report)
}

/// The same report, with those remarks.
pub(crate) fn remarking(remarks: Remarks, command: ExecutionCommand) -> ExecutionCommand {
    let ExecutionCommand::Report(mut report) = command else {
        panic!("only reports have remarks");
    };
    report.remarks = remarks;
    ExecutionCommand::Report(report)
}

pub(crate) fn started(task: &str, agent: &str) -> ExecutionCommand {
    report(task, agent, ReportBody::Started)
}

pub(crate) fn progressed(task: &str, agent: &str, percent: u8) -> ExecutionCommand {
    let progress_percent = Some(percent);
    report(task, agent, ReportBody::Progressed { progress_percent, checkpoint: None })
}

pub(crate) fn completed(task: &str, agent: &str) -> ExecutionCommand {
    report(task, agent, ReportBody::Completed { output: None })
}

pub(crate) fn completed_with(task: &str, agent: &str, output: &str) -> ExecutionCommand {
    report(task, agent, ReportBody::Completed { output: Some(json(output)) })
}

pub(crate) fn error(error_type: &str) -> TaskError {
    TaskError {
        error_type: text(error_type),
        message: None,
        is_retryable: None,
        needs_person: false,
        suggestions: Vec::new(),
        status_code: None,
        retry_after_ms: None,
    }
}

pub(crate) fn failed_with(task: &str, agent: &str, error: TaskError) -> ExecutionCommand {
    report(task, agent, ReportBody::Failed { error })
}

/// An error that trying again may mend.
pub(crate) fn failed(task: &str, agent: &str) -> ExecutionCommand {
    failed_with(task, agent, error("validation_error"))
}

/// An error that trying again does not mend.
pub(crate) fn failed_for_good(task: &str, agent: &str) -> ExecutionCommand {
    let error = TaskError { is_retryable: Some(false), ..error("validation_error") };
    failed_with(task, agent, error)
}

pub(crate) fn blocked(task: &str, agent: &str) -> ExecutionCommand {
    let message = text("the vendor sleeps");
    report(task, agent, ReportBody::Blocked { message, suggestions: Vec::new(), wait_ms: None })
}

pub(crate) fn released(task: &str, agent: &str) -> ExecutionCommand {
    report(task, agent, ReportBody::Released { checkpoint: None })
}

pub(crate) fn check_deadlines() -> ExecutionCommand {
    ExecutionCommand::CheckDeadlines { signs_of_life: Vec::new() }
}

pub(crate) fn pause() -> ExecutionCommand {
    ExecutionCommand::Pause { reason: Some(text("lunch")) }
}

pub(crate) fn cancel() -> ExecutionCommand {
    ExecutionCommand::Cancel { reason: None }
}

pub(crate) fn skip(task: &str) -> ExecutionCommand {
    ExecutionCommand::SkipTask { task_id: task_id(task), reason: None }
}

pub(crate) fn raise(task: Option<&str>, kind: BlockerKind) -> ExecutionCommand {
    let message = text("by hand");
    ExecutionCommand::Raise { task_id: task.map(task_id), kind, message }
}

/// A resolution with everything that any of them could need.
pub(crate) fn resolve(blocker_id: BlockerId, resolution: Resolution) -> ExecutionCommand {
    ExecutionCommand::Resolve(Box::new(ResolveBlocker {
        blocker_id,
        resolution,
        option: Some(text("the other way")),
        input: Some(json("{\"key\":1}")),
        agent_id: Some(agent_id("moe")),
        note: None,
    }))
}

/// A resolution that says nothing but how.
pub(crate) fn resolve_bare(blocker_id: BlockerId, resolution: Resolution) -> ExecutionCommand {
    ExecutionCommand::Resolve(Box::new(ResolveBlocker {
        blocker_id,
        resolution,
        option: None,
        input: None,
        agent_id: None,
        note: None,
    }))
}

pub(crate) fn part(id: &str) -> TaskDefinition {
    TaskDefinition::new(task_id(id), title(id))
}

pub(crate) fn part_of(parent: &str, id: &str) -> TaskDefinition {
    TaskDefinition { parent_id: Some(task_id(parent)), ..part(id) }
}

pub(crate) fn decompose(task: &str, parts: &[&str], confidence_permille: u16) -> ExecutionCommand {
    decompose_by(DecompositionSource::Rules, task, parts, confidence_permille)
}

pub(crate) fn decompose_by(
    source: DecompositionSource,
    task: &str,
    parts: &[&str],
    confidence_permille: u16,
) -> ExecutionCommand {
    ExecutionCommand::Decompose(Box::new(Decomposition {
        task_id: task_id(task),
        subtasks: parts.iter().map(|id| part(id)).collect(),
        dependencies: Vec::new(),
        confidence_permille,
        source,
        notes: None,
    }))
}

pub(crate) fn amend(change: impl FnOnce(&mut Amendment)) -> ExecutionCommand {
    let mut amendment = Amendment::default();
    change(&mut amendment);
    ExecutionCommand::Amend(Box::new(amendment))
}

pub(crate) fn review(task: &str, is_approved: bool) -> ExecutionCommand {
    ExecutionCommand::ReviewDecomposition { task_id: task_id(task), is_approved, note: None }
}

pub(crate) fn adopt_late(task: &str, late_report: u32) -> ExecutionCommand {
    ExecutionCommand::AdoptLateReport { task_id: task_id(task), late_report }
}
