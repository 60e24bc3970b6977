//! How rules are told: given a plan, when a command comes, then these events follow.

pub(crate) mod commands;
pub(crate) mod plan;

pub(crate) use commands::*;
pub(crate) use plan::{Plan, plan};

use planexe_ax_domain::execution::tree::Node;
use planexe_ax_domain::execution::{
    Blocker, Execution, ExecutionCommand, ExecutionStatus, HandleError, Reason, TaskStatus,
};
use planexe_ax_domain::{Actor, BlockerId, Event, LeaseToken, Moment, Rejection, Timestamp};

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;

/// When every story begins.
pub(crate) fn dawn() -> Timestamp {
    Timestamp::from_unix_ms(1_700_000_000_000)
}

/// An execution, what happened to it, and what the last command led to.
pub(crate) struct Story {
    pub(crate) state: Execution,
    pub(crate) log: Vec<Event>,
    pub(crate) now: Timestamp,
    pub(crate) random: u64,
    by: Actor,
    said: Result<Vec<Event>, Rejection>,
    is_checked: bool,
}

/// A story about that plan, from the command that makes the execution.
#[track_caller]
pub(crate) fn given(plan: Plan) -> Story {
    let mut story = given_nothing();
    story.when(plan.command());
    story
}

impl Story {
    /// A command comes.
    #[track_caller]
    pub(crate) fn when(&mut self, command: ExecutionCommand) -> &mut Self {
        self.no_refusal_was_missed();
        let moment = Moment { at: self.now, by: self.by.clone(), random: self.random };
        self.by = person();
        self.said = match self.state.handle(&command, &moment) {
            Ok(events) => Ok(events),
            Err(HandleError::Rejected(rejection)) => Err(rejection),
            Err(HandleError::Illegal(illegal)) => panic!("a bug: {illegal}"),
        };
        self.is_checked = self.said.is_ok();
        self.log.extend(self.said.iter().flatten().cloned());
        if let Err(wrong) = self.state.check_invariants() {
            panic!("{wrong}");
        }
        self
    }

    #[track_caller]
    fn no_refusal_was_missed(&self) {
        assert!(self.is_checked, "the command before was refused: {:?}", self.said);
    }

    /// The next command is given by that agent.
    pub(crate) fn by_agent(&mut self, agent: &str) -> &mut Self {
        self.by = Actor::agent(&agent_id(agent));
        self
    }

    /// The next command is given by the engine.
    pub(crate) fn by_engine(&mut self) -> &mut Self {
        self.by = Actor::system();
        self
    }

    /// Time passes, and nobody looks.
    pub(crate) fn after(&mut self, ms: u64) -> &mut Self {
        self.now = self.now.plus_ms(ms);
        self
    }

    /// Time passes, and the engine does what is due.
    #[track_caller]
    pub(crate) fn when_after(&mut self, ms: u64) -> &mut Self {
        self.after(ms).by_engine().when(check_deadlines())
    }

    /// Exactly these events followed.
    #[track_caller]
    pub(crate) fn then(&mut self, kinds: &[&str]) -> &mut Self {
        self.no_refusal_was_missed();
        let said: Vec<_> = self.said.iter().flatten().map(Event::kind).collect();
        assert_eq!(said, kinds);
        self
    }

    /// Nothing followed: it was so already.
    #[track_caller]
    pub(crate) fn then_nothing(&mut self) -> &mut Self {
        self.then(&[])
    }

    /// The command was refused, with that code.
    #[track_caller]
    pub(crate) fn then_refused(&mut self, code: &str) -> &mut Self {
        self.is_checked = true;
        match &self.said {
            Ok(events) => panic!("not refused: {events:#?}"),
            Err(rejection) => assert_eq!(rejection.code(), code, "{rejection}"),
        }
        self
    }

    /// Why the last command was refused.
    #[track_caller]
    pub(crate) fn refusal(&mut self) -> Rejection {
        self.is_checked = true;
        self.said.clone().expect_err("the last command was refused")
    }

    /// The events of the last command.
    #[track_caller]
    pub(crate) fn events(&self) -> &[Event] {
        self.said.as_deref().expect("the last command was accepted")
    }

    #[track_caller]
    pub(crate) fn then_status(&mut self, status: ExecutionStatus) -> &mut Self {
        self.no_refusal_was_missed();
        assert_eq!(self.state.status(), Some(status));
        self
    }

    #[track_caller]
    pub(crate) fn then_task(&mut self, task: &str, status: TaskStatus) -> &mut Self {
        self.no_refusal_was_missed();
        assert_eq!(self.node(task).status(), status, "{task}");
        self
    }

    /// Exactly these tasks could be given out, in this order.
    #[track_caller]
    pub(crate) fn then_grantable(&mut self, tasks: &[&str]) -> &mut Self {
        self.no_refusal_was_missed();
        let open: Vec<_> = self.state.grantable().map(|g| g.task_id.to_string()).collect();
        assert_eq!(open, tasks);
        self
    }

    #[track_caller]
    pub(crate) fn node(&self, task: &str) -> &Node {
        let spot = self.state.tree().find(&task_id(task)).expect("the task is there");
        self.state.tree().node(spot)
    }

    #[track_caller]
    pub(crate) fn lease(&self, task: &str) -> LeaseToken {
        self.state.lease_of(&task_id(task)).expect("an agent holds the task")
    }

    /// The one blocker that stands.
    #[track_caller]
    pub(crate) fn blocker(&self) -> &Blocker {
        let mut all = self.state.blockers();
        let only = all.next().expect("a blocker stands");
        assert!(all.next().is_none(), "more than one blocker stands");
        only
    }

    pub(crate) fn blocker_id(&self) -> BlockerId {
        self.blocker().blocker_id.clone()
    }

    #[track_caller]
    pub(crate) fn why(&self, task: &str) -> Vec<Reason> {
        self.state.why(&task_id(task)).expect("the task is there")
    }

    /// The words of why, joined.
    #[track_caller]
    pub(crate) fn why_words(&self, task: &str) -> String {
        let words: Vec<_> = self.why(task).iter().map(ToString::to_string).collect();
        words.join("; ")
    }
}

/// A story in which nothing was made yet.
pub(crate) fn given_nothing() -> Story {
    Story {
        state: Execution::default(),
        log: Vec::new(),
        now: dawn(),
        random: 99,
        by: person(),
        said: Ok(Vec::new()),
        is_checked: true,
    }
}
