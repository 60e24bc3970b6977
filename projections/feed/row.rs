//! The row of an event: one sentence, and what it is found by.

use super::told::Told;
use crate::{Happened, Subject};
use planexe_ax_domain::{StreamKind, Text};
use std::sync::Arc;

crate::rows! {
    /// Something that happened, in a sentence.
    struct FeedRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The event's place in the log.
        event_position: u64,
        /// The event's place in its stream.
        version: u64,
        /// To what it happened: `execution`, `plan`, `agent` or `workspace`.
        stream_kind: Arc<str>,
        /// The execution that it happened to.
        execution_id: Option<Arc<str>>,
        /// The plan that it happened to, or that the execution carries out.
        plan_id: Option<Arc<str>>,
        /// The task that it is about.
        task_id: Option<Arc<str>>,
        /// The agent that it is about, or that did it.
        agent_id: Option<Arc<str>>,
        /// The kind of event.
        kind: Arc<str>,
        /// What sort of thing it is: the word of a [`super::Group`].
        event_group: Arc<str>,
        /// Who did it.
        actor: Arc<str>,
        /// What happened, in one sentence.
        sentence: Arc<str>,
        /// What the agent said of it.
        message: Option<Arc<str>>,
    }
}

impl FeedRow {
    pub(super) fn of(happened: &Happened<'_>, subject: &Subject<'_>, told: Told<'_>) -> Self {
        let kind = happened.stream.kind();
        let own = |wanted: StreamKind| (kind == wanted).then(|| subject.id_cell());
        let header = subject.state.execution().and_then(|execution| execution.header());
        let carried_out = header.map(|header| header.plan_id.as_str().into());
        let agent_id = told.agent.map(|agent_id| agent_id.as_str().into());
        Self {
            workspace: subject.workspace_cell(),
            event_position: happened.position,
            version: happened.version,
            stream_kind: kind.as_str().into(),
            execution_id: own(StreamKind::Execution),
            plan_id: own(StreamKind::Plan).or(carried_out),
            task_id: told.task.map(|task_id| task_id.as_str().into()),
            agent_id: own(StreamKind::Agent).or(agent_id),
            kind: happened.event.kind().into(),
            event_group: told.group.as_str().into(),
            actor: told.actor.to_string().into(),
            sentence: told.sentence.into(),
            message: told.message.map(Text::as_str).map(Arc::from),
        }
    }
}
