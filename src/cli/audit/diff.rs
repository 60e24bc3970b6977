//! What changed in an execution between two moments, in words.

use crate::cli::log::Server;
use crate::cli::out::say;
use crate::exit::Failure;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Difference {
    execution_id: String,
    from_version: u64,
    to_version: u64,
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    of: String,
    task_id: Option<String>,
    change: String,
    before: Option<Map<String, Value>>,
    after: Option<Map<String, Value>>,
}

/// Prints what changed.
pub(super) async fn diff(
    server: &Server,
    execution_id: &str,
    (from, to): (&str, Option<&str>),
    is_json: bool,
) -> Result<(), Failure> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("from", from);
    if let Some(to) = to {
        query.append_pair("to", to);
    }
    let id: String = url::form_urlencoded::byte_serialize(execution_id.as_bytes()).collect();
    let path = format!("/api/executions/{id}/diff?{}", query.finish());
    let found: Value = server.ask(&path).await?;
    if is_json {
        return say(&found.to_string());
    }
    let found: Difference = serde_json::from_value(found).map_err(anyhow::Error::from)?;
    say(&words(&found))
}

fn words(found: &Difference) -> String {
    let Difference { execution_id, from_version, to_version, changes } = found;
    let mut text = format!("{execution_id} from version {from_version} to {to_version}:\n");
    if changes.is_empty() {
        text += "  nothing changed\n";
    }
    for change in changes {
        let what = match &change.task_id {
            Some(task_id) => format!("{} {task_id}", change.of),
            None => change.of.clone(),
        };
        text += &format!("  {what} {}\n", change.change);
        let after = change.after.iter().flatten();
        for (name, now) in after {
            let was = change.before.as_ref().and_then(|before| before.get(name));
            text += &match was {
                Some(was) => format!("    {name}: {} became {}\n", shown(was), shown(now)),
                None => format!("    {name}: {}\n", shown(now)),
            };
        }
    }
    text
}

/// A value as JSON: control characters are escaped in it.
fn shown(value: &Value) -> String {
    let escape = |it: char| match it {
        '\u{7f}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => format!("\\u{:04x}", u32::from(it)),
        plain => plain.to_string(),
    };
    json!(value).to_string().chars().map(escape).collect()
}
