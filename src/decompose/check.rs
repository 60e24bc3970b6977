//! Checks what was proposed, whoever proposed it: actions that the agent has, parts that wait for
//! each other without a circle, and no more of anything than there may be.

use crate::planted::is_planted;
use crate::proposal::{Part, Proposal, as_decomposition};
use crate::{Question, proposal};
use planexe_ax_domain::plan::check_tasks;
use planexe_ax_domain::{Priority, Rejection, TaskDefinition, TaskId};
use serde_json::Value;
use std::collections::BTreeSet;

/// The most parts that a task is broken down into.
pub const PARTS_MAX: usize = 20;
/// The most bytes of the parameters of a part.
pub const PARAMS_BYTES_MAX: usize = 16_384;
/// The most success criteria of a part.
pub const CRITERIA_MAX: usize = 20;
/// The most attempts at a part.
pub const ATTEMPTS_MAX: u32 = 10;
/// The longest that an attempt may take: 30 days.
pub const TIMEOUT_MS_MAX: u64 = 30 * 24 * 3_600_000;
/// The most bytes of a title, a description and what to do when a part fails.
const WORDS_BYTES_MAX: usize = 8_192;
/// The most faults that are told.
const FAULTS_MAX: usize = 20;

/// Something in a proposal that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a JSON pointer into the list of parts.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// Faults as lines, for whoever is to mend them.
pub fn faults_text(faults: &[Fault]) -> String {
    let lines = faults.iter().take(FAULTS_MAX).map(|it| format!("{}: {}", it.pointer, it.message));
    lines.collect::<Vec<_>>().join("\n")
}

/// Says what is wrong with a proposal, if anything is.
pub fn check(question: &Question, proposal: &Proposal) -> Result<(), Vec<Fault>> {
    let mut faults = Vec::new();
    if proposal.parts.is_empty() {
        faults.push(Fault::new("/subtasks", "a task breaks down into one part at least"));
    }
    if proposal.parts.len() > PARTS_MAX {
        let message = format!("{} parts are too many: {PARTS_MAX} at most", proposal.parts.len());
        faults.push(Fault::new("/subtasks", message));
    }
    if proposal.confidence_permille > 1_000 {
        faults.push(Fault::new("/confidence", "it goes from 0 to 1"));
    }
    let known: BTreeSet<&TaskId> = proposal.parts.iter().map(|part| &part.task_id).collect();
    for (place, part) in proposal.parts.iter().take(PARTS_MAX).enumerate() {
        check_part(question, part, &known, &format!("/subtasks/{place}"), &mut faults);
    }
    if faults.is_empty() {
        faults.extend(check_law(question, proposal).err());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn check_part(
    question: &Question,
    part: &Part,
    known: &BTreeSet<&TaskId>,
    pointer: &str,
    faults: &mut Vec<Fault>,
) {
    let mut fault = |field: &str, message: String| {
        faults.push(Fault::new(format!("{pointer}/{field}"), message));
    };
    if question.capability(&part.action).is_none() && !is_planted("capability_not_checked") {
        let actions: Vec<&str> =
            question.capabilities.iter().map(|able| able.action.as_str()).collect();
        let message =
            format!("the agent cannot {:?}: take one of {}", part.action, actions.join(", "));
        fault("action", message);
    }
    for stranger in part.depends_on.iter().filter(|id| !known.contains(id)) {
        fault("depends_on", format!("there is no part {stranger}"));
    }
    if question.taken.contains(&part.task_id) || part.task_id == question.task.task_id {
        fault("subtask_id", format!("{} is another task's", part.task_id));
    }
    if part.timeout_ms == 0 || part.timeout_ms > TIMEOUT_MS_MAX {
        fault("timeout_hours", "more than 0, and 720 at most".to_owned());
    }
    if !(1..=ATTEMPTS_MAX).contains(&part.retry.attempts_max) {
        fault("retry_policy", format!("1 to {ATTEMPTS_MAX} attempts"));
    }
    if part.success_criteria.len() > CRITERIA_MAX {
        fault("success_criteria", format!("{CRITERIA_MAX} at most"));
    }
    let words = [&part.description, &part.failure_handling].into_iter().flatten();
    let bytes = words.chain(&part.success_criteria).map(|text| text.as_str().len());
    if part.title.as_str().len() + bytes.sum::<usize>() > WORDS_BYTES_MAX {
        fault("description", format!("{WORDS_BYTES_MAX} bytes of words at most"));
    }
    let params = Value::Object(part.params.clone()).to_string().len();
    if params > PARAMS_BYTES_MAX {
        fault("params", format!("{params} bytes are too many: {PARAMS_BYTES_MAX} at most"));
    }
    for name in unknown_params(question, part) {
        fault("params", format!("{} takes no parameter {name:?}", part.action));
    }
}

/// The parameters that the action does not take, where the agent says which it takes.
fn unknown_params<'a>(question: &Question, part: &'a Part) -> Vec<&'a str> {
    let declared = question.capability(&part.action).map(|able| able.params.as_slice());
    let Some(declared) = declared.filter(|params| !params.is_empty()) else { return Vec::new() };
    let is_known = |name: &&str| declared.iter().any(|known| known.as_str() == *name);
    part.params.keys().map(String::as_str).filter(|name| !is_known(name)).collect()
}

/// What the law of plans says of it: ids, circles, limits.
fn check_law(question: &Question, proposal: &Proposal) -> Result<(), Fault> {
    let made = as_decomposition(question, proposal, Priority::Normal);
    let (parts, dependencies) = made.map_err(|error| Fault::new("/subtasks", error.to_string()))?;
    let task = &question.task;
    let parent = TaskDefinition::new(task.task_id.clone(), task.title.clone());
    let tree: Vec<TaskDefinition> = std::iter::once(parent).chain(parts).collect();
    check_tasks(&tree, &dependencies).map_err(|rejection| match rejection {
        Rejection::Invalid { pointer, message } => Fault::new(pointer, message),
        other @ (Rejection::NotFound { .. }
        | Rejection::AlreadyExists { .. }
        | Rejection::IllegalMove { .. }
        | Rejection::WrongState { .. }
        | Rejection::Circle { .. }
        | Rejection::SubtasksOpen { .. }
        | Rejection::LeaseUnknown { .. }
        | Rejection::LeaseLost { .. }
        | Rejection::NotGrantable { .. }
        | Rejection::ResolutionDoesNotFit { .. }
        | Rejection::PersonNeeded { .. }) => Fault::new("/subtasks", other.to_string()),
    })
}

impl proposal::Proposal {
    /// The parts in an order in which they can be done.
    pub fn sequence(&self) -> Vec<&TaskId> {
        let mut done: Vec<&TaskId> = Vec::new();
        while done.len() < self.parts.len() {
            let is_ready = |part: &&Part| {
                !done.contains(&&part.task_id)
                    && part.depends_on.iter().all(|it| done.contains(&it))
            };
            let Some(next) = self.parts.iter().find(is_ready) else { break };
            done.push(&next.task_id);
        }
        done
    }
}
