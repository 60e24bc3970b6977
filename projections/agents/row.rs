//! The row of an agent, made from its state.

use crate::value::word;
use crate::{JsonText, Subject};
use planexe_ax_domain::agent::{Agent, AgentStatus};
use planexe_ax_domain::{Text, Timestamp};
use std::sync::Arc;

crate::rows! {
    /// An agent.
    struct AgentRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// Its id.
        agent_id: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// Its role.
        role: Option<Arc<str>>,
        /// `agent` or `human`.
        kind: Arc<str>,
        /// What it can do: a JSON list of actions with their parameters.
        capabilities: JsonText,
        /// The services that it works with.
        integration_endpoints: Option<JsonText>,
        /// Where it is told of work.
        webhook_url: Option<Arc<str>>,
        /// How many tasks it can hold at once.
        concurrent_tasks_max: u32,
        /// `active`, `paused`, `draining`, `lost` or `retired`.
        status: Arc<str>,
        /// Whether it may be given a task now, as far as its own stream tells.
        may_take_work: bool,
        /// Whether it gets its tasks before or after others.
        priority: Arc<str>,
        /// When it made itself known.
        registered_at: Timestamp,
        /// The execution of the task that it took last.
        last_execution_id: Option<Arc<str>>,
        /// The task that it took last.
        last_task_id: Option<Arc<str>>,
        /// When it took that.
        last_taken_at: Option<Timestamp>,
        /// Since when it is lost.
        lost_since: Option<Timestamp>,
        /// Its last sign of life before it was lost.
        last_seen_at: Option<Timestamp>,
        /// Since when it is paused.
        paused_at: Option<Timestamp>,
        /// Who paused it.
        paused_by: Option<Arc<str>>,
        /// Why it is paused.
        paused_reason: Option<Arc<str>>,
        /// The version of its last event.
        version: u64,
    }
}

impl AgentRow {
    /// The row of an agent; none before it is registered.
    pub(super) fn of(subject: &Subject<'_>) -> Option<Self> {
        let agent: &Agent = subject.state.agent()?;
        let profile = agent.profile()?;
        let (last, paused) = (agent.last_taken(), agent.paused_by());
        Some(Self {
            workspace: subject.workspace_cell(),
            agent_id: subject.id_cell(),
            name: profile.name.as_str().into(),
            role: profile.role.as_ref().map(|role| role.as_str().into()),
            kind: word(&profile.kind),
            capabilities: JsonText::of(&profile.capabilities),
            integration_endpoints: profile.integration_endpoints.as_ref().map(JsonText::from),
            webhook_url: profile.webhook_url.as_ref().map(|url| url.as_str().into()),
            concurrent_tasks_max: profile.concurrent_tasks_max,
            status: agent.status().as_str().into(),
            may_take_work: agent.status() == AgentStatus::Active,
            priority: word(&agent.priority()),
            registered_at: agent.registered_at()?,
            last_execution_id: last.map(|taken| taken.execution_id.as_str().into()),
            last_task_id: last.map(|taken| taken.task_id.as_str().into()),
            last_taken_at: last.map(|taken| taken.at),
            lost_since: agent.lost_since(),
            last_seen_at: agent.last_seen_at(),
            paused_at: paused.map(|(_, at, _)| at),
            paused_by: paused.map(|(by, _, _)| by.to_string().into()),
            paused_reason: paused.and_then(|(_, _, why)| why).map(Text::as_str).map(Arc::from),
            version: subject.version,
        })
    }
}
