//! `POST /api/executions/{execution_id}/events`: what agents report.

use super::App;
use super::body::{Body, typed};
use super::caller::Caller;
use super::code::Code;
use super::executions::known_id;
use super::heartbeat::verdict_word;
use super::problem::Problem;
use super::report_body::{ReportDocument, Reported};
use super::schemas::{AnyObject, Id};
use super::shown::Status;
use super::terms::Terms;
use super::writing::{Done, Write};
use crate::domain::event::record::RecordEvent;
use crate::domain::execution::{Execution, Verdict};
use crate::domain::{AgentId, Command, Event, ExecutionId, LeaseToken, State, StreamName, TaskId};
use crate::engine::Beat;
use crate::projections::progress::message;
use axum::Json as Answer;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;

/// What is kept as the answer to a report that came too late.
const LATE: &[u8] = b"\"late\"";
/// How many reports one body may hold.
const REPORTS_MAX: usize = 500;

/// What a list of reports is answered: what became of each, in their order.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) struct ReportResults {
    #[schema(value_type = Vec<AnyObject>)]
    results: Vec<String>,
}

/// What a report is answered.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) struct ReportTaken {
    #[schema(value_type = Option<Id>)]
    execution_id: Option<String>,
    /// The task that would be given next.
    next_task_id: Option<String>,
    next_action: Option<String>,
    status: Option<Status>,
    status_message: Option<String>,
    /// What the holder of the lease should do, when a heartbeat was sent.
    verdict: Option<String>,
    human_review_required: Option<bool>,
    escalated_to: Option<String>,
    blocker_id: Option<String>,
    next_step_options: Option<Vec<String>>,
    /// What `GET /api/agents/{agent_id}/work` would answer now, where `claim_next` asks for it;
    /// null when there is nothing.
    #[schema(value_type = Option<AnyObject>)]
    work: Option<String>,
}

/// A report, or a list of them.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) enum Reports {
    One(Box<ReportDocument>),
    Many(Vec<ReportDocument>),
}

/// Takes a report, or each of a list in turn: one that is refused does not hold up the next.
#[utoipa::path(post, path = "/api/executions/{execution_id}/events", operation_id = "report",
    tag = "reports", security(("key" = ["report"])), params(Terms), request_body = Reports,
    responses((status = 201, description = "It is in the log.", body = ReportTaken),
        (status = 200, description = "It was in the log already; or each of a list was taken by \
            itself.", body = ReportTaken)))]
pub(super) async fn report(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(execution_id): Path<String>,
    Body { value, .. }: Body<Value>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let Value::Array(reports) = value else {
        return app.take_report(&caller, terms, &execution_id, value).await;
    };
    if reports.len() > REPORTS_MAX {
        let detail = format!("one body holds at most {REPORTS_MAX} reports");
        return Err(Problem::new(Code::TooLarge, detail));
    }
    let results = app.take_reports(&caller, &terms, &execution_id, reports).await;
    Ok(Answer(json!({"results": results})).into_response())
}

/// A report that was understood: what is to be done, for whom, on which terms.
struct Understood {
    report: ReportDocument,
    reported: Reported,
    caller: Caller,
    terms: Terms,
    sent: String,
}

impl Understood {
    fn of(
        caller: &Caller,
        mut terms: Terms,
        execution_id: &ExecutionId,
        report: Value,
    ) -> Result<Self, Problem> {
        let sent = report.to_string();
        let report: ReportDocument = typed(report)?;
        if report.execution_id.as_ref().is_some_and(|named| named != execution_id) {
            let message = "this names another execution than the path does";
            return Err(Problem::at(Code::Invalid, "/execution_id", message));
        }
        let caller = caller.as_agent(&report.agent_id)?;
        let reported = report.reported()?;
        if matches!(reported, Reported::Command(_)) {
            terms.key = report.key()?.or(terms.key);
        }
        Ok(Self { report, reported, caller, terms, sent })
    }

    /// Whether nothing is wanted but that it is stored.
    fn is_plain(&self) -> bool {
        matches!(self.reported, Reported::Command(_))
            && !self.report.claim_next
            && !self.terms.is_dry_run
    }

    /// What is written of it; none for a sign of life.
    fn write(&self, execution_id: &ExecutionId) -> Option<Write<'_>> {
        let Reported::Command(command) = &self.reported else { return None };
        Some(Write {
            caller: &self.caller,
            terms: &self.terms,
            body: self.sent.as_bytes(),
            stream: StreamName::execution(execution_id),
            command: Command::Execution((**command).clone()),
            describe: describe_report,
        })
    }
}

/// Whether a report was taken, and as a new one.
fn status_of(done: &Done) -> Result<StatusCode, Problem> {
    if done.outcome.description == LATE {
        return Err(lease_lost());
    }
    let is_new = !done.outcome.is_repeat && !done.outcome.recorded.is_empty();
    Ok(if is_new { StatusCode::CREATED } else { StatusCode::OK })
}

impl App {
    /// Takes each report of a list, in their order; those of which nothing is wanted but that they
    /// are stored are stored together.
    async fn take_reports(
        &self,
        caller: &Caller,
        terms: &Terms,
        execution_id: &ExecutionId,
        reports: Vec<Value>,
    ) -> Vec<Value> {
        let mut results = Vec::with_capacity(reports.len());
        let mut plain = Vec::new();
        for (place, report) in reports.into_iter().enumerate() {
            let mut own = terms.clone();
            own.key = terms.key.as_ref().map(|key| format!("{key}/{place}"));
            let understood = Understood::of(caller, own, execution_id, report);
            match understood {
                Ok(understood) if understood.is_plain() => plain.push(understood),
                other => {
                    self.take_plain(execution_id, &mut plain, &mut results).await;
                    let answer = match other {
                        Ok(understood) => self.take(execution_id, understood).await,
                        Err(problem) => Err(problem),
                    };
                    results.push(super::writing::result_of(answer).await);
                }
            }
        }
        self.take_plain(execution_id, &mut plain, &mut results).await;
        results
    }

    async fn take_plain(
        &self,
        execution_id: &ExecutionId,
        plain: &mut Vec<Understood>,
        results: &mut Vec<Value>,
    ) {
        let plain = std::mem::take(plain);
        let writes = plain.iter().filter_map(|understood| understood.write(execution_id));
        for done in self.write_all(writes.collect()).await {
            let taken = done.and_then(|done| Ok((status_of(&done)?, done)));
            results.push(match taken {
                Ok((status, done)) => done.result(status),
                Err(problem) => problem.as_result(),
            });
        }
    }

    async fn take_report(
        &self,
        caller: &Caller,
        terms: Terms,
        execution_id: &ExecutionId,
        report: Value,
    ) -> Result<Response, Problem> {
        let understood = Understood::of(caller, terms, execution_id, report)?;
        self.take(execution_id, understood).await
    }

    async fn take(
        &self,
        execution_id: &ExecutionId,
        understood: Understood,
    ) -> Result<Response, Problem> {
        let Some(write) = understood.write(execution_id) else {
            return self.take_heartbeat(execution_id, &understood).await;
        };
        let mut done: Done = self.write(write).await?;
        let Understood { report, caller, terms, .. } = &understood;
        if report.claim_next && !terms.is_dry_run && done.outcome.description != LATE {
            // The report is in the log whatever comes of the question: a poll says what is wrong.
            done.add("work", self.next_work(caller, &report.agent_id).await.unwrap_or_default());
        }
        let status = status_of(&done)?;
        Ok(done.answer(status))
    }

    /// A sign of life is not in the log; its answer says where things stand.
    async fn take_heartbeat(
        &self,
        execution_id: &ExecutionId,
        understood: &Understood,
    ) -> Result<Response, Problem> {
        let Understood { report, reported, caller, .. } = understood;
        let (lease, progress_percent) = match reported {
            Reported::Heartbeat { lease, progress_percent } => (lease.clone(), *progress_percent),
            Reported::Command(_) => (None, None),
        };
        let (workspace, agent_id) = (&caller.workspace, &report.agent_id);
        let asked = (report.named_task().cloned(), agent_id.clone());
        let told = self.engine.ask(workspace, execution_id, move |execution| {
            (standing(execution), asked.0.and_then(|task| held(execution, &task, &asked.1)))
        });
        let (mut told, own) = told.await?.ok_or_else(super::executions::no_such_execution)?;
        let beats = lease.or(own).map(|lease| Beat { lease, progress_percent });
        let verdicts =
            self.engine.heartbeat(workspace, agent_id, beats.into_iter().collect()).await?;
        let verdict = verdicts.first().map_or(&Verdict::Ok, |told| &told.verdict);
        told["verdict"] = verdict_word(verdict).0.into();
        told["execution_id"] = execution_id.as_str().into();
        Ok((StatusCode::CREATED, Answer(told)).into_response())
    }
}

/// The lease of an agent that knows of none, on the task that it says it is at.
fn held(execution: &Execution, task_id: &TaskId, agent_id: &AgentId) -> Option<LeaseToken> {
    let node = execution.tree().node(execution.tree().find(task_id)?);
    node.leaf.lease().filter(|lease| lease.agent_id == *agent_id)?;
    execution.lease_of(task_id)
}

/// Where an execution stands, and what is next.
fn standing(execution: &Execution) -> Value {
    let next = execution.grantable().next();
    let next = next.map(|leaf| &execution.tree().node(leaf.spot).definition);
    json!({
        "next_task_id": next.map(|definition| &definition.task_id),
        "next_action": next.and_then(|definition| definition.action.as_ref()),
        "status": execution.status().map(|status| status.as_str()),
        "status_message": message(execution),
    })
}

/// The agent is told to stop; what it reported is in the log, as evidence.
fn lease_lost() -> Problem {
    let detail = "the lease is not the agent's any more: the report is kept, and changes nothing";
    Problem::new(Code::LeaseLost, detail)
        .next("stop working on this task, without side effects")
        .next("GET /api/agents/{agent_id}/work")
}

/// What a report is answered.
fn describe_report(state: &State, events: &[Event]) -> Vec<u8> {
    if events.iter().any(|event| event.kind() == "late_report_kept") {
        return LATE.to_vec();
    }
    let Some(execution) = state.execution() else { return Vec::new() };
    let mut answer = standing(execution);
    answer["execution_id"] = json!(execution.header().map(|header| &header.execution_id));
    let raised = events.iter().find_map(|event| match event {
        Event::Record(RecordEvent::BlockerRaised(raised)) => Some(raised),
        Event::Record(_)
        | Event::Work(_)
        | Event::Lifecycle(_)
        | Event::Agent(_)
        | Event::Plan(_)
        | Event::Workspace(_) => None,
    });
    if let Some(raised) = raised {
        answer["human_review_required"] = true.into();
        answer["escalated_to"] = "owner".into();
        answer["blocker_id"] = json!(raised.blocker_id);
        answer["next_step_options"] = json!(raised.suggestions);
    }
    serde_json::to_vec(&answer).expect("texts and numbers always become JSON")
}
