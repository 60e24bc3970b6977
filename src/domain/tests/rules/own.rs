//! Plans that agents bring and carry out themselves: what each move comes to, and that a small
//! model of numbered steps, made for this test alone, never disagrees.

use crate::support::*;
use planexe_ax_domain::event::record::BlockerKind;
use planexe_ax_domain::execution::{
    ContextEntry, Execution, ExecutionCommand, MoveOwnPlan, OwnPlan, OwnStatus, PlanType,
};
use planexe_ax_domain::{Actor, Moment, OnBlocker, OnFailure};
use proptest::collection::vec;
use proptest::prelude::*;

const CLAUDE: &str = "claude";

/// A plan of so many steps, each after the one before.
fn own(steps: u32) -> Story {
    let ids: Vec<String> = (1..=steps).map(|number| format!("step_{number}")).collect();
    let mut made = plan(&ids.join(" ")).for_agent(CLAUDE).queued().policy(|policy| {
        policy.on_failure = OnFailure::Fail;
        policy.on_blocker = OnBlocker::Halt;
    });
    for pair in ids.windows(2) {
        made = made.after(&pair[0], &pair[1]);
    }
    let described = OwnPlan {
        outside_task: Some(task_id("deep-1765060407236")),
        plan_type: PlanType::Research,
        reasoning: Some(text("nobody knows yet")),
        metadata: None,
    };
    let mut story = given_nothing();
    story.when(ExecutionCommand::CreateOwn(Box::new(made.creation), Box::new(described)));
    story
}

fn moved(current_step: Option<u32>, status: Option<OwnStatus>) -> ExecutionCommand {
    ExecutionCommand::MoveOwn(Box::new(MoveOwnPlan { current_step, status, reasoning: None }))
}

fn to_step(step: u32) -> ExecutionCommand {
    moved(Some(step), None)
}

fn to(status: OwnStatus) -> ExecutionCommand {
    moved(None, Some(status))
}

#[track_caller]
fn stands(story: &Story, step: u32, status: OwnStatus) {
    assert_eq!((story.state.current_step(), story.state.own_status()), (step, status));
}

#[test]
fn a_plan_waits_for_its_agent_and_the_step_it_is_moved_to_completes_those_before() {
    let mut story = own(3);
    stands(&story, 1, OwnStatus::Pending);
    story.by_agent(CLAUDE).when(to(OwnStatus::InProgress)).then(&[
        "execution_started",
        "task_granted",
        "task_started",
    ]);
    stands(&story, 1, OwnStatus::InProgress);
    story.by_agent(CLAUDE).when(to_step(3)).then(&[
        "task_completed",
        "task_granted",
        "task_completed",
        "task_granted",
        "task_started",
    ]);
    stands(&story, 3, OwnStatus::InProgress);
    story.by_agent(CLAUDE).when(to_step(4)).then(&["task_completed", "execution_completed"]);
    stands(&story, 3, OwnStatus::Completed);
    story.by_agent(CLAUDE).when(to(OwnStatus::Completed)).then_nothing();
    story.by_agent(CLAUDE).when(to(OwnStatus::InProgress)).then_refused("illegal_transition");
}

#[test]
fn a_step_that_is_done_is_not_gone_back_to_and_a_step_that_is_none_is_refused() {
    let mut story = own(3);
    story.by_agent(CLAUDE).when(to_step(2));
    story.by_agent(CLAUDE).when(to_step(1)).then_refused("wrong_state");
    story.by_agent(CLAUDE).when(to_step(2)).then_nothing();
    for step in [0, 5, u32::MAX] {
        story.by_agent(CLAUDE).when(to_step(step)).then_refused("invalid");
    }
    stands(&story, 2, OwnStatus::InProgress);
}

#[test]
fn an_agent_blocks_its_plan_and_takes_back_what_it_put_in_the_way_itself() {
    let mut story = own(2);
    story.by_agent(CLAUDE).when(to_step(1));
    story.by_agent(CLAUDE).when(to(OwnStatus::Blocked)).then(&[
        "task_released",
        "blocker_raised",
        "execution_blocked",
    ]);
    stands(&story, 1, OwnStatus::Blocked);
    story.by_agent(CLAUDE).when(to(OwnStatus::Blocked)).then_nothing();
    story.by_agent(CLAUDE).when(to(OwnStatus::Completed)).then_refused("not_grantable");
    story.by_agent(CLAUDE).when(to(OwnStatus::InProgress)).then(&[
        "blocker_resolved",
        "execution_unblocked",
        "task_granted",
        "task_started",
    ]);
    stands(&story, 1, OwnStatus::InProgress);
}

#[test]
fn what_others_put_in_the_way_and_a_persons_pause_are_not_for_the_agent_to_end() {
    let mut story = own(2);
    story.by_agent(CLAUDE).when(to_step(1));
    let kind = BlockerKind::HumanReview;
    let raise = ExecutionCommand::Raise { task_id: None, kind, message: text("wait for me") };
    story.when(raise);
    stands(&story, 1, OwnStatus::Blocked);
    story.by_agent(CLAUDE).when(moved(Some(2), Some(OwnStatus::InProgress)));
    story.then_refused("not_grantable");
    stands(&story, 1, OwnStatus::Blocked);
    let mut story = own(2);
    story.by_agent(CLAUDE).when(to_step(1)).when(ExecutionCommand::Pause { reason: None });
    stands(&story, 1, OwnStatus::Blocked);
    story.by_agent(CLAUDE).when(moved(Some(2), Some(OwnStatus::InProgress)));
    story.then_refused("not_grantable");
    story.when(moved(Some(2), Some(OwnStatus::InProgress)));
    stands(&story, 2, OwnStatus::InProgress);
}

#[test]
fn an_agent_that_was_lost_goes_on_where_it_was_when_it_is_heard_of_again() {
    let mut story = own(3);
    story.by_agent(CLAUDE).when(to_step(2));
    let (agent_id, last_seen_at) = (agent_id(CLAUDE), story.now);
    story.after(HOUR).by_engine();
    story.when(ExecutionCommand::AgentLost { agent_id: agent_id.clone(), last_seen_at });
    stands(&story, 2, OwnStatus::Blocked);
    story.by_engine().when(ExecutionCommand::AgentReturned { agent_id });
    stands(&story, 2, OwnStatus::InProgress);
    story.by_agent(CLAUDE).when(to_step(3));
    stands(&story, 3, OwnStatus::InProgress);
}

#[test]
fn a_plan_fails_when_its_agent_says_so_and_can_then_only_be_given_up() {
    let mut story = own(2);
    story.by_agent(CLAUDE).when(to_step(2));
    story.by_agent(CLAUDE).when(to(OwnStatus::Failed)).then(&[
        "task_failed",
        "task_given_up",
        "execution_failed",
    ]);
    stands(&story, 2, OwnStatus::Failed);
    story.by_agent(CLAUDE).when(to(OwnStatus::InProgress)).then_refused("illegal_transition");
    story.by_agent(CLAUDE).when(to(OwnStatus::Cancelled)).then(&["execution_cancelled"]);
    stands(&story, 2, OwnStatus::Cancelled);
}

#[test]
fn a_plan_is_described_anew_only_where_it_says_something_new() {
    let mut story = own(1);
    let say = |words: &str| {
        let reasoning = Some(text(words));
        ExecutionCommand::MoveOwn(Box::new(MoveOwnPlan { reasoning, ..Default::default() }))
    };
    story.by_agent(CLAUDE).when(say("nobody knows yet")).then_nothing();
    story.by_agent(CLAUDE).when(say("now we know")).then(&["own_plan_described"]);
    let own = story.state.own_plan().expect("it is one");
    assert_eq!(own.reasoning, Some(text("now we know")));
    assert_eq!(own.plan_type, PlanType::Research);
}

#[test]
fn a_deleted_plan_is_cancelled_has_forgotten_all_and_takes_nothing_more() {
    let mut story = own(2);
    let remember = || {
        ExecutionCommand::SetContext(Box::new(ContextEntry {
            task_id: Some(task_id("deep-1765060407236")),
            context_type: title("research"),
            context_key: title("goal"),
            context_value: text("question every assumption"),
            metadata: None,
        }))
    };
    story.by_agent(CLAUDE).when(to_step(1)).by_agent(CLAUDE).when(remember());
    let delete = || ExecutionCommand::DeleteOwn { reason: None };
    story.by_agent(CLAUDE).when(delete()).then(&["execution_cancelled", "own_plan_deleted"]);
    assert_eq!(story.state.memory().count(), 0);
    assert!(story.state.own_plan().is_none() && story.state.is_own_plan_deleted());
    story.by_agent(CLAUDE).when(delete()).then_nothing();
    story.by_agent(CLAUDE).when(remember()).then_refused("wrong_state");
    story.by_agent(CLAUDE).when(to(OwnStatus::Cancelled)).then_refused("not_found");
}

#[test]
fn another_execution_is_no_agents_own_plan() {
    let mut story = given(plan("a b"));
    story.when(to_step(1)).then_refused("not_found");
    story.when(ExecutionCommand::DeleteOwn { reason: None }).then_refused("not_found");
}

/// A plan of steps, one after the other, as the documents think of it.
#[derive(Debug, Clone)]
struct Model {
    total: u32,
    done: u32,
    is_at_work: bool,
    status: OwnStatus,
}

impl Model {
    fn is_over(&self) -> bool {
        matches!(self.status, OwnStatus::Completed | OwnStatus::Failed | OwnStatus::Cancelled)
    }

    fn current(&self) -> u32 {
        self.total.min(self.done + 1)
    }

    /// As it is after a move; none when that is refused.
    fn moved(&self, step: Option<u32>, status: Option<OwnStatus>) -> Option<Self> {
        let mut next = self.clone();
        if let (true, Some(status)) = (self.is_over(), status) {
            let is_given_up = self.status == OwnStatus::Failed && status == OwnStatus::Cancelled;
            (status == self.status || is_given_up).then_some(())?;
        }
        let goes_on = matches!(status, Some(OwnStatus::InProgress | OwnStatus::Failed));
        if goes_on && next.status == OwnStatus::Blocked {
            next.status = OwnStatus::InProgress;
        }
        if let Some(step) = step {
            next.finish_before(step)?;
        }
        let at = step.unwrap_or(next.current());
        match status {
            None if step.is_none() => Some(()),
            None if next.status == OwnStatus::Blocked => (at == next.current()).then_some(()),
            None => next.start(at),
            Some(OwnStatus::InProgress) => {
                next.start(at)?;
                (next.status == OwnStatus::InProgress).then_some(())
            }
            Some(OwnStatus::Pending) => (next.status == OwnStatus::Pending).then_some(()),
            Some(OwnStatus::Blocked) if next.status == OwnStatus::Blocked => Some(()),
            Some(OwnStatus::Blocked) => next.stop_at(at, OwnStatus::Blocked),
            Some(OwnStatus::Failed) if next.status == OwnStatus::Failed => Some(()),
            Some(OwnStatus::Failed) => next.stop_at(at, OwnStatus::Failed),
            Some(OwnStatus::Completed) => {
                next.finish_before(next.total + 1)?;
                (next.status == OwnStatus::Completed).then_some(())
            }
            Some(OwnStatus::Cancelled) => {
                (next.status != OwnStatus::Completed).then_some(())?;
                next.status = OwnStatus::Cancelled;
                Some(())
            }
        }?;
        Some(next)
    }

    fn finish_before(&mut self, step: u32) -> Option<()> {
        (1..=self.total + 1).contains(&step).then_some(())?;
        while self.done + 1 < step {
            let winds_down = self.status == OwnStatus::Cancelled && self.is_at_work;
            let can = !self.is_over() && self.status != OwnStatus::Blocked;
            (can || winds_down).then_some(())?;
            self.done += 1;
            self.is_at_work = false;
            if !winds_down {
                let is_last = self.done == self.total;
                self.status = if is_last { OwnStatus::Completed } else { OwnStatus::InProgress };
            }
        }
        Some(())
    }

    fn start(&mut self, step: u32) -> Option<()> {
        if step > self.total || (self.done == self.total && step == self.total) {
            return Some(());
        }
        (step == self.done + 1).then_some(())?;
        if self.is_over() || self.is_at_work {
            return Some(());
        }
        (self.status != OwnStatus::Blocked).then_some(())?;
        self.is_at_work = true;
        self.status = OwnStatus::InProgress;
        Some(())
    }

    fn stop_at(&mut self, step: u32, status: OwnStatus) -> Option<()> {
        (step == self.done + 1 && step <= self.total && !self.is_over()).then_some(())?;
        self.is_at_work = false;
        self.status = status;
        Some(())
    }
}

fn handled(state: &mut Execution, step: Option<u32>, status: Option<OwnStatus>) -> bool {
    let by = Actor::agent(&agent_id(CLAUDE));
    let moment = Moment { at: dawn().plus_ms(MINUTE), by, random: 7 };
    state.handle(&moved(step, status), &moment).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("AX_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn step_and_status_agree_with_a_model_of_numbered_steps(
        total in 1..6_u32,
        moves in vec(
            (prop::option::of(0..8_u32), prop::option::of(prop::sample::select(OwnStatus::ALL))),
            1..14,
        ),
    ) {
        let mut state = own(total).state.clone();
        let status = OwnStatus::Pending;
        let mut model = Model { total, done: 0, is_at_work: false, status };
        for (step, status) in moves {
            let expected = model.moved(step, status);
            let said = handled(&mut state, step, status);
            prop_assert_eq!(said, expected.is_some(), "{:?} {:?} of {:?}", step, status, model);
            model = expected.unwrap_or(model);
            let seen = (state.current_step(), state.own_status());
            prop_assert_eq!(seen, (model.current(), model.status), "{:?}", model);
        }
    }
}
