//! The row of an agent's own plan, made from the state of its execution.

use super::steps::steps_of;
use crate::{JsonText, Subject};
use planexe_ax_domain::Timestamp;
use serde::Serialize;
use std::sync::Arc;

crate::rows! {
    /// A plan that an agent brought and carries out itself.
    struct AgentPlanRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// Its id: that of the plan and of its execution.
        plan_id: Arc<str>,
        /// The agent.
        agent_id: Option<Arc<str>>,
        /// The task that it is for, by the agent's own reference.
        task_id: Option<Arc<str>>,
        /// What sort of plan it is.
        plan_type: Arc<str>,
        /// The step that it is at.
        current_step: u32,
        /// How many steps it has.
        total_steps: u32,
        /// Where it is.
        status: Arc<str>,
        /// The steps: a JSON object with a list of them.
        plan_json: JsonText,
        /// Why the agent does it so.
        agent_reasoning: Option<Arc<str>>,
        /// What else is known of it.
        metadata: Option<JsonText>,
        /// When it was made.
        created_at: Timestamp,
        /// The version of its last event.
        version: u64,
    }
}

/// The steps, as they are stored and shown.
#[derive(Serialize)]
struct PlanJson<T> {
    steps: T,
}

impl AgentPlanRow {
    /// The row of an own plan; none when the execution is none, or deleted.
    pub fn of(subject: &Subject<'_>) -> Option<Self> {
        let execution = subject.state.execution()?;
        let (header, own) = (execution.header()?, execution.own_plan()?);
        Some(Self {
            workspace: subject.workspace_cell(),
            plan_id: subject.id_cell(),
            agent_id: header.agent_id.as_ref().map(|agent_id| agent_id.as_str().into()),
            task_id: own.outside_task.as_ref().map(|task_id| task_id.as_str().into()),
            plan_type: own.plan_type.as_str().into(),
            current_step: execution.current_step(),
            total_steps: execution.steps_total(),
            status: execution.own_status().as_str().into(),
            plan_json: JsonText::of(&PlanJson { steps: steps_of(execution) }),
            agent_reasoning: own.reasoning.as_ref().map(|text| text.as_str().into()),
            metadata: own.metadata.as_ref().map(JsonText::from),
            created_at: header.created_at,
            version: subject.version,
        })
    }
}
