//! What happened to a task, in sentences.

use super::told::{Group, Scene, Told, because, count, receiver, short};
use crate::value::word;
use planexe_ax_domain::event::work::{
    DecompositionAdopted, DecompositionOverridden, LateReportKept, LeaseExpired, LeaseRevoked,
    Remarks, RetryScheduled, RevokeReason, TaskError, TaskFailed, TaskGranted, TaskProgressed,
    TaskReassigned, WorkEvent,
};
use planexe_ax_domain::{Actor, TaskId, Text};

use Group::{Decision, Problem, Work};

pub(super) fn tell<'a>(event: &'a WorkEvent, scene: Scene<'_>) -> Told<'a> {
    match event {
        WorkEvent::TaskGranted(e) => granted(e, scene),
        WorkEvent::TaskStarted(e) => worked(&e.task_id, &e.remarks, scene, "began {}"),
        WorkEvent::TaskProgressed(e) => progressed(e, scene),
        WorkEvent::TaskCompletionHeld(e) => {
            worked(&e.task_id, &e.remarks, scene, "is done with {}, which waits for others")
        }
        WorkEvent::TaskCompleted(e) => worked(&e.task_id, &e.remarks, scene, "completed {}"),
        WorkEvent::TaskResultKept(e) => {
            let what = format!("gave the result of {}", scene.task(&e.task_id));
            let told = Told::by(Work, &Actor::agent(&e.agent_id), &what);
            told.on(&e.task_id).saying(&e.remarks)
        }
        WorkEvent::TaskReleased(e) => worked(&e.task_id, &e.remarks, scene, "gave {} back"),
        WorkEvent::LeaseExpired(e) => expired(e, scene),
        WorkEvent::LeaseRevoked(e) => revoked(e, scene),
        WorkEvent::TaskFailed(e) => failed(e, scene),
        WorkEvent::RetryScheduled(e) => resting(e, scene),
        WorkEvent::RetryCameDue(e) => {
            Told::engine(Work, format!("{} can be tried again", scene.task(&e.task_id)))
                .on(&e.task_id)
        }
        WorkEvent::TaskGivenUp(e) => {
            let why = because(Some(&e.reason));
            Told::engine(Problem, format!("{} is given up{why}", scene.task(&e.task_id)))
                .on(&e.task_id)
        }
        WorkEvent::TaskSkipped(e) => {
            decided(&e.by, &e.task_id, scene, "skipped {}", e.reason.as_ref())
        }
        WorkEvent::TaskReset(e) => decided(&e.by, &e.task_id, scene, "opened {} again", None),
        WorkEvent::TaskReassigned(e) => reassigned(e, scene),
        WorkEvent::TaskPriorityChanged(e) => {
            let what = format!("set the priority of {{}} to {}", word(&e.priority));
            decided(&e.by, &e.task_id, scene, &what, None)
        }
        WorkEvent::LateReportKept(e) => late(e, scene),
        WorkEvent::LateReportAdopted(e) => {
            decided(&e.by, &e.task_id, scene, "took a late report as the result of {}", None)
        }
        WorkEvent::DecompositionAdopted(e) => broken_down(e, scene),
        WorkEvent::DecompositionApproved(e) => {
            decided(&e.by, &e.task_id, scene, "approved the parts of {}", e.note.as_ref())
        }
        WorkEvent::DecompositionRejected(e) => {
            decided(&e.by, &e.task_id, scene, "rejected the parts of {}", e.note.as_ref())
        }
        WorkEvent::DecompositionOverridden(e) => overridden(e, scene),
    }
}

/// Work of the agent that has, or had, the task; `{}` stands for its title.
fn worked<'a>(task_id: &TaskId, remarks: &'a Remarks, scene: Scene<'_>, what: &str) -> Told<'a> {
    let what = what.replacen("{}", &scene.task(task_id), 1);
    Told::agent(Work, scene.holder(task_id), &what).on(task_id).saying(remarks)
}

/// What a person decided on a task; `{}` stands for its title.
fn decided<'a>(
    by: &Actor,
    task_id: &TaskId,
    scene: Scene<'_>,
    what: &str,
    why: Option<&Text>,
) -> Told<'a> {
    let what = what.replacen("{}", &scene.task(task_id), 1);
    Told::by(Decision, by, &format!("{what}{}", because(why))).on(task_id)
}

fn granted<'a>(event: &TaskGranted, scene: Scene<'_>) -> Told<'a> {
    let title = scene.task(&event.task_id);
    let what = match event.attempt {
        0 | 1 => format!("took {title}"),
        attempt => format!("took {title} for attempt {attempt}"),
    };
    Told::by(Work, &Actor::agent(&event.agent_id), &what).on(&event.task_id)
}

fn progressed<'a>(event: &'a TaskProgressed, scene: Scene<'_>) -> Told<'a> {
    let what = match event.progress_percent {
        Some(percent) => format!("is at {percent} % of {{}}"),
        None => "goes on with {}".to_owned(),
    };
    worked(&event.task_id, &event.remarks, scene, &what)
}

fn expired<'a>(event: &LeaseExpired, scene: Scene<'_>) -> Told<'a> {
    let LeaseExpired { task_id, agent_id, .. } = event;
    let sentence = format!("{agent_id} fell silent over {}", scene.task(task_id));
    Told::engine(Problem, sentence).on(task_id).about(Some(agent_id))
}

fn revoked<'a>(event: &LeaseRevoked, scene: Scene<'_>) -> Told<'a> {
    let why = match event.reason {
        RevokeReason::Cancelled => "the execution was cancelled",
        RevokeReason::Failed => "the execution failed",
        RevokeReason::Reassigned => "it was given to another agent",
        RevokeReason::Overruled => "a person decided otherwise",
        RevokeReason::AgentRetired => "the agent is retired",
    };
    let holder = scene.holder(&event.task_id);
    let from = holder.as_ref().map_or_else(|| "its agent".to_owned(), ToString::to_string);
    let sentence = format!("{} was taken back from {from}: {why}", scene.task(&event.task_id));
    Told::engine(Work, sentence).on(&event.task_id).about(holder.as_ref())
}

fn failed<'a>(event: &'a TaskFailed, scene: Scene<'_>) -> Told<'a> {
    let why = match &event.error {
        TaskError { error_type, message: Some(message), .. } => format!("{error_type}: {message}"),
        TaskError { error_type, .. } => error_type.to_string(),
    };
    let what = format!("failed at {}: {}", scene.task(&event.task_id), short(&why));
    let told = Told::by(Problem, &Actor::agent(&event.agent_id), &what);
    told.on(&event.task_id).saying(&event.remarks)
}

fn resting<'a>(event: &RetryScheduled, scene: Scene<'_>) -> Told<'a> {
    let error = scene.last_error(&event.task_id);
    let after = error.map(|error| format!(" after {}", short(error.error_type.as_str())));
    let (title, after) = (scene.task(&event.task_id), after.unwrap_or_default());
    let sentence = format!("Retry of {title} at {}{after}", event.retry_at);
    Told::engine(Work, sentence).on(&event.task_id)
}

fn reassigned<'a>(event: &TaskReassigned, scene: Scene<'_>) -> Told<'a> {
    let what = format!("gave {{}} to {}", receiver(event.agent_id.as_ref()));
    let told = decided(&event.by, &event.task_id, scene, &what, None);
    told.about(event.agent_id.as_ref())
}

fn late<'a>(event: &'a LateReportKept, scene: Scene<'_>) -> Told<'a> {
    let LateReportKept { task_id, agent_id, .. } = event;
    let sentence = format!("A report of {agent_id} on {} came too late", scene.task(task_id));
    let told = Told::engine(Problem, sentence).on(task_id).about(Some(agent_id));
    told.saying(&event.remarks)
}

fn broken_down<'a>(event: &'a DecompositionAdopted, scene: Scene<'_>) -> Told<'a> {
    let parts = count(event.subtasks.len(), "part", "parts");
    let review = if event.needs_review { ", which a person must look at" } else { "" };
    let what = format!("broke {{}} down into {parts}{review}");
    let told = decided(&event.by, &event.task_id, scene, &what, None);
    Told { group: Work, message: event.notes.as_ref(), ..told }
}

fn overridden<'a>(event: &DecompositionOverridden, scene: Scene<'_>) -> Told<'a> {
    let parts = count(event.subtasks.len(), "part", "parts");
    let what = format!("broke {{}} down by hand into {parts}");
    decided(&event.by, &event.task_id, scene, &what, None)
}
