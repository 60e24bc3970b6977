//! A decomposition, as the door shows it.

use crate::decompose::Part;
use crate::domain::event::plan::PlanEvent;
use crate::domain::event::work::DecompositionSource;
use crate::domain::plan::{DecomposeTask, Plan};
use crate::domain::{Dependency, Event, PlanId, State, TaskDefinition, TaskId};
use crate::http::plans::{hours, retry_policy, value_of};
use crate::http::schemas::{Any, AnyObject, Id};
use crate::models::said_in;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// How a task is, or could be, broken down.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decomposition)]
pub(in crate::http) struct DecompositionShown {
    #[schema(value_type = Id)]
    task_id: TaskId,
    #[schema(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
    /// How sure the decomposer is, from 0 to 1.
    decomposition_confidence: f64,
    executable_subtasks: Vec<PartShown>,
    /// The same list under the documents' other name.
    decomposed_subtasks: Vec<PartShown>,
    /// The parts in an order in which they can be done.
    #[schema(value_type = Vec<Id>)]
    execution_sequence: Vec<TaskId>,
    notes: String,
    /// What a person should look at.
    warnings: Vec<String>,
    /// Whether a person must approve before the parts can run.
    human_review_required: bool,
    /// `rules`, `person`, or the model or agent.
    #[schema(value_type = Any)]
    decomposed_by: Value,
    /// Whether the parts are kept on the task of the plan.
    stored: bool,
    /// Why they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_stored_because: Option<String>,
}

/// A part of a task.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DecomposedSubtask)]
struct PartShown {
    #[schema(value_type = Id)]
    subtask_id: TaskId,
    title: String,
    description: Option<String>,
    action: Option<String>,
    #[schema(value_type = AnyObject)]
    params: Value,
    #[schema(value_type = Vec<Id>)]
    depends_on: Vec<TaskId>,
    /// The same list under the documents' other name.
    #[schema(value_type = Vec<Id>)]
    dependencies: Vec<TaskId>,
    timeout_hours: Option<f64>,
    #[schema(value_type = Any)]
    retry_policy: Option<Value>,
    success_criteria: Vec<String>,
    failure_handling: Option<String>,
}

impl PartShown {
    fn of(part: &TaskDefinition, dependencies: &[Dependency]) -> Self {
        let said = part.description.as_ref().map(|text| text.as_str()).unwrap_or_default();
        let (description, failure) = Part::failure_in(said);
        let waits = dependencies.iter().filter(|it| it.to == part.task_id);
        let depends_on: Vec<TaskId> = waits.map(|it| it.from.clone()).collect();
        Self {
            subtask_id: part.task_id.clone(),
            title: part.title.to_string(),
            description: description.map(str::to_owned),
            action: part.action.as_ref().map(ToString::to_string),
            params: part.params.as_ref().map_or_else(|| json!({}), |it| value_of(it.as_str())),
            dependencies: depends_on.clone(),
            depends_on,
            timeout_hours: part.timeout_ms.map(hours),
            retry_policy: part.retry.map(retry_policy),
            success_criteria: part.success_criteria.iter().map(ToString::to_string).collect(),
            failure_handling: failure.map(str::to_owned),
        }
    }
}

/// What a decomposition is made of, wherever it comes from.
pub(super) struct Made<'a> {
    pub(super) task_id: &'a TaskId,
    pub(super) plan_id: Option<&'a PlanId>,
    pub(super) parts: &'a [TaskDefinition],
    pub(super) dependencies: &'a [Dependency],
    pub(super) confidence_permille: u16,
    pub(super) source: &'a DecompositionSource,
    pub(super) needs_review: bool,
    pub(super) notes: &'a str,
    pub(super) is_stored: bool,
}

impl From<Made<'_>> for DecompositionShown {
    fn from(made: Made<'_>) -> Self {
        let parts = made.parts.iter().map(|part| PartShown::of(part, made.dependencies));
        let parts: Vec<PartShown> = parts.collect();
        let (notes, warnings) = said_in(made.notes);
        Self {
            task_id: made.task_id.clone(),
            plan_id: made.plan_id.cloned(),
            decomposition_confidence: f64::from(made.confidence_permille) / 1_000.0,
            decomposed_subtasks: parts.clone(),
            executable_subtasks: parts,
            execution_sequence: sequence(made.parts, made.dependencies),
            notes,
            warnings,
            human_review_required: made.needs_review,
            decomposed_by: json!(made.source),
            stored: made.is_stored,
            not_stored_because: None,
        }
    }
}

impl DecompositionShown {
    /// What a command comes to, where nothing had to be recorded or nothing was asked to be.
    pub(super) fn of(command: &DecomposeTask, plan_id: Option<&PlanId>, is_stored: bool) -> Self {
        let is_sure = command.confidence_permille >= command.threshold_permille;
        Made {
            task_id: &command.task_id,
            plan_id,
            parts: &command.subtasks,
            dependencies: &command.dependencies,
            confidence_permille: command.confidence_permille,
            source: &command.source,
            needs_review: !is_sure && command.source != DecompositionSource::Person,
            notes: command.notes.as_ref().map(|text| text.as_str()).unwrap_or_default(),
            is_stored,
        }
        .into()
    }
}

impl DecompositionShown {
    /// The same with what was said of it, and why it is not kept.
    pub(super) fn saying(self, notes: String, warnings: Vec<String>, why: String) -> Self {
        Self { notes, warnings, not_stored_because: Some(why), ..self }
    }
}

/// The parts in an order in which they can be done.
fn sequence(parts: &[TaskDefinition], dependencies: &[Dependency]) -> Vec<TaskId> {
    let mut done: Vec<TaskId> = Vec::new();
    while let Some(next) = parts.iter().map(|part| &part.task_id).find(|id| {
        let waits = dependencies.iter().filter(|it| it.to == **id);
        let is_known = |from: &TaskId| parts.iter().any(|part| part.task_id == *from);
        !done.contains(id)
            && waits.map(|it| &it.from).all(|from| done.contains(from) || !is_known(from))
    }) {
        done.push(next.clone());
    }
    done
}

/// What the answer to a decomposition says, now and when it is repeated.
pub(super) fn describe(state: &State, events: &[Event]) -> Vec<u8> {
    let plan_id = state.plan().and_then(Plan::plan_id);
    let shown = events.iter().find_map(|event| shown_of(event, plan_id));
    shown.map_or_else(Vec::new, |shown| bytes(&shown))
}

fn shown_of(event: &Event, plan_id: Option<&PlanId>) -> Option<DecompositionShown> {
    let Event::Plan(PlanEvent::PlanTaskDecomposed(event)) = event else { return None };
    let made = Made {
        task_id: &event.task_id,
        plan_id,
        parts: &event.subtasks,
        dependencies: &event.dependencies,
        confidence_permille: event.confidence_permille,
        source: &event.source,
        needs_review: event.needs_review,
        notes: event.notes.as_ref().map(|text| text.as_str()).unwrap_or_default(),
        is_stored: true,
    };
    Some(made.into())
}

/// What a person has said of the parts of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub(in crate::http) struct ReviewShown {
    #[schema(value_type = Id)]
    pub(super) plan_id: PlanId,
    #[schema(value_type = Id)]
    pub(super) task_id: TaskId,
    /// `approved` or `rejected`.
    pub(super) review: &'static str,
    /// How many tasks of the plan still wait for a review.
    pub(super) pending_reviews: usize,
}

/// What the answer to a review says.
pub(super) fn describe_review(state: &State, events: &[Event]) -> Vec<u8> {
    let reviewed = events.iter().find_map(|event| match event {
        Event::Plan(PlanEvent::PlanDecompositionReviewed(event)) => Some(event),
        Event::Plan(_)
        | Event::Lifecycle(_)
        | Event::Work(_)
        | Event::Record(_)
        | Event::Agent(_)
        | Event::Workspace(_) => None,
    });
    let (Some(plan), Some(event)) = (state.plan(), reviewed) else { return Vec::new() };
    let Some(plan_id) = plan.plan_id() else { return Vec::new() };
    bytes(&ReviewShown {
        plan_id: plan_id.clone(),
        task_id: event.task_id.clone(),
        review: if event.is_approved { "approved" } else { "rejected" },
        pending_reviews: plan.pending_reviews().count(),
    })
}

/// What became of the tasks of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanDecomposition)]
pub(in crate::http) struct PlanDecomposed {
    #[schema(value_type = Id)]
    plan_id: PlanId,
    decomposed: Vec<DecompositionShown>,
    /// The tasks that were left as they are, each with the reason.
    #[schema(value_type = Vec<AnyObject>)]
    left_alone: Vec<Value>,
    /// How many tasks are still to be broken down: ask again.
    tasks_left: usize,
    /// How many tasks of the plan wait for a review.
    pending_reviews: usize,
}

/// What the answer says when all tasks of a plan were broken down.
pub(super) fn describe_all(state: &State, events: &[Event]) -> Vec<u8> {
    let Some(plan) = state.plan() else { return Vec::new() };
    let Some(plan_id) = plan.plan_id() else { return Vec::new() };
    bytes(&PlanDecomposed {
        plan_id: plan_id.clone(),
        decomposed: events.iter().filter_map(|event| shown_of(event, Some(plan_id))).collect(),
        left_alone: Vec::new(),
        tasks_left: 0,
        pending_reviews: plan.pending_reviews().count(),
    })
}

fn bytes(shown: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shown).expect("texts and numbers always become JSON")
}
