//! What is kept beside the work: memory, actions, notes, costs.

use super::Decided;
use crate::event::record::{
    ActionLogged, ContextRemoved, ContextSet, NoteAdded, RecordEvent, UsageRecorded,
};
use crate::execution::{ContextEntry, Execution, ExecutionCommand, LoggedAction};
use crate::{Event, Moment, Rejection, TaskId, Usage};

/// The most things that an execution remembers.
const MEMORIES_MAX: usize = 10_000;

impl Execution {
    pub(super) fn decide_record(&self, command: &ExecutionCommand, moment: &Moment) -> Decided {
        self.made_header()?;
        self.refuse_when_deleted()?;
        let (at, by) = (moment.at, moment.by.clone());
        let mut event: Option<RecordEvent> = None;
        if let ExecutionCommand::SetContext(entry) = command {
            event = self.remember(entry, moment)?;
        }
        if let ExecutionCommand::RemoveContext { task_id, context_type, context_key } = command {
            let (task_id, context_type) = (task_id.clone(), context_type.clone());
            let context_key = context_key.clone();
            let key = (task_id.clone(), context_type.clone(), context_key.clone());
            let removed = ContextRemoved { task_id, context_type, context_key, at, by: by.clone() };
            event = self.memory.contains_key(&key).then(|| removed.into());
        }
        if let ExecutionCommand::LogAction(action) = command {
            event = Some(self.logged(action, moment)?);
        }
        if let ExecutionCommand::AddNote { task_id, text } = command {
            self.known(task_id.as_ref())?;
            let (task_id, text) = (task_id.clone(), text.clone());
            event = Some(NoteAdded { task_id, text, at, by: by.clone() }.into());
        }
        if let ExecutionCommand::RecordUsage { task_id, usage } = command {
            self.known(task_id.as_ref())?;
            let (task_id, usage) = (task_id.clone(), *usage);
            let recorded = UsageRecorded { task_id, usage, at, by };
            event = (usage != Usage::default()).then(|| recorded.into());
        }
        Ok(event.into_iter().map(Event::from).collect())
    }

    fn known(&self, task_id: Option<&TaskId>) -> Result<(), Rejection> {
        task_id.map_or(Ok(()), |task_id| self.find_task(task_id).map(|_| ()))
    }

    fn remember(
        &self,
        entry: &ContextEntry,
        moment: &Moment,
    ) -> Result<Option<RecordEvent>, Rejection> {
        // What an agent remembers of its own plan may belong to a task by its own reference.
        if self.own_plan().is_none() {
            self.known(entry.task_id.as_ref())?;
        }
        let key = (entry.task_id.clone(), entry.context_type.clone(), entry.context_key.clone());
        if let Some(known) = self.memory.get(&key) {
            if known.value == entry.context_value && known.metadata == entry.metadata {
                return Ok(None);
            }
        } else if self.memory.len() >= MEMORIES_MAX {
            let message = format!("an execution remembers at most {MEMORIES_MAX} things");
            return Err(Rejection::invalid("/context_key", message));
        }
        let entry = entry.clone();
        let set = ContextSet {
            task_id: entry.task_id,
            context_type: entry.context_type,
            context_key: entry.context_key,
            context_value: entry.context_value,
            metadata: entry.metadata,
            at: moment.at,
            by: moment.by.clone(),
        };
        Ok(Some(set.into()))
    }

    fn logged(&self, action: &LoggedAction, moment: &Moment) -> Result<RecordEvent, Rejection> {
        self.known(action.task_id.as_ref())?;
        if action.confidence_permille.is_some_and(|confidence| confidence > 1000) {
            return Err(Rejection::invalid("/agent_confidence", "a confidence is 1 at most"));
        }
        let action = action.clone();
        let logged = ActionLogged {
            task_id: action.task_id,
            step_number: action.step_number,
            action_type: action.action_type,
            entity_type: action.entity_type,
            entity_id: action.entity_id,
            description: action.description,
            before_state: action.before_state,
            after_state: action.after_state,
            confidence_permille: action.confidence_permille,
            error_message: action.error_message,
            at: moment.at,
            by: moment.by.clone(),
        };
        Ok(logged.into())
    }
}
