//! What follows when a task of a plan is broken down.

use super::amend::check_tree;
use super::check::at_most;
use super::chunks::EVENT_ITEMS_MAX;
use super::decide::{Decision, one};
use super::{DecomposeTask, Plan, PlanContent, Review};
use crate::event::plan::PlanTaskDecomposed;
use crate::event::work::DecompositionSource;
use crate::planted::is_planted;
use crate::{Dependency, Moment, Rejection, TaskId};
use std::collections::BTreeSet;

/// Confidence is counted in thousandths.
const PERMILLE_MAX: u16 = 1_000;
/// The most tasks that are broken down at once.
pub const DECOMPOSED_AT_ONCE_MAX: usize = 100;

impl Plan {
    /// Breaks several tasks down, one after the other, each on what came of those before.
    pub(super) fn decompose_all(&self, commands: &[DecomposeTask], moment: &Moment) -> Decision {
        at_most("/tasks", "tasks", commands.len(), DECOMPOSED_AT_ONCE_MAX)?;
        self.changeable()?.check_apart(commands)?;
        let (mut plan, mut events) = (self.clone(), Vec::new());
        for command in commands {
            for event in plan.changeable()?.decompose(command, moment)? {
                plan.apply(&event).expect("what is decided applies to what it was decided on");
                events.push(event);
            }
        }
        Ok(events)
    }
}

impl PlanContent {
    /// No task stands twice, or is a part of another one: what is asked twice changes nothing more.
    fn check_apart(&self, commands: &[DecomposeTask]) -> Result<(), Rejection> {
        let mut seen = BTreeSet::new();
        for (place, DecomposeTask { task_id, .. }) in commands.iter().enumerate() {
            let branch = self.tree.branches(std::slice::from_ref(task_id));
            if branch.is_empty() {
                return Err(Rejection::NotFound { what: "task", id: task_id.to_string() });
            }
            if branch.into_iter().any(|id| !seen.insert(id)) {
                let message = format!("{task_id} stands twice, or it and a part of it do");
                return Err(Rejection::invalid(format!("/tasks/{place}/task_id"), message));
            }
        }
        Ok(())
    }

    pub(super) fn decompose(&self, command: &DecomposeTask, moment: &Moment) -> Decision {
        check_command(command)?;
        self.check_parts(command)?;
        if self.is_decomposed_like(command) {
            return Ok(Vec::new());
        }
        let is_by_person = command.source == DecompositionSource::Person;
        self.check_right(command, is_by_person, moment)?;
        let mut candidate = self.tree.clone();
        candidate.replace_parts(&command.task_id, &command.subtasks, &command.dependencies);
        check_tree(&candidate)?;
        let is_sure = command.confidence_permille >= command.threshold_permille;
        one(PlanTaskDecomposed {
            task_id: command.task_id.clone(),
            subtasks: command.subtasks.clone(),
            dependencies: command.dependencies.clone(),
            confidence_permille: command.confidence_permille,
            source: command.source.clone(),
            needs_review: !is_by_person && !is_sure && !is_planted("review_not_needed"),
            notes: command.notes.clone(),
            usage: command.usage,
            at: moment.at,
            by: moment.by.clone(),
        })
    }

    /// A person's word holds: what a person broke down or approved, and what came with the plan,
    /// no machine replaces; nor does one go on when it has used up what it may.
    fn check_right(
        &self,
        command: &DecomposeTask,
        is_by_person: bool,
        moment: &Moment,
    ) -> Result<(), Rejection> {
        if is_by_person {
            let is_person = moment.by.is_user();
            let what = "break a task down by hand";
            return if is_person { Ok(()) } else { Err(Rejection::PersonNeeded { what }) };
        }
        if !self.is_open_to_machines(&command.task_id) {
            let (what, id) = ("task", command.task_id.to_string());
            return Err(Rejection::WrongState { what, id, state: "broken down already" });
        }
        if command.usage.is_some() && command.budget.is_exceeded_by(self.spent) {
            let (what, id) = ("plan", self.plan_id.to_string());
            let state = "at the end of its budget for language models";
            return Err(Rejection::WrongState { what, id, state });
        }
        Ok(())
    }

    pub(super) fn is_open_to_machines(&self, task_id: &TaskId) -> bool {
        if self.tree.parts_of(task_id).is_empty() {
            return self.tree.has(task_id);
        }
        self.decompositions.get(task_id).is_some_and(|known| {
            let is_settled = matches!(known.review, Review::Approved);
            known.source != DecompositionSource::Person && !is_settled
        })
    }

    /// The parts hang below the task, and take no id from anything else.
    fn check_parts(&self, command: &DecomposeTask) -> Result<(), Rejection> {
        let DecomposeTask { task_id, subtasks, .. } = command;
        if !self.tree.has(task_id) {
            return Err(Rejection::NotFound { what: "task", id: task_id.to_string() });
        }
        let old = self.tree.parts_of(task_id);
        let mut above = BTreeSet::from([task_id]);
        for (place, part) in subtasks.iter().enumerate() {
            let id = &part.task_id;
            if !part.parent_id.as_ref().is_some_and(|parent_id| above.contains(parent_id)) {
                let message = format!("{id} must be a part of {task_id}, or of a part before it");
                return Err(Rejection::invalid(format!("/subtasks/{place}/parent_id"), message));
            }
            let is_taken = self.tree.has(id) && !old.contains(id);
            if is_taken || !above.insert(id) {
                return Err(Rejection::AlreadyExists { what: "task", id: id.to_string() });
            }
        }
        Ok(())
    }

    fn is_decomposed_like(&self, command: &DecomposeTask) -> bool {
        let Some(known) = self.decompositions.get(&command.task_id) else { return false };
        let parts = self.tree.parts_of(&command.task_id);
        let tasks = self.tree.tasks().filter(|task| parts.contains(&task.task_id));
        known.review != Review::Rejected
            && known.source == command.source
            && known.confidence_permille == command.confidence_permille
            && tasks.eq(&command.subtasks)
            && self.among(&parts) == command.dependencies.iter().collect()
    }

    fn among(&self, parts: &BTreeSet<TaskId>) -> BTreeSet<&Dependency> {
        let dependencies = self.tree.dependencies().iter();
        dependencies.filter(|d| parts.contains(&d.from) && parts.contains(&d.to)).collect()
    }
}

/// Checks what can be said without the plan.
fn check_command(command: &DecomposeTask) -> Result<(), Rejection> {
    let DecomposeTask { subtasks, dependencies, confidence_permille, .. } = command;
    if subtasks.is_empty() {
        return Err(Rejection::invalid("/subtasks", "a task breaks down into one part at least"));
    }
    at_most("/subtasks", "parts", subtasks.len(), EVENT_ITEMS_MAX)?;
    at_most("/dependencies", "dependencies", dependencies.len(), EVENT_ITEMS_MAX)?;
    if *confidence_permille > PERMILLE_MAX {
        let message = format!("confidence goes up to {PERMILLE_MAX}, not {confidence_permille}");
        return Err(Rejection::invalid("/confidence_permille", message));
    }
    let parts: BTreeSet<&TaskId> = subtasks.iter().map(|part| &part.task_id).collect();
    let mut seen = BTreeSet::new();
    for (place, dependency) in dependencies.iter().enumerate() {
        let Dependency { from, to, kind, .. } = dependency;
        let fault = if !parts.contains(from) || !parts.contains(to) {
            format!("{to} waits for {from}: both must be among the parts")
        } else if !seen.insert((from, to, kind)) {
            format!("the dependency of {to} on {from} stands twice")
        } else {
            continue;
        };
        return Err(Rejection::invalid(format!("/dependencies/{place}"), fault));
    }
    Ok(())
}
