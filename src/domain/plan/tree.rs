//! The tasks of a plan in their order, and what waits for what among them.

use super::command::AmendPlan;
use crate::event::lifecycle::TaskChange;
use crate::event::plan::PlanAmended;
use crate::{Dependency, TaskDefinition, TaskId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The tasks of a plan, parents before their parts, and their dependencies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TaskTree {
    definitions: BTreeMap<TaskId, TaskDefinition>,
    order: Vec<TaskId>,
    dependencies: BTreeSet<Dependency>,
}

/// What an amendment, asked for or decided, does to a tree.
#[derive(Clone, Copy)]
pub(super) struct Amendment<'a> {
    pub(super) added: &'a [TaskDefinition],
    pub(super) changed: &'a [TaskChange],
    pub(super) removed: &'a [TaskId],
    pub(super) dependencies_added: &'a [Dependency],
    pub(super) dependencies_removed: &'a [Dependency],
}

impl<'a> From<&'a AmendPlan> for Amendment<'a> {
    fn from(command: &'a AmendPlan) -> Self {
        Self {
            added: &command.added,
            changed: &command.changed,
            removed: &command.removed,
            dependencies_added: &command.dependencies_added,
            dependencies_removed: &command.dependencies_removed,
        }
    }
}

impl<'a> From<&'a PlanAmended> for Amendment<'a> {
    fn from(event: &'a PlanAmended) -> Self {
        Self {
            added: &event.added,
            changed: &event.changed,
            removed: &event.removed,
            dependencies_added: &event.dependencies_added,
            dependencies_removed: &event.dependencies_removed,
        }
    }
}

impl TaskTree {
    pub(super) fn get(&self, task_id: &TaskId) -> Option<&TaskDefinition> {
        self.definitions.get(task_id)
    }

    pub(super) fn has(&self, task_id: &TaskId) -> bool {
        self.definitions.contains_key(task_id)
    }

    pub(super) fn tasks(&self) -> impl Iterator<Item = &TaskDefinition> {
        self.order.iter().filter_map(|task_id| self.definitions.get(task_id))
    }

    pub(super) fn dependencies(&self) -> &BTreeSet<Dependency> {
        &self.dependencies
    }

    pub(super) fn tasks_total(&self) -> usize {
        self.order.len()
    }

    /// These tasks and all their parts, as far as they are there.
    pub(super) fn branches(&self, roots: &[TaskId]) -> BTreeSet<TaskId> {
        let roots: BTreeSet<&TaskId> = roots.iter().collect();
        let mut found = BTreeSet::new();
        for task in self.tasks() {
            let is_below = task.parent_id.as_ref().is_some_and(|parent| found.contains(parent));
            if is_below || roots.contains(&task.task_id) {
                found.insert(task.task_id.clone());
            }
        }
        found
    }

    /// All parts of a task, at any depth.
    pub(super) fn parts_of(&self, task_id: &TaskId) -> BTreeSet<TaskId> {
        let mut found = self.branches(std::slice::from_ref(task_id));
        found.remove(task_id);
        found
    }

    pub(super) fn append(&mut self, tasks: &[TaskDefinition]) {
        for task in tasks {
            if self.definitions.insert(task.task_id.clone(), task.clone()).is_none() {
                self.order.push(task.task_id.clone());
            }
        }
    }

    pub(super) fn depend(&mut self, dependencies: &[Dependency]) {
        self.dependencies.extend(dependencies.iter().cloned());
    }

    pub(super) fn amend(&mut self, amendment: Amendment<'_>) {
        let gone = self.branches(amendment.removed);
        self.remove(&gone);
        for dependency in amendment.dependencies_removed {
            self.dependencies.remove(dependency);
        }
        for TaskChange { definition } in amendment.changed {
            self.definitions.insert(definition.task_id.clone(), definition.clone());
        }
        self.append(amendment.added);
        self.depend(amendment.dependencies_added);
    }

    /// Puts other parts under a task, at its place; what hangs on parts that stay goes on.
    pub(super) fn replace_parts(
        &mut self,
        task_id: &TaskId,
        parts: &[TaskDefinition],
        dependencies: &[Dependency],
    ) {
        let old = self.parts_of(task_id);
        self.dependencies.retain(|kept| !(old.contains(&kept.from) && old.contains(&kept.to)));
        self.order.retain(|kept| !old.contains(kept));
        self.definitions.retain(|kept, _| !old.contains(kept));
        let place = self.order.iter().position(|known| known == task_id);
        let place = place.map_or(self.order.len(), |place| place + 1);
        self.order.splice(place..place, parts.iter().map(|part| part.task_id.clone()));
        self.definitions.extend(parts.iter().map(|part| (part.task_id.clone(), part.clone())));
        let Self { definitions, dependencies: kept, .. } = self;
        kept.retain(|kept| {
            definitions.contains_key(&kept.from) && definitions.contains_key(&kept.to)
        });
        self.depend(dependencies);
    }

    fn remove(&mut self, gone: &BTreeSet<TaskId>) {
        if gone.is_empty() {
            return;
        }
        self.order.retain(|kept| !gone.contains(kept));
        self.definitions.retain(|kept, _| !gone.contains(kept));
        self.dependencies.retain(|kept| !gone.contains(&kept.from) && !gone.contains(&kept.to));
    }
}
