//! The row of a blocker: what stands, or stood, in the way, and what became of it.

use super::held_up::leaves_held_up;
use crate::value::word;
use crate::{JsonText, Subject};
use planexe_ax_domain::event::record::{BlockerResolved, Resolution};
use planexe_ax_domain::execution::Blocker;
use planexe_ax_domain::{Actor, Timestamp};
use std::sync::Arc;

crate::rows! {
    /// Something that stands, or stood, in the way.
    struct BlockerRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The execution.
        execution_id: Arc<str>,
        /// The blocker.
        blocker_id: Arc<str>,
        /// The plan that the execution carries out.
        plan_id: Arc<str>,
        /// The task that it stands on; none: the whole execution.
        task_id: Option<Arc<str>>,
        /// The title of that task.
        task_title: Option<Arc<str>>,
        /// Why: `incident`, `approval`, …
        kind: Arc<str>,
        /// What is the matter.
        message: Arc<str>,
        /// Ways out to choose from: a JSON list of texts.
        suggestions: JsonText,
        /// Whether it still stands.
        is_open: bool,
        /// When it was raised.
        raised_at: Timestamp,
        /// Who raised it.
        raised_by: Arc<str>,
        /// When it escalates, or would have.
        limit_at: Option<Timestamp>,
        /// When the owner was told.
        escalated_at: Option<Timestamp>,
        /// When it was resolved.
        resolved_at: Option<Timestamp>,
        /// How it was resolved.
        resolution: Option<Arc<str>>,
        /// The suggestion that was chosen.
        option: Option<Arc<str>>,
        /// What was missing.
        input: Option<JsonText>,
        /// What the person said.
        note: Option<Arc<str>>,
        /// The agent that does it now.
        agent_id: Option<Arc<str>>,
        /// Who resolved it.
        resolved_by: Option<Arc<str>>,
        /// How long it stood.
        waited_ms: Option<u64>,
        /// How many open leaves could not go on because of it when this row was written.
        leaves_held_up: u32,
    }
}

impl BlockerRow {
    /// The row of a blocker that stands.
    pub(super) fn standing(subject: &Subject<'_>, blocker: &Blocker) -> Option<Self> {
        let execution = subject.state.execution()?;
        let spot = blocker.task_id.as_ref().and_then(|task_id| execution.tree().find(task_id));
        let task = spot.map(|spot| &execution.tree().node(spot).definition);
        Some(Self {
            workspace: subject.workspace_cell(),
            execution_id: subject.id_cell(),
            blocker_id: blocker.blocker_id.as_str().into(),
            plan_id: execution.header()?.plan_id.as_str().into(),
            task_id: blocker.task_id.as_ref().map(|task_id| task_id.as_str().into()),
            task_title: task.map(|task| task.title.as_str().into()),
            kind: word(&blocker.kind),
            message: blocker.message.as_str().into(),
            suggestions: JsonText::of(&blocker.suggestions),
            is_open: true,
            raised_at: blocker.raised_at,
            raised_by: blocker.raised_by.to_string().into(),
            limit_at: blocker.limit_at,
            escalated_at: blocker.escalated_at,
            resolved_at: None,
            resolution: None,
            option: None,
            input: None,
            note: None,
            agent_id: None,
            resolved_by: None,
            waited_ms: None,
            leaves_held_up: leaves_held_up(execution, blocker.task_id.as_ref()),
        })
    }

    /// The row once it is gone.
    pub(super) fn gone(self, resolution: Resolution, by: &Actor, at: Timestamp) -> Self {
        Self {
            is_open: false,
            resolved_at: Some(at),
            resolution: Some(word(&resolution)),
            resolved_by: Some(by.to_string().into()),
            waited_ms: Some(at.ms_since(self.raised_at)),
            ..self
        }
    }

    /// The row once somebody resolved it.
    pub(super) fn resolved(self, event: &BlockerResolved) -> Self {
        Self {
            option: event.option.as_ref().map(|option| option.as_str().into()),
            input: event.input.as_ref().map(JsonText::from),
            note: event.note.as_ref().map(|note| note.as_str().into()),
            agent_id: event.agent_id.as_ref().map(|agent_id| agent_id.as_str().into()),
            ..self.gone(event.resolution, &event.by, event.at)
        }
    }
}
