//! From the structured form of a plan to the command that reads it in. The law judges it here
//! already, so that whatever it refuses is pointed at where it stands.

use super::form::{ListedForm, PhaseForm, PlanForm, SubtaskForm, TaskForm};
use super::places::{DependencyPlace, Places};
use crate::draft::counted;
use crate::error::PlanError;
use crate::read::{Options, Reading, Sequencing, source};
use crate::report::Report;
use crate::sniff::Format;
use crate::words;
use planexe_ax_domain::plan::{ImportPlan, ROLES_MAX, check_tasks};
use planexe_ax_domain::{
    Dependency, DependencyType, Json, Priority, Rejection, TaskDefinition, TaskId, TaskKind, Text,
    Title,
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Reads a plan from JSON that was looked at; its bytes name it.
pub(crate) fn read(
    text: &str,
    bytes: &[u8],
    report: Report,
    options: &Options,
) -> Result<Reading, PlanError> {
    let form: PlanForm = typed(text)?;
    check_counts(&form)?;
    let mut tree = Tree { report, ..Tree::new() };
    let title = tree.title(options.title.clone().or(form.title), form.goal.as_ref())?;
    for (place, phase) in form.phases.into_iter().enumerate() {
        tree.phase(&format!("/phases/{place}"), phase)?;
    }
    for (place, dependency) in form.dependencies.into_iter().enumerate() {
        tree.listed(&format!("/dependencies/{place}"), dependency);
    }
    tree.sequence(options.sequencing);
    check_tasks(&tree.tasks, &tree.dependencies).map_err(|rejection| tree.pointed(rejection))?;
    let (source, _) = source(Format::Json, &[bytes], None, options);
    let plan_id = options.plan_id.clone().or(form.plan_id);
    let Tree { tasks, dependencies, mut report, .. } = tree;
    report.counts = counted(&tasks);
    report.counts.dependencies = dependencies.len();
    (report.counts.roles, report.counts.risks) = (form.roles_required.len(), form.risks.len());
    let import = ImportPlan {
        plan_id: plan_id.unwrap_or_else(|| options.new_id.clone()),
        title,
        goal: form.goal,
        source,
        roles: form.roles_required,
        risks: form.risks,
        assigned_to: options.assigned_to.clone().or(form.assigned_to),
        tasks,
        dependencies,
        report: Some(report.json()),
        metadata: json(form.metadata, "/metadata")?,
    };
    Ok(Reading { import, report })
}

/// Reads the parts of a task that are sent on their own.
pub fn parts_of(
    task_id: &TaskId,
    priority: Priority,
    subtasks: Vec<SubtaskForm>,
) -> Result<(Vec<TaskDefinition>, Vec<Dependency>), PlanError> {
    let mut tree = Tree::new();
    for (place, subtask) in subtasks.into_iter().enumerate() {
        tree.subtask(&format!("/subtasks/{place}"), task_id, priority, subtask)?;
    }
    Ok((tree.tasks, tree.dependencies))
}

/// Reads JSON as the type that is wanted, or says where it is something else.
pub(crate) fn typed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, PlanError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = error.to_string();
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        PlanError::WrongShape { pointer, message }
    })
}

/// The place, as a JSON pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

fn refuse(pointer: &str, message: impl Into<String>) -> PlanError {
    PlanError::WrongShape { pointer: pointer.to_owned(), message: message.into() }
}

fn check_counts(form: &PlanForm) -> Result<(), PlanError> {
    let (phases, roles) = (form.phases.len(), form.roles_required.len());
    if phases == 0 {
        return Err(refuse("/phases", "a plan has one phase at least"));
    }
    if form.phase_count.is_some_and(|count| count != phases) {
        let message = format!("there are {phases} phases: say so, or nothing");
        return Err(refuse("/phase_count", message));
    }
    if roles > ROLES_MAX {
        let message = format!("at most {ROLES_MAX} roles fit, not {roles}");
        return Err(refuse("/roles_required", message));
    }
    Ok(())
}

fn json(object: Option<Map<String, Value>>, pointer: &str) -> Result<Option<Json>, PlanError> {
    let json = object.map(|object| Json::from_value(&Value::Object(object))).transpose();
    json.map_err(|error| refuse(pointer, error.to_string()))
}

/// A plan that is being read.
struct Tree {
    tasks: Vec<TaskDefinition>,
    dependencies: Vec<Dependency>,
    places: Places,
    known: BTreeSet<(TaskId, TaskId, DependencyType)>,
    report: Report,
}

impl Tree {
    fn new() -> Self {
        Self {
            tasks: Vec::new(),
            dependencies: Vec::new(),
            places: Places::default(),
            known: BTreeSet::new(),
            report: Report::new(Format::Json),
        }
    }

    fn title(&mut self, title: Option<Title>, goal: Option<&Text>) -> Result<Title, PlanError> {
        if let Some(title) = title {
            return Ok(title);
        }
        let title = goal
            .and_then(|goal| words::first_line(goal.as_str()))
            .ok_or_else(|| refuse("/goal", "a plan needs a goal, or at least a title"))?;
        let why = || "the plan has no title: it is the first line of the goal".to_owned();
        self.report.repaired("/title", why);
        Ok(title)
    }

    fn phase(&mut self, pointer: &str, phase: PhaseForm) -> Result<(), PlanError> {
        let phase_id = phase.phase_id;
        let definition = TaskDefinition {
            kind: TaskKind::Phase,
            description: phase.description,
            action: phase.action,
            params: json(phase.params, &format!("{pointer}/params"))?,
            role: phase.assignee_role,
            agent_id: phase.agent_id,
            priority: phase.priority,
            estimated_ms: phase.duration_weeks.map(|lasting| lasting.ms),
            timeout_ms: phase.timeout_hours.map(|lasting| lasting.ms),
            retry: phase.retry_policy.map(|retry| retry.policy()),
            success_criteria: phase.success_criteria,
            approval: phase.approval,
            ..TaskDefinition::new(phase_id.clone(), phase.name)
        };
        self.add(pointer, definition);
        for (place, task) in phase.tasks.into_iter().enumerate() {
            self.task(&format!("{pointer}/tasks/{place}"), &phase_id, task)?;
        }
        Ok(())
    }

    fn task(&mut self, pointer: &str, phase_id: &TaskId, task: TaskForm) -> Result<(), PlanError> {
        let (task_id, priority) = (task.task_id, task.priority);
        let definition = TaskDefinition {
            parent_id: Some(phase_id.clone()),
            description: task.description,
            action: task.action,
            params: json(task.params, &format!("{pointer}/params"))?,
            role: task.assignee_role,
            agent_id: task.agent_id,
            priority,
            estimated_ms: task.estimated_hours.map(|lasting| lasting.ms),
            timeout_ms: task.timeout_hours.map(|lasting| lasting.ms),
            retry: task.retry_policy.map(|retry| retry.policy()),
            success_criteria: task.success_criteria,
            approval: task.approval,
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

    /// Reads a part of a task; it is as urgent as the task, which is done when its parts are,
    /// unless it says otherwise.
    fn subtask(
        &mut self,
        pointer: &str,
        task_id: &TaskId,
        priority: Priority,
        subtask: SubtaskForm,
    ) -> Result<(), PlanError> {
        let title = self.title_of_part(pointer, &subtask)?;
        let priority = subtask.priority.unwrap_or(priority);
        let definition = TaskDefinition {
            parent_id: Some(task_id.clone()),
            kind: TaskKind::Subtask,
            description: subtask.description,
            action: subtask.action,
            params: json(subtask.params, &format!("{pointer}/params"))?,
            role: subtask.assignee_role,
            agent_id: subtask.agent_id,
            priority,
            estimated_ms: subtask.estimated_hours.map(|lasting| lasting.ms),
            timeout_ms: subtask.timeout_hours.map(|lasting| lasting.ms),
            retry: subtask.retry_policy.map(|retry| retry.policy()),
            success_criteria: subtask.success_criteria,
            approval: subtask.approval,
            ..TaskDefinition::new(subtask.subtask_id.clone(), title)
        };
        let own_id = subtask.subtask_id;
        self.add(pointer, definition);
        self.waits(&format!("{pointer}/depends_on"), &own_id, subtask.depends_on);
        self.waits(&format!("{pointer}/dependencies"), &own_id, subtask.dependencies);
        for (place, part) in subtask.subtasks.into_iter().enumerate() {
            self.subtask(&format!("{pointer}/subtasks/{place}"), &own_id, priority, part)?;
        }
        Ok(())
    }

    fn title_of_part(&mut self, pointer: &str, subtask: &SubtaskForm) -> Result<Title, PlanError> {
        if let Some(title) = &subtask.title {
            return Ok(title.clone());
        }
        let line = subtask.description.as_ref().and_then(|it| words::first_line(it.as_str()));
        let from = if line.is_some() { "first line of its description" } else { "action" };
        let action = || subtask.action.as_ref().and_then(|it| Title::parse(it.as_str()).ok());
        let title = line
            .or_else(action)
            .ok_or_else(|| refuse(pointer, "a part needs a title, a description or an action"))?;
        let why = || format!("it has no title: it is the {from}");
        self.report.repaired(subtask.subtask_id.as_str(), why);
        Ok(title)
    }

    fn add(&mut self, pointer: &str, definition: TaskDefinition) {
        self.places.task(pointer, definition.kind);
        self.tasks.push(definition);
    }

    fn waits(&mut self, pointer: &str, to: &TaskId, waits_for: Vec<TaskId>) {
        for (place, from) in waits_for.into_iter().enumerate() {
            let kind = DependencyType::FinishToStart;
            let dependency = Dependency { from, to: to.clone(), kind, is_implied: false };
            self.depend(DependencyPlace::Named(format!("{pointer}/{place}")), dependency);
        }
    }

    fn listed(&mut self, pointer: &str, listed: ListedForm) {
        let ListedForm { from, to, kind, is_implied } = listed;
        let dependency = Dependency { from, to, kind, is_implied };
        self.depend(DependencyPlace::Listed(pointer.to_owned()), dependency);
    }

    /// Takes a dependency, or drops it when it stood elsewhere before.
    fn depend(&mut self, place: DependencyPlace, dependency: Dependency) {
        let Dependency { from, to, kind, .. } = &dependency;
        if !self.known.insert((from.clone(), to.clone(), *kind)) {
            let why = || format!("that {to} waits for {from} stands twice");
            self.report.dropped(&place.of(""), why);
            return;
        }
        self.dependencies.push(dependency);
        self.places.dependency(place);
    }

    /// Adds the order that is asked for: the law leaves out what would close a circle.
    fn sequence(&mut self, mode: Sequencing) {
        let mut last: std::collections::BTreeMap<Option<&TaskId>, &TaskId> =
            std::collections::BTreeMap::new();
        let mut pairs = Vec::new();
        for task in &self.tasks {
            let is_asked = match mode {
                Sequencing::Explicit => false,
                Sequencing::Phases => task.parent_id.is_none(),
                Sequencing::Waterfall => true,
            };
            let before = last.insert(task.parent_id.as_ref(), &task.task_id);
            pairs.extend(before.filter(|_| is_asked).map(|it| (it.clone(), task.task_id.clone())));
        }
        let kind = DependencyType::FinishToStart;
        for (from, to) in pairs {
            if self.known.insert((from.clone(), to.clone(), kind)) {
                self.places.dependency(DependencyPlace::Named(String::new()));
                self.dependencies.push(Dependency { from, to, kind, is_implied: true });
            }
        }
    }

    /// What the law refuses, pointed at where it stands in the JSON.
    fn pointed(&self, rejection: Rejection) -> PlanError {
        if let Rejection::Invalid { pointer, message } = &rejection
            && let Some(pointer) = self.places.of(pointer)
        {
            return refuse(&pointer, message);
        }
        PlanError::Law(rejection)
    }
}
