//! How blockers and what is kept beside the work change an execution.

use super::Applied;
use crate::event::record::{BlockerKind, BlockerRaised, BlockerResolved, RecordEvent, Resolution};
use crate::execution::deadline::Deadline;
use crate::execution::tree::{Answer, Approval};
use crate::execution::{Blocker, Execution, Memory};
use crate::{BlockerId, IllegalTransition};

impl Execution {
    pub(super) fn apply_record(&mut self, event: &RecordEvent) -> Applied {
        let kind = event.kind();
        self.made(kind)?;
        match event {
            RecordEvent::BlockerRaised(event) => self.raise(kind, event),
            RecordEvent::BlockerEscalated(event) => {
                let blocker = self.standing_blocker(kind, &event.blocker_id)?;
                blocker.escalated_at = Some(event.at);
                let limit_at = blocker.limit_at;
                if let Some(at) = limit_at {
                    self.deadlines.remove(&(at, Deadline::Blocker(event.blocker_id.clone())));
                }
                Ok(())
            }
            RecordEvent::BlockerResolved(event) => self.resolve(kind, event),
            RecordEvent::ContextSet(event) => {
                let key =
                    (event.task_id.clone(), event.context_type.clone(), event.context_key.clone());
                let (value, metadata) = (event.context_value.clone(), event.metadata.clone());
                let (set_at, set_by) = (event.at, event.by.clone());
                self.memory.insert(key, Memory { value, metadata, set_at, set_by });
                Ok(())
            }
            RecordEvent::ContextRemoved(event) => {
                let key =
                    (event.task_id.clone(), event.context_type.clone(), event.context_key.clone());
                let id = event.context_key.to_string();
                let unknown = IllegalTransition::Unknown { kind, what: "context", id };
                self.memory.remove(&key).map(|_| ()).ok_or(unknown)
            }
            RecordEvent::ActionLogged(_) | RecordEvent::NoteAdded(_) => {
                self.entries_total = self.entries_total.saturating_add(1);
                Ok(())
            }
            RecordEvent::OwnPlanDescribed(event) => self.apply_described(kind, event),
            RecordEvent::OwnPlanDeleted(_) => self.apply_own_deleted(kind),
            RecordEvent::UsageRecorded(event) => {
                self.usage = self.usage.plus(event.usage);
                if let Some(task_id) = &event.task_id {
                    let spot = self.spot(kind, task_id)?;
                    self.tree.note(spot, |node| {
                        let sum = node.usage.get_or_insert_default();
                        **sum = sum.plus(event.usage);
                    });
                }
                Ok(())
            }
        }
    }

    fn standing_blocker(
        &mut self,
        kind: &'static str,
        blocker_id: &BlockerId,
    ) -> Result<&mut Blocker, IllegalTransition> {
        let id = blocker_id.to_string();
        let unknown = IllegalTransition::Unknown { kind, what: "blocker", id };
        self.blockers.get_mut(blocker_id).ok_or(unknown)
    }

    fn raise(&mut self, kind: &'static str, event: &BlockerRaised) -> Applied {
        if self.blockers.contains_key(&event.blocker_id) || self.phase.status().is_over() {
            let why = "it stands already, or the execution is over";
            return Err(IllegalTransition::OutOfPlace { kind, why });
        }
        if let Some(task_id) = &event.task_id {
            let spot = self.spot(kind, task_id)?;
            let is_approval = event.kind == BlockerKind::Approval;
            self.tree.change_gate(spot, event.at, |node| {
                node.blockers += 1;
                if is_approval {
                    node.approval = Approval::Asked;
                }
            });
        } else {
            self.whole_blocked += 1;
        }
        self.blockers_total += 1;
        let blocker = Blocker {
            blocker_id: event.blocker_id.clone(),
            task_id: event.task_id.clone(),
            kind: event.kind,
            message: event.message.clone(),
            suggestions: event.suggestions.clone(),
            limit_at: event.limit_at,
            escalated_at: None,
            raised_at: event.at,
            raised_by: event.by.clone(),
        };
        let limit = blocker.escalates_at();
        self.deadlines.extend(limit.map(|at| (at, Deadline::Blocker(event.blocker_id.clone()))));
        self.blockers.insert(event.blocker_id.clone(), blocker);
        self.redate_age(event.kind);
        Ok(())
    }

    /// Somebody is asked only once what to do about the age of an execution.
    fn redate_age(&mut self, kind: BlockerKind) {
        if kind == BlockerKind::ExecutionTimeout {
            self.redate();
        }
    }

    fn resolve(&mut self, kind: &'static str, event: &BlockerResolved) -> Applied {
        self.standing_blocker(kind, &event.blocker_id)?;
        let Some(blocker) = self.blockers.remove(&event.blocker_id) else {
            return Ok(());
        };
        if let Some(at) = blocker.escalates_at() {
            self.deadlines.remove(&(at, Deadline::Blocker(event.blocker_id.clone())));
        }
        self.redate_age(blocker.kind);
        let Some(task_id) = &blocker.task_id else {
            self.whole_blocked -= 1;
            return Ok(());
        };
        let spot = self.spot(kind, task_id)?;
        let is_approval = blocker.kind == BlockerKind::Approval;
        let is_yes = event.resolution == Resolution::ApproveAlternative;
        self.tree.change_gate(spot, event.at, |node| {
            node.blockers -= 1;
            if is_approval {
                node.approval = if is_yes { Approval::Given } else { Approval::NotNeeded };
            }
        });
        if event.option.is_some() || event.input.is_some() || event.note.is_some() {
            let answer = Answer {
                option: event.option.clone(),
                input: event.input.clone(),
                note: event.note.clone(),
            };
            self.tree.note(spot, |node| node.history_mut().answers.push(answer));
        }
        Ok(())
    }
}
