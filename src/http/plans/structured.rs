//! From the structured form of a plan to the command that reads it in. The law judges it here
//! already, so that whatever it refuses is pointed at where it stands in the body.

use super::form::{DependencyForm, PhaseForm, PlanForm, SubtaskForm, TaskForm};
use super::report::Report;
use crate::domain::event::plan::PlanSource;
use crate::domain::plan::{ImportPlan, ROLES_MAX, check_tasks};
use crate::domain::{
    Dependency, DependencyType, Json, PlanId, Priority, Rejection, TaskDefinition, TaskId,
    TaskKind, Text, Title,
};
use crate::http::code::Code;
use crate::http::problem::Problem;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Reads a plan from its form and the bytes that this came as.
pub(super) fn import(form: PlanForm, plan_id: PlanId, body: &[u8]) -> Result<ImportPlan, Problem> {
    check_counts(&form)?;
    let mut reading = Reading::default();
    let title = reading.title(form.title, &form.goal)?;
    for (place, phase) in form.phases.into_iter().enumerate() {
        reading.phase(&format!("/phases/{place}"), phase)?;
    }
    for (place, dependency) in form.dependencies.into_iter().enumerate() {
        reading.dependency(&format!("/dependencies/{place}"), dependency);
    }
    check_tasks(&reading.tasks, &reading.dependencies)
        .map_err(|rejection| reading.pointed(rejection))?;
    reading.report.read = reading.tasks.len();
    Ok(ImportPlan {
        plan_id,
        title,
        goal: Some(form.goal),
        source: source(body),
        roles: form.roles_required,
        risks: form.risks,
        assigned_to: form.assigned_to,
        tasks: reading.tasks,
        dependencies: reading.dependencies,
        report: Some(reading.report.json()),
        metadata: json(form.metadata, "/metadata")?,
    })
}

/// Reads the parts of a task that are sent on their own.
pub(in crate::http) fn parts_of(
    task_id: &TaskId,
    priority: Priority,
    subtasks: Vec<SubtaskForm>,
) -> Result<(Vec<TaskDefinition>, Vec<Dependency>), Problem> {
    let mut reading = Reading::default();
    for (place, subtask) in subtasks.into_iter().enumerate() {
        reading.subtask(&format!("/subtasks/{place}"), task_id, priority, subtask)?;
    }
    Ok((reading.tasks, reading.dependencies))
}

fn check_counts(form: &PlanForm) -> Result<(), Problem> {
    let refuse = |pointer, message: String| Err(Problem::at(Code::Invalid, pointer, message));
    let (phases, roles) = (form.phases.len(), form.roles_required.len());
    if phases == 0 {
        return refuse("/phases", "a plan has one phase at least".into());
    }
    if form.phase_count.is_some_and(|count| count != phases) {
        return refuse("/phase_count", format!("there are {phases} phases: say so, or nothing"));
    }
    if roles > ROLES_MAX {
        return refuse("/roles_required", format!("at most {ROLES_MAX} roles fit, not {roles}"));
    }
    Ok(())
}

fn source(body: &[u8]) -> PlanSource {
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    PlanSource {
        format: Title::parse("json").expect("it is a title"),
        content_hash: Some(Title::parse(&hash).expect("it is a title")),
        source_id: None,
    }
}

fn json(object: Option<Map<String, Value>>, pointer: &str) -> Result<Option<Json>, Problem> {
    let json = object.map(|object| Json::from_value(&Value::Object(object))).transpose();
    json.map_err(|error| Problem::at(Code::Invalid, pointer, error.to_string()))
}

/// The first line of a text that says anything, as far as it fits in a title.
pub(in crate::http) fn first_line(text: &Text) -> Option<Title> {
    let line = text.as_str().lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut title = String::new();
    for c in line.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if title.len() + c.len_utf8() > Title::BYTES_MAX {
            break;
        }
        title.push(c);
    }
    Title::parse(&title).ok()
}

/// A plan that is being read.
#[derive(Default)]
struct Reading {
    tasks: Vec<TaskDefinition>,
    /// Where each of the tasks stands.
    task_pointers: Vec<String>,
    dependencies: Vec<Dependency>,
    /// Where each of the dependencies stands.
    dependency_pointers: Vec<DependencyPointer>,
    known: BTreeSet<Dependency>,
    report: Report,
}

/// Where a dependency stands.
enum DependencyPointer {
    /// In the list of all, with both its ends.
    Listed(String),
    /// With the task that waits, as the id of the other.
    Named(String),
}

impl Reading {
    fn title(&mut self, title: Option<Title>, goal: &Text) -> Result<Title, Problem> {
        if let Some(title) = title {
            return Ok(title);
        }
        let title = first_line(goal).ok_or_else(|| {
            Problem::at(Code::Invalid, "/goal", "a plan needs a goal, or at least a title")
        })?;
        self.report.repaired(|| "the plan has no title: it is the first line of the goal".into());
        Ok(title)
    }

    fn phase(&mut self, pointer: &str, phase: PhaseForm) -> Result<(), Problem> {
        let phase_id = phase.phase_id;
        let definition = TaskDefinition {
            kind: TaskKind::Phase,
            estimated_ms: phase.duration_weeks.map(|lasting| lasting.ms),
            ..TaskDefinition::new(phase_id.clone(), phase.name)
        };
        self.add(pointer, definition);
        for (place, task) in phase.tasks.into_iter().enumerate() {
            self.task(&format!("{pointer}/tasks/{place}"), &phase_id, task)?;
        }
        Ok(())
    }

    fn task(&mut self, pointer: &str, phase_id: &TaskId, task: TaskForm) -> Result<(), Problem> {
        let (task_id, priority) = (task.task_id, task.priority);
        let definition = TaskDefinition {
            parent_id: Some(phase_id.clone()),
            description: task.description,
            role: task.assignee_role,
            priority,
            estimated_ms: task.estimated_hours.map(|lasting| lasting.ms),
            ..TaskDefinition::new(task_id.clone(), task.title)
        };
        self.add(pointer, definition);
        self.waits(&format!("{pointer}/prerequisites"), &task_id, task.prerequisites);
        for (place, subtask) in task.subtasks.into_iter().enumerate() {
            let pointer = format!("{pointer}/subtasks/{place}");
            self.subtask(&pointer, &task_id, priority, subtask)?;
        }
        Ok(())
    }

    /// Reads a part of a task; it is as urgent as the task, which is done when its parts are.
    fn subtask(
        &mut self,
        pointer: &str,
        task_id: &TaskId,
        priority: Priority,
        subtask: SubtaskForm,
    ) -> Result<(), Problem> {
        let title = self.title_of_part(&subtask);
        let definition = TaskDefinition {
            parent_id: Some(task_id.clone()),
            kind: TaskKind::Subtask,
            description: subtask.description,
            action: Some(subtask.action),
            params: json(subtask.params, &format!("{pointer}/params"))?,
            priority,
            timeout_ms: subtask.timeout_hours.map(|lasting| lasting.ms),
            retry: subtask.retry_policy.map(|retry| retry.policy()),
            success_criteria: subtask.success_criteria,
            ..TaskDefinition::new(subtask.subtask_id.clone(), title)
        };
        self.add(pointer, definition);
        self.waits(&format!("{pointer}/depends_on"), &subtask.subtask_id, subtask.depends_on);
        self.waits(&format!("{pointer}/dependencies"), &subtask.subtask_id, subtask.dependencies);
        Ok(())
    }

    fn title_of_part(&mut self, subtask: &SubtaskForm) -> Title {
        if let Some(title) = &subtask.title {
            return title.clone();
        }
        let id = &subtask.subtask_id;
        let line = subtask.description.as_ref().and_then(first_line);
        let from = if line.is_some() { "first line of its description" } else { "action" };
        self.report.repaired(|| format!("{id} has no title: it is the {from}"));
        let action = || Title::parse(subtask.action.as_str()).expect("an action fits in a title");
        line.unwrap_or_else(action)
    }

    fn add(&mut self, pointer: &str, definition: TaskDefinition) {
        self.tasks.push(definition);
        self.task_pointers.push(pointer.to_owned());
    }

    fn waits(&mut self, pointer: &str, to: &TaskId, waits_for: Vec<TaskId>) {
        for (place, from) in waits_for.into_iter().enumerate() {
            let kind = DependencyType::FinishToStart;
            let dependency = Dependency { from, to: to.clone(), kind, is_implied: false };
            self.depend(DependencyPointer::Named(format!("{pointer}/{place}")), dependency);
        }
    }

    fn dependency(&mut self, pointer: &str, DependencyForm { from, to, kind }: DependencyForm) {
        let dependency = Dependency { from, to, kind, is_implied: false };
        self.depend(DependencyPointer::Listed(pointer.to_owned()), dependency);
    }

    /// Takes a dependency, or drops it when it stood elsewhere before.
    fn depend(&mut self, pointer: DependencyPointer, dependency: Dependency) {
        if !self.known.insert(dependency.clone()) {
            let Dependency { from, to, .. } = &dependency;
            let at = pointer.of("");
            self.report
                .dropped(|| format!("that {to} waits for {from} stands twice, also at {at}"));
            return;
        }
        self.dependencies.push(dependency);
        self.dependency_pointers.push(pointer);
    }

    /// What the law refuses, pointed at where it stands in the body.
    fn pointed(&self, rejection: Rejection) -> Problem {
        if let Rejection::Invalid { pointer, message } = &rejection
            && let Some(pointer) = self.pointer_of(pointer)
        {
            return Problem::at(Code::Invalid, pointer, message);
        }
        rejection.into()
    }

    /// Where something stands in the body that stands there in the command.
    fn pointer_of(&self, pointer: &str) -> Option<String> {
        let mut steps = pointer.splitn(4, '/').skip(1);
        let (list, place) = (steps.next()?, steps.next()?.parse::<usize>().ok()?);
        let field = steps.next().unwrap_or_default();
        match list {
            "tasks" => {
                let kind = self.tasks.get(place)?.kind;
                Some(format!("{}/{}", self.task_pointers.get(place)?, word_for(field, kind)))
            }
            "dependencies" => Some(self.dependency_pointers.get(place)?.of(field)),
            _ => None,
        }
    }
}

impl DependencyPointer {
    fn of(&self, field: &str) -> String {
        match self {
            Self::Listed(pointer) if !field.is_empty() => format!("{pointer}/{field}"),
            Self::Listed(pointer) | Self::Named(pointer) => pointer.clone(),
        }
    }
}

/// What the form calls a field of a definition.
fn word_for(field: &str, kind: TaskKind) -> &str {
    match (field, kind) {
        ("task_id", TaskKind::Phase) => "phase_id",
        ("task_id", TaskKind::Subtask) => "subtask_id",
        ("timeout_ms", TaskKind::Phase | TaskKind::Task | TaskKind::Subtask) => "timeout_hours",
        ("retry/attempts_max", TaskKind::Phase | TaskKind::Task | TaskKind::Subtask) => {
            "retry_policy/max_attempts"
        }
        (other, TaskKind::Phase | TaskKind::Task | TaskKind::Subtask) => other,
    }
}
