//! The opaque id of something remembered: its key, spelled so that it fits into an address.

use planexe_ax_domain::execution::MemoryKey;
use planexe_ax_domain::{ExecutionId, TaskId, Title};

/// What an id begins with.
const PREFIX: &str = "ctx_";

/// The id of what an execution remembers under a key.
pub fn context_id(execution_id: &str, (task_id, kind, key): &MemoryKey) -> String {
    let task_id = task_id.as_ref().map_or("", TaskId::as_str);
    let parts = [execution_id, task_id, kind.as_str(), key.as_str()];
    let spelled = parts.map(|part| part.bytes().map(|byte| format!("{byte:02x}")).collect());
    let spelled: [String; 4] = spelled;
    format!("{PREFIX}{}", spelled.join("-"))
}

/// The execution and the key that an id spells; none when it is no such id.
pub fn read_context_id(id: &str) -> Option<(ExecutionId, MemoryKey)> {
    let parts: Option<Vec<String>> = id.strip_prefix(PREFIX)?.split('-').map(unspelled).collect();
    let parts = parts?;
    let [execution_id, task_id, kind, key] = &parts[..] else { return None };
    let task_id = match task_id.as_str() {
        "" => None,
        task_id => Some(TaskId::parse(task_id).ok()?),
    };
    let key = (task_id, Title::parse(kind).ok()?, Title::parse(key).ok()?);
    Some((ExecutionId::parse(execution_id).ok()?, key))
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
