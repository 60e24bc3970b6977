//! What happens to the tasks of Larry's execution.

use super::{
    at, bounced, by_larry, calling_carol, documenting_responses, documents_after_call, json, larry,
    mark, remarks, task_id, text,
};
use planexe_ax_domain::event::work::{
    DecompositionAdopted, DecompositionApproved, DecompositionOverridden, DecompositionRejected,
    DecompositionSource, LateReportAdopted, LateReportKept, LeaseExpired, LeaseRevoked, ReportKind,
    RetryCameDue, RetryScheduled, RevokeReason, TaskCompleted, TaskCompletionHeld, TaskFailed,
    TaskGivenUp, TaskGranted, TaskPriorityChanged, TaskProgressed, TaskReassigned, TaskReleased,
    TaskReset, TaskResultKept, TaskSkipped, TaskStarted, WorkEvent,
};
use planexe_ax_domain::{Json, Priority, TaskId};

pub(super) fn events() -> Vec<WorkEvent> {
    [attempt(), results(), losses(), failures(), orders(), late_reports(), breakdowns()].concat()
}

fn calling() -> TaskId {
    task_id("task_2_1_1")
}

fn transcript() -> Option<Json> {
    Some(json(r#"{"interest":8,"transcript":"call_carol_20260211.md","minutes":18.5}"#))
}

fn checkpoint() -> Option<Json> {
    Some(json(r#"{"asked":12,"of":20}"#))
}

fn attempt() -> Vec<WorkEvent> {
    vec![
        TaskGranted {
            task_id: calling(),
            agent_id: larry(),
            epoch: 3,
            attempt: 2,
            nonce: 18_364_758_544_493_064_720,
            lease_ms: 1_200_000,
            times_out_at: at("23:30:00"),
            at: at("16:30:00"),
        }
        .into(),
        TaskStarted { task_id: calling(), epoch: 3, remarks: remarks(), at: at("16:30:05") }.into(),
        TaskProgressed {
            task_id: calling(),
            epoch: 3,
            progress_percent: Some(60),
            checkpoint: checkpoint(),
            remarks: remarks(),
            at: at("16:40:00"),
        }
        .into(),
    ]
}

fn results() -> Vec<WorkEvent> {
    let (task_id, epoch, output, at) = (calling(), 3, transcript(), at("16:52:00"));
    vec![
        TaskCompletionHeld {
            task_id: task_id.clone(),
            epoch,
            output: output.clone(),
            remarks: remarks(),
            at,
        }
        .into(),
        TaskCompleted {
            task_id: task_id.clone(),
            epoch,
            output: output.clone(),
            remarks: remarks(),
            at,
        }
        .into(),
        TaskResultKept {
            task_id: super::task_id("task_2_1"),
            agent_id: larry(),
            output: Some(json(r#"{"called":5,"interested":["Carol","Marie","Alpaca Farm"]}"#)),
            remarks: remarks(),
            at,
        }
        .into(),
        TaskReleased { task_id, epoch, checkpoint: checkpoint(), remarks: remarks(), at }.into(),
    ]
}

fn losses() -> Vec<WorkEvent> {
    vec![
        LeaseExpired {
            task_id: calling(),
            epoch: 3,
            agent_id: larry(),
            last_seen_at: at("16:40:00"),
            losses: 1,
            at: at("17:00:00"),
        }
        .into(),
        LeaseRevoked {
            task_id: calling(),
            epoch: 3,
            reason: RevokeReason::Reassigned,
            at: at("17:00:00"),
        }
        .into(),
    ]
}

fn failures() -> Vec<WorkEvent> {
    vec![
        TaskFailed {
            task_id: calling(),
            epoch: 3,
            agent_id: larry(),
            attempt: 2,
            error: bounced(),
            remarks: remarks(),
            at: at("17:00:00"),
        }
        .into(),
        RetryScheduled { task_id: calling(), retry_at: at("17:04:30"), at: at("17:00:00") }.into(),
        RetryCameDue { task_id: calling(), at: at("17:04:30") }.into(),
        TaskGivenUp {
            task_id: calling(),
            reason: text("Carol's email bounced. Contact info appears invalid."),
            at: at("17:05:00"),
        }
        .into(),
    ]
}

fn orders() -> Vec<WorkEvent> {
    let (task_id, at, by) = (calling(), at("17:10:00"), mark());
    vec![
        TaskSkipped {
            task_id: task_id.clone(),
            reason: Some(text("Carol called back by herself")),
            at,
            by: by.clone(),
        }
        .into(),
        TaskReset { task_id: task_id.clone(), epoch: 4, at, by: by.clone() }.into(),
        TaskReassigned { task_id: task_id.clone(), agent_id: Some(larry()), at, by: by.clone() }
            .into(),
        TaskPriorityChanged { task_id, priority: Priority::Critical, at, by }.into(),
    ]
}

fn late_reports() -> Vec<WorkEvent> {
    vec![
        LateReportKept {
            task_id: calling(),
            agent_id: larry(),
            epoch: Some(3),
            report: ReportKind::Completed,
            output: transcript(),
            error: Some(bounced()),
            remarks: remarks(),
            at: at("17:15:00"),
        }
        .into(),
        LateReportAdopted { task_id: calling(), late_report: 0, at: at("17:16:00"), by: mark() }
            .into(),
    ]
}

fn breakdowns() -> Vec<WorkEvent> {
    let subtasks = vec![calling_carol(), documenting_responses()];
    let dependencies = vec![documents_after_call()];
    let task_id = super::task_id("task_2_1");
    let note = Some(text("Ask about the puppies first"));
    vec![
        DecompositionAdopted {
            task_id: task_id.clone(),
            subtasks: subtasks.clone(),
            dependencies: dependencies.clone(),
            confidence_permille: 640,
            source: DecompositionSource::Model {
                name: text("llama-4-scout"),
                prompt_hash: text(&super::hash()),
            },
            needs_review: true,
            notes: Some(text("Calls need somebody to pick up")),
            at: at("15:40:00"),
            by: by_larry(),
        }
        .into(),
        DecompositionApproved {
            task_id: task_id.clone(),
            note: note.clone(),
            at: at("15:45:00"),
            by: mark(),
        }
        .into(),
        DecompositionRejected { task_id: task_id.clone(), note, at: at("15:46:00"), by: mark() }
            .into(),
        DecompositionOverridden { task_id, subtasks, dependencies, at: at("15:47:00"), by: mark() }
            .into(),
    ]
}
