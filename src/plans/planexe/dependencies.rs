//! What waits for what, with the reasons that the run gives. The ids were written by a language
//! model: one that is nearly right is put right, one that is not is dropped.

use super::files::Run;
use super::tree::{Named, Tree};
use super::values::{list, note, text};
use crate::draft::{Draft, Edge, Spot, TaskIds};
use planexe_ax_domain::plan::DEPENDENCIES_MAX;
use serde_json::{Value, json};

const FILE: &str = "task_dependencies_raw.json";

/// Why one node waits for another.
pub(super) struct Because {
    from: Spot,
    to: Spot,
    why: String,
}

/// Reads the dependencies, and why they are.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft, tree: &mut Tree) -> Vec<Because> {
    let file = run.name(FILE);
    let mut reasons = Vec::new();
    let Some(value) = run.wanted(FILE, "dependencies") else { return reasons };
    for (place, entry) in list(&value, "task_dependency_details").iter().enumerate() {
        let place = format!("{file}/task_dependency_details/{place}");
        let id = text(entry, "dependent_task_id").unwrap_or_default();
        let Some(to) = whose(id, &place, tree, run) else { continue };
        let ids = list(entry, "depends_on_task_id_list");
        let whys: Vec<&str> = list(entry, "depends_on_task_explanation_list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        if ids.len() != whys.len() {
            run.report.warning(&place, || {
                format!(
                    "{} ids with {} explanations: what is over stands with the last",
                    ids.len(),
                    whys.len()
                )
            });
        }
        for (at, id) in ids.iter().enumerate() {
            let Some(from) = whose(id.as_str().unwrap_or_default(), &place, tree, run) else {
                continue;
            };
            if draft.edges.len() > DEPENDENCIES_MAX {
                return reasons;
            }
            draft.edges.push(Edge::new(from, to, place.clone()));
            let is_last = at + 1 == ids.len();
            let own = if is_last { whys.get(at..) } else { whys.get(at..=at) };
            let why = own.unwrap_or_default().join(" ");
            if !why.is_empty() {
                reasons.push(Because { from, to, why });
            }
        }
    }
    reasons
}

fn whose(id: &str, place: &str, tree: &mut Tree, run: &mut Run<'_>) -> Option<Spot> {
    match tree.named(id) {
        Named::Exactly(spot) => Some(spot),
        Named::Nearly(spot, known) => {
            run.report.repaired(place, || format!("there is no {id}: read as {known}"));
            Some(spot)
        }
        Named::Root => {
            run.report.dropped(place, || "a dependency on the whole project".to_owned());
            None
        }
        Named::Nothing => {
            run.report.dropped(place, || format!("there is no task {id:?}"));
            None
        }
    }
}

/// Keeps why things wait beside the plan.
pub(super) fn keep_reasons(reasons: Vec<Because>, draft: &mut Draft, ids: &TaskIds) {
    let told = reasons.iter().map(|because| {
        let Because { from, to, why } = because;
        json!({"from": ids.get(*from), "to": ids.get(*to), "reason": note(why)})
    });
    let told: Vec<Value> = told.collect();
    if !told.is_empty() {
        draft.metadata.insert("dependency_reasons".to_owned(), told.into());
    }
}
