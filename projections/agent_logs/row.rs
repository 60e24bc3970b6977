//! The row of something that an agent wrote down.

use crate::{Cell as _, Happened, JsonText, Subject, Value};
use planexe_ax_domain::event::record::{ActionLogged, NoteAdded};
use planexe_ax_domain::{Actor, ActorKind, TaskId, Timestamp};
use std::sync::Arc;

/// The type of action under which notes stand.
const NOTE: &str = "add_note";

crate::rows! {
    /// Something that an agent did, or a note.
    struct AgentLogRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The execution.
        execution_id: Arc<str>,
        /// Its place among the entries of the execution, from 1.
        entry: u32,
        /// The event's place in the log.
        event_position: u64,
        /// The plan that the execution carries out.
        plan_id: Arc<str>,
        /// The agent whose own plan that is, when it is one.
        own_agent_id: Option<Arc<str>>,
        /// The task that it was done for.
        task_id: Option<Arc<str>>,
        /// The agent that wrote it down, when it was one.
        agent_id: Option<Arc<str>>,
        /// Who wrote it down.
        actor: Arc<str>,
        /// The step of the agent's plan.
        step_number: Option<u32>,
        /// What kind of action: `complete_step`, `add_note`, …
        action_type: Arc<str>,
        /// What kind of thing it was done to.
        entity_type: Option<Arc<str>>,
        /// The thing that it was done to.
        entity_id: Option<Arc<str>>,
        /// What was done.
        description: Arc<str>,
        /// How the thing was before.
        before_state: Option<JsonText>,
        /// How it is after.
        after_state: Option<JsonText>,
        /// How sure the agent is, in thousandths.
        confidence_permille: Option<u16>,
        /// What went wrong.
        error_message: Option<Arc<str>>,
        /// When.
        logged_at: Timestamp,
    }
}

impl AgentLogRow {
    /// The row of an action.
    pub(super) fn of_action(
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        event: &ActionLogged,
    ) -> Option<Self> {
        let row = Self::bare(happened, subject, event.task_id.as_ref(), &event.by, event.at)?;
        Some(Self {
            step_number: event.step_number,
            action_type: event.action_type.as_str().into(),
            entity_type: event.entity_type.as_ref().map(|it| it.as_str().into()),
            entity_id: event.entity_id.as_ref().map(|it| it.as_str().into()),
            description: event.description.as_str().into(),
            before_state: event.before_state.as_ref().map(JsonText::from),
            after_state: event.after_state.as_ref().map(JsonText::from),
            confidence_permille: event.confidence_permille,
            error_message: event.error_message.as_ref().map(|it| it.as_str().into()),
            ..row
        })
    }

    /// The row of a note.
    pub(super) fn of_note(
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        event: &NoteAdded,
    ) -> Option<Self> {
        let row = Self::bare(happened, subject, event.task_id.as_ref(), &event.by, event.at)?;
        Some(Self { description: event.text.as_str().into(), ..row })
    }

    fn bare(
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        task_id: Option<&TaskId>,
        by: &Actor,
        at: Timestamp,
    ) -> Option<Self> {
        let execution = subject.state.execution()?;
        let header = execution.header()?;
        let own_agent_id = execution.own_plan().and(header.agent_id.as_ref());
        Some(Self {
            workspace: subject.workspace_cell(),
            execution_id: subject.id_cell(),
            entry: execution.entries_total(),
            event_position: happened.position,
            plan_id: header.plan_id.as_str().into(),
            own_agent_id: own_agent_id.map(|agent_id| agent_id.as_str().into()),
            task_id: task_id.map(|task_id| task_id.as_str().into()),
            agent_id: (by.kind() == ActorKind::Agent).then(|| by.id().into()),
            actor: by.to_string().into(),
            step_number: None,
            action_type: NOTE.into(),
            entity_type: None,
            entity_id: None,
            description: "".into(),
            before_state: None,
            after_state: None,
            confidence_permille: None,
            error_message: None,
            logged_at: at,
        })
    }
}

/// The key of an entry's row, as its cells hold it.
pub(super) fn row_key(subject: &Subject<'_>, entry: u32) -> Vec<Value> {
    let mut key = subject.key();
    key.push(entry.to_value());
    key
}
