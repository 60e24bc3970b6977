//! What makes a set of tasks and dependencies a plan that can be carried out.

use crate::{Dependency, Rejection, TaskDefinition, TaskId};
use std::collections::{BTreeMap, BTreeSet};

/// The most nodes in the tree of a plan.
pub const TASKS_MAX: usize = 50_000;
/// The most dependencies in a plan.
pub const DEPENDENCIES_MAX: usize = 200_000;
/// The most levels in the tree of a plan.
pub const DEPTH_MAX: usize = 10;
/// The most success criteria of a task.
pub const CRITERIA_MAX: usize = 100;

/// A task that was checked: where it hangs, and how deep.
struct Node<'a> {
    parent_id: Option<&'a TaskId>,
    depth: usize,
}

type Nodes<'a> = BTreeMap<&'a TaskId, Node<'a>>;

/// Says whether tasks (parents before their parts) and dependencies make a plan.
pub fn check_tasks(tasks: &[TaskDefinition], dependencies: &[Dependency]) -> Result<(), Rejection> {
    at_most("/tasks", "tasks", tasks.len(), TASKS_MAX)?;
    at_most("/dependencies", "dependencies", dependencies.len(), DEPENDENCIES_MAX)?;
    let nodes = check_tree(tasks)?;
    check_dependencies(dependencies, &nodes)?;
    crate::execution::check_tree(tasks, dependencies)
}

/// Refuses more of something than there may be.
pub(super) fn at_most(
    pointer: &str,
    what: &str,
    count: usize,
    max: usize,
) -> Result<(), Rejection> {
    if count <= max {
        return Ok(());
    }
    Err(Rejection::invalid(pointer, format!("at most {max} {what} fit, not {count}")))
}

fn check_tree(tasks: &[TaskDefinition]) -> Result<Nodes<'_>, Rejection> {
    let mut nodes = Nodes::new();
    for (place, task) in tasks.iter().enumerate() {
        let node = check_place(task, &nodes).map_err(|(field, message)| {
            Rejection::invalid(format!("/tasks/{place}/{field}"), message)
        })?;
        check_definition(task).map_err(|(field, message)| {
            Rejection::invalid(format!("/tasks/{place}/{field}"), message)
        })?;
        nodes.insert(&task.task_id, node);
    }
    Ok(nodes)
}

fn check_place<'a>(
    task: &'a TaskDefinition,
    nodes: &Nodes<'a>,
) -> Result<Node<'a>, (&'static str, String)> {
    let id = &task.task_id;
    if nodes.contains_key(id) {
        return Err(("task_id", format!("task {id} stands twice")));
    }
    let Some(parent_id) = &task.parent_id else { return Ok(Node { parent_id: None, depth: 1 }) };
    let Some(parent) = nodes.get(parent_id) else {
        let message = format!("task {id} is a part of {parent_id}, which does not stand before it");
        return Err(("parent_id", message));
    };
    let depth = parent.depth + 1;
    if depth > DEPTH_MAX {
        let message = format!("task {id} stands deeper than {DEPTH_MAX} levels");
        return Err(("parent_id", message));
    }
    Ok(Node { parent_id: Some(parent_id), depth })
}

fn check_definition(task: &TaskDefinition) -> Result<(), (&'static str, String)> {
    let id = &task.task_id;
    if task.timeout_ms == Some(0) {
        return Err(("timeout_ms", format!("task {id} needs some time: 1 at least")));
    }
    if task.retry.is_some_and(|retry| retry.attempts_max == 0) {
        return Err(("retry/attempts_max", format!("task {id} needs an attempt: 1 at least")));
    }
    if task.success_criteria.len() > CRITERIA_MAX {
        return Err(("success_criteria", format!("task {id} has more than {CRITERIA_MAX}")));
    }
    Ok(())
}

fn check_dependencies(dependencies: &[Dependency], nodes: &Nodes<'_>) -> Result<(), Rejection> {
    let mut seen = BTreeSet::new();
    for (place, dependency) in dependencies.iter().enumerate() {
        let Dependency { from, to, kind, .. } = dependency;
        let refuse = |field: &str, message: String| {
            Err(Rejection::invalid(format!("/dependencies/{place}{field}"), message))
        };
        if !nodes.contains_key(from) {
            return refuse("/from", format!("there is no task {from}"));
        }
        if !nodes.contains_key(to) {
            return refuse("/to", format!("there is no task {to}"));
        }
        if from == to {
            return refuse("", format!("task {from} cannot wait for itself"));
        }
        if is_above(from, to, nodes) || is_above(to, from, nodes) {
            return refuse("", format!("{from} and {to}: one is a part of the other"));
        }
        if !seen.insert((from, to, kind)) {
            return refuse("", format!("the dependency of {to} on {from} stands twice"));
        }
    }
    Ok(())
}

fn is_above(above: &TaskId, below: &TaskId, nodes: &Nodes<'_>) -> bool {
    let parent_of = |id: &TaskId| nodes.get(id).and_then(|node| node.parent_id);
    std::iter::successors(parent_of(below), |id| parent_of(id)).any(|id| id == above)
}
