//! The steps of an agent's own plan, in the words that it was brought in.

use planexe_ax_domain::execution::tree::Spot;
use planexe_ax_domain::execution::{Execution, TaskStatus};
use planexe_ax_domain::{ActionName, Json, TaskId, Text};
use serde::Serialize;
use std::collections::BTreeMap;

const MINUTE_MS: u64 = 60_000;

/// A step, as it is shown.
#[derive(Debug, Serialize)]
pub struct Step<'a> {
    /// Its number, from 1.
    pub step: u32,
    /// What is done.
    pub action: Option<&'a ActionName>,
    /// What is to be done.
    pub description: &'a str,
    /// How long it should take, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_duration: Option<u64>,
    /// The steps that it waits for.
    pub dependencies: Vec<u32>,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a Json>,
    /// The task of the execution that it is.
    pub task_id: &'a TaskId,
    /// Where it is.
    pub status: TaskStatus,
}

/// The steps of an execution.
pub fn steps_of(execution: &Execution) -> Vec<Step<'_>> {
    let roots = execution.tree().roots();
    let numbers: BTreeMap<Spot, u32> = roots.iter().copied().zip(1..).collect();
    let shown = execution.steps().map(|(step, node)| {
        let definition = &node.definition;
        let others = node.waits_for.iter().filter_map(|edge| numbers.get(&edge.other));
        let said = definition.description.as_ref().map(Text::as_str);
        Step {
            step,
            action: definition.action.as_ref(),
            description: said.unwrap_or_else(|| definition.title.as_str()),
            estimated_duration: definition.estimated_ms.map(|ms| ms / MINUTE_MS),
            dependencies: others.copied().collect(),
            metadata: definition.params.as_ref(),
            task_id: &definition.task_id,
            status: node.status(),
        }
    });
    shown.collect()
}
