//! From a draft to the command that reads it in: ids, possible dependencies, the order that was
//! asked for, and the judgement of the law.

use super::{Draft, Edge, Node, TaskIds, edges, sequence};
use crate::error::PlanError;
use crate::read::{Options, Reading};
use crate::report::{Counts, Report};
use crate::words;
use planexe_ax_domain::event::plan::PlanSource;
use planexe_ax_domain::plan::{CRITERIA_MAX, ImportPlan, RISKS_MAX, ROLES_MAX, check_tasks};
use planexe_ax_domain::{Dependency, Json, PlanId, TaskDefinition, TaskKind, Title};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What happens to dependencies that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repairs {
    /// They are dropped, and the report says so.
    Made,
    /// The plan is refused.
    Refused,
}

/// Makes the command.
pub(crate) fn assemble(
    mut draft: Draft,
    (source, plan_id): (PlanSource, PlanId),
    repairs: Repairs,
    options: &Options,
    mut report: Report,
) -> Result<Reading, PlanError> {
    check_size(&draft)?;
    draft.put_in_order();
    let ids = TaskIds::of(&draft);
    let mut barriers = match repairs {
        Repairs::Made => edges::keep_possible(&mut draft, &ids, &mut report)?,
        Repairs::Refused => edges::taken_as_they_are(&draft)?,
    };
    let mode = options.sequencing;
    sequence::sequence(&mut draft, mode, &ids, (&mut barriers, &mut report));
    edges::check_count(&draft)?;
    keep_source_ids(&mut draft, &ids);
    let title = title(&mut draft, options, &mut report);
    let (roles, risks) = limited(&mut draft, &mut report);
    let dependencies: Vec<Dependency> =
        draft.edges.iter().map(|edge| dependency(edge, &ids)).collect();
    let watch_items = draft.watch_items;
    let metadata = metadata(std::mem::take(&mut draft.metadata), &mut report);
    let tasks = definitions(draft.nodes, &ids, &mut report);
    check_tasks(&tasks, &dependencies).map_err(PlanError::Law)?;
    report.counts = Counts { watch_items, ..counted(&tasks) };
    report.counts.dependencies = dependencies.len();
    (report.counts.roles, report.counts.risks) = (roles.len(), risks.len());
    let import = ImportPlan {
        plan_id,
        title,
        goal: draft.goal,
        source,
        roles,
        risks,
        assigned_to: options.assigned_to.clone(),
        tasks,
        dependencies,
        report: Some(report.json()),
        metadata,
    };
    Ok(Reading { import, report })
}

fn check_size(draft: &Draft) -> Result<(), PlanError> {
    if !draft.nodes.is_empty() {
        return Ok(());
    }
    let saw = "there is no task in it".to_owned();
    Err(PlanError::NotAPlan { saw })
}

/// Keeps the source's own ids beside ours, where it has any.
fn keep_source_ids(draft: &mut Draft, ids: &TaskIds) {
    let named = draft.nodes.iter().enumerate().filter_map(|(spot, node)| {
        let source_id = node.source_id.as_ref()?;
        Some((ids.get(spot).to_string(), Value::from(source_id.as_str())))
    });
    let named: Map<String, Value> = named.collect();
    if !named.is_empty() {
        draft.metadata.insert("source_ids".to_owned(), Value::Object(named));
    }
}

fn title(draft: &mut Draft, options: &Options, report: &mut Report) -> Title {
    if let Some(title) = options.title.clone() {
        report.derived("the title", || "it is the one that was asked for".to_owned());
        return title;
    }
    if let Some(title) = draft.title.take() {
        return title;
    }
    let goal = draft.goal.as_ref().and_then(|goal| words::first_line(goal.as_str()));
    let from = if goal.is_some() { "first line of the goal" } else { "title of the first task" };
    report.derived("the title", || format!("there is none: it is the {from}"));
    goal.unwrap_or_else(|| draft.nodes[0].title.clone())
}

/// The roles and the risks, each once, as many as the law takes.
fn limited(
    draft: &mut Draft,
    report: &mut Report,
) -> (Vec<Title>, Vec<planexe_ax_domain::event::plan::Risk>) {
    let (mut roles, mut risks) =
        (std::mem::take(&mut draft.roles), std::mem::take(&mut draft.risks));
    let mut seen = BTreeSet::new();
    roles.retain(|role| seen.insert(words::normalised(role.as_str())));
    for (what, count, max) in [("roles", roles.len(), ROLES_MAX), ("risks", risks.len(), RISKS_MAX)]
    {
        if count > max {
            report.dropped(what, || format!("at most {max} fit, and there are {count}"));
        }
    }
    roles.truncate(ROLES_MAX);
    risks.truncate(RISKS_MAX);
    (roles, risks)
}

fn dependency(edge: &Edge, ids: &TaskIds) -> Dependency {
    Dependency {
        from: ids.get(edge.from).clone(),
        to: ids.get(edge.to).clone(),
        kind: Edge::KIND,
        is_implied: edge.is_implied,
    }
}

/// The most bytes of a section of the metadata, so that all of them fit together.
const SECTION_BYTES_MAX: usize = 48 * 1024;
/// The most bytes of all sections: what is left of [`Json::BYTES_MAX`] is for their names.
const METADATA_BYTES_MAX: usize = Json::BYTES_MAX - 8 * 1024;

/// The metadata, cut where there is too much of it.
fn metadata(sections: Map<String, Value>, report: &mut Report) -> Option<Json> {
    let mut kept = Map::new();
    let mut bytes = 0;
    for (name, value) in sections {
        let (value, left_out) = fitting(value, SECTION_BYTES_MAX);
        let size = value.to_string().len() + name.len();
        if bytes + size > METADATA_BYTES_MAX {
            report.dropped("metadata", || format!("there is no room for {name}"));
            continue;
        }
        if left_out > 0 {
            let place = format!("metadata/{name}");
            report.dropped(&place, || format!("there is no room for the last {left_out} entries"));
        }
        bytes += size;
        kept.insert(name, value);
    }
    let is_empty = kept.is_empty();
    let json = Json::from_value(&Value::Object(kept));
    if let Err(error) = &json {
        report.dropped("metadata", || error.to_string());
    }
    json.ok().filter(|_| !is_empty)
}

/// A value with as many of its entries as fit, and how many do not.
fn fitting(value: Value, bytes_max: usize) -> (Value, usize) {
    let mut left = bytes_max;
    let mut fits = |entry: &str| {
        let is_fitting = entry.len() < left;
        left = if is_fitting { left - entry.len() - 1 } else { 0 };
        is_fitting
    };
    match value {
        Value::Array(entries) => {
            let total = entries.len();
            let kept: Vec<_> =
                entries.into_iter().take_while(|entry| fits(&entry.to_string())).collect();
            let left_out = total - kept.len();
            (Value::Array(kept), left_out)
        }
        Value::Object(entries) => {
            let total = entries.len();
            let kept: Map<_, _> = entries
                .into_iter()
                .take_while(|(name, entry)| fits(&format!("{name}...{entry}")))
                .collect();
            let left_out = total - kept.len();
            (Value::Object(kept), left_out)
        }
        Value::String(text) if text.len() > bytes_max / 2 => {
            (Value::from(words::cut(&text, bytes_max / 2)), 1)
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => (other, 0),
    }
}

fn definitions(nodes: Vec<Node>, ids: &TaskIds, report: &mut Report) -> Vec<TaskDefinition> {
    let mut definitions = Vec::with_capacity(nodes.len());
    for (spot, node) in nodes.into_iter().enumerate() {
        let kind = match node.depth {
            1 => TaskKind::Phase,
            2 => TaskKind::Task,
            _ => TaskKind::Subtask,
        };
        definitions.push(definition(node, kind, (ids, spot), report));
    }
    definitions
}

fn definition(
    mut node: Node,
    kind: TaskKind,
    (ids, spot): (&TaskIds, usize),
    report: &mut Report,
) -> TaskDefinition {
    let id = ids.get(spot);
    if node.success_criteria.len() > CRITERIA_MAX {
        report.dropped(id.as_str(), || format!("it has more than {CRITERIA_MAX} criteria"));
        node.success_criteria.truncate(CRITERIA_MAX);
    }
    let params = (!node.params.is_empty()).then(|| Json::from_value(&Value::Object(node.params)));
    let params = params.transpose().unwrap_or_else(|error| {
        report.dropped(id.as_str(), || format!("its parameters: {error}"));
        None
    });
    TaskDefinition {
        parent_id: node.parent.map(|parent| ids.get(parent).clone()),
        kind,
        description: node.description,
        action: node.action,
        params,
        role: node.role,
        priority: node.priority,
        estimated_ms: node.estimated_ms,
        success_criteria: node.success_criteria,
        approval: words::title(&node.approvals.join("; ")),
        ..TaskDefinition::new(id.clone(), node.title)
    }
}

/// How much there is in these tasks.
pub(crate) fn counted(tasks: &[TaskDefinition]) -> Counts {
    let parents: BTreeSet<_> = tasks.iter().filter_map(|task| task.parent_id.as_ref()).collect();
    let of = |kind: TaskKind| tasks.iter().filter(|task| task.kind == kind).count();
    Counts {
        phases: of(TaskKind::Phase),
        tasks: of(TaskKind::Task),
        subtasks: of(TaskKind::Subtask),
        leaves: tasks.iter().filter(|task| !parents.contains(&task.task_id)).count(),
        gates: tasks.iter().filter(|task| task.approval.is_some()).count(),
        ..Counts::default()
    }
}
