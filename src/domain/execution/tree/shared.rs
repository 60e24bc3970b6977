//! What executions of one plan have in common: the definitions of their tasks, each kept once.

use super::Tree;
use crate::{TaskDefinition, TaskId};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// Knows the definitions of a plan's tasks, as long as an execution has them.
#[derive(Debug, Default)]
pub struct SharedDefinitions {
    known: BTreeMap<TaskId, Weak<TaskDefinition>>,
}

impl SharedDefinitions {
    /// Whether any execution has one of them still.
    pub fn is_in_use(&self) -> bool {
        self.known.values().any(|definition| definition.strong_count() > 0)
    }

    /// What is known in the same words already; else this one is, from now on.
    fn shared(&mut self, own: &Arc<TaskDefinition>) -> Arc<TaskDefinition> {
        let known = self.known.get(&own.task_id).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| known == own) {
            return known;
        }
        self.known.insert(own.task_id.clone(), Arc::downgrade(own));
        Arc::clone(own)
    }
}

impl Tree {
    /// Keeps each task that was described in the same words before only once for all.
    pub(in crate::execution) fn share_definitions(&mut self, shared: &mut SharedDefinitions) {
        for node in &mut self.nodes {
            node.definition = shared.shared(&node.definition);
        }
        let ids =
            self.by_id.values().map(|&spot| (self.node(spot).definition.task_id.clone(), spot));
        self.by_id = ids.collect();
        if shared.known.len() > 2 * self.nodes.len() {
            shared.known.retain(|_, definition| definition.strong_count() > 0);
        }
    }
}
