//! How the tree of an execution changes.

use super::{Applied, bad};
use crate::event::lifecycle::ExecutionAmended;
use crate::event::work::DecompositionAdopted;
use crate::execution::Execution;
use crate::execution::tree::{Approval, Node, Spot};
use crate::{Dependency, IllegalTransition, TaskDefinition, TaskId, Timestamp};
use std::sync::Arc;

impl Execution {
    pub(super) fn add_tasks(
        &mut self,
        kind: &'static str,
        tasks: &[TaskDefinition],
        at: Timestamp,
    ) -> Applied {
        self.made(kind)?;
        self.tree.reserve(tasks.len());
        for task in tasks {
            self.tree.add(task.clone(), at).map_err(|why| bad(kind, &task.task_id, why))?;
        }
        Ok(())
    }

    pub(super) fn tie(
        &mut self,
        kind: &'static str,
        dependencies: &[Dependency],
        at: Timestamp,
    ) -> Applied {
        for dependency in dependencies {
            if !self.tree.link(dependency, at) {
                let dependency = dependency.clone();
                return Err(IllegalTransition::Dependency { kind, dependency });
            }
        }
        Ok(())
    }

    pub(super) fn amend(&mut self, kind: &'static str, event: &ExecutionAmended) -> Applied {
        self.made(kind)?;
        let at = event.at;
        for dependency in &event.dependencies_removed {
            if !self.tree.untie(dependency, at) {
                let dependency = dependency.clone();
                return Err(IllegalTransition::Dependency { kind, dependency });
            }
        }
        for task_id in &event.removed {
            let spot = self.idle(kind, task_id)?;
            self.drop_blockers_below(spot, at);
            self.tree.remove(spot, at);
        }
        self.add_tasks(kind, &event.added, at)?;
        for change in &event.changed {
            let spot = self.idle(kind, &change.definition.task_id)?;
            self.redefine(spot, &change.definition, at);
        }
        self.tie(kind, &event.dependencies_added, at)?;
        self.redate();
        Ok(())
    }

    fn idle(&self, kind: &'static str, task_id: &TaskId) -> Result<Spot, IllegalTransition> {
        let spot = self.spot(kind, task_id)?;
        if self.tree.is_idle(spot) {
            Ok(spot)
        } else {
            Err(bad(kind, task_id, "it is under way, or over"))
        }
    }

    fn redefine(&mut self, spot: Spot, definition: &TaskDefinition, at: Timestamp) {
        self.tree.set_priority(spot, definition.priority);
        self.tree.change_gate(spot, at, |node| {
            let kept = &node.definition;
            let (task_id, parent_id) = (kept.task_id.clone(), kept.parent_id.clone());
            let kind = kept.kind;
            let new = TaskDefinition { task_id, parent_id, kind, ..definition.clone() };
            node.definition = Arc::new(new);
            node.approval = match (&definition.approval, node.approval) {
                (Some(_), Approval::NotNeeded) => Approval::Needed,
                (None, Approval::Needed) => Approval::NotNeeded,
                (_, other) => other,
            };
        });
    }

    /// Takes away the blockers that stand on the task or its parts.
    fn drop_blockers_below(&mut self, spot: Spot, at: Timestamp) {
        for below in self.tree.below(spot) {
            let task_id = self.tree.node(below).definition.task_id.clone();
            self.blockers.retain(|_, blocker| blocker.task_id.as_ref() != Some(&task_id));
            self.tree.change_gate(below, at, |node| node.blockers = 0);
        }
    }

    pub(super) fn adopt_parts(
        &mut self,
        kind: &'static str,
        event: &DecompositionAdopted,
    ) -> Applied {
        let spot = self.spot(kind, &event.task_id)?;
        if !self.tree.node(spot).is_leaf() {
            return Err(bad(kind, &event.task_id, "it has parts already"));
        }
        self.add_parts(kind, &event.task_id, &event.subtasks, &event.dependencies, event.at)?;
        let needs_review = event.needs_review;
        self.tree.change_gate(spot, event.at, |node| node.awaits_review = needs_review);
        self.redate();
        Ok(())
    }

    /// Puts other parts in the place of those that are there.
    pub(super) fn replace_parts(
        &mut self,
        kind: &'static str,
        task_id: &TaskId,
        parts: &[TaskDefinition],
        dependencies: &[Dependency],
        at: Timestamp,
    ) -> Applied {
        let spot = self.idle(kind, task_id)?;
        let children = self.tree.node(spot).children.to_vec();
        for child in children {
            self.drop_blockers_below(child, at);
            self.tree.remove(child, at);
        }
        self.add_parts(kind, task_id, parts, dependencies, at)?;
        self.tree.change_gate(spot, at, |node: &mut Node| node.awaits_review = false);
        self.redate();
        Ok(())
    }

    fn add_parts(
        &mut self,
        kind: &'static str,
        task_id: &TaskId,
        parts: &[TaskDefinition],
        dependencies: &[Dependency],
        at: Timestamp,
    ) -> Applied {
        if parts.iter().any(|part| part.parent_id.is_none()) {
            return Err(bad(kind, task_id, "a part names no parent"));
        }
        self.add_tasks(kind, parts, at)?;
        self.tie(kind, dependencies, at)
    }
}
