//! What follows from a command to an agent.

use super::{Agent, AgentCommand, AgentPhase, AgentStatus, Duty, Registered};
use crate::event::agent::{
    AgentChanged, AgentDrained, AgentEvent, AgentLost, AgentPaused, AgentPriorityChanged,
    AgentProfile, AgentRegistered, AgentResumed, AgentRetired, AgentReturned, AgentTookTask,
    Capability,
};
use crate::{AgentId, Event, ExecutionId, Moment, Priority, Rejection, TaskId, Text, Timestamp};
use std::collections::BTreeSet;

/// The most capabilities of an agent.
pub const CAPABILITIES_MAX: usize = 500;
/// The most parameters of a capability.
pub const PARAMS_MAX: usize = 100;
/// The most tasks that an agent can hold at once.
pub const CONCURRENT_TASKS_MAX: u32 = 1_000;

type Decision = Result<Vec<Event>, Rejection>;

impl Agent {
    /// Says what follows from a command; nothing, when it is already so.
    pub fn decide(&self, command: &AgentCommand, moment: &Moment) -> Decision {
        match command {
            AgentCommand::Register { agent_id, profile } => {
                self.register(agent_id, profile, moment)
            }
            AgentCommand::Change { profile } => self.change(profile, moment),
            AgentCommand::SetPriority { priority } => self.set_priority(*priority, moment),
            AgentCommand::Pause { reason } => self.pause(reason.as_ref(), moment),
            AgentCommand::Resume => self.resume(moment),
            AgentCommand::Drain => self.drain(moment),
            AgentCommand::Retire { reason } => self.retire(reason.as_ref(), moment),
            AgentCommand::CheckPresence { last_seen_at, silence_ms } => {
                self.check_presence(*last_seen_at, *silence_ms, moment)
            }
            AgentCommand::SignOfLife => self.sign_of_life(moment),
            AgentCommand::TakeTask { execution_id, task_id, epoch } => {
                self.take_task(execution_id, task_id, *epoch, moment)
            }
            AgentCommand::SetContext(entry) => self.set_context(entry, moment),
            AgentCommand::RemoveContext { key } => self.remove_context(key, moment),
        }
    }

    fn register(&self, agent_id: &AgentId, profile: &AgentProfile, moment: &Moment) -> Decision {
        check_profile(profile)?;
        if self.phase == AgentPhase::Absent {
            let (agent_id, profile) = (agent_id.clone(), profile.clone());
            let by = moment.by.clone();
            return one(AgentRegistered { agent_id, profile, at: moment.at, by });
        }
        let known = self.registered()?;
        if known.agent_id != *agent_id {
            let message = format!("this is agent {}", known.agent_id);
            return Err(Rejection::invalid("/agent_id", message));
        }
        Ok(register_again(known, profile, moment))
    }

    fn change(&self, profile: &AgentProfile, moment: &Moment) -> Decision {
        let known = self.registered()?;
        check_profile(profile)?;
        Ok(changed(known, profile, moment).into_iter().collect())
    }

    fn set_priority(&self, priority: Priority, moment: &Moment) -> Decision {
        if self.registered()?.priority == priority {
            return Ok(Vec::new());
        }
        one(AgentPriorityChanged { priority, at: moment.at, by: moment.by.clone() })
    }

    fn pause(&self, reason: Option<&Text>, moment: &Moment) -> Decision {
        match self.registered()?.duty {
            Duty::Paused { .. } => Ok(Vec::new()),
            Duty::Active | Duty::Draining { .. } => {
                let reason = reason.cloned();
                one(AgentPaused { reason, at: moment.at, by: moment.by.clone() })
            }
        }
    }

    fn resume(&self, moment: &Moment) -> Decision {
        match self.registered()?.duty {
            Duty::Active => Ok(Vec::new()),
            Duty::Paused { .. } | Duty::Draining { .. } => Ok(vec![resumed(moment)]),
        }
    }

    fn drain(&self, moment: &Moment) -> Decision {
        match self.registered()?.duty {
            Duty::Active => one(AgentDrained { at: moment.at, by: moment.by.clone() }),
            Duty::Paused { .. } | Duty::Draining { .. } => Ok(Vec::new()),
        }
    }

    fn retire(&self, reason: Option<&Text>, moment: &Moment) -> Decision {
        if self.status() == AgentStatus::Retired {
            return Ok(Vec::new());
        }
        self.registered()?;
        one(AgentRetired { reason: reason.cloned(), at: moment.at, by: moment.by.clone() })
    }

    fn check_presence(
        &self,
        last_seen_at: Timestamp,
        silence_ms: u64,
        moment: &Moment,
    ) -> Decision {
        let at = moment.at;
        let is_silent = at.ms_since(last_seen_at) >= silence_ms;
        if !is_silent || self.is_settled()? {
            return Ok(Vec::new());
        }
        one(AgentLost { last_seen_at, at })
    }

    fn sign_of_life(&self, moment: &Moment) -> Decision {
        match &self.phase {
            AgentPhase::Registered(known) if known.lost.is_some() => Ok(vec![returned(moment)]),
            AgentPhase::Registered(_) | AgentPhase::Retired { .. } => Ok(Vec::new()),
            AgentPhase::Absent => Err(absent()),
        }
    }

    fn take_task(
        &self,
        execution_id: &ExecutionId,
        task_id: &TaskId,
        epoch: u64,
        moment: &Moment,
    ) -> Decision {
        let known = self.registered()?;
        if known.has_taken(execution_id, task_id, epoch) {
            return Ok(Vec::new());
        }
        if !self.may_take_work() {
            return Err(wrong_state(&known.agent_id, self.status()));
        }
        let (execution_id, task_id) = (execution_id.clone(), task_id.clone());
        one(AgentTookTask { execution_id, task_id, epoch, at: moment.at })
    }

    /// Whether silence changes nothing any more.
    fn is_settled(&self) -> Result<bool, Rejection> {
        match &self.phase {
            AgentPhase::Absent => Err(absent()),
            AgentPhase::Registered(known) => Ok(known.lost.is_some()),
            AgentPhase::Retired { .. } => Ok(true),
        }
    }

    fn registered(&self) -> Result<&Registered, Rejection> {
        match &self.phase {
            AgentPhase::Absent => Err(absent()),
            AgentPhase::Registered(known) => Ok(known),
            AgentPhase::Retired { agent_id, .. } => {
                Err(wrong_state(agent_id, AgentStatus::Retired))
            }
        }
    }
}

/// A draining agent that registers again works again, and a lost one is back; a pause stands.
fn register_again(known: &Registered, profile: &AgentProfile, moment: &Moment) -> Vec<Event> {
    let is_draining = matches!(known.duty, Duty::Draining { .. });
    [
        changed(known, profile, moment),
        known.lost.is_some().then(|| returned(moment)),
        is_draining.then(|| resumed(moment)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn changed(known: &Registered, profile: &AgentProfile, moment: &Moment) -> Option<Event> {
    let profile = (known.profile != *profile).then(|| profile.clone())?;
    Some(event(AgentChanged { profile, at: moment.at, by: moment.by.clone() }))
}

fn resumed(moment: &Moment) -> Event {
    event(AgentResumed { at: moment.at, by: moment.by.clone() })
}

fn returned(moment: &Moment) -> Event {
    event(AgentReturned { at: moment.at })
}

fn event(event: impl Into<AgentEvent>) -> Event {
    Event::Agent(event.into())
}

fn one(single: impl Into<AgentEvent>) -> Decision {
    Ok(vec![event(single)])
}

fn absent() -> Rejection {
    Rejection::NotFound { what: "agent", id: String::new() }
}

fn wrong_state(agent_id: &AgentId, status: AgentStatus) -> Rejection {
    Rejection::WrongState { what: "agent", id: agent_id.to_string(), state: status.as_str() }
}

fn check_profile(profile: &AgentProfile) -> Result<(), Rejection> {
    let count = profile.capabilities.len();
    if !(1..=CAPABILITIES_MAX).contains(&count) {
        let message = format!("an agent has 1 to {CAPABILITIES_MAX} capabilities, not {count}");
        return Err(Rejection::invalid("/profile/capabilities", message));
    }
    let tasks_max = profile.concurrent_tasks_max;
    if !(1..=CONCURRENT_TASKS_MAX).contains(&tasks_max) {
        let message = format!("an agent holds 1 to {CONCURRENT_TASKS_MAX} tasks, not {tasks_max}");
        return Err(Rejection::invalid("/profile/concurrent_tasks_max", message));
    }
    check_capabilities(&profile.capabilities)
}

fn check_capabilities(capabilities: &[Capability]) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for (place, capability) in capabilities.iter().enumerate() {
        let pointer = || format!("/profile/capabilities/{place}");
        if !seen.insert(&capability.action) {
            let message = format!("action {} stands twice", capability.action);
            return Err(Rejection::invalid(pointer(), message));
        }
        if capability.params.len() > PARAMS_MAX {
            let message = format!("an action has at most {PARAMS_MAX} parameters");
            return Err(Rejection::invalid(pointer(), message));
        }
    }
    Ok(())
}
