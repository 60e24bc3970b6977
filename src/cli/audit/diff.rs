//! What changed in an execution between two moments, in words.

use crate::cli::out::{json, say, text::plain};
use crate::cli::remote::{Remote, failed};
use crate::exit::Failure;
use planexe_ax_client::{Change, Difference};
use serde_json::Value;

/// Prints what changed.
pub(super) async fn diff(
    remote: &Remote,
    execution_id: &str,
    (from, to): (&str, Option<&str>),
) -> Result<(), Failure> {
    let found = remote.client()?.difference(execution_id, from, to).await.map_err(failed)?;
    if remote.wants_json() {
        return json(&found.json);
    }
    say(&words(execution_id, &found.told))
}

fn words(execution_id: &str, found: &Difference) -> String {
    let Difference { from_version, to_version, changes } = found;
    let head = format!("{} from version {from_version} to {to_version}:", plain(execution_id));
    let mut lines = vec![head];
    if changes.is_empty() {
        lines.push("  nothing changed".to_owned());
    }
    lines.extend(changes.iter().flat_map(changed));
    lines.join("\n")
}

/// What became of one thing: each value as JSON, so that it is told exactly.
fn changed(change: &Change) -> Vec<String> {
    let task = change.task_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let head = format!("{}{task} {}", change.of, change.change);
    let value = |(name, now): (&String, &Value)| match change.before.get(name) {
        Some(was) => format!("{name}: {was} became {now}"),
        None => format!("{name}: {now}"),
    };
    let values = change.after.as_object().into_iter().flatten().map(value);
    let values = values.map(|line| format!("    {}", plain(&line)));
    std::iter::once(format!("  {}", plain(&head))).chain(values).collect()
}
