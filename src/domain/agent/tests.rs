//! The law of agents, case by case.

use super::{Agent, AgentCommand, AgentStatus, CAPABILITIES_MAX};
use crate::event::agent::{
    AgentChanged, AgentDrained, AgentEvent, AgentKind, AgentLost, AgentPaused,
    AgentPriorityChanged, AgentProfile, AgentRegistered, AgentResumed, AgentRetired, AgentReturned,
    AgentTookTask, Capability,
};
use crate::given::{Law, larry, mark, minute, moment_at};
use crate::{ActionName, Event, ExecutionId, Priority, TaskId, Text, Title};

pub(super) const LAW: Law<Agent, AgentCommand> = Law { decide: Agent::decide, apply: Agent::apply };

const MINUTE_MS: u64 = 60_000;

#[test]
fn an_agent_makes_itself_known() {
    let state = LAW.given([]).when(register(profile())).then([registered()]);
    assert_eq!(state.status(), AgentStatus::Active);
    assert!(state.may_take_work());
    assert_eq!(state.profile(), Some(&profile()));
}

#[test]
fn registering_again_records_what_differs() {
    LAW.given([registered()]).when(register(profile())).then_nothing();
    let state = LAW.given([registered()]).when(register(slower())).then([own(AgentChanged {
        profile: slower(),
        at: minute(0),
        by: mark(),
    })]);
    assert_eq!(state.profile(), Some(&slower()));
}

#[test]
fn registering_again_brings_a_lost_and_draining_agent_back() {
    let state = LAW
        .given([registered(), drained(), lost()])
        .when(register(slower()))
        .then_kinds(&["agent_changed", "agent_returned", "agent_resumed"]);
    assert_eq!(state.status(), AgentStatus::Active);
}

#[test]
fn registering_again_does_not_undo_a_pause() {
    let state = LAW.given([registered(), paused()]).when(register(profile())).then_nothing();
    assert_eq!(state.status(), AgentStatus::Paused);
}

#[test]
fn a_retired_agent_stays_away() {
    for command in [register(profile()), AgentCommand::Resume, AgentCommand::Drain, take(1)] {
        LAW.given([registered(), retired()]).when(command).then_rejected("wrong_state", "retired");
    }
    LAW.given([registered(), retired()]).when(AgentCommand::Retire { reason: None }).then_nothing();
    LAW.given([registered(), retired()]).when(AgentCommand::SignOfLife).then_nothing();
    LAW.given([registered(), retired()]).when_at(silent(), moment_at(99)).then_nothing();
}

#[test]
fn an_agent_that_nobody_knows_can_do_nothing() {
    let commands = [
        AgentCommand::Change { profile: profile() },
        AgentCommand::Pause { reason: None },
        AgentCommand::Resume,
        AgentCommand::Retire { reason: None },
        AgentCommand::SignOfLife,
        silent(),
        take(1),
    ];
    for command in commands {
        LAW.given([]).when_at(command, moment_at(99)).then_rejected("not_found", "agent");
    }
    assert!(!Agent::default().can_do(None, None));
}

#[test]
fn a_stream_holds_one_agent_only() {
    let agent_id = crate::AgentId::parse("agent_moe_002").expect("an id");
    let command = AgentCommand::Register { agent_id, profile: profile() };
    LAW.given([registered()]).when(command).then_rejected("invalid", "this is agent agent_larry");
}

#[test]
fn a_pause_ends_with_a_resume() {
    let reason = Some(text("Mark takes over the calls"));
    let pause = AgentCommand::Pause { reason: reason.clone() };
    let state = LAW.given([registered()]).when(pause).then([own(AgentPaused {
        reason,
        at: minute(0),
        by: mark(),
    })]);
    assert_eq!(state.status(), AgentStatus::Paused);
    assert!(state.paused_by().is_some_and(|(by, at, _)| *by == mark() && at == minute(0)));
    let state = LAW.given([registered(), paused()]).when(AgentCommand::Resume).then([resumed()]);
    assert!(state.may_take_work());
}

#[test]
fn a_draining_agent_takes_nothing_until_it_resumes() {
    let state = LAW.given([registered()]).when(AgentCommand::Drain).then([drained()]);
    assert_eq!(state.status(), AgentStatus::Draining);
    LAW.given([registered(), drained()]).when(take(1)).then_rejected("wrong_state", "draining");
    LAW.given([registered(), drained()]).when(AgentCommand::Resume).then([resumed()]);
    LAW.given([registered(), paused()]).when(AgentCommand::Drain).then_nothing();
}

#[test]
fn silence_loses_an_agent_at_the_limit_and_not_before() {
    LAW.given([registered()]).when_at(silent(), moment_at(29)).then_nothing();
    let state = LAW.given([registered()]).when_at(silent(), moment_at(30)).then([lost()]);
    assert_eq!(state.status(), AgentStatus::Lost);
}

#[test]
fn a_lost_agent_returns_to_what_it_was() {
    let alive = || AgentCommand::SignOfLife;
    LAW.given([registered()]).when(alive()).then_nothing();
    let state = LAW.given([registered(), lost()]).when(alive()).then([returned()]);
    assert_eq!(state.status(), AgentStatus::Active);
    let state = LAW.given([registered(), paused(), lost()]).when(alive()).then([returned()]);
    assert_eq!(state.status(), AgentStatus::Paused);
}

#[test]
fn only_an_active_agent_takes_tasks() {
    LAW.given([registered()]).when(take(1)).then([took(1)]);
    LAW.given([registered(), paused()]).when(take(1)).then_rejected("wrong_state", "paused");
    LAW.given([registered(), lost()]).when(take(1)).then_rejected("wrong_state", "lost");
}

#[test]
fn a_grant_that_was_taken_is_taken_again_without_a_trace() {
    LAW.given([registered(), took(1), paused()]).when(take(1)).then_nothing();
    LAW.given([registered(), took(1)]).when(take(2)).then([took(2)]);
}

#[test]
fn a_priority_is_recorded_when_it_differs() {
    let priority = Priority::High;
    let set = || AgentCommand::SetPriority { priority };
    let changed = own(AgentPriorityChanged { priority, at: minute(0), by: mark() });
    let state = LAW.given([registered()]).when(set()).then([changed.clone()]);
    assert_eq!(state.priority(), Priority::High);
    LAW.given([registered(), changed]).when(set()).then_nothing();
}

#[test]
fn a_profile_keeps_its_limits() {
    let refused = |change: fn(&mut AgentProfile), part: &str| {
        let mut profile = profile();
        change(&mut profile);
        LAW.given([]).when(register(profile.clone())).then_rejected("invalid", part);
        let change = AgentCommand::Change { profile };
        LAW.given([registered()]).when(change).then_rejected("invalid", part);
    };
    refused(|profile| profile.capabilities.clear(), "/profile/capabilities");
    refused(|profile| profile.capabilities = many(CAPABILITIES_MAX + 1), "not 501");
    refused(|profile| profile.capabilities.push(able("send_email")), "capabilities/2");
    refused(|profile| profile.concurrent_tasks_max = 0, "concurrent_tasks_max");
    refused(|profile| profile.concurrent_tasks_max = 1_001, "not 1001");
    let full = AgentProfile { capabilities: many(CAPABILITIES_MAX), ..profile() };
    LAW.given([]).when(register(full)).then_kinds(&["agent_registered"]);
}

#[test]
fn a_named_action_decides_what_an_agent_can_do_and_a_role_only_without_one() {
    let state = LAW.given([registered()]).state;
    let role = title("BUSINESS analyst");
    let other = title("DevOps Engineer");
    assert!(state.can_do(Some(&action("send_email")), Some(&other)));
    assert!(!state.can_do(Some(&action("build_quote")), Some(&role)));
    assert!(state.can_do(None, Some(&role)));
    assert!(!state.can_do(None, Some(&other)));
    assert!(state.can_do(None, None));
}

#[test]
fn an_event_out_of_place_changes_nothing() {
    LAW.given([]).refuses(paused());
    LAW.given([registered()]).refuses(registered());
    LAW.given([registered()]).refuses(returned());
    LAW.given([registered(), lost()]).refuses(lost());
    LAW.given([registered(), paused()]).refuses(took(1));
    LAW.given([registered(), retired()]).refuses(resumed());
    LAW.given([registered()]).refuses(Event::Plan(crate::event::plan::PlanEvent::PlanArchived(
        crate::event::plan::PlanArchived { at: minute(0), by: mark() },
    )));
}

pub(super) fn profile() -> AgentProfile {
    AgentProfile {
        name: title("Larry the Laptop Lobster"),
        role: Some(title("Business Analyst")),
        kind: AgentKind::Agent,
        capabilities: vec![able("send_email"), able("schedule_call")],
        integration_endpoints: None,
        webhook_url: None,
        concurrent_tasks_max: 2,
    }
}

fn slower() -> AgentProfile {
    AgentProfile { concurrent_tasks_max: 1, ..profile() }
}

fn register(profile: AgentProfile) -> AgentCommand {
    AgentCommand::Register { agent_id: larry(), profile }
}

fn silent() -> AgentCommand {
    AgentCommand::CheckPresence { last_seen_at: minute(0), silence_ms: 30 * MINUTE_MS }
}

fn take(epoch: u64) -> AgentCommand {
    AgentCommand::TakeTask { execution_id: execution(), task_id: task(), epoch }
}

fn took(epoch: u64) -> Event {
    own(AgentTookTask { execution_id: execution(), task_id: task(), epoch, at: minute(0) })
}

fn registered() -> Event {
    let (agent_id, profile) = (larry(), profile());
    own(AgentRegistered { agent_id, profile, at: minute(0), by: mark() })
}

fn paused() -> Event {
    own(AgentPaused { reason: None, at: minute(0), by: mark() })
}

fn resumed() -> Event {
    own(AgentResumed { at: minute(0), by: mark() })
}

fn drained() -> Event {
    own(AgentDrained { at: minute(0), by: mark() })
}

fn retired() -> Event {
    own(AgentRetired { reason: None, at: minute(0), by: mark() })
}

fn lost() -> Event {
    own(AgentLost { last_seen_at: minute(0), at: minute(30) })
}

fn returned() -> Event {
    own(AgentReturned { at: minute(0) })
}

fn own(event: impl Into<AgentEvent>) -> Event {
    Event::Agent(event.into())
}

fn many(count: usize) -> Vec<Capability> {
    (0..count).map(|number| able(&format!("action_{number}"))).collect()
}

fn able(name: &str) -> Capability {
    Capability { action: action(name), params: Vec::new() }
}

fn action(name: &str) -> ActionName {
    ActionName::parse(name).expect("an action")
}

fn title(text: &str) -> Title {
    Title::parse(text).expect("a title")
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

fn execution() -> ExecutionId {
    ExecutionId::parse("exec_larry_prospect_20260211_001").expect("an id")
}

fn task() -> TaskId {
    TaskId::parse("task_1_1_1").expect("an id")
}
