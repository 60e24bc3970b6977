//! The rows of a plan's tasks, made together from its state.

use super::row::parents;
use crate::value::word;
use crate::{JsonText, Row, Subject};
use planexe_ax_domain::plan::Plan;
use planexe_ax_domain::{DependencyType, TaskDefinition, TaskId};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

crate::rows! {
    /// A phase, task or subtask of a plan.
    struct PlanTaskRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The plan.
        plan_id: Arc<str>,
        /// The task.
        task_id: Arc<str>,
        /// Its place in the plan's order; parents come before their parts.
        ordinal: u32,
        /// The task that it is a part of.
        parent_task_id: Option<Arc<str>>,
        /// `phase`, `task` or `subtask`.
        kind: Arc<str>,
        /// One line for people.
        title: Arc<str>,
        /// What is to be done.
        description: Option<Arc<str>>,
        /// Whether it has no parts.
        is_leaf: bool,
        /// The action that an agent must be capable of.
        action: Option<Arc<str>>,
        /// The parameters of the action.
        params: Option<JsonText>,
        /// The role that does it, where no action is named.
        role: Option<Arc<str>>,
        /// The one agent that may do it.
        agent_id: Option<Arc<str>>,
        /// What goes first among what is ready.
        priority: Arc<str>,
        /// How long it should take.
        estimated_ms: Option<u64>,
        /// How long one attempt may take at most.
        timeout_ms: Option<u64>,
        /// How often it is tried.
        retry: Option<JsonText>,
        /// How one sees that it is done: a JSON list of texts.
        success_criteria: JsonText,
        /// What a person must approve before it may start.
        approval: Option<Arc<str>>,
        /// What it waits for: a JSON list of tasks and dependency types.
        waits_for: Option<JsonText>,
        /// How sure its decomposer is, in thousandths.
        confidence_permille: Option<u16>,
        /// Who broke it down.
        decomposed_by: Option<JsonText>,
        /// What a person says of its parts: `not_needed`, `pending`, `approved` or `rejected`.
        review: Option<Arc<str>>,
        /// What was said when it was broken down, and what a person should look at.
        decomposition_notes: Option<Arc<str>>,
    }
}

/// What a task waits for.
#[derive(Serialize)]
struct WaitsFor<'a> {
    task_id: &'a TaskId,
    #[serde(rename = "type")]
    kind: DependencyType,
}

/// The rows of all tasks of a plan.
pub(super) fn rows(subject: &Subject<'_>) -> Vec<Row> {
    let Some(plan) = subject.state.plan() else { return Vec::new() };
    let mut waits: BTreeMap<&TaskId, Vec<WaitsFor<'_>>> = BTreeMap::new();
    for dependency in plan.dependencies() {
        let (task_id, kind) = (&dependency.from, dependency.kind);
        waits.entry(&dependency.to).or_default().push(WaitsFor { task_id, kind });
    }
    let parents = parents(plan);
    let rows = (0..).zip(plan.tasks()).map(|(ordinal, task)| {
        let row = PlanTaskRow::of(subject, plan, task);
        let waits_for = waits.get(&task.task_id).map(JsonText::of);
        let is_leaf = !parents.contains(&task.task_id);
        PlanTaskRow { ordinal, waits_for, is_leaf, ..row }.into_row()
    });
    rows.collect()
}

impl PlanTaskRow {
    fn of(subject: &Subject<'_>, plan: &Plan, task: &TaskDefinition) -> Self {
        let broken_down = plan.decomposition(&task.task_id);
        Self {
            workspace: subject.workspace_cell(),
            plan_id: subject.id_cell(),
            task_id: task.task_id.as_str().into(),
            ordinal: 0,
            parent_task_id: task.parent_id.as_ref().map(|id| id.as_str().into()),
            kind: word(&task.kind),
            title: task.title.as_str().into(),
            description: task.description.as_ref().map(|text| text.as_str().into()),
            is_leaf: true,
            action: task.action.as_ref().map(|action| action.as_str().into()),
            params: task.params.as_ref().map(JsonText::from),
            role: task.role.as_ref().map(|role| role.as_str().into()),
            agent_id: task.agent_id.as_ref().map(|id| id.as_str().into()),
            priority: word(&task.priority),
            estimated_ms: task.estimated_ms,
            timeout_ms: task.timeout_ms,
            retry: task.retry.as_ref().map(JsonText::of),
            success_criteria: JsonText::of(&task.success_criteria),
            approval: task.approval.as_ref().map(|what| what.as_str().into()),
            waits_for: None,
            confidence_permille: broken_down.map(|(_, permille)| permille),
            decomposed_by: broken_down.map(|(source, _)| JsonText::of(source)),
            review: plan.review(&task.task_id).map(|review| review.as_str().into()),
            decomposition_notes: plan
                .decomposition_notes(&task.task_id)
                .map(|notes| notes.as_str().into()),
        }
    }
}
