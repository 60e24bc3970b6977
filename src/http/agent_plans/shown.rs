//! Agents' own plans, what they logged and what they remember, in the documents' words.

use crate::domain::execution::Execution;
use crate::domain::{Event, State, Timestamp};
use crate::http::schemas::{Any, AnyObject, Id, Moment};
use crate::projections::agent_logs::AgentLogRow;
use crate::projections::agent_plans::{AgentPlanRow, steps_of};
use crate::projections::memory::MemoryRow;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A plan that an agent brought and carries out itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentPlan)]
pub(in crate::http) struct AgentPlanShown {
    /// Of the plan, and of the execution that carries it out.
    #[schema(value_type = Id)]
    id: String,
    #[schema(value_type = Id)]
    execution_id: String,
    agent_id: Option<String>,
    /// The task that it is for, by the agent's own reference.
    task_id: Option<String>,
    #[schema(value_type = super::form::PlanTypeWord)]
    plan_type: String,
    current_step: u32,
    total_steps: u32,
    #[schema(value_type = super::form::OwnStatusWord)]
    status: String,
    /// The steps, in a list of that name.
    #[schema(value_type = AnyObject)]
    plan_json: Value,
    agent_reasoning: Option<String>,
    #[schema(value_type = Option<AnyObject>)]
    metadata: Option<Value>,
    #[schema(value_type = Moment)]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Moment>)]
    updated_at: Option<String>,
    /// Of the execution's last event, for `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// What was logged, the last first, when it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logs: Option<Vec<LogShown>>,
    /// Where more of it is found: the `cursor` of `GET /api/agent-logs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logs_next_cursor: Option<String>,
    /// What is remembered, the last set first, when it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<Vec<ContextShown>>,
    /// Where more of it is found: the `cursor` of `GET /api/context`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context_next_cursor: Option<String>,
}

impl AgentPlanShown {
    pub(super) fn of_row(row: &AgentPlanRow, updated_at: Timestamp) -> Self {
        let text = |text: &std::sync::Arc<str>| text.to_string();
        Self {
            id: text(&row.plan_id),
            execution_id: text(&row.plan_id),
            agent_id: row.agent_id.as_ref().map(text),
            task_id: row.task_id.as_ref().map(text),
            plan_type: text(&row.plan_type),
            current_step: row.current_step,
            total_steps: row.total_steps,
            status: text(&row.status),
            plan_json: value_of(&row.plan_json.0),
            agent_reasoning: row.agent_reasoning.as_ref().map(text),
            metadata: row.metadata.as_ref().map(|metadata| value_of(&metadata.0)),
            created_at: row.created_at.to_string(),
            updated_at: Some(updated_at.to_string()),
            version: Some(row.version),
            logs: None,
            logs_next_cursor: None,
            context: None,
            context_next_cursor: None,
        }
    }

    fn of_state(execution: &Execution) -> Option<Self> {
        let (header, own) = (execution.header()?, execution.own_plan()?);
        Some(Self {
            id: header.plan_id.to_string(),
            execution_id: header.execution_id.to_string(),
            agent_id: header.agent_id.as_ref().map(ToString::to_string),
            task_id: own.outside_task.as_ref().map(ToString::to_string),
            plan_type: own.plan_type.as_str().to_owned(),
            current_step: execution.current_step(),
            total_steps: execution.steps_total(),
            status: execution.own_status().as_str().to_owned(),
            plan_json: json!({ "steps": steps_of(execution) }),
            agent_reasoning: own.reasoning.as_ref().map(ToString::to_string),
            metadata: own.metadata.as_ref().map(|metadata| value_of(metadata.as_str())),
            created_at: header.created_at.to_string(),
            updated_at: None,
            version: None,
            logs: None,
            logs_next_cursor: None,
            context: None,
            context_next_cursor: None,
        })
    }
}

/// What a write to a plan is answered: the plan as it is afterwards.
pub(super) fn describe(state: &State, _: &[Event]) -> Vec<u8> {
    let shown = state.execution().and_then(AgentPlanShown::of_state);
    shown.map_or_else(Vec::new, |shown| bytes(&shown))
}

/// What a deletion is answered: there is nothing more to say of the plan.
pub(super) fn describe_deleted(state: &State, _: &[Event]) -> Vec<u8> {
    let header = state.execution().and_then(Execution::header);
    header
        .map_or_else(Vec::new, |header| bytes(&json!({"id": header.plan_id, "status": "deleted"})))
}

fn bytes(shown: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shown).expect("texts and numbers always become JSON")
}

/// Something that an agent logged, or a note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentLog)]
pub(in crate::http) struct LogShown {
    pub(super) id: String,
    pub(super) plan_id: String,
    pub(super) execution_id: String,
    /// The task of the execution that the step is.
    pub(super) task_id: Option<String>,
    /// The agent that logged it, when it was one.
    pub(super) agent_id: Option<String>,
    pub(super) step_number: Option<u32>,
    pub(super) action_type: String,
    pub(super) entity_type: Option<String>,
    pub(super) entity_id: Option<String>,
    pub(super) description: String,
    #[schema(value_type = Option<Any>)]
    pub(super) before_state: Option<Value>,
    #[schema(value_type = Option<Any>)]
    pub(super) after_state: Option<Value>,
    /// How sure the agent is, 0 to 1.
    pub(super) agent_confidence: Option<f64>,
    pub(super) error_message: Option<String>,
    #[schema(value_type = Moment)]
    pub(super) created_at: String,
}

impl From<&AgentLogRow> for LogShown {
    fn from(row: &AgentLogRow) -> Self {
        let text = |text: &std::sync::Arc<str>| text.to_string();
        Self {
            id: log_id(row.event_position),
            plan_id: text(&row.plan_id),
            execution_id: text(&row.execution_id),
            task_id: row.task_id.as_ref().map(text),
            agent_id: row.agent_id.as_ref().map(text),
            step_number: row.step_number,
            action_type: text(&row.action_type),
            entity_type: row.entity_type.as_ref().map(text),
            entity_id: row.entity_id.as_ref().map(text),
            description: text(&row.description),
            before_state: row.before_state.as_ref().map(|json| value_of(&json.0)),
            after_state: row.after_state.as_ref().map(|json| value_of(&json.0)),
            agent_confidence: row.confidence_permille.map(|it| f64::from(it) / 1_000.0),
            error_message: row.error_message.as_ref().map(text),
            created_at: row.logged_at.to_string(),
        }
    }
}

/// The id of an entry: its place in the log never changes.
pub(super) fn log_id(position: u64) -> String {
    format!("log_{position}")
}

/// Something that is remembered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Context)]
pub(in crate::http) struct ContextShown {
    pub(super) id: String,
    pub(super) task_id: Option<String>,
    pub(super) plan_id: Option<String>,
    pub(super) agent_id: Option<String>,
    pub(super) context_type: String,
    pub(super) context_key: String,
    pub(super) context_value: String,
    #[schema(value_type = Option<AnyObject>)]
    pub(super) metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Moment>)]
    pub(super) updated_at: Option<String>,
}

impl From<&MemoryRow> for ContextShown {
    fn from(row: &MemoryRow) -> Self {
        let text = |text: &std::sync::Arc<str>| text.to_string();
        Self {
            id: text(&row.context_id),
            task_id: Some(text(&row.task_id)).filter(|task_id| !task_id.is_empty()),
            plan_id: row.plan_id.as_ref().map(text),
            agent_id: row.agent_id.as_ref().map(text),
            context_type: text(&row.context_type),
            context_key: text(&row.context_key),
            context_value: text(&row.context_value),
            metadata: row.metadata.as_ref().map(|json| value_of(&json.0)),
            updated_at: Some(row.set_at.to_string()),
        }
    }
}

pub(super) fn value_of(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}
