//! Reports: in time, late, twice, on parents, by simple agents.

use crate::support::*;
use planexe_ax_domain::event::work::{Remarks, ReportKind};
use planexe_ax_domain::execution::{
    ExecutionCommand, ExecutionStatus as Status, ReportBody, TaskStatus,
};
use planexe_ax_domain::{LeaseToken, Rejection, Usage};

#[test]
fn a_task_goes_from_start_over_progress_to_its_end() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when(under(&lease, started("a", "larry"))).then(&["task_started"]);
    let checkpoint = Some(json("{\"page\":3}"));
    let body = ReportBody::Progressed { progress_percent: Some(40), checkpoint };
    story.when(under(&lease, report("a", "larry", body))).then(&["task_progressed"]);
    assert_eq!(story.node("a").leaf.progress_percent, 40);
    story.when(under(&lease, completed_with("a", "larry", "[1]")));
    story.then(&["task_completed", "execution_completed"]).then_status(Status::Completed);
    assert_eq!(story.node("a").output, Some(json("[1]")));
}

#[test]
fn a_report_twice_leaves_the_log_as_it_is() {
    let ends = [
        completed("a", "larry"),
        failed("a", "larry"),
        failed_for_good("a", "larry"),
        blocked("a", "larry"),
        released("a", "larry"),
    ];
    for end in ends {
        let mut story = given(plan("a b"));
        story.when(grant("a", "larry"));
        let lease = story.lease("a");
        for again in [started("a", "larry"), progressed("a", "larry", 7)] {
            story.when(again.clone()).when(again.clone()).then_nothing();
            story.when(under(&lease, again)).then_nothing();
        }
        story.when(end.clone());
        story.when(end.clone()).then_nothing();
        story.when(under(&lease, end)).then_nothing();
    }
}

#[test]
fn a_released_task_is_ready_at_once_and_costs_no_attempt() {
    let mut story = given(plan("a"));
    story.when(grant("a", "larry"));
    let checkpoint = Some(json("{\"page\":3}"));
    story.when(report("a", "larry", ReportBody::Released { checkpoint: checkpoint.clone() }));
    story.then(&["task_released"]).then_grantable(&["a"]);
    assert_eq!(story.node("a").leaf.attempts_failed, 0);
    let history = story.node("a").history.as_ref();
    assert_eq!(history.and_then(|history| history.checkpoint.clone()), checkpoint);
}

#[test]
fn what_a_report_cost_is_added_up() {
    let mut story = given(plan("p p/a p/b"));
    story.when(grant("a", "larry"));
    let usage = Usage { input_tokens: 10, cost_microusd: 5, ..Usage::default() };
    let remarks = Remarks { usage: Some(usage), ..Remarks::default() };
    story.when(remarking(remarks.clone(), started("a", "larry")));
    story.when(remarking(remarks, completed("a", "larry")));
    assert_eq!(story.state.usage(), usage.plus(usage));
    assert_eq!(story.node("a").usage.as_deref(), Some(&usage.plus(usage)));
}

#[test]
fn a_late_report_is_kept_once_and_changes_nothing() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when_after(30 * MINUTE).when(grant("a", "moe"));
    let before = story.node("a").leaf.clone();
    let late = || under(&lease, completed_with("a", "larry", "{\"late\":true}"));
    story.when(late()).then(&["late_report_kept"]);
    assert_eq!(story.node("a").leaf, before);
    story.when(late()).then_refused("lease_lost");
    story.then_task("a", TaskStatus::Running);
}

#[test]
fn a_late_report_can_be_adopted_by_a_person_alone() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when_after(30 * MINUTE).when(grant("a", "moe"));
    story.when(under(&lease, completed_with("a", "larry", "{\"late\":true}")));
    story.by_agent("larry").when(adopt_late("a", 0)).then_refused("person_needed");
    story.when(adopt_late("a", 1)).then_refused("not_found");
    story.when(adopt_late("a", 0)).then(&["lease_revoked", "late_report_adopted"]);
    story.then_task("a", TaskStatus::Complete);
    assert_eq!(story.node("a").output, Some(json("{\"late\":true}")));
    story.when(adopt_late("a", 0)).then_nothing();
}

#[test]
fn only_the_late_report_of_a_completed_task_is_adopted() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when_after(30 * MINUTE).when(grant("a", "moe"));
    story.when(under(&lease, failed("a", "larry"))).then(&["late_report_kept"]);
    let history = story.node("a").history.as_ref().expect("it has a history");
    assert_eq!(history.late_reports[0].report, ReportKind::Failed);
    story.when(adopt_late("a", 0)).then_refused("invalid");
}

#[test]
fn a_lease_that_was_never_given_is_refused() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    for forged in [
        LeaseToken { nonce: lease.nonce ^ 1, ..lease.clone() },
        LeaseToken { epoch: 2, ..lease.clone() },
        LeaseToken { task_id: task_id("b"), ..lease.clone() },
    ] {
        story.when(under(&forged, completed("a", "larry"))).then_refused("lease_unknown");
    }
    story.when(under(&lease, completed("a", "moe"))).then_refused("lease_unknown");
    story.then_task("a", TaskStatus::Running);
}

#[test]
fn a_simple_agent_reports_on_a_task_tied_to_it_without_asking_for_it() {
    let mut story = given(plan("a b").for_agent("larry"));
    story.when(started("a", "larry")).then(&["task_granted", "task_started"]);
    story.when(completed("a", "larry")).then(&["task_completed"]);
    story.when(completed("b", "larry"));
    story.then(&["task_granted", "task_completed", "execution_completed"]);
}

#[test]
fn the_last_holder_may_report_after_its_lease_expired() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when_after(30 * MINUTE);
    story.when(completed("a", "larry")).then(&["task_granted", "task_completed"]);
}

#[test]
fn a_stranger_is_refused() {
    let mut story = given(plan("a b"));
    for says in [started("a", "moe"), completed("a", "moe"), failed("a", "moe")] {
        story.when(says).then_refused("not_grantable");
    }
    story.when(completed("z", "moe")).then_refused("not_found");
}

#[test]
fn a_parent_is_complete_only_when_its_parts_are() {
    let mut story = given(plan("p p/a p/b c"));
    story.when(skip("a")).when(completed("p", "larry"));
    let Rejection::SubtasksOpen { open, .. } = story.refusal() else {
        panic!("open parts");
    };
    assert_eq!(open, [task_id("b")]);
    story.when(grant("b", "larry")).when(completed("b", "larry"));
    story.when(completed_with("p", "larry", "{\"sum\":2}")).then(&["task_result_kept"]);
    assert_eq!(story.node("p").output, Some(json("{\"sum\":2}")));
    story.when(completed_with("p", "larry", "{\"sum\":2}")).then_nothing();
}

#[test]
fn an_error_or_a_blocker_on_a_parent_asks_a_person_once() {
    for says in [failed("p", "larry"), blocked("p", "larry")] {
        let mut story = given(plan("p p/a c"));
        story.when(says.clone()).then(&["blocker_raised"]).then_grantable(&["c"]);
        story.when(says).then_nothing();
    }
}

#[test]
fn reports_still_count_while_the_execution_is_paused() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(pause());
    story.when(progressed("a", "larry", 50)).then(&["task_progressed"]);
    story.when(completed("a", "larry")).then(&["task_completed"]).then_status(Status::Paused);
    story.when(skip("b")).when(ExecutionCommand::Resume);
    story.then(&["execution_resumed", "execution_completed"]);
}

#[test]
fn a_report_in_the_grace_period_of_a_cancel_counts() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(cancel());
    story.when(completed_with("a", "larry", "[1]")).then(&["task_completed"]);
    story.then_task("a", TaskStatus::Complete).then_task("b", TaskStatus::Cancelled);
    story.then_status(Status::Cancelled);
}
