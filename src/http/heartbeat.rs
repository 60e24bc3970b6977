//! `/api/agents/{agent_id}/heartbeat`: one sign of life for all that an agent holds.

use super::App;
use super::agents;
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::problem::Problem;
use super::report_body::UsageDocument;
use super::schemas::{Any, Id};
use crate::domain::event::work::Remarks;
use crate::domain::execution::{ExecutionCommand, Report, ReportBody, Verdict};
use crate::domain::{AgentId, Command, Json, LeaseToken, StreamName};
use crate::engine::{Beat, BeatVerdict, EngineError, Request};
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::ToSchema;

/// How many leases one heartbeat may name.
const LEASES_MAX: usize = 500;

/// An agent says that it is there, and how far its tasks are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Heartbeat {
    #[serde(default)]
    leases: Vec<HeldLease>,
    #[schema(value_type = Option<Any>)]
    #[expect(dead_code, reason = "what an agent has seen is not kept")]
    directives_seen: Option<Value>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HeldLease {
    /// The token that came with the task.
    lease: String,
    #[schema(maximum = 100)]
    progress_percent: Option<u8>,
    /// What the next attempt would go on from; it is recorded.
    #[schema(value_type = Option<Any>)]
    checkpoint: Option<Value>,
    /// What the work cost since the last time; it is recorded.
    usage: Option<UsageDocument>,
}

/// What the holder of each lease should do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Verdicts {
    #[schema(value_type = Id)]
    agent_id: AgentId,
    leases: Vec<VerdictShown>,
}

/// What the holder of a lease should do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verdict)]
struct VerdictShown {
    lease: String,
    /// `ok`, `pause`, `cancel`, `lost` or `reset`.
    verdict: &'static str,
    /// When the grace after a cancel ends.
    grace_ends_at: Option<String>,
}

/// Renews leases, and answers each with what its holder should do.
#[utoipa::path(post, path = "/api/agents/{agent_id}/heartbeat", operation_id = "send_heartbeat",
    tag = "work", security(("key" = ["work"])), request_body = Heartbeat,
    responses((status = 200, description = "A verdict for each lease.", body = Verdicts)))]
pub(super) async fn heartbeat(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    Path(agent_id): Path<String>,
    Body { value, .. }: Body<Heartbeat>,
) -> Result<Answer<Verdicts>, Problem> {
    let agent_id = agents::known_id(&agent_id)?;
    let caller = caller.as_agent(&agent_id)?;
    if value.leases.len() > LEASES_MAX {
        let message = format!("a heartbeat names at most {LEASES_MAX} leases");
        return Err(Problem::at(Code::Invalid, "/leases", message));
    }
    app.registered(&caller, &agent_id).await?;
    let mut beats = Vec::new();
    let mut reports = Vec::new();
    for (place, held) in value.leases.iter().enumerate() {
        let pointer = format!("/leases/{place}");
        let wrong = |_| Problem::at(Code::Invalid, format!("{pointer}/lease"), "no lease");
        let lease = LeaseToken::parse(&held.lease).map_err(wrong)?;
        reports.extend(held.report(&agent_id, &lease, &pointer)?.map(|it| (lease.clone(), it)));
        beats.push(Beat { lease, progress_percent: held.progress_percent.map(|it| it.min(100)) });
    }
    for (lease, report) in reports {
        app.record(&caller, &lease, report).await?;
    }
    let verdicts = app.engine.heartbeat(&caller.workspace, &agent_id, beats).await?;
    Ok(Answer(Verdicts { agent_id, leases: verdicts.iter().map(verdict_shown).collect() }))
}

impl HeldLease {
    /// What of it is to be recorded, and not only known for now.
    fn report(
        &self,
        agent_id: &AgentId,
        lease: &LeaseToken,
        pointer: &str,
    ) -> Result<Option<Report>, Problem> {
        if self.checkpoint.is_none() && self.usage.is_none() {
            return Ok(None);
        }
        let checkpoint = self.checkpoint.as_ref().map(Json::from_value).transpose();
        let checkpoint = checkpoint.map_err(|error| {
            Problem::at(Code::Invalid, format!("{pointer}/checkpoint"), error.to_string())
        })?;
        let progress_percent = self.progress_percent.map(|it| it.min(100));
        let usage = self.usage.map(UsageDocument::usage);
        Ok(Some(Report {
            agent_id: agent_id.clone(),
            task_id: lease.task_id.clone(),
            lease: Some(lease.clone()),
            body: ReportBody::Progressed { progress_percent, checkpoint },
            remarks: Remarks { usage, ..Remarks::default() },
        }))
    }
}

impl App {
    /// Records what came with a heartbeat. What the law refuses shows in the verdict.
    async fn record(
        &self,
        caller: &Caller,
        lease: &LeaseToken,
        report: Report,
    ) -> Result<(), Problem> {
        let stream = StreamName::execution(&lease.execution_id);
        let command = Command::Execution(ExecutionCommand::Report(Box::new(report)));
        let request = Request::new(&caller.workspace, stream, command, caller.actor.clone());
        match self.engine.execute(request).await {
            Ok(_) | Err(EngineError::Rejected(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn verdict_shown(told: &BeatVerdict) -> VerdictShown {
    let (verdict, grace_ends_at) = verdict_word(&told.verdict);
    VerdictShown { lease: told.lease.to_string(), verdict, grace_ends_at }
}

/// The word for what the holder of a lease should do, and until when.
pub(super) fn verdict_word(verdict: &Verdict) -> (&'static str, Option<String>) {
    match verdict {
        Verdict::Ok => ("ok", None),
        Verdict::Pause => ("pause", None),
        Verdict::Cancel { grace_ends_at } => ("cancel", Some(grace_ends_at.to_string())),
        Verdict::Lost => ("lost", None),
        Verdict::Reset => ("reset", None),
    }
}
