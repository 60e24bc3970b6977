//! What another execution can begin with: the tasks as they are now, and what was achieved.

use super::{Execution, TaskStatus};
use crate::event::lifecycle::CarriedOutcome;
use crate::{Dependency, TaskDefinition};

/// What a fork takes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heritage {
    /// The tasks, parents before their parts.
    pub tasks: Vec<TaskDefinition>,
    /// The explicit dependencies between them.
    pub dependencies: Vec<Dependency>,
    /// What is finished.
    pub outcomes: Vec<CarriedOutcome>,
}

impl Execution {
    /// What a fork of this execution, as it is now, begins with.
    pub fn heritage(&self) -> Heritage {
        let nodes = || self.tree.spots().map(|spot| self.tree.node(spot));
        let finished = nodes().filter(|node| node.is_finished);
        Heritage {
            tasks: nodes().map(|node| TaskDefinition::clone(&node.definition)).collect(),
            dependencies: self.tree.dependencies().filter(|d| !d.is_implied).collect(),
            outcomes: finished
                .map(|node| CarriedOutcome {
                    task_id: node.definition.task_id.clone(),
                    is_skipped: node.status() == TaskStatus::Skipped,
                    output: node.output.clone(),
                })
                .collect(),
        }
    }
}
