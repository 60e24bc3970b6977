//! How plans are shown: in figures and lines for people, as JSON for programs.

use super::decompose::Decomposed;
use crate::cli::out::text::plain;
use crate::domain::plan::Plan;
use crate::domain::{TaskDefinition, TaskId};
use crate::plans::{Reading, export};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What was read; whether it is new, where it was stored, and what became of its tasks, where they
/// were broken down.
pub(super) fn reading(
    reading: &Reading,
    is_new: Option<bool>,
    decomposed: Option<&Decomposed>,
    is_json: bool,
) -> String {
    let Reading { import, report } = reading;
    if is_json {
        let mut told = json!({
            "plan_id": import.plan_id,
            "title": import.title,
            "is_new": is_new,
            "source": import.source,
            "report": report,
        });
        if let Some(decomposed) = decomposed {
            told["decomposition"] = decomposed.json();
        }
        return told.to_string();
    }
    let state = match is_new {
        None => "can be read in",
        Some(true) => "is read in",
        Some(false) => "was read in before: it is as it was",
    };
    let title = plain(import.title.as_str());
    let decomposed = decomposed.map_or_else(String::new, |it| format!("\n{}", it.line()));
    format!("{} {state}: {title}\n{report}{decomposed}", import.plan_id)
}

/// A plan in a line; none where there is nothing to show.
pub(super) fn line(plan: &Plan, is_json: bool) -> Option<String> {
    let (plan_id, title) = (plan.plan_id()?, plan.title()?);
    let (count, status) = (plan.tasks().count(), plan.status());
    let format = plan.source().map_or("", |source| source.format.as_str());
    if is_json {
        let told = json!({
            "plan_id": plan_id,
            "status": status,
            "format": format,
            "task_count": count,
            "title": title,
        });
        return Some(told.to_string());
    }
    Some(format!("{plan_id}\t{status}\t{format}\t{count}\t{}", plain(title.as_str())))
}

/// A plan with its tasks.
pub(super) fn plan(plan: &Plan, is_json: bool) -> String {
    if is_json {
        let mut told = export(plan).unwrap_or_default();
        told["status"] = plan.status().into();
        return told.to_string();
    }
    let mut text = String::new();
    told(plan, &mut text).expect("texts take everything");
    text
}

fn told(plan: &Plan, text: &mut String) -> std::fmt::Result {
    let title = plan.title().map_or("", |title| title.as_str());
    let id = plan.plan_id().map_or("", |id| id.as_str());
    writeln!(text, "{id} ({}): {}", plan.status(), plain(title))?;
    if let Some(goal) = plan.goal() {
        writeln!(text, "{}", plain(goal.as_str()))?;
    }
    let parents: BTreeSet<&TaskId> =
        plan.tasks().filter_map(|task| task.parent_id.as_ref()).collect();
    let leaves = plan.tasks().filter(|task| !parents.contains(&task.task_id)).count();
    let (tasks, waits) = (plan.tasks().count(), plan.dependencies().count());
    let (roles, risks) = (plan.roles().len(), plan.risks().len());
    writeln!(text, "{tasks} nodes, {leaves} leaves, {waits} dependencies")?;
    writeln!(text, "{roles} roles, {risks} risks")?;
    let mut before: BTreeMap<&TaskId, Vec<&str>> = BTreeMap::new();
    for dependency in plan.dependencies() {
        before.entry(&dependency.to).or_default().push(dependency.from.as_str());
    }
    let mut depths: BTreeMap<&TaskId, usize> = BTreeMap::new();
    for task in plan.tasks() {
        let depth = task.parent_id.as_ref().and_then(|id| depths.get(id)).map_or(0, |it| it + 1);
        depths.insert(&task.task_id, depth);
        write!(text, "{}", "  ".repeat(depth))?;
        writeln!(text, "{}", node(task, before.get(&task.task_id)))?;
    }
    Ok(())
}

fn node(task: &TaskDefinition, before: Option<&Vec<&str>>) -> String {
    let mut line = format!("{} {}", task.task_id, plain(task.title.as_str()));
    if let Some(role) = &task.role {
        line += &format!(" [{}]", plain(role.as_str()));
    }
    if let Some(before) = before {
        line += &format!(" (waits for {})", before.join(", "));
    }
    if let Some(approval) = &task.approval {
        line += &format!(" (needs approval: {})", plain(approval.as_str()));
    }
    line
}
