//! What an event makes of an agent: the only place where one changes.

use super::{Agent, AgentPhase, AgentStatus, Duty, Loss, Registered, TAKEN_KEPT, TakenTask};
use crate::event::agent::{AgentEvent, AgentRegistered, AgentTookTask};
use crate::{Event, IllegalTransition, Priority};
use std::collections::VecDeque;

type Applied = Result<(), IllegalTransition>;

impl Agent {
    /// Takes an event in; one that cannot follow changes nothing.
    pub fn apply(&mut self, event: &Event) -> Applied {
        let kind = event.kind();
        match event {
            Event::Agent(event) => self.apply_own(event, kind),
            Event::Lifecycle(_)
            | Event::Work(_)
            | Event::Record(_)
            | Event::Plan(_)
            | Event::Workspace(_) => Err(IllegalTransition::WrongStream { kind }),
        }
    }

    fn apply_own(&mut self, event: &AgentEvent, kind: &'static str) -> Applied {
        match event {
            AgentEvent::AgentRegistered(e) => self.appear(e, kind)?,
            AgentEvent::AgentRetired(_) => self.leave(kind)?,
            AgentEvent::AgentChanged(e) => self.known(kind)?.profile = e.profile.clone(),
            AgentEvent::AgentPriorityChanged(e) => self.known(kind)?.priority = e.priority,
            AgentEvent::AgentPaused(e) => {
                let (reason, at, by) = (e.reason.clone(), e.at, e.by.clone());
                self.known(kind)?.duty = Duty::Paused { reason, at, by };
            }
            AgentEvent::AgentResumed(_) => self.known(kind)?.duty = Duty::Active,
            AgentEvent::AgentDrained(e) => self.known(kind)?.drain(e.at, &e.by, kind)?,
            AgentEvent::AgentLost(e) => {
                let loss = Loss { last_seen_at: e.last_seen_at, at: e.at };
                self.known(kind)?.lose(loss, kind)?;
            }
            AgentEvent::AgentReturned(_) => self.known(kind)?.come_back(kind)?,
            AgentEvent::AgentTookTask(e) => self.known(kind)?.take(e, kind)?,
            AgentEvent::AgentContextSet(e) => self.remember(e),
            AgentEvent::AgentContextRemoved(e) => self.forget(e, kind)?,
        }
        Ok(())
    }

    fn appear(&mut self, event: &AgentRegistered, kind: &'static str) -> Applied {
        if self.phase != AgentPhase::Absent {
            return out_of_place(kind, "the agent is registered already");
        }
        self.phase = AgentPhase::Registered(Box::new(Registered {
            agent_id: event.agent_id.clone(),
            profile: event.profile.clone(),
            priority: Priority::Normal,
            registered_at: event.at,
            duty: Duty::Active,
            lost: None,
            taken: VecDeque::new(),
        }));
        Ok(())
    }

    fn leave(&mut self, kind: &'static str) -> Applied {
        let known = self.known(kind)?.clone();
        let Registered { agent_id, profile, priority, registered_at, .. } = known;
        let profile = Box::new(profile);
        self.phase = AgentPhase::Retired { agent_id, profile, priority, registered_at };
        Ok(())
    }

    fn known(&mut self, kind: &'static str) -> Result<&mut Registered, IllegalTransition> {
        match &mut self.phase {
            AgentPhase::Registered(known) => Ok(known),
            AgentPhase::Absent => {
                Err(IllegalTransition::OutOfPlace { kind, why: "the agent is not registered" })
            }
            AgentPhase::Retired { .. } => {
                Err(IllegalTransition::OutOfPlace { kind, why: "the agent is retired" })
            }
        }
    }
}

impl Registered {
    fn drain(&mut self, at: crate::Timestamp, by: &crate::Actor, kind: &'static str) -> Applied {
        if matches!(self.duty, Duty::Paused { .. }) {
            return out_of_place(kind, "the agent is paused");
        }
        self.duty = Duty::Draining { at, by: by.clone() };
        Ok(())
    }

    fn lose(&mut self, loss: Loss, kind: &'static str) -> Applied {
        if self.lost.is_some() {
            return out_of_place(kind, "the agent is lost already");
        }
        self.lost = Some(loss);
        Ok(())
    }

    fn come_back(&mut self, kind: &'static str) -> Applied {
        match self.lost.take() {
            Some(_) => Ok(()),
            None => out_of_place(kind, "the agent is not lost"),
        }
    }

    fn take(&mut self, event: &AgentTookTask, kind: &'static str) -> Applied {
        if self.status() != AgentStatus::Active {
            return out_of_place(kind, "the agent may not take work");
        }
        if self.taken.len() == TAKEN_KEPT {
            self.taken.pop_front();
        }
        self.taken.push_back(TakenTask {
            execution_id: event.execution_id.clone(),
            task_id: event.task_id.clone(),
            epoch: event.epoch,
            at: event.at,
        });
        Ok(())
    }
}

fn out_of_place(kind: &'static str, why: &'static str) -> Applied {
    Err(IllegalTransition::OutOfPlace { kind, why })
}
