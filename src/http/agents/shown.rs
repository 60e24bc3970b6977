//! An agent, as the door shows it.

use super::calling::AgentWebhook;
use super::form::Kind;
use crate::domain::{Event, State};
use crate::http::schemas::{self, Any, AnyObject, Id, Moment};
use crate::projections::metrics::MetricRow;
use crate::reading::AgentSums;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// An agent, as the door shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agent)]
pub(in crate::http) struct AgentShown<'a> {
    #[schema(value_type = Id)]
    pub(super) agent_id: &'a str,
    pub(super) name: &'a str,
    pub(super) role: Option<&'a str>,
    #[schema(value_type = Kind)]
    pub(super) kind: &'a str,
    #[schema(value_type = Vec<Any>)]
    pub(super) capabilities: Value,
    #[schema(value_type = Option<AnyObject>)]
    pub(super) integration_endpoints: Option<Value>,
    pub(super) webhook_url: Option<&'a str>,
    /// Whether it is called there; null where it named no address.
    pub(super) webhook: Option<AgentWebhook>,
    pub(super) max_concurrent_tasks: u32,
    /// `active` has work, `idle` has none, `offline` was not heard of for too long; `paused`,
    /// `draining`, `retired`.
    pub(super) status: &'static str,
    #[schema(value_type = schemas::Priority)]
    pub(super) priority: &'a str,
    #[schema(value_type = Moment)]
    pub(super) registered_at: String,
    pub(super) last_heartbeat: Option<String>,
    /// The tasks that it holds.
    pub(super) leases: Vec<Lease>,
    pub(super) version: u64,
    /// How it did so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) track_record: Option<TrackRecord>,
}

/// How an agent did so far.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TrackRecord {
    tasks_granted: i64,
    tasks_completed: i64,
    attempts_failed: i64,
    leases_expired: i64,
    late_reports: i64,
    /// Of the attempts that ended, the share that was completed: 0 to 1.
    success_rate: Option<f64>,
    /// What half of the attempts stayed under.
    median_ms: Option<u64>,
    input_tokens: i64,
    output_tokens: i64,
}

impl TrackRecord {
    /// What is counted of an agent; zeros before it took anything.
    pub(super) fn of(sums: Option<&AgentSums>) -> Self {
        let row = sums.and_then(|sums| sums.row.as_ref());
        let count = |count: fn(&MetricRow) -> i64| row.map_or(0, count);
        let (done, failed) = (count(|it| it.tasks_completed), count(|it| it.attempts_failed));
        Self {
            tasks_granted: count(|it| it.tasks_granted),
            tasks_completed: done,
            attempts_failed: failed,
            leases_expired: count(|it| it.leases_expired),
            late_reports: count(|it| it.late_reports),
            success_rate: share(done, done + failed),
            median_ms: sums.and_then(|sums| sums.duration_ms(500)),
            input_tokens: count(|it| it.input_tokens),
            output_tokens: count(|it| it.output_tokens),
        }
    }
}

/// One of several, to the thousandth.
fn share(part: i64, whole: i64) -> Option<f64> {
    let permille = part.checked_mul(1_000)?.checked_div(whole)?;
    Some(f64::from(i32::try_from(permille).ok()?) / 1_000.0)
}

/// A task that an agent holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldTask)]
pub(super) struct Lease {
    pub(super) execution_id: String,
    pub(super) task_id: String,
}

/// `active` has work, `idle` has none, `offline` was not heard of for too long.
pub(super) fn public_status(status: &str, has_work: bool) -> &'static str {
    match (status, has_work) {
        ("active", true) => "active",
        ("active", false) => "idle",
        ("paused", _) => "paused",
        ("draining", _) => "draining",
        ("retired", _) => "retired",
        (_, _) => "offline",
    }
}

/// What a write is answered: the agent as it is afterwards.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct AgentAfter {
    #[schema(value_type = Id)]
    pub(super) agent_id: Value,
    #[schema(value_type = String)]
    pub(super) name: Value,
    #[schema(value_type = Option<String>)]
    pub(super) role: Value,
    #[schema(value_type = Kind)]
    pub(super) kind: Value,
    #[schema(value_type = Vec<Any>)]
    pub(super) capabilities: Value,
    #[schema(value_type = Option<AnyObject>)]
    pub(super) integration_endpoints: Value,
    #[schema(value_type = Option<String>)]
    pub(super) webhook_url: Value,
    /// Whether it is called there; in answers to registrations that name an address, or did before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhook: Option<AgentWebhook>,
    pub(super) max_concurrent_tasks: u32,
    pub(super) status: &'static str,
    #[schema(value_type = schemas::Priority)]
    pub(super) priority: Value,
    pub(super) registered_at: Option<String>,
    /// Its first API key, where there are keys: shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api_key: Option<String>,
}

/// The bytes of that answer.
pub(super) fn describe(state: &State, _: &[Event]) -> Vec<u8> {
    let agent = state.agent();
    let Some((agent, profile)) = agent.and_then(|agent| Some((agent, agent.profile()?))) else {
        return Vec::new();
    };
    let shown = AgentAfter {
        agent_id: json!(agent.agent_id()),
        name: json!(profile.name),
        role: json!(profile.role),
        kind: json!(profile.kind),
        capabilities: json!(profile.capabilities),
        integration_endpoints: json!(profile.integration_endpoints),
        webhook_url: json!(profile.webhook_url),
        webhook: None,
        max_concurrent_tasks: profile.concurrent_tasks_max,
        status: public_status(agent.status().as_str(), false),
        priority: json!(agent.priority()),
        registered_at: agent.registered_at().map(|at| at.to_string()),
        api_key: None,
    };
    serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
}
