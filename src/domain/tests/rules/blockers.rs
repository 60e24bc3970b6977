//! Blockers, approvals, and the ways out.

use crate::support::*;
use planexe_ax_domain::event::record::{BlockerKind, Resolution};
use planexe_ax_domain::execution::tree::Approval;
use planexe_ax_domain::execution::{
    ExecutionCommand, ExecutionStatus as Status, ResolveBlocker, TaskStatus,
};
use planexe_ax_domain::{Budget, OnBlocker, Usage};

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

/// An execution in which a blocker of that kind came about as it does in earnest.
fn blocked_by(kind: BlockerKind) -> Story {
    let budget = Budget { tokens_max: Some(10), ..Budget::default() };
    let plan = match kind {
        BlockerKind::Approval => plan("a b").approval("a"),
        BlockerKind::AgentUnreachable => plan("a b").for_agent("larry"),
        BlockerKind::BudgetExceeded => plan("a b").with(|creation| creation.budget = budget),
        BlockerKind::Quarantined => plan("a b").policy(|p| p.losses_max = 1),
        BlockerKind::Incident
        | BlockerKind::HumanReview
        | BlockerKind::ExternalDependency
        | BlockerKind::DecompositionReview
        | BlockerKind::ExecutionTimeout => plan("a b"),
    };
    let mut story = given(plan);
    match kind {
        BlockerKind::Approval => {}
        BlockerKind::Incident | BlockerKind::HumanReview | BlockerKind::ExternalDependency => {
            story.when(raise(Some("a"), kind));
        }
        BlockerKind::DecompositionReview => {
            story.when(decompose("a", &["x"], 500));
        }
        BlockerKind::Quarantined => {
            story.when(grant("a", "larry")).when_after(30 * MINUTE);
        }
        BlockerKind::AgentUnreachable => {
            let (agent_id, last_seen_at) = (agent_id("larry"), story.now);
            story.when(ExecutionCommand::AgentLost { agent_id, last_seen_at });
        }
        BlockerKind::ExecutionTimeout => {
            story.when_after(168 * HOUR);
        }
        BlockerKind::BudgetExceeded => {
            let usage = Usage { input_tokens: 11, ..Usage::default() };
            story.when(ExecutionCommand::RecordUsage { task_id: None, usage });
        }
    }
    assert_eq!(story.blocker().kind, kind);
    story
}

/// What each resolution leads to: none, when it does not fit.
fn expected(kind: BlockerKind, resolution: Resolution) -> Option<&'static [&'static str]> {
    use BlockerKind as K;
    use Resolution as R;
    let is_whole = matches!(kind, K::AgentUnreachable | K::ExecutionTimeout | K::BudgetExceeded);
    match (resolution, kind) {
        (R::CauseGone, _) => None,
        (R::CancelExecution, _) => Some(&["execution_cancelled"]),
        (R::Retry | R::ApproveAlternative, K::ExecutionTimeout) => {
            Some(&["execution_extended", "blocker_resolved", "execution_unblocked"])
        }
        (R::Retry | R::ApproveAlternative, K::BudgetExceeded) => {
            Some(&["budget_changed", "blocker_resolved", "execution_unblocked"])
        }
        (R::Reassign, K::AgentUnreachable) => {
            Some(&["execution_reassigned", "blocker_resolved", "execution_unblocked"])
        }
        _whole if is_whole => None,
        (R::SkipTask, _) => Some(&["blocker_resolved", "task_skipped"]),
        (R::FailTask, _) => Some(&["blocker_resolved", "task_given_up"]),
        (R::ApproveAlternative, K::Approval) => Some(&["blocker_resolved"]),
        (R::Retry | R::ProvideInput | R::Reassign, K::Approval) => None,
        (R::ApproveAlternative, K::DecompositionReview) => {
            Some(&["blocker_resolved", "decomposition_approved"])
        }
        (R::Retry, K::DecompositionReview) => Some(&["blocker_resolved", "decomposition_rejected"]),
        (R::ProvideInput | R::Reassign, K::DecompositionReview) => None,
        (R::Retry | R::ApproveAlternative | R::ProvideInput, _) => {
            Some(&["blocker_resolved", "task_reset"])
        }
        (R::Reassign, _) => Some(&["blocker_resolved", "task_reassigned", "task_reset"]),
    }
}

#[test]
fn every_resolution_of_every_blocker_leads_out_or_is_refused() {
    use Resolution as R;
    for kind in KINDS {
        for resolution in [
            R::Retry,
            R::ApproveAlternative,
            R::ProvideInput,
            R::SkipTask,
            R::Reassign,
            R::FailTask,
            R::CancelExecution,
            R::CauseGone,
        ] {
            let mut story = blocked_by(kind);
            let blocker_id = story.blocker_id();
            story.when(resolve(blocker_id.clone(), resolution));
            let Some(kinds) = expected(kind, resolution) else {
                story.then_refused("resolution_does_not_fit");
                assert_eq!(story.blocker_id(), blocker_id);
                continue;
            };
            story.then(kinds);
            assert_eq!(story.state.blockers().count(), 0, "{kind:?} {resolution:?}");
            story.when(resolve(blocker_id, resolution)).then_refused("wrong_state");
        }
    }
}

#[test]
fn only_a_person_resolves_a_blocker() {
    for kind in KINDS {
        let mut story = blocked_by(kind);
        let yes = || resolve(story.blocker_id(), Resolution::ApproveAlternative);
        let (one, other) = (yes(), yes());
        story.by_agent("larry").when(one).then_refused("person_needed");
        story.by_engine().when(other).then_refused("person_needed");
    }
}

#[test]
fn a_resolution_needs_what_it_speaks_of() {
    let mut story = given(plan("a b"));
    story.when(raise(Some("a"), BlockerKind::Incident));
    let id = story.blocker_id();
    for resolution in
        [Resolution::ProvideInput, Resolution::Reassign, Resolution::ApproveAlternative]
    {
        story.when(resolve_bare(id.clone(), resolution)).then_refused("resolution_does_not_fit");
    }
    let unknown = planexe_ax_domain::BlockerId::parse("blk_77").expect("this is an id");
    story.when(resolve_bare(unknown, Resolution::Retry)).then_refused("not_found");
}

#[test]
fn the_only_suggestion_is_the_choice_when_none_is_named() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let body = planexe_ax_domain::execution::ReportBody::Blocked {
        message: text("the door is shut"),
        suggestions: vec![text("the window")],
        wait_ms: None,
    };
    story.when(report("a", "larry", body));
    story.when(resolve_bare(story.blocker_id(), Resolution::ApproveAlternative));
    let history = story.node("a").history.as_ref().expect("an answer was given");
    assert_eq!(history.answers[0].option, Some(text("the window")));
}

#[test]
fn the_next_agent_is_told_what_the_person_answered() {
    let mut story = given(plan("a b"));
    story.when(raise(Some("a"), BlockerKind::HumanReview));
    story.when(ExecutionCommand::Resolve(Box::new(ResolveBlocker {
        blocker_id: story.blocker_id(),
        resolution: Resolution::ProvideInput,
        option: None,
        input: Some(json("{\"code\":7}")),
        agent_id: None,
        note: Some(text("here you are")),
    })));
    let answers = &story.node("a").history.as_ref().expect("an answer was given").answers;
    assert_eq!(answers[0].input, Some(json("{\"code\":7}")));
    assert_eq!(answers[0].note, Some(text("here you are")));
}

#[test]
fn nothing_starts_before_it_is_approved() {
    let mut story = given(plan("a b").after("a", "b").approval("b"));
    story.then_grantable(&["a"]);
    assert_eq!(story.state.blockers().count(), 0, "nobody is asked before its time");
    story.when(grant("a", "larry")).when(completed("a", "larry"));
    story.then(&["task_completed", "blocker_raised", "execution_blocked"]).then_grantable(&[]);
    story.when(grant("b", "larry")).then_refused("wrong_state");
    let yes = resolve_bare(story.blocker_id(), Resolution::ApproveAlternative);
    story.by_agent("larry").when(yes.clone()).then_refused("person_needed");
    story.when(yes).then(&["blocker_resolved", "execution_unblocked"]).then_grantable(&["b"]);
    assert_eq!(story.node("b").approval, Approval::Given);
}

#[test]
fn approval_of_a_parent_is_for_all_its_parts_once() {
    let mut story = given(plan("p p/a p/b c").approval("p"));
    story.then_grantable(&["c"]);
    story.when(resolve_bare(story.blocker_id(), Resolution::ApproveAlternative));
    story.then_grantable(&["a", "b", "c"]);
}

#[test]
fn others_go_on_while_a_blocker_stands() {
    let mut story = given(plan("a b"));
    story.when(raise(Some("a"), BlockerKind::Incident)).then(&["blocker_raised"]);
    story.then_status(Status::Running).then_grantable(&["b"]);
    story.when(grant("b", "larry")).then_status(Status::Running);
    story.when(completed("b", "larry")).then(&["task_completed", "execution_blocked"]);
}

#[test]
fn a_blocker_halts_the_whole_execution_if_the_policy_says_so() {
    let mut story = given(plan("a b").policy(|p| p.on_blocker = OnBlocker::Halt));
    story.when(grant("b", "moe"));
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.then(&["blocker_raised", "execution_blocked"]).then_grantable(&[]);
    story.when(completed("b", "moe")).then(&["task_completed"]).then_status(Status::Blocked);
    story.when(resolve(story.blocker_id(), Resolution::Retry));
    story.then(&["blocker_resolved", "task_reset", "execution_unblocked"]);
}

#[test]
fn a_blocker_that_stands_too_long_escalates_once() {
    for kind in KINDS {
        let mut story = blocked_by(kind);
        let wait = story.blocker().escalates_at().map(|at| at.ms_since(story.now));
        let Some(wait) = wait else {
            assert_eq!(kind, BlockerKind::ExecutionTimeout, "it escalates at once");
            continue;
        };
        let hours = if kind == BlockerKind::AgentUnreachable { 24 } else { 48 };
        assert_eq!(wait, hours * HOUR, "{kind:?}");
        story.when_after(wait - 1).then_nothing();
        story.when_after(1).then(&["blocker_escalated"]);
        story.when_after(wait).then_nothing();
    }
}

#[test]
fn the_same_blocker_is_raised_once() {
    let mut story = given(plan("a b"));
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.when(raise(Some("a"), BlockerKind::Incident)).then_nothing();
    story.when(raise(None, BlockerKind::Approval)).then_refused("invalid");
}

#[test]
fn a_blocker_on_the_whole_stops_all_grants() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(raise(None, BlockerKind::Incident));
    story.then_status(Status::Running).then_grantable(&[]);
    story.when(grant("b", "moe")).then_refused("not_grantable");
    story.when(released("a", "larry")).then(&["task_released", "execution_blocked"]);
}

#[test]
fn skipping_takes_the_blockers_of_the_task_and_its_parts_away() {
    let mut story = given(plan("p p/a p/b c"));
    story.when(raise(Some("a"), BlockerKind::Incident));
    story.when(grant("b", "larry")).when(skip("p"));
    story.then(&["lease_revoked", "blocker_resolved", "task_skipped"]);
    story.then_task("a", TaskStatus::Skipped).then_task("b", TaskStatus::Skipped);
    story.when(skip("p")).then_nothing();
    story.when(skip("c")).then_status(Status::Completed);
}

#[test]
fn a_task_that_is_done_is_not_skipped() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(completed("a", "larry"));
    story.when(skip("a")).then_refused("wrong_state");
}

#[test]
fn an_execution_over_budget_asks_a_person() {
    let mut story = blocked_by(BlockerKind::BudgetExceeded);
    story.then_status(Status::Blocked);
    story.when(resolve_bare(story.blocker_id(), Resolution::Retry)).then_grantable(&["a", "b"]);
    let budget = story.state.header().expect("it is made").budget;
    assert_eq!(budget.tokens_max, Some(21), "the same amount again, on top of what is used");
}
