//! The row of a plan, made from its state.

use crate::{JsonText, Subject};
use planexe_ax_domain::plan::Plan;
use planexe_ax_domain::{TaskId, TaskKind, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

crate::rows! {
    /// A plan. One that is deleted has lost all that it said.
    struct PlanRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// Its id.
        plan_id: Arc<str>,
        /// One line for people.
        title: Option<Arc<str>>,
        /// What it is for.
        goal: Option<Arc<str>>,
        /// `generating`, `failed`, `stopped`, `importing`, `ready`, `archived` or `deleted`.
        status: Arc<str>,
        /// The agent that it is meant for; none: any.
        assigned_to: Option<Arc<str>>,
        /// The format that it was read from.
        source_format: Option<Arc<str>>,
        /// The source's own id.
        source_id: Option<Arc<str>>,
        /// The SHA-256 of what was read.
        content_hash: Option<Arc<str>>,
        /// The roles that it needs: a JSON list of texts.
        roles: JsonText,
        /// The risks that it names: a JSON list.
        risks: JsonText,
        /// What else is known of it.
        metadata: Option<JsonText>,
        /// How many nodes its tree has.
        tasks_total: u64,
        /// How many of them are phases.
        phases_total: u64,
        /// How many of them have no parts.
        leaves_total: u64,
        /// How long its leaves should take together, as far as it says.
        estimated_ms_total: u64,
        /// How many breakdowns wait for a person.
        pending_reviews: u64,
        /// When it was imported, or asked for.
        created_at: Timestamp,
        /// Who imported it, or asked for it.
        created_by: Arc<str>,
        /// The version of its last event.
        version: u64,
    }
}

impl PlanRow {
    /// The row of a plan; none before it is imported or asked for.
    pub(super) fn of(subject: &Subject<'_>) -> Option<Self> {
        let plan = subject.state.plan()?;
        let (created_at, created_by) = plan.imported()?;
        let source = plan.source();
        let of_source = |text: Option<&str>| text.map(Arc::from);
        let id = source.and_then(|source| source.source_id.as_ref());
        let hash = source.and_then(|source| source.content_hash.as_ref());
        let sums = Sums::of(plan);
        Some(Self {
            workspace: subject.workspace_cell(),
            plan_id: subject.id_cell(),
            title: plan.title().map(|title| title.as_str().into()),
            goal: plan.goal().map(|goal| goal.as_str().into()),
            status: plan.status().into(),
            assigned_to: plan.assigned_to().map(|agent_id| agent_id.as_str().into()),
            source_format: of_source(source.map(|source| source.format.as_str())),
            source_id: of_source(id.map(|id| id.as_str())),
            content_hash: of_source(hash.map(|hash| hash.as_str())),
            roles: JsonText::of(&plan.roles()),
            risks: JsonText::of(&plan.risks()),
            metadata: plan.metadata().map(JsonText::from),
            tasks_total: sums.tasks,
            phases_total: sums.phases,
            leaves_total: sums.leaves,
            estimated_ms_total: sums.estimated_ms,
            pending_reviews: u64::try_from(plan.pending_reviews().count()).unwrap_or(u64::MAX),
            created_at,
            created_by: created_by.to_string().into(),
            version: subject.version,
        })
    }
}

/// The tasks of the plan that have parts.
pub(super) fn parents(plan: &Plan) -> BTreeSet<&TaskId> {
    plan.tasks().filter_map(|task| task.parent_id.as_ref()).collect()
}

#[derive(Default)]
struct Sums {
    tasks: u64,
    phases: u64,
    leaves: u64,
    estimated_ms: u64,
}

impl Sums {
    fn of(plan: &Plan) -> Self {
        let parents = parents(plan);
        let mut sums = Self::default();
        for task in plan.tasks() {
            sums.tasks += 1;
            sums.phases += u64::from(task.kind == TaskKind::Phase);
            if !parents.contains(&task.task_id) {
                let estimated_ms = task.estimated_ms.unwrap_or_default();
                sums.leaves += 1;
                sums.estimated_ms = sums.estimated_ms.saturating_add(estimated_ms);
            }
        }
        sums
    }
}
