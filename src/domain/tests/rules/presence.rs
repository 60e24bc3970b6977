//! Agents go, come back, retire; work goes to others.

use crate::support::*;
use planexe_ax_domain::event::record::BlockerKind;
use planexe_ax_domain::execution::{ExecutionCommand, ExecutionStatus as Status, TaskStatus};

fn lost(story: &Story, agent: &str) -> ExecutionCommand {
    ExecutionCommand::AgentLost { agent_id: agent_id(agent), last_seen_at: story.now }
}

fn returned(agent: &str) -> ExecutionCommand {
    ExecutionCommand::AgentReturned { agent_id: agent_id(agent) }
}

#[test]
fn a_lost_agent_loses_its_leases_and_others_go_on() {
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(grant("b", "moe"));
    story.when(lost(&story, "larry")).then(&["lease_expired"]).then_grantable(&["a"]);
    story.when(lost(&story, "larry")).then_nothing();
    story.then_task("b", TaskStatus::Running);
}

#[test]
fn an_execution_tied_to_a_lost_agent_waits_for_it() {
    let mut story = given(plan("a b").for_agent("larry"));
    story.when(grant("a", "larry"));
    story.when(lost(&story, "larry"));
    story.then(&["lease_expired", "blocker_raised", "execution_blocked"]);
    assert_eq!(story.blocker().kind, BlockerKind::AgentUnreachable);
    story.when(returned("moe")).then_nothing();
    story.when(returned("larry")).then(&["blocker_resolved", "execution_unblocked"]);
    story.when(returned("larry")).then_nothing();
}

#[test]
fn a_retired_agent_gives_everything_back() {
    let retired = || ExecutionCommand::AgentRetired { agent_id: agent_id("larry") };
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry")).when(retired()).then(&["lease_revoked"]);
    story.when(retired()).then_nothing();
    let mut story = given(plan("a").for_agent("larry"));
    story.when(retired()).then(&["blocker_raised", "execution_blocked"]);
}

#[test]
fn reassigning_the_execution_takes_the_work_from_the_old_agent() {
    let to = |agent: Option<&str>| ExecutionCommand::Reassign {
        agent_id: agent.map(agent_id),
        reason: None,
    };
    let mut story = given(plan("a b").for_agent("larry"));
    story.when(grant("a", "larry")).when(to(Some("moe")));
    story.then(&["lease_revoked", "execution_reassigned"]);
    story.when(to(Some("moe"))).then_nothing();
    story.when(grant("a", "larry")).then_refused("not_grantable");
    story.when(grant("a", "moe")).when(to(None)).then(&["execution_reassigned"]);
    story.then_task("a", TaskStatus::Running);
    story.when(grant("b", "anyone")).then(&["task_granted"]);
}

#[test]
fn reassigning_unblocks_an_execution_whose_agent_is_lost() {
    let mut story = given(plan("a").for_agent("larry"));
    story.when(lost(&story, "larry"));
    story.when(ExecutionCommand::Reassign { agent_id: None, reason: None });
    story.then(&["execution_reassigned", "blocker_resolved", "execution_unblocked"]);
}

#[test]
fn reassigning_a_task_takes_it_from_its_holder() {
    let to_moe = || ExecutionCommand::ReassignTask {
        task_id: task_id("a"),
        agent_id: Some(agent_id("moe")),
    };
    let mut story = given(plan("a b"));
    story.when(grant("a", "larry"));
    let lease = story.lease("a");
    story.when(to_moe()).then(&["lease_revoked", "task_reassigned"]);
    story.when(to_moe()).then_nothing();
    story.when(under(&lease, completed("a", "larry"))).then(&["late_report_kept"]);
    story.when(grant("a", "larry")).then_refused("not_grantable");
    story.when(grant("a", "moe")).then(&["task_granted"]);
}

#[test]
fn leaves_of_a_task_go_preferably_to_the_agent_that_did_its_last_one() {
    let mut story = given(plan("p p/a p/b c"));
    story.when(grant("a", "larry")).when(completed("a", "larry"));
    let preferred: Vec<_> = story.state.grantable().map(|g| (g.task_id, g.preferred)).collect();
    assert!(preferred.contains(&(task_id("b"), Some(agent_id("larry")))));
    assert!(preferred.contains(&(task_id("c"), None)));
}

#[test]
fn agents_that_go_and_come_change_nothing_in_what_is_over() {
    let mut story = given(plan("a").for_agent("larry"));
    story.when(cancel()).then_status(Status::Cancelled);
    story.when(lost(&story, "larry")).then_nothing();
    story.when(returned("larry")).then_nothing();
}
