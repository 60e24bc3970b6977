//! What follows from a command to a plan.

use super::check::{at_most, check_tasks};
use super::chunks::chunks;
use super::{ImportPlan, Plan, PlanCommand, PlanContent, PlanPhase, Review};
use crate::event::plan::{
    PlanArchived, PlanAssigned, PlanDecompositionReviewed, PlanDeleted, PlanDependenciesAdded,
    PlanEvent, PlanImported, PlanTasksAdded, Risk,
};
use crate::{AgentId, Event, Moment, Rejection, TaskId, Text};
use std::collections::BTreeSet;

/// The most roles that a plan names.
pub const ROLES_MAX: usize = 500;
/// The most risks that a plan names.
pub const RISKS_MAX: usize = 500;

pub(super) type Decision = Result<Vec<Event>, Rejection>;

impl Plan {
    /// Says what follows from a command; nothing, when it is already so.
    pub fn decide(&self, command: &PlanCommand, moment: &Moment) -> Decision {
        match command {
            PlanCommand::Import(import) => self.import(import, moment),
            PlanCommand::Generate(command) => self.generate(command, moment),
            PlanCommand::Amend(amendment) => self.changeable()?.amend(amendment, moment),
            PlanCommand::Decompose(command) => self.changeable()?.decompose(command, moment),
            PlanCommand::DecomposeAll(commands) => self.decompose_all(commands, moment),
            PlanCommand::Review { task_id, is_approved, note } => {
                self.changeable()?.review(task_id, *is_approved, note.as_ref(), moment)
            }
            PlanCommand::Assign { agent_id } => {
                self.changeable()?.assign(agent_id.as_ref(), moment)
            }
            PlanCommand::Archive => self.archive(moment),
            PlanCommand::Delete => self.delete(moment),
        }
    }

    pub(super) fn import(&self, import: &ImportPlan, moment: &Moment) -> Decision {
        check_import(import)?;
        match &self.phase {
            PlanPhase::Absent => Ok(imported(import, moment)),
            PlanPhase::Imported(content) | PlanPhase::Archived { content, .. } => {
                if content.came_from(import) {
                    return Ok(Vec::new());
                }
                Err(Rejection::AlreadyExists { what: "plan", id: content.plan_id.to_string() })
            }
            PlanPhase::Generating(_) => {
                Err(Rejection::AlreadyExists { what: "plan", id: import.plan_id.to_string() })
            }
            PlanPhase::Deleted { .. } => Err(self.wrong_state()),
        }
    }

    /// The import of a plan that PlanExe made.
    pub(super) fn imported_by(&self, import: &ImportPlan, moment: &Moment) -> Decision {
        check_import(import)?;
        Ok(imported(import, moment))
    }

    fn archive(&self, moment: &Moment) -> Decision {
        match &self.phase {
            PlanPhase::Archived { .. } => Ok(Vec::new()),
            PlanPhase::Absent
            | PlanPhase::Generating(_)
            | PlanPhase::Imported(_)
            | PlanPhase::Deleted { .. } => {
                self.changeable()?;
                one(PlanArchived { at: moment.at, by: moment.by.clone() })
            }
        }
    }

    fn delete(&self, moment: &Moment) -> Decision {
        match &self.phase {
            PlanPhase::Absent => Err(self.wrong_state()),
            PlanPhase::Generating(generation) if generation.is_open() => Err(self.wrong_state()),
            PlanPhase::Deleted { .. } => Ok(Vec::new()),
            PlanPhase::Generating(_) | PlanPhase::Imported(_) | PlanPhase::Archived { .. } => {
                one(PlanDeleted { at: moment.at, by: moment.by.clone() })
            }
        }
    }

    /// What the plan holds, when it can be changed.
    pub(super) fn changeable(&self) -> Result<&PlanContent, Rejection> {
        match &self.phase {
            PlanPhase::Imported(content) if content.tasks_missing == 0 => Ok(content),
            PlanPhase::Absent
            | PlanPhase::Generating(_)
            | PlanPhase::Imported(_)
            | PlanPhase::Archived { .. }
            | PlanPhase::Deleted { .. } => Err(self.wrong_state()),
        }
    }

    pub(super) fn wrong_state(&self) -> Rejection {
        match self.plan_id() {
            None => Rejection::NotFound { what: "plan", id: String::new() },
            Some(plan_id) => Rejection::WrongState {
                what: "plan",
                id: plan_id.to_string(),
                state: self.status(),
            },
        }
    }
}

impl PlanContent {
    /// Whether that import made this plan: by its content hash, else by all that it holds.
    fn came_from(&self, import: &ImportPlan) -> bool {
        if self.plan_id != import.plan_id || self.source != import.source {
            return false;
        }
        self.source.content_hash.is_some()
            || (self.title == import.title
                && self.goal == import.goal
                && self.roles == import.roles
                && self.risks == import.risks
                && self.assigned_to == import.assigned_to
                && self.metadata == import.metadata
                && self.tree.tasks().eq(&import.tasks)
                && *self.tree.dependencies() == import.dependencies.iter().cloned().collect())
    }

    fn review(
        &self,
        task_id: &TaskId,
        is_approved: bool,
        note: Option<&Text>,
        moment: &Moment,
    ) -> Decision {
        if !moment.by.is_user() {
            return Err(Rejection::PersonNeeded { what: "review a decomposition" });
        }
        let id = task_id.to_string();
        let Some(known) = self.decompositions.get(task_id) else {
            return Err(Rejection::NotFound { what: "decomposition", id });
        };
        let refuse = |state| Err(Rejection::WrongState { what: "decomposition", id, state });
        match (known.review, is_approved) {
            (Review::Pending, _) => {
                let (task_id, note) = (task_id.clone(), note.cloned());
                let (at, by) = (moment.at, moment.by.clone());
                one(PlanDecompositionReviewed { task_id, is_approved, note, at, by })
            }
            (Review::NotNeeded | Review::Approved, true) | (Review::Rejected, false) => {
                Ok(Vec::new())
            }
            (Review::NotNeeded, false) => refuse("in force without a review"),
            (Review::Approved, false) => refuse("approved"),
            (Review::Rejected, true) => refuse("rejected"),
        }
    }

    fn assign(&self, agent_id: Option<&AgentId>, moment: &Moment) -> Decision {
        if self.assigned_to.as_ref() == agent_id {
            return Ok(Vec::new());
        }
        let agent_id = agent_id.cloned();
        one(PlanAssigned { agent_id, at: moment.at, by: moment.by.clone() })
    }
}

pub(super) fn one(single: impl Into<PlanEvent>) -> Decision {
    Ok(vec![Event::Plan(single.into())])
}

fn check_import(import: &ImportPlan) -> Result<(), Rejection> {
    at_most("/roles", "roles", import.roles.len(), ROLES_MAX)?;
    check_risks(&import.risks)?;
    if import.tasks.is_empty() {
        return Err(Rejection::invalid("/tasks", "a plan has one task at least"));
    }
    check_tasks(&import.tasks, &import.dependencies)
}

fn check_risks(risks: &[Risk]) -> Result<(), Rejection> {
    at_most("/risks", "risks", risks.len(), RISKS_MAX)?;
    let mut seen = BTreeSet::new();
    match risks.iter().position(|risk| !seen.insert(&risk.risk_id)) {
        None => Ok(()),
        Some(place) => {
            let message = format!("risk {} stands twice", risks[place].risk_id);
            Err(Rejection::invalid(format!("/risks/{place}/risk_id"), message))
        }
    }
}

fn imported(import: &ImportPlan, moment: &Moment) -> Vec<Event> {
    let at = moment.at;
    let import = import.clone();
    let tasks = chunks(&import.tasks)
        .into_iter()
        .map(|tasks| PlanEvent::from(PlanTasksAdded { tasks: tasks.to_vec(), at }));
    let dependencies = chunks(&import.dependencies).into_iter().map(|dependencies| {
        PlanEvent::from(PlanDependenciesAdded { dependencies: dependencies.to_vec(), at })
    });
    let rest: Vec<PlanEvent> = tasks.chain(dependencies).collect();
    let first = PlanEvent::from(PlanImported {
        plan_id: import.plan_id,
        title: import.title,
        goal: import.goal,
        source: import.source,
        roles: import.roles,
        risks: import.risks,
        assigned_to: import.assigned_to,
        tasks_total: u32::try_from(import.tasks.len()).expect("TASKS_MAX fits"),
        report: import.report,
        metadata: import.metadata,
        at,
        by: moment.by.clone(),
    });
    std::iter::once(first).chain(rest).map(Event::Plan).collect()
}
