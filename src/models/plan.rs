//! From a plan to questions, and from answers to commands: one task, or all that have no parts.

use super::{Decomposed, Decomposers};
use crate::decompose::{Asked, Material, Question, as_decomposition, check, faults_text};
use crate::domain::event::agent::Capability;
use crate::domain::event::work::DecompositionSource;
use crate::domain::plan::{DECOMPOSED_AT_ONCE_MAX, DecomposeTask, Plan};
use crate::domain::{Priority, TaskDefinition, TaskId, TaskKind, Text};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How many tasks are broken down at once where a language model is asked for each.
const ASKED_AT_ONCE_MAX: usize = 5;
/// How often in a row the rules are asked for a plan that was just read in: the request that brings
/// it has a limited time.
const IMPORTED_ROUNDS_MAX: usize = 10;
/// What stands before each line of what a person should look at, in the notes of a decomposition.
const WARNING: &str = "Warning: ";

/// What is wanted of a plan.
#[derive(Debug, Clone, Default)]
pub struct PlanWish {
    /// What whoever carries the plan out can do.
    pub capabilities: Vec<Capability>,
    /// The tasks; none: all that have no parts and name no action.
    pub task_ids: Vec<TaskId>,
    /// The confidence under which a person must approve, in thousandths.
    pub threshold_permille: u16,
}

/// A task that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAlone {
    /// The task.
    pub task_id: TaskId,
    /// Why.
    pub why: String,
}

/// How the tasks of a plan could be broken down.
#[derive(Debug, Clone, Default)]
pub struct Spread {
    /// What to command, all at once.
    pub commands: Vec<DecomposeTask>,
    /// The tasks that were left as they are.
    pub left_alone: Vec<LeftAlone>,
    /// How many tasks are for another time.
    pub tasks_left: usize,
}

/// The question about a task: with what its plan says, and what a client sent along.
pub fn question_of(
    task: Asked,
    plan: Option<&Plan>,
    context: &Map<String, Value>,
    capabilities: Vec<Capability>,
) -> Question {
    let mut material = Material::default();
    material.add_context(&task.task_id, context);
    let mut taken = BTreeSet::new();
    if let Some(plan) = plan {
        material.add_plan(&task.task_id, plan);
        taken = taken_beside(plan, &task.task_id);
    }
    Question { task, material, capabilities, taken }
}

/// The ids of all tasks but the parts of this one, which are replaced.
fn taken_beside(plan: &Plan, task_id: &TaskId) -> BTreeSet<TaskId> {
    let mut own = plan.branches(std::slice::from_ref(task_id));
    own.remove(task_id);
    let ids = plan.tasks().map(|task| &task.task_id);
    ids.filter(|id| !own.contains(*id)).cloned().collect()
}

/// The command that keeps an answer on its task; or why there is none.
pub fn as_command(
    question: &Question,
    decomposed: &Decomposed,
    priority: Priority,
    (threshold_permille, decomposers): (u16, &Decomposers),
) -> Result<DecomposeTask, String> {
    if decomposed.proposal.parts.is_empty() {
        return Err(decomposed.proposal.warnings.join("; "));
    }
    check(question, &decomposed.proposal).map_err(|faults| faults_text(&faults))?;
    let made = as_decomposition(question, &decomposed.proposal, priority);
    let (subtasks, dependencies) = made.map_err(|error| error.to_string())?;
    Ok(DecomposeTask {
        task_id: question.task.task_id.clone(),
        subtasks,
        dependencies,
        confidence_permille: decomposed.proposal.confidence_permille,
        source: decomposed.source.clone(),
        notes: notes(decomposed),
        threshold_permille,
        usage: decomposed.usage,
        budget: decomposers.per_plan(),
    })
}

/// The notes as they are kept, what a person should look at behind them.
fn notes(decomposed: &Decomposed) -> Option<Text> {
    let proposal = &decomposed.proposal;
    let warnings = proposal.warnings.iter().map(|line| format!("{WARNING}{}", one_line(line)));
    let notes = proposal.notes.iter().cloned().chain(warnings).collect::<Vec<_>>();
    if notes.is_empty() { None } else { Text::parse(&notes.join("\n")).ok() }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The notes, and what a person should look at, read again from what is kept.
pub fn said_in(notes: &str) -> (String, Vec<String>) {
    let (warnings, notes): (Vec<&str>, Vec<&str>) =
        notes.lines().partition(|line| line.starts_with(WARNING));
    let warnings = warnings.into_iter().filter_map(|line| line.strip_prefix(WARNING));
    (notes.join("\n"), warnings.map(str::to_owned).collect())
}

impl Decomposers {
    /// How many tasks of a plan are broken down at once.
    pub fn at_once(&self) -> usize {
        if self.has_model() { ASKED_AT_ONCE_MAX } else { DECOMPOSED_AT_ONCE_MAX }
    }

    /// How often in a row that is done for a plan that was just read in.
    pub fn rounds_max(&self) -> usize {
        if self.has_model() { 1 } else { IMPORTED_ROUNDS_MAX }
    }

    /// Breaks the tasks of a plan down that have no parts and name no action, as many as fit at
    /// once. Nothing is stored: the commands that are given back do that.
    pub async fn decompose_plan(&self, plan: &Plan, wish: &PlanWish) -> Spread {
        let mut spread = Spread::default();
        let open = open_tasks(plan, wish, &mut spread.left_alone);
        let at_once = self.at_once();
        spread.tasks_left = open.len().saturating_sub(at_once);
        let mut material = Material::default();
        if let Some(first) = open.first() {
            material.add_plan(&first.task_id, plan);
        }
        let mut taken: BTreeSet<TaskId> = plan.tasks().map(|it| it.task_id.clone()).collect();
        let mut spent = plan.spent();
        let mut is_answered = true;
        for task in open.into_iter().take(at_once) {
            let capabilities = wish.capabilities.clone();
            let (material, task_id) = (material.clone(), task.task_id.clone());
            let asked = Asked::from(task);
            let question = Question { task: asked, material, capabilities, taken };
            let decomposed = match is_answered {
                true => self.decompose(&question, spent).await,
                false => self.by_rules(&question),
            };
            is_answered &= decomposed.source != DecompositionSource::Rules;
            spent = spent.plus(decomposed.usage.unwrap_or_default());
            let with = (wish.threshold_permille, self);
            match as_command(&question, &decomposed, task.priority, with) {
                Ok(command) => spread.commands.push(command),
                Err(why) => spread.left_alone.push(LeftAlone { task_id, why }),
            }
            taken = question.taken;
            let parts = spread.commands.last().into_iter().flat_map(|it| &it.subtasks);
            taken.extend(parts.map(|part| part.task_id.clone()));
        }
        spread
    }
}

/// The tasks of a plan that have no parts and name no action, in its order.
pub fn plan_tasks_open(plan: &Plan) -> Vec<TaskId> {
    let open = open_tasks(plan, &PlanWish::default(), &mut Vec::new());
    open.into_iter().map(|task| task.task_id.clone()).collect()
}

/// The tasks that are to be broken down.
fn open_tasks<'p>(
    plan: &'p Plan,
    wish: &PlanWish,
    left_alone: &mut Vec<LeftAlone>,
) -> Vec<&'p TaskDefinition> {
    let parents: BTreeSet<&TaskId> = plan.tasks().filter_map(|it| it.parent_id.as_ref()).collect();
    let is_open = |task: &&TaskDefinition| {
        task.kind != TaskKind::Phase && task.action.is_none() && !parents.contains(&task.task_id)
    };
    if wish.task_ids.is_empty() {
        return plan.tasks().filter(is_open).collect();
    }
    let mut open = Vec::new();
    for task_id in wish.task_ids.iter().collect::<BTreeSet<_>>() {
        let why = match plan.task(task_id) {
            Some(task) if is_open(&task) => {
                open.push(task);
                continue;
            }
            Some(task) if task.kind == TaskKind::Phase => "it is a phase",
            Some(task) if task.action.is_some() => "it names an action already",
            Some(_) => "it is broken down already",
            None => "there is no such task in the plan",
        };
        left_alone.push(LeftAlone { task_id: task_id.clone(), why: why.to_owned() });
    }
    open
}
