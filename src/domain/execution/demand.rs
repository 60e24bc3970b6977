//! What a ready leaf asks of an agent, so that the two can be brought together by looking up.

use super::Execution;
use crate::agent::Agent;
use crate::event::record::RecordEvent;
use crate::event::work::WorkEvent;
use crate::{ActionName, AgentId, Event, Priority, Timestamp};
use std::collections::BTreeMap;

/// What a leaf asks of an agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// To be this one.
    Agent(AgentId),
    /// To be capable of that action.
    Action(ActionName),
    /// To have that role; in lower case.
    Role(String),
    /// Nothing.
    Anybody,
}

/// The best ready leaf of one demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BestReady {
    /// Its priority.
    pub priority: Priority,
    /// Since when it is ready.
    pub since: Timestamp,
}

impl Demand {
    /// Every demand that the agent meets.
    pub fn met_by(agent: &Agent) -> Vec<Self> {
        let (Some(agent_id), Some(profile)) = (agent.agent_id(), agent.profile()) else {
            return Vec::new();
        };
        let mut met = vec![Self::Agent(agent_id.clone()), Self::Anybody];
        met.extend(profile.role.as_ref().map(|role| Self::of_role(role.as_str())));
        met.extend(profile.capabilities.iter().map(|able| Self::Action(able.action.clone())));
        met
    }

    fn of_role(role: &str) -> Self {
        Self::Role(role.trim().to_lowercase())
    }
}

impl Execution {
    /// What the ready leaves ask for, with the best leaf of each demand. All of them are looked at:
    /// one behind many that nobody can do must not wait for those.
    pub fn demands(&self) -> BTreeMap<Demand, BestReady> {
        let mut demands = BTreeMap::new();
        if !self.gives_out() {
            return demands;
        }
        let mut asked_before = None;
        for ready in self.tree.ready() {
            let definition = &self.tree.node(ready.spot).definition;
            let asked = (self.tied_agent(ready.spot), &definition.action, &definition.role);
            if asked_before.replace(asked) == Some(asked) {
                continue;
            }
            let demand = match asked {
                (Some(agent_id), _, _) => Demand::Agent(agent_id.clone()),
                (None, Some(action), _) => Demand::Action(action.clone()),
                (None, None, Some(role)) => Demand::of_role(role.as_str()),
                (None, None, None) => Demand::Anybody,
            };
            let best = BestReady { priority: definition.priority, since: ready.since };
            demands.entry(demand).or_insert(best);
        }
        demands
    }

    /// How many leaves could be given out now.
    pub fn ready_total(&self) -> usize {
        if self.gives_out() { self.tree.ready().count() } else { 0 }
    }

    /// Whether an event neither gives a leaf to an agent nor takes one away, and brings nothing
    /// forward that is due. A start may still make other leaves ready; none ceases to be.
    pub fn is_quiet(event: &Event) -> bool {
        match event {
            Event::Work(event) => {
                matches!(event, WorkEvent::TaskStarted(_) | WorkEvent::TaskProgressed(_))
            }
            Event::Record(event) => matches!(
                event,
                RecordEvent::ContextSet(_)
                    | RecordEvent::ContextRemoved(_)
                    | RecordEvent::ActionLogged(_)
                    | RecordEvent::NoteAdded(_)
                    | RecordEvent::UsageRecorded(_)
                    | RecordEvent::OwnPlanDescribed(_)
            ),
            Event::Lifecycle(_) | Event::Agent(_) | Event::Plan(_) | Event::Workspace(_) => false,
        }
    }

    /// Whether an agent can do a leaf: one that the leaf is tied to needs the action alone.
    pub fn suits(&self, spot: super::tree::Spot, agent: &Agent) -> bool {
        let definition = &self.tree.node(spot).definition;
        let tied = self.tied_agent(spot);
        if tied.is_some() && tied != agent.agent_id() {
            return false;
        }
        let role = definition.role.as_ref().filter(|_| tied.is_none());
        agent.can_do(definition.action.as_ref(), role)
    }
}
