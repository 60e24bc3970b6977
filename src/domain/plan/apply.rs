//! What an event makes of a plan: the only place where one changes.

use super::generation::{Generation, GenerationStage};
use super::tree::{Amendment, TaskTree};
use super::{Decomposition, Import, Plan, PlanContent, PlanPhase, Review};
use crate::event::plan::{
    PlanAmended, PlanArchived, PlanDecompositionReviewed, PlanDeleted, PlanEvent,
    PlanGenerationAsked, PlanImported, PlanTaskDecomposed,
};
use crate::{Dependency, Event, IllegalTransition, TaskDefinition, TaskId, Timestamp, Usage};
use std::collections::{BTreeMap, BTreeSet};

type Applied = Result<(), IllegalTransition>;

impl Plan {
    /// Takes an event in; one that cannot follow changes nothing.
    pub fn apply(&mut self, event: &Event) -> Applied {
        let kind = event.kind();
        match event {
            Event::Plan(event) => self.apply_own(event, kind),
            Event::Lifecycle(_)
            | Event::Work(_)
            | Event::Record(_)
            | Event::Agent(_)
            | Event::Workspace(_) => Err(IllegalTransition::WrongStream { kind }),
        }
    }

    fn apply_own(&mut self, event: &PlanEvent, kind: &'static str) -> Applied {
        match event {
            PlanEvent::PlanImported(e) => self.appear(e, kind),
            PlanEvent::PlanGenerationAsked(e) => self.asked_for(e, kind),
            PlanEvent::PlanGenerationStarted(e) => {
                self.generated(kind, e.at, |it| it.started(&e.run_id, e.at))
            }
            PlanEvent::PlanGenerationProgressed(e) => {
                self.generated(kind, e.at, |it| it.progressed(e))
            }
            PlanEvent::PlanGenerationFailed(e) => self.generated(kind, e.at, |it| it.failed(e)),
            PlanEvent::PlanGenerationCancelled(e) => {
                self.generated(kind, e.at, Generation::cancelled)
            }
            PlanEvent::PlanGenerationStopped(e) => self.generated(kind, e.at, Generation::stopped),
            PlanEvent::PlanGenerationRetried(e) => self.generated(kind, e.at, Generation::retried),
            PlanEvent::PlanTasksAdded(e) => self.reading(kind)?.read_tasks(&e.tasks, kind),
            PlanEvent::PlanDependenciesAdded(e) => {
                self.open(kind)?.read_dependencies(&e.dependencies, kind)
            }
            PlanEvent::PlanAmended(e) => self.open(kind)?.amended(e, kind),
            PlanEvent::PlanTaskDecomposed(e) => self.open(kind)?.decomposed(e, kind),
            PlanEvent::PlanDecompositionReviewed(e) => self.open(kind)?.reviewed(e, kind),
            PlanEvent::PlanAssigned(e) => {
                self.open(kind)?.assigned_to = e.agent_id.clone();
                Ok(())
            }
            PlanEvent::PlanArchived(e) => self.put_away(e, kind),
            PlanEvent::PlanDeleted(e) => self.disappear(e, kind),
        }
    }

    fn asked_for(&mut self, event: &PlanGenerationAsked, kind: &'static str) -> Applied {
        if self.phase != PlanPhase::Absent {
            return out_of_place(kind, "the plan is there already");
        }
        self.imported = Some(Import { at: event.at, by: event.by.clone() });
        self.phase = PlanPhase::Generating(Box::new(Generation::of(event)));
        Ok(())
    }

    /// Takes in what is said of a plan that PlanExe makes.
    fn generated(
        &mut self,
        kind: &'static str,
        at: Timestamp,
        take: impl FnOnce(&mut Generation) -> Option<()>,
    ) -> Applied {
        let PlanPhase::Generating(generation) = &mut self.phase else {
            return out_of_place(kind, "PlanExe makes no plan here");
        };
        if take(generation).is_none() {
            return out_of_place(kind, "the generation of the plan is not where it follows");
        }
        generation.heard_at = at;
        Ok(())
    }

    /// How PlanExe made the plan that appears; none where it comes from elsewhere.
    fn made_by_planexe(
        &self,
        event: &PlanImported,
        kind: &'static str,
    ) -> Result<Option<Generation>, IllegalTransition> {
        match &self.phase {
            PlanPhase::Absent => Ok(None),
            PlanPhase::Generating(made) if made.is_running() && made.plan_id == event.plan_id => {
                let mut made = Generation::clone(made);
                (made.stage, made.heard_at) = (GenerationStage::Done, event.at);
                Ok(Some(made))
            }
            PlanPhase::Generating(_)
            | PlanPhase::Imported(_)
            | PlanPhase::Archived { .. }
            | PlanPhase::Deleted { .. } => {
                let why = "the plan is imported already";
                Err(IllegalTransition::OutOfPlace { kind, why })
            }
        }
    }

    fn appear(&mut self, event: &PlanImported, kind: &'static str) -> Applied {
        let generation = self.made_by_planexe(event, kind)?;
        let event = event.clone();
        self.imported.get_or_insert(Import { at: event.at, by: event.by });
        self.phase = PlanPhase::Imported(Box::new(PlanContent {
            plan_id: event.plan_id,
            title: event.title,
            goal: event.goal,
            source: event.source,
            roles: event.roles,
            risks: event.risks,
            assigned_to: event.assigned_to,
            metadata: event.metadata,
            tree: TaskTree::default(),
            tasks_missing: event.tasks_total,
            decompositions: BTreeMap::new(),
            spent: Usage::default(),
            generation,
        }));
        Ok(())
    }

    fn put_away(&mut self, event: &PlanArchived, kind: &'static str) -> Applied {
        self.open(kind)?;
        if let PlanPhase::Imported(content) = std::mem::take(&mut self.phase) {
            self.phase = PlanPhase::Archived { content, at: event.at, by: event.by.clone() };
        }
        Ok(())
    }

    fn disappear(&mut self, event: &PlanDeleted, kind: &'static str) -> Applied {
        let plan_id = match &self.phase {
            PlanPhase::Imported(content) | PlanPhase::Archived { content, .. } => &content.plan_id,
            PlanPhase::Generating(generation) if !generation.is_open() => &generation.plan_id,
            PlanPhase::Absent | PlanPhase::Generating(_) | PlanPhase::Deleted { .. } => {
                return out_of_place(kind, "there is no plan");
            }
        };
        let plan_id = plan_id.clone();
        self.phase = PlanPhase::Deleted { plan_id, at: event.at, by: event.by.clone() };
        Ok(())
    }

    /// A plan whose import may still go on.
    fn reading(&mut self, kind: &'static str) -> Result<&mut PlanContent, IllegalTransition> {
        match &mut self.phase {
            PlanPhase::Imported(content) => Ok(content),
            PlanPhase::Absent
            | PlanPhase::Generating(_)
            | PlanPhase::Archived { .. }
            | PlanPhase::Deleted { .. } => {
                Err(IllegalTransition::OutOfPlace { kind, why: "there is no plan to change" })
            }
        }
    }

    /// A plan whose tasks are all there.
    fn open(&mut self, kind: &'static str) -> Result<&mut PlanContent, IllegalTransition> {
        let content = self.reading(kind)?;
        if content.tasks_missing > 0 {
            let why = "tasks of the import are missing";
            return Err(IllegalTransition::OutOfPlace { kind, why });
        }
        Ok(content)
    }
}

impl PlanContent {
    fn read_tasks(&mut self, tasks: &[TaskDefinition], kind: &'static str) -> Applied {
        let count = u32::try_from(tasks.len()).ok();
        let Some(missing) = count.and_then(|count| self.tasks_missing.checked_sub(count)) else {
            return out_of_place(kind, "these are more tasks than the import has");
        };
        check_new(tasks, kind, |task_id| self.tree.has(task_id))?;
        self.tree.append(tasks);
        self.tasks_missing = missing;
        Ok(())
    }

    fn read_dependencies(&mut self, dependencies: &[Dependency], kind: &'static str) -> Applied {
        check_ends(dependencies, kind, |task_id| self.tree.has(task_id))?;
        self.tree.depend(dependencies);
        Ok(())
    }

    fn amended(&mut self, event: &PlanAmended, kind: &'static str) -> Applied {
        let gone = self.tree.branches(&event.removed);
        let stays = |task_id: &TaskId| self.tree.has(task_id) && !gone.contains(task_id);
        let changed = event.changed.iter().map(|change| &change.definition.task_id);
        known(changed, kind, stays)?;
        known(event.removed.iter(), kind, |task_id| self.tree.has(task_id))?;
        check_new(&event.added, kind, stays)?;
        let added: BTreeSet<&TaskId> = event.added.iter().map(|task| &task.task_id).collect();
        let is_there = |task_id: &TaskId| stays(task_id) || added.contains(task_id);
        check_ends(&event.dependencies_added, kind, is_there)?;
        self.tree.amend(Amendment::from(event));
        self.forget_decompositions();
        Ok(())
    }

    fn decomposed(&mut self, event: &PlanTaskDecomposed, kind: &'static str) -> Applied {
        known([&event.task_id], kind, |task_id| self.tree.has(task_id))?;
        let old = self.tree.parts_of(&event.task_id);
        check_new(&event.subtasks, kind, |id| self.tree.has(id) && !old.contains(id))?;
        let parts: BTreeSet<&TaskId> = event.subtasks.iter().map(|part| &part.task_id).collect();
        check_ends(&event.dependencies, kind, |task_id| parts.contains(task_id))?;
        self.tree.replace_parts(&event.task_id, &event.subtasks, &event.dependencies);
        self.decompositions.retain(|task_id, _| !old.contains(task_id));
        let review = if event.needs_review { Review::Pending } else { Review::NotNeeded };
        let (source, confidence_permille) = (event.source.clone(), event.confidence_permille);
        let notes = event.notes.clone();
        let decomposition = Decomposition { confidence_permille, source, review, notes };
        self.spent = self.spent.plus(event.usage.unwrap_or_default());
        self.decompositions.insert(event.task_id.clone(), decomposition);
        Ok(())
    }

    fn reviewed(&mut self, event: &PlanDecompositionReviewed, kind: &'static str) -> Applied {
        let Some(known) = self.decompositions.get_mut(&event.task_id) else {
            let id = event.task_id.to_string();
            return Err(IllegalTransition::Unknown { kind, what: "decomposition", id });
        };
        if known.review != Review::Pending {
            return out_of_place(kind, "the decomposition awaits no review");
        }
        if event.is_approved {
            known.review = Review::Approved;
            return Ok(());
        }
        known.review = Review::Rejected;
        self.tree.replace_parts(&event.task_id, &[], &[]);
        self.forget_decompositions();
        Ok(())
    }
}

/// New tasks have ids of their own, and parents that are there or stand before them.
fn check_new(
    tasks: &[TaskDefinition],
    kind: &'static str,
    has: impl Fn(&TaskId) -> bool,
) -> Applied {
    let mut new = BTreeSet::new();
    for TaskDefinition { task_id, parent_id, .. } in tasks {
        if has(task_id) || !new.insert(task_id) {
            let why = "it is there already";
            return Err(IllegalTransition::Task { kind, task_id: task_id.clone(), why });
        }
        known(parent_id.iter(), kind, |parent_id| {
            parent_id != task_id && (has(parent_id) || new.contains(parent_id))
        })?;
    }
    Ok(())
}

fn check_ends(
    dependencies: &[Dependency],
    kind: &'static str,
    has: impl Fn(&TaskId) -> bool,
) -> Applied {
    match dependencies.iter().find(|d| d.from == d.to || !has(&d.from) || !has(&d.to)) {
        None => Ok(()),
        Some(dependency) => {
            Err(IllegalTransition::Dependency { kind, dependency: dependency.clone() })
        }
    }
}

fn known<'a>(
    task_ids: impl IntoIterator<Item = &'a TaskId>,
    kind: &'static str,
    has: impl Fn(&TaskId) -> bool,
) -> Applied {
    match task_ids.into_iter().find(|task_id| !has(task_id)) {
        None => Ok(()),
        Some(id) => Err(IllegalTransition::Unknown { kind, what: "task", id: id.to_string() }),
    }
}

fn out_of_place(kind: &'static str, why: &'static str) -> Applied {
    Err(IllegalTransition::OutOfPlace { kind, why })
}
