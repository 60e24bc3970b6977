//! Changing the tree: amendments, decompositions and their review.

use super::create::{EVENT_TASKS_MAX, link};
use super::{Decided, only_a_person, text};
use crate::event::lifecycle::{ExecutionAmended, LifecycleEvent, TaskChange};
use crate::event::record::{BlockerKind, RecordEvent, Resolution};
use crate::event::work::{
    DecompositionAdopted, DecompositionApproved, DecompositionOverridden, DecompositionRejected,
    DecompositionSource, WorkEvent,
};
use crate::execution::tree::{Approval, Node, Spot, Tree};
use crate::execution::{Amendment, Decomposition, Execution};
use crate::{Dependency, Event, Moment, Rejection, TaskDefinition, TaskId, Text};

impl Execution {
    pub(super) fn decide_amend(&self, amendment: &Amendment, moment: &Moment) -> Decided {
        self.refuse_when_over()?;
        let parts = [
            amendment.added.len(),
            amendment.changed.len(),
            amendment.removed.len(),
            amendment.dependencies_added.len(),
            amendment.dependencies_removed.len(),
        ];
        if parts.iter().all(|&part| part == 0) {
            return Ok(Vec::new());
        }
        if parts.iter().sum::<usize>() > EVENT_TASKS_MAX {
            let message = format!("at most {EVENT_TASKS_MAX} changes at once");
            return Err(Rejection::invalid("", message));
        }
        refuse_contradictions(amendment)?;
        self.rehearse_amendment(amendment, moment)?;
        if self.takes_approval_away(amendment) {
            only_a_person(moment, "take an approval away")?;
        }
        let changes_only = parts[1] == parts.iter().sum::<usize>();
        if changes_only && self.is_so_already(amendment) {
            return Ok(Vec::new());
        }
        let amended = ExecutionAmended {
            added: amendment.added.clone(),
            changed: amendment.changed.clone(),
            removed: amendment.removed.clone(),
            dependencies_added: amendment.dependencies_added.clone(),
            dependencies_removed: amendment.dependencies_removed.clone(),
            reason: amendment.reason.clone(),
            at: moment.at,
            by: moment.by.clone(),
        };
        Ok(vec![LifecycleEvent::from(amended).into()])
    }

    fn takes_approval_away(&self, amendment: &Amendment) -> bool {
        let node_of = |task_id: &TaskId| self.tree.find(task_id).map(|s| self.tree.node(s));
        let is_dropped = |change: &TaskChange| {
            let asked_for = |node: &Node| node.definition.approval.is_some();
            change.definition.approval.is_none()
                && node_of(&change.definition.task_id).is_some_and(asked_for)
        };
        let is_removed = |task_id: &TaskId| {
            let below = self.tree.find(task_id).map(|spot| self.tree.below(spot));
            let is_due = |spot: Spot| {
                let node = self.tree.node(spot);
                matches!(node.approval, Approval::Needed | Approval::Asked)
            };
            below.unwrap_or_default().into_iter().any(is_due)
        };
        amendment.changed.iter().any(is_dropped) || amendment.removed.iter().any(is_removed)
    }

    /// Whether every changed task is as it shall be.
    fn is_so_already(&self, amendment: &Amendment) -> bool {
        amendment.changed.iter().all(|change| {
            let spot = self.tree.find(&change.definition.task_id);
            spot.is_some_and(|spot| {
                let kept = &self.tree.node(spot).definition;
                let (parent_id, kind) = (kept.parent_id.clone(), kept.kind);
                **kept == TaskDefinition { parent_id, kind, ..change.definition.clone() }
            })
        })
    }

    /// Carries the amendment out on a copy, and finishes everything there.
    fn rehearse_amendment(&self, amendment: &Amendment, moment: &Moment) -> Result<(), Rejection> {
        let mut tree = self.tree.clone();
        for (place, dependency) in amendment.dependencies_removed.iter().enumerate() {
            if !tree.untie(dependency, moment.at) {
                let message = format!("{} does not wait for {}", dependency.to, dependency.from);
                let pointer = format!("/dependencies_removed/{place}");
                return Err(Rejection::invalid(pointer, message));
            }
        }
        for task_id in &amendment.removed {
            let spot = idle(&tree, task_id)?;
            tree.remove(spot, moment.at);
        }
        add_all(&mut tree, &amendment.added, moment)?;
        for change in &amendment.changed {
            idle(&tree, &change.definition.task_id)?;
        }
        tie_all(&mut tree, &amendment.dependencies_added)?;
        if tree.leaves().next().is_none() {
            return Err(Rejection::invalid("/removed", "an execution needs a task"));
        }
        tree.rehearse().circle.map_or(Ok(()), |circle| Err(Rejection::Circle { circle }))
    }

    pub(super) fn decide_decompose(&self, parts: &Decomposition, moment: &Moment) -> Decided {
        self.refuse_when_over()?;
        let (spot, node) = self.find_task(&parts.task_id)?;
        let by_person = parts.source == DecompositionSource::Person;
        if by_person {
            only_a_person(moment, "override a decomposition")?;
        } else if !node.is_leaf() {
            let id = parts.task_id.to_string();
            return Err(Rejection::WrongState { what: "task", id, state: "broken down already" });
        }
        if parts.subtasks.is_empty() || parts.subtasks.len() > EVENT_TASKS_MAX {
            let message = format!("a task has 1 to {EVENT_TASKS_MAX} parts");
            return Err(Rejection::invalid("/subtasks", message));
        }
        if parts.confidence_permille > 1000 {
            return Err(Rejection::invalid("/confidence_permille", "1000 at most"));
        }
        let subtasks = homed(&self.tree, &parts.task_id, &parts.subtasks)?;
        self.rehearse_parts(spot, &subtasks, &parts.dependencies, moment)?;
        if by_person {
            if self.has_these_parts(spot, &subtasks, &parts.dependencies) {
                return Ok(Vec::new());
            }
            return Ok(self.overridden(spot, parts, subtasks, moment));
        }
        Ok(self.adopted(parts, subtasks, moment))
    }

    /// Whether the task is broken down like that already, and nobody doubts it.
    fn has_these_parts(&self, spot: Spot, parts: &[TaskDefinition], tied: &[Dependency]) -> bool {
        let below = self.tree.below(spot);
        let nodes = || below.iter().skip(1).map(|&step| self.tree.node(step));
        let mut kept: Vec<_> = nodes().map(|node| &*node.definition).collect();
        let waits: usize = nodes().map(|node| node.waits_for.len()).sum();
        let mut wanted: Vec<_> = parts.iter().collect();
        kept.sort_by(|a, b| a.task_id.cmp(&b.task_id));
        wanted.sort_by(|a, b| a.task_id.cmp(&b.task_id));
        let is_reviewed = !self.tree.node(spot).awaits_review;
        let is_tied = |dependency: &Dependency| self.tree.has_dependency(dependency);
        is_reviewed && kept == wanted && waits <= tied.len() && tied.iter().all(is_tied)
    }

    fn rehearse_parts(
        &self,
        spot: Spot,
        subtasks: &[TaskDefinition],
        dependencies: &[Dependency],
        moment: &Moment,
    ) -> Result<(), Rejection> {
        let mut tree = self.tree.clone();
        idle(&tree, &tree.node(spot).definition.task_id.clone())?;
        let children = tree.node(spot).children.to_vec();
        for child in children {
            tree.remove(child, moment.at);
        }
        add_all(&mut tree, subtasks, moment)?;
        tie_all(&mut tree, dependencies)?;
        tree.rehearse().circle.map_or(Ok(()), |circle| Err(Rejection::Circle { circle }))
    }

    fn adopted(
        &self,
        parts: &Decomposition,
        subtasks: Vec<TaskDefinition>,
        moment: &Moment,
    ) -> Vec<Event> {
        let needs_review = parts.confidence_permille < self.policy().confidence_permille_min;
        let adopted = DecompositionAdopted {
            task_id: parts.task_id.clone(),
            subtasks,
            dependencies: parts.dependencies.clone(),
            confidence_permille: parts.confidence_permille,
            source: parts.source.clone(),
            needs_review,
            notes: parts.notes.clone(),
            at: moment.at,
            by: moment.by.clone(),
        };
        let mut events: Vec<Event> = vec![WorkEvent::from(adopted).into()];
        if needs_review {
            let message =
                text("the parts of this task are a guess: approve, change or reject them");
            let kind = BlockerKind::DecompositionReview;
            let blocker = self.new_blocker(0, Some(&parts.task_id), kind, message, moment);
            events.push(RecordEvent::from(blocker).into());
        }
        events
    }

    fn overridden(
        &self,
        spot: Spot,
        parts: &Decomposition,
        subtasks: Vec<TaskDefinition>,
        moment: &Moment,
    ) -> Vec<Event> {
        let mut events = self.reviews_gone(spot, moment);
        let overridden = DecompositionOverridden {
            task_id: parts.task_id.clone(),
            subtasks,
            dependencies: parts.dependencies.clone(),
            at: moment.at,
            by: moment.by.clone(),
        };
        events.push(WorkEvent::from(overridden).into());
        events
    }

    /// Resolves the blockers that asked for a look at how the task is broken down.
    fn reviews_gone(&self, spot: Spot, moment: &Moment) -> Vec<Event> {
        let task_id = &self.tree.node(spot).definition.task_id;
        let reviews = self.blockers.values().filter(|blocker| {
            blocker.kind == BlockerKind::DecompositionReview
                && blocker.task_id.as_ref() == Some(task_id)
        });
        reviews.map(|b| super::resolve::gone(b, Resolution::ApproveAlternative, moment)).collect()
    }

    pub(super) fn decide_review(
        &self,
        task_id: &TaskId,
        is_approved: bool,
        note: Option<&Text>,
        moment: &Moment,
    ) -> Decided {
        only_a_person(moment, "review a decomposition")?;
        self.refuse_when_over()?;
        let (spot, node) = self.find_task(task_id)?;
        if !node.awaits_review {
            let id = task_id.to_string();
            return Err(Rejection::WrongState { what: "task", id, state: "awaiting no review" });
        }
        if !is_approved {
            idle(&self.tree, task_id)?;
        }
        let mut events = self.reviews_gone(spot, moment);
        let (task_id, note) = (task_id.clone(), note.cloned());
        let (at, by) = (moment.at, moment.by.clone());
        events.push(if is_approved {
            WorkEvent::from(DecompositionApproved { task_id, note, at, by }).into()
        } else {
            WorkEvent::from(DecompositionRejected { task_id, note, at, by }).into()
        });
        Ok(events)
    }
}

/// What goes and comes in one amendment would go and come again whenever it is repeated.
fn refuse_contradictions(amendment: &Amendment) -> Result<(), Rejection> {
    let comes = |task_id: &TaskId| amendment.added.iter().any(|task| task.task_id == *task_id);
    if let Some(place) = amendment.removed.iter().position(comes) {
        let message = "it is added by the same amendment: change it, or do one after the other";
        return Err(Rejection::invalid(format!("/removed/{place}"), message));
    }
    let is_tied = |untied: &Dependency| {
        amendment.dependencies_added.iter().any(|tied| {
            (&tied.from, &tied.to, tied.kind) == (&untied.from, &untied.to, untied.kind)
        })
    };
    if let Some(place) = amendment.dependencies_removed.iter().position(is_tied) {
        let message = "it is added by the same amendment";
        return Err(Rejection::invalid(format!("/dependencies_removed/{place}"), message));
    }
    Ok(())
}

/// The parts, each under the task or under another part.
fn homed(
    tree: &Tree,
    task_id: &TaskId,
    subtasks: &[TaskDefinition],
) -> Result<Vec<TaskDefinition>, Rejection> {
    let mut homed = Vec::new();
    for (place, part) in subtasks.iter().enumerate() {
        let mut part = part.clone();
        let parent_id = part.parent_id.get_or_insert_with(|| task_id.clone()).clone();
        let is_inside = parent_id == *task_id || subtasks.iter().any(|p| p.task_id == parent_id);
        if !is_inside {
            let message = format!("{parent_id} is neither {task_id} nor one of its parts");
            return Err(Rejection::invalid(format!("/subtasks/{place}/parent_id"), message));
        }
        homed.push(part);
    }
    let is_there = |id: &&TaskId| tree.find(id).is_some();
    debug_assert!(Some(task_id).filter(is_there).is_some(), "the task was found before");
    Ok(homed)
}

pub(super) fn idle(tree: &Tree, task_id: &TaskId) -> Result<Spot, Rejection> {
    let id = || task_id.to_string();
    let spot = tree.find(task_id).ok_or_else(|| Rejection::NotFound { what: "task", id: id() })?;
    if tree.is_idle(spot) {
        return Ok(spot);
    }
    Err(Rejection::WrongState { what: "task", id: id(), state: "under way, or over" })
}

fn add_all(tree: &mut Tree, tasks: &[TaskDefinition], moment: &Moment) -> Result<(), Rejection> {
    for (place, task) in tasks.iter().enumerate() {
        tree.add(task.clone(), moment.at).map_err(|why| {
            Rejection::invalid(format!("/tasks/{place}"), format!("{why} (task {})", task.task_id))
        })?;
    }
    Ok(())
}

fn tie_all(tree: &mut Tree, dependencies: &[Dependency]) -> Result<(), Rejection> {
    for (place, dependency) in dependencies.iter().enumerate() {
        link(tree, dependency, &format!("/dependencies/{place}"))?;
    }
    Ok(())
}
