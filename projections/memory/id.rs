//! The opaque id of something remembered: its key, spelled so that it fits into an address.

use planexe_ax_domain::execution::MemoryKey;
use planexe_ax_domain::{AgentId, ExecutionId, StreamKind, StreamName, TaskId, Title};
use std::fmt;

/// What an id begins with.
const PREFIX: &str = "ctx_";
/// What stands before the id of an agent, where an execution has its bare id: no id holds a slash.
const AGENT: &str = "agent/";

/// Who remembers something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// An execution.
    Execution(ExecutionId),
    /// An agent, beside its plans.
    Agent(AgentId),
}

impl Holder {
    /// Whose stream it is; none when neither an execution's nor an agent's.
    pub fn of(stream: &StreamName) -> Option<Self> {
        match stream.kind() {
            StreamKind::Execution => ExecutionId::parse(stream.id()).ok().map(Self::Execution),
            StreamKind::Agent => AgentId::parse(stream.id()).ok().map(Self::Agent),
            StreamKind::Plan | StreamKind::Workspace => None,
        }
    }

    /// Its stream.
    pub fn stream(&self) -> StreamName {
        match self {
            Self::Execution(execution_id) => StreamName::execution(execution_id),
            Self::Agent(agent_id) => StreamName::agent(agent_id),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(AGENT) {
            Some(agent_id) => AgentId::parse(agent_id).ok().map(Self::Agent),
            None => ExecutionId::parse(text).ok().map(Self::Execution),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Execution(execution_id) => write!(f, "{execution_id}"),
            Self::Agent(agent_id) => write!(f, "{AGENT}{agent_id}"),
        }
    }
}

/// The id of what is remembered under a key.
pub fn context_id(holder: &Holder, (task_id, kind, key): &MemoryKey) -> String {
    let task_id = task_id.as_ref().map_or("", TaskId::as_str);
    let parts = [&holder.to_string(), task_id, kind.as_str(), key.as_str()];
    let spelled = parts.map(|part| part.bytes().map(|byte| format!("{byte:02x}")).collect());
    let spelled: [String; 4] = spelled;
    format!("{PREFIX}{}", spelled.join("-"))
}

/// The holder and the key that an id spells; none when it is no such id.
pub fn read_context_id(id: &str) -> Option<(Holder, MemoryKey)> {
    let parts: Option<Vec<String>> = id.strip_prefix(PREFIX)?.split('-').map(unspelled).collect();
    let parts = parts?;
    let [holder, task_id, kind, key] = &parts[..] else { return None };
    let task_id = match task_id.as_str() {
        "" => None,
        task_id => Some(TaskId::parse(task_id).ok()?),
    };
    let key = (task_id, Title::parse(kind).ok()?, Title::parse(key).ok()?);
    Some((Holder::parse(holder)?, key))
}

fn unspelled(part: &str) -> Option<String> {
    let nibbles: Option<Vec<u32>> = part.chars().map(|digit| digit.to_digit(16)).collect();
    let bytes = nibbles?.chunks(2).map(byte).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

fn byte(nibbles: &[u32]) -> Option<u8> {
    let [high, low] = nibbles else { return None };
    u8::try_from(high * 16 + low).ok()
}
