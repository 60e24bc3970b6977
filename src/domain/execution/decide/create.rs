//! Making an execution.

use super::{Decided, text};
use crate::event::lifecycle::{
    CarriedOutcome, DependenciesAdded, ExecutionCreated, ExecutionQueued, ExecutionStarted,
    LifecycleEvent, OutcomesCarried, TasksAdded,
};
use crate::event::record::{BlockerKind, RecordEvent};
use crate::execution::tree::{DEPTH_MAX, TASKS_MAX, Tree};
use crate::execution::{CreateExecution, Execution, Start};
use crate::{
    Dependency, DependencyType, Event, Moment, Rejection, Sequencing, TaskDefinition, TaskId,
    Timestamp,
};
use std::collections::BTreeSet;

/// The most tasks, dependencies or outcomes in one event.
pub const EVENT_TASKS_MAX: usize = 500;
/// The most labels.
const LABELS_MAX: usize = 50;

impl Execution {
    pub(super) fn decide_create(&self, command: &CreateExecution, moment: &Moment) -> Decided {
        if let Some(header) = &self.header {
            let id = header.execution_id.to_string();
            return Err(Rejection::AlreadyExists { what: "execution", id });
        }
        check_settings(command)?;
        let (dependencies, left_out) = plan_order(command)?;
        let at = moment.at;
        let mut events: Vec<Event> = vec![LifecycleEvent::from(created(command, moment)).into()];
        for tasks in command.tasks.chunks(EVENT_TASKS_MAX) {
            events.push(LifecycleEvent::from(TasksAdded { tasks: tasks.to_vec(), at }).into());
        }
        events.extend(tied(&dependencies, &left_out, at));
        if let Some((_, outcomes)) = &command.fork {
            for outcomes in outcomes.chunks(EVENT_TASKS_MAX) {
                let carried = OutcomesCarried { outcomes: outcomes.to_vec(), at };
                events.push(LifecycleEvent::from(carried).into());
            }
        }
        events.extend(self.reviews_asked(command, moment)?);
        if let Some(start) = command.start {
            let by = moment.by.clone();
            events.push(LifecycleEvent::from(ExecutionQueued { at, by }).into());
            if start == Start::Now {
                events.push(LifecycleEvent::from(ExecutionStarted { at }).into());
            }
        }
        Ok(events)
    }

    /// Asks a person to look at what the plan was not sure of.
    fn reviews_asked(
        &self,
        command: &CreateExecution,
        moment: &Moment,
    ) -> Result<Vec<Event>, Rejection> {
        let mut events = Vec::new();
        for (place, task_id) in (0..).zip(&command.awaiting_review) {
            if !command.tasks.iter().any(|task| task.task_id == *task_id) {
                let pointer = format!("/awaiting_review/{place}");
                return Err(Rejection::invalid(pointer, format!("there is no task {task_id}")));
            }
            let message =
                text("the parts of this task are a guess: approve, change or reject them");
            let kind = BlockerKind::DecompositionReview;
            let mut blocker = self.new_blocker(place, Some(task_id), kind, message, moment);
            blocker.limit_at = Some(moment.at.plus_ms(command.policy.blocker_wait_ms));
            events.push(RecordEvent::from(blocker).into());
        }
        Ok(events)
    }
}

fn tied(dependencies: &[Dependency], left_out: &[Dependency], at: Timestamp) -> Vec<Event> {
    let mut chunks: Vec<Vec<Dependency>> =
        dependencies.chunks(EVENT_TASKS_MAX).map(<[Dependency]>::to_vec).collect();
    if chunks.is_empty() && !left_out.is_empty() {
        chunks.push(Vec::new());
    }
    let events = chunks.into_iter().enumerate().map(|(place, dependencies)| {
        let left_out = if place == 0 { left_out.to_vec() } else { Vec::new() };
        LifecycleEvent::from(DependenciesAdded { dependencies, left_out, at }).into()
    });
    events.collect()
}

fn created(command: &CreateExecution, moment: &Moment) -> ExecutionCreated {
    ExecutionCreated {
        execution_id: command.execution_id.clone(),
        plan_id: command.plan_id.clone(),
        plan_version: command.plan_version,
        title: command.title.clone(),
        goal: command.goal.clone(),
        agent_id: command.agent_id.clone(),
        parameters: command.parameters.clone(),
        budget: command.budget,
        labels: command.labels.clone(),
        priority: command.priority,
        policy: command.policy,
        tasks_total: u32::try_from(command.tasks.len()).unwrap_or(u32::MAX),
        forked_from: command.fork.as_ref().map(|(origin, _)| origin.clone()),
        at: moment.at,
        by: moment.by.clone(),
    }
}

fn check_settings(command: &CreateExecution) -> Result<(), Rejection> {
    if let Some(fault) = command.policy.fault() {
        return Err(Rejection::invalid("/policy", fault));
    }
    if command.labels.len() > LABELS_MAX {
        return Err(Rejection::invalid("/labels", format!("at most {LABELS_MAX} labels")));
    }
    if let Some((_, outcomes)) = &command.fork {
        check_outcomes(&command.tasks, outcomes)?;
    }
    if command.tasks.is_empty() {
        return Err(Rejection::invalid("/tasks", "a plan without tasks can't be carried out"));
    }
    if command.tasks.len() > TASKS_MAX {
        return Err(Rejection::invalid("/tasks", format!("at most {TASKS_MAX} tasks")));
    }
    Ok(())
}

fn check_outcomes(tasks: &[TaskDefinition], outcomes: &[CarriedOutcome]) -> Result<(), Rejection> {
    let mut open: BTreeSet<&TaskId> = tasks.iter().map(|task| &task.task_id).collect();
    for (place, outcome) in outcomes.iter().enumerate() {
        if !open.remove(&outcome.task_id) {
            let message = format!("{} is not in the plan, or named twice", outcome.task_id);
            return Err(Rejection::invalid(format!("/fork/outcomes/{place}"), message));
        }
    }
    Ok(())
}

/// The dependencies in force, and the implied ones that would close a circle.
fn plan_order(command: &CreateExecution) -> Result<(Vec<Dependency>, Vec<Dependency>), Rejection> {
    let mut tree = planted_tree(&command.tasks)?;
    let mut dependencies = Vec::new();
    for (place, dependency) in command.dependencies.iter().enumerate() {
        link(&mut tree, dependency, &format!("/dependencies/{place}"))?;
        dependencies.push(Dependency { is_implied: false, ..dependency.clone() });
    }
    for dependency in implied(&tree, command.policy.sequencing) {
        if tree.link(&dependency, Timestamp::default()) {
            dependencies.push(dependency);
        }
    }
    let rehearsal = tree.rehearse();
    if let Some(circle) = rehearsal.circle {
        return Err(Rejection::Circle { circle });
    }
    dependencies.retain(|dependency| !rehearsal.left_out.contains(dependency));
    Ok((dependencies, rehearsal.left_out))
}

/// Checks tasks and dependencies by the rules that hold for every execution.
pub fn check_tree(tasks: &[TaskDefinition], deps: &[Dependency]) -> Result<(), Rejection> {
    let mut tree = planted_tree(tasks)?;
    for (place, dependency) in deps.iter().enumerate() {
        link(&mut tree, dependency, &format!("/dependencies/{place}"))?;
    }
    tree.rehearse().circle.map_or(Ok(()), |circle| Err(Rejection::Circle { circle }))
}

fn planted_tree(tasks: &[TaskDefinition]) -> Result<Tree, Rejection> {
    let mut tree = Tree::default();
    for (place, task) in tasks.iter().enumerate() {
        tree.add(task.clone(), Timestamp::default()).map_err(|why| {
            let depth = format!("{why} (task {}; at most {DEPTH_MAX} deep)", task.task_id);
            Rejection::invalid(format!("/tasks/{place}"), depth)
        })?;
    }
    Ok(tree)
}

pub(super) fn link(
    tree: &mut Tree,
    dependency: &Dependency,
    pointer: &str,
) -> Result<(), Rejection> {
    let Dependency { from, to, .. } = dependency;
    for id in [from, to] {
        if tree.find(id).is_none() {
            return Err(Rejection::invalid(pointer, format!("there is no task {id}")));
        }
    }
    if from == to {
        return Err(Rejection::Circle { circle: vec![from.clone()] });
    }
    if tree.link(dependency, Timestamp::default()) {
        return Ok(());
    }
    let message =
        format!("{to} cannot wait for {from}: it does already, or one is part of the other");
    Err(Rejection::invalid(pointer, message))
}

/// The dependencies that a sequencing mode adds.
fn implied(tree: &Tree, sequencing: Sequencing) -> Vec<Dependency> {
    let id = |spot| -> TaskId { tree.node(spot).definition.task_id.clone() };
    let between = |siblings: &[_]| {
        let pairs = siblings.windows(2).map(|pair| Dependency {
            from: id(pair[0]),
            to: id(pair[1]),
            kind: DependencyType::FinishToStart,
            is_implied: true,
        });
        pairs.collect::<Vec<_>>()
    };
    match sequencing {
        Sequencing::Explicit => Vec::new(),
        Sequencing::Phases => between(tree.roots()),
        Sequencing::Sequential => {
            let mut all = between(tree.roots());
            for spot in tree.spots() {
                all.extend(between(&tree.node(spot).children));
            }
            all
        }
    }
}
