//! What is proposed: the parts of a task, and how sure the decomposer is.

use crate::Question;
use planexe_ax_domain::{
    ActionName, Dependency, DependencyType, Json, JsonError, Priority, RetryPolicy, TaskDefinition,
    TaskId, TaskKind, Text, Title,
};
use serde_json::{Map, Value};

/// A part of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its id.
    pub task_id: TaskId,
    /// One line for people.
    pub title: Title,
    /// What is to be done.
    pub description: Option<Text>,
    /// The action that an agent must be capable of.
    pub action: ActionName,
    /// The parameters of the action, as far as the plan names them.
    pub params: Map<String, Value>,
    /// The parts that it waits for.
    pub depends_on: Vec<TaskId>,
    /// How long one attempt may take at most.
    pub timeout_ms: u64,
    /// How often it is tried.
    pub retry: RetryPolicy,
    /// How one sees that it is done.
    pub success_criteria: Vec<Text>,
    /// What to do when it fails.
    pub failure_handling: Option<Text>,
}

/// How a task could be broken down.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposal {
    /// The parts, in the order in which they are done; none when nothing fits.
    pub parts: Vec<Part>,
    /// How sure the decomposer is, in thousandths.
    pub confidence_permille: u16,
    /// What else is good to know.
    pub notes: Vec<String>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// What stands before the words for what to do when a part fails, in its description.
const IF_IT_FAILS: &str = "If it fails: ";

/// The parts as a plan keeps them, under their task and as urgent as it, and what waits for what.
pub fn as_decomposition(
    question: &Question,
    proposal: &Proposal,
    priority: Priority,
) -> Result<(Vec<TaskDefinition>, Vec<Dependency>), JsonError> {
    let task = &question.task;
    let definitions = proposal.parts.iter().map(|part| {
        let params = Some(&part.params).filter(|params| !params.is_empty());
        let params = params.map(|params| Json::from_value(&Value::Object(params.clone())));
        Ok(TaskDefinition {
            parent_id: Some(task.task_id.clone()),
            kind: TaskKind::Subtask,
            description: described(part),
            action: Some(part.action.clone()),
            params: params.transpose()?,
            role: task.role.clone(),
            priority,
            timeout_ms: Some(part.timeout_ms),
            retry: Some(part.retry),
            success_criteria: part.success_criteria.clone(),
            ..TaskDefinition::new(part.task_id.clone(), part.title.clone())
        })
    });
    let definitions = definitions.collect::<Result<_, JsonError>>()?;
    let dependencies = proposal.parts.iter().flat_map(|part| {
        part.depends_on.iter().map(|from| Dependency {
            from: from.clone(),
            to: part.task_id.clone(),
            kind: DependencyType::FinishToStart,
            is_implied: false,
        })
    });
    Ok((definitions, dependencies.collect()))
}

/// The description, with what to do when the part fails: the agent reads it there.
fn described(part: &Part) -> Option<Text> {
    let said = part.description.as_ref().map(|text| text.as_str());
    let failure = part.failure_handling.as_ref().map(|text| format!("{IF_IT_FAILS}{text}"));
    let lines: Vec<&str> = said.into_iter().chain(failure.as_deref()).collect();
    if lines.is_empty() { None } else { Text::parse(&lines.join("\n")).ok() }
}

impl Part {
    /// What to do when a part fails, read again from the description that a plan keeps.
    pub fn failure_in(description: &str) -> (Option<&str>, Option<&str>) {
        let is_there = |text: &&str| !text.is_empty();
        match description.rfind(IF_IT_FAILS) {
            Some(at) if at == 0 || description[..at].ends_with('\n') => {
                let failure = &description[at + IF_IT_FAILS.len()..];
                (Some(description[..at].trim_end()).filter(is_there), Some(failure))
            }
            Some(_) | None => (Some(description).filter(is_there), None),
        }
    }
}
