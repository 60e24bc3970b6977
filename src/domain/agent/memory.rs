//! What an agent remembers that belongs to no plan of its own: a bounded memory in its own stream.

use super::Agent;
use crate::event::agent::{AgentContextRemoved, AgentContextSet, AgentEvent};
use crate::execution::{ContextEntry, Memory, MemoryKey};
use crate::{Event, IllegalTransition, Moment, Rejection};

/// The most things that an agent remembers beside its plans.
pub const AGENT_MEMORIES_MAX: usize = 1_000;
/// The most bytes that they have together.
pub const AGENT_MEMORY_BYTES_MAX: usize = 8 << 20;

impl Agent {
    /// What it remembers.
    pub fn memory(&self) -> impl Iterator<Item = (&MemoryKey, &Memory)> {
        self.memory.iter()
    }

    /// What it remembers under a key.
    pub fn remembered(&self, key: &MemoryKey) -> Option<&Memory> {
        self.memory.get(key)
    }

    pub(super) fn set_context(
        &self,
        entry: &ContextEntry,
        moment: &Moment,
    ) -> Result<Vec<Event>, Rejection> {
        let key = entry.key();
        let known = self.memory.get(&key);
        let is_so =
            |known: &Memory| known.value == entry.context_value && known.metadata == entry.metadata;
        if known.is_some_and(is_so) {
            return Ok(Vec::new());
        }
        if known.is_none() && self.memory.len() >= AGENT_MEMORIES_MAX {
            let message = format!("an agent remembers at most {AGENT_MEMORIES_MAX} things");
            return Err(Rejection::invalid("/context_key", message));
        }
        let others = self.memory.iter().filter(|(other, _)| **other != key);
        let others: usize = others.map(|(_, memory)| memory.bytes()).sum();
        if others.saturating_add(entry.bytes()) > AGENT_MEMORY_BYTES_MAX {
            let message = format!("an agent remembers at most {AGENT_MEMORY_BYTES_MAX} bytes");
            return Err(Rejection::invalid("/context_value", message));
        }
        let entry = entry.clone();
        Ok(one(AgentContextSet {
            task_id: entry.task_id,
            context_type: entry.context_type,
            context_key: entry.context_key,
            context_value: entry.context_value,
            metadata: entry.metadata,
            at: moment.at,
            by: moment.by.clone(),
        }))
    }

    pub(super) fn remove_context(
        &self,
        key: &MemoryKey,
        moment: &Moment,
    ) -> Result<Vec<Event>, Rejection> {
        if !self.memory.contains_key(key) {
            return Ok(Vec::new());
        }
        let (task_id, context_type, context_key) = key.clone();
        let (at, by) = (moment.at, moment.by.clone());
        Ok(one(AgentContextRemoved { task_id, context_type, context_key, at, by }))
    }

    pub(super) fn remember(&mut self, event: &AgentContextSet) {
        let event = event.clone();
        let key = (event.task_id, event.context_type, event.context_key);
        let (value, metadata) = (event.context_value, event.metadata);
        let (set_at, set_by) = (event.at, event.by);
        self.memory.insert(key, Memory { value, metadata, set_at, set_by });
    }

    pub(super) fn forget(
        &mut self,
        event: &AgentContextRemoved,
        kind: &'static str,
    ) -> Result<(), IllegalTransition> {
        let key = (event.task_id.clone(), event.context_type.clone(), event.context_key.clone());
        let id = event.context_key.to_string();
        let unknown = IllegalTransition::Unknown { kind, what: "context", id };
        self.memory.remove(&key).map(|_| ()).ok_or(unknown)
    }
}

fn one(event: impl Into<AgentEvent>) -> Vec<Event> {
    vec![Event::Agent(event.into())]
}

#[cfg(test)]
mod tests {
    use super::super::{Agent, AgentCommand};
    use super::{AGENT_MEMORIES_MAX, AGENT_MEMORY_BYTES_MAX};
    use crate::agent::tests::LAW;
    use crate::execution::ContextEntry;
    use crate::given::moment_at;
    use crate::{Text, Title};

    fn entry(key: usize, value: &str) -> ContextEntry {
        ContextEntry {
            task_id: None,
            context_type: Title::parse("notes").expect("a title"),
            context_key: Title::parse(&format!("key {key}")).expect("a title"),
            context_value: Text::parse(value).expect("a text"),
            metadata: None,
        }
    }

    fn set(key: usize, value: &str) -> AgentCommand {
        AgentCommand::SetContext(Box::new(entry(key, value)))
    }

    /// An agent that remembers so many things, each as long.
    fn remembering(count: usize, bytes: usize) -> Agent {
        let mut agent = Agent::default();
        for key in 0..count {
            let events = agent.decide(&set(key, &"x".repeat(bytes)), &moment_at(0));
            for event in events.expect("there is room") {
                agent.apply(&event).expect("what was decided applies");
            }
        }
        agent
    }

    #[test]
    fn an_agent_remembers_before_it_is_registered_and_what_is_set_again_is_replaced() {
        let state = LAW.given([]).when(set(1, "one")).then_kinds(&["agent_context_set"]);
        assert_eq!(state.memory().count(), 1);
        let state = LAW.given([]).after(set(1, "one")).when(set(1, "two"));
        let state = state.then_kinds(&["agent_context_set"]);
        let value = state.remembered(&entry(1, "").key()).map(|it| it.value.to_string());
        assert_eq!(value.as_deref(), Some("two"));
    }

    #[test]
    fn what_is_forgotten_is_gone_and_what_was_never_there_is_gone_already() {
        let key = entry(1, "").key();
        let forget = AgentCommand::RemoveContext { key };
        let known = LAW.given([]).after(set(1, "one"));
        let state = known.when(forget.clone()).then_kinds(&["agent_context_removed"]);
        assert_eq!(state.memory().count(), 0);
        LAW.given([]).when(forget).then_nothing();
    }

    #[test]
    fn the_memory_of_an_agent_has_its_limits() {
        let full = remembering(AGENT_MEMORIES_MAX, 1);
        let refused = full.decide(&set(AGENT_MEMORIES_MAX, "x"), &moment_at(0));
        assert_eq!(refused.map_err(|it| it.code()), Err("invalid"));
        assert!(full.decide(&set(0, "another"), &moment_at(0)).is_ok(), "a known key has room");
        let large = remembering(AGENT_MEMORY_BYTES_MAX / Text::BYTES_MAX, Text::BYTES_MAX);
        let refused = large.decide(&set(99, "x"), &moment_at(0));
        assert_eq!(refused.map_err(|it| it.code()), Err("invalid"));
        assert!(large.decide(&set(0, "x"), &moment_at(0)).is_ok(), "less than there was");
    }
}
