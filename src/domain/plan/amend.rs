//! Which changes of tasks and dependencies follow from an amendment.

use super::check::{at_most, check_tasks};
use super::chunks::EVENT_ITEMS_MAX;
use super::decide::{Decision, one};
use super::tree::{Amendment, TaskTree};
use super::{AmendPlan, PlanContent};
use crate::event::lifecycle::TaskChange;
use crate::event::plan::PlanAmended;
use crate::{Dependency, Moment, Rejection, TaskDefinition, TaskId};
use std::collections::BTreeSet;

impl PlanContent {
    pub(super) fn amend(&self, command: &AmendPlan, moment: &Moment) -> Decision {
        let amendment = Amendment::from(command);
        check_lists(amendment)?;
        check_against(&self.tree, amendment)?;
        let mut candidate = self.tree.clone();
        candidate.amend(amendment);
        if candidate.tasks_total() == 0 {
            return Err(Rejection::invalid("/removed", "a plan keeps one task at least"));
        }
        check_tree(&candidate)?;
        let event = self.what_differs(command, moment);
        if is_empty((&event).into()) {
            return Ok(Vec::new());
        }
        one(event)
    }

    /// Leaves out what is so already.
    fn what_differs(&self, command: &AmendPlan, moment: &Moment) -> PlanAmended {
        let tree = &self.tree;
        let dependencies = tree.dependencies();
        let differs = |task: &TaskDefinition| tree.get(&task.task_id) != Some(task);
        PlanAmended {
            added: kept(&command.added, differs),
            changed: kept(&command.changed, |change| differs(&change.definition)),
            removed: kept(&command.removed, |task_id| tree.has(task_id)),
            dependencies_added: kept(&command.dependencies_added, |d| !dependencies.contains(d)),
            dependencies_removed: kept(&command.dependencies_removed, |d| dependencies.contains(d)),
            reason: command.reason.clone(),
            at: moment.at,
            by: moment.by.clone(),
        }
    }
}

/// Checks a tree as a whole, after a change that is only thought of.
pub(super) fn check_tree(tree: &TaskTree) -> Result<(), Rejection> {
    let tasks: Vec<TaskDefinition> = tree.tasks().cloned().collect();
    let dependencies: Vec<Dependency> = tree.dependencies().iter().cloned().collect();
    check_tasks(&tasks, &dependencies)
}

fn kept<T: Clone>(items: &[T], is_kept: impl Fn(&T) -> bool) -> Vec<T> {
    items.iter().filter(|item| is_kept(item)).cloned().collect()
}

fn is_empty(amendment: Amendment<'_>) -> bool {
    amendment.added.is_empty()
        && amendment.changed.is_empty()
        && amendment.removed.is_empty()
        && amendment.dependencies_added.is_empty()
        && amendment.dependencies_removed.is_empty()
}

/// Checks the lists by themselves: short enough, and nothing in them twice.
fn check_lists(amendment: Amendment<'_>) -> Result<(), Rejection> {
    let Amendment { added, changed, removed, dependencies_added, dependencies_removed } = amendment;
    at_most("/added", "tasks", added.len(), EVENT_ITEMS_MAX)?;
    at_most("/changed", "tasks", changed.len(), EVENT_ITEMS_MAX)?;
    at_most("/removed", "tasks", removed.len(), EVENT_ITEMS_MAX)?;
    let what = "dependencies";
    at_most("/dependencies_added", what, dependencies_added.len(), EVENT_ITEMS_MAX)?;
    at_most("/dependencies_removed", what, dependencies_removed.len(), EVENT_ITEMS_MAX)?;
    let mut seen = BTreeSet::new();
    for (pointer, task_id) in named_tasks(amendment) {
        if !seen.insert(task_id) {
            let message = format!("task {task_id} stands twice in the amendment");
            return Err(Rejection::invalid(pointer, message));
        }
    }
    let mut seen = BTreeSet::new();
    match dependencies_added.iter().chain(dependencies_removed).find(|d| !seen.insert(*d)) {
        None => Ok(()),
        Some(Dependency { from, to, .. }) => {
            let message = format!("the dependency of {to} on {from} stands twice in the amendment");
            Err(Rejection::invalid("/dependencies_added", message))
        }
    }
}

fn named_tasks<'a>(amendment: Amendment<'a>) -> impl Iterator<Item = (&'static str, &'a TaskId)> {
    let added = amendment.added.iter().map(|task| ("/added", &task.task_id));
    let changed = amendment.changed.iter().map(|c| ("/changed", &c.definition.task_id));
    let removed = amendment.removed.iter().map(|task_id| ("/removed", task_id));
    added.chain(changed).chain(removed)
}

/// Checks the lists against the tree that they are to change.
fn check_against(tree: &TaskTree, amendment: Amendment<'_>) -> Result<(), Rejection> {
    let gone = tree.branches(amendment.removed);
    for (pointer, task_id) in named_tasks(Amendment { removed: &[], ..amendment }) {
        if gone.contains(task_id) {
            let message = format!("task {task_id} goes with a task that is removed");
            return Err(Rejection::invalid(pointer, message));
        }
    }
    for task in amendment.added {
        if tree.get(&task.task_id).is_some_and(|known| known != task) {
            let id = task.task_id.to_string();
            return Err(Rejection::AlreadyExists { what: "task", id });
        }
    }
    amendment.changed.iter().try_for_each(|change| check_change(tree, change))
}

fn check_change(tree: &TaskTree, change: &TaskChange) -> Result<(), Rejection> {
    let TaskDefinition { task_id, parent_id, kind, .. } = &change.definition;
    let Some(known) = tree.get(task_id) else {
        return Err(Rejection::NotFound { what: "task", id: task_id.to_string() });
    };
    if known.parent_id != *parent_id || known.kind != *kind {
        let message = format!("task {task_id} keeps its parent and its kind");
        return Err(Rejection::invalid("/changed", message));
    }
    Ok(())
}
