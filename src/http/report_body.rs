//! A report as agents write it, in all the words that the documents use.

use super::code::Code;
use super::problem::Problem;
use super::schemas::{Any, Id, Moment};
use crate::domain::event::work::{Remarks, TaskError};
use crate::domain::execution::{ExecutionCommand, LoggedAction, Report, ReportBody};
use crate::domain::{
    AgentId, ExecutionId, Json, LeaseToken, TaskId, Text, Timestamp, Title, Usage,
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The words for what is reported.
pub(super) const EVENT_TYPES: [&str; 13] = [
    "heartbeat",
    "task_started",
    "task_progress",
    "task_complete",
    "task_error",
    "task_blocked",
    "subtask_started",
    "subtask_in_progress",
    "subtask_complete",
    "subtask_error",
    "task_released",
    "note_added",
    "action_logged",
];
/// The words for what an agent writes down that it did.
pub(super) const ACTION_TYPES: [&str; 10] = [
    "create_task",
    "update_task",
    "create_subtask",
    "update_subtask",
    "complete_step",
    "add_note",
    "block",
    "unblock",
    "add_context",
    "update_context",
];
/// The documents' other words for fields of a report.
pub(super) const SYNONYMS: [(&str, &str); 6] = [
    ("timestamp", "agent_timestamp"),
    ("current_task_id", "task_id"),
    ("result", "status"),
    ("current_task_progress", "progress_percent"),
    ("output", "output_data"),
    ("result_data", "output_data"),
];
/// How long an id may be that an agent gives its report.
const EVENT_ID_BYTES_MAX: usize = 200;

/// A report; what it says twice in two words is refused.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Report)]
pub(super) struct ReportDocument {
    event_id: Option<String>,
    #[schema(value_type = Option<Id>)]
    pub(super) execution_id: Option<ExecutionId>,
    #[schema(value_type = Id)]
    pub(super) agent_id: AgentId,
    #[serde(alias = "timestamp")]
    #[schema(value_type = Option<Moment>)]
    pub(super) agent_timestamp: Option<Timestamp>,
    /// One of the thirteen words for what is reported.
    event_type: Option<String>,
    #[serde(alias = "current_task_id")]
    #[schema(value_type = Option<Id>)]
    task_id: Option<TaskId>,
    #[schema(value_type = Option<Id>)]
    subtask_id: Option<TaskId>,
    lease: Option<String>,
    #[serde(alias = "result")]
    status: Option<String>,
    #[serde(alias = "current_task_progress")]
    #[schema(maximum = 100)]
    progress_percent: Option<u8>,
    #[serde(alias = "output", alias = "result_data")]
    #[schema(value_type = Option<Any>)]
    output_data: Option<Value>,
    #[schema(value_type = Option<Any>)]
    checkpoint: Option<Value>,
    #[schema(value_type = Option<String>)]
    message: Option<Text>,
    #[schema(value_type = Option<String>)]
    notes: Option<Text>,
    usage: Option<UsageDocument>,
    #[schema(value_type = Option<String>)]
    error_type: Option<Text>,
    #[schema(value_type = Option<String>)]
    error_message: Option<Text>,
    #[serde(default)]
    human_review_required: bool,
    #[schema(value_type = Option<Vec<String>>)]
    suggestions: Option<Vec<Text>>,
    #[schema(value_type = Option<String>)]
    suggestion: Option<Text>,
    status_code: Option<u32>,
    retryable: Option<bool>,
    retry_after_seconds: Option<u64>,
    wait_hours: Option<u32>,
    step_number: Option<u32>,
    #[schema(value_type = Option<String>)]
    action_type: Option<Title>,
    #[schema(value_type = Option<String>)]
    entity_type: Option<Title>,
    #[schema(value_type = Option<String>)]
    entity_id: Option<Title>,
    #[schema(value_type = Option<String>)]
    description: Option<Text>,
    #[schema(value_type = Option<Any>)]
    before_state: Option<Value>,
    #[schema(value_type = Option<Any>)]
    after_state: Option<Value>,
    agent_confidence: Option<f64>,
    #[expect(
        dead_code,
        reason = "the documents' agents say it; a blocker always holds up its task"
    )]
    blocking: Option<bool>,
    #[expect(
        dead_code,
        reason = "the documents' agents say what they count; the log knows better"
    )]
    tasks_completed: Option<u64>,
    #[expect(
        dead_code,
        reason = "the documents' agents say what they count; the log knows better"
    )]
    tasks_total: Option<u64>,
    #[expect(dead_code, reason = "the documents' agents say what they would do next")]
    next_task_id: Option<String>,
}

/// What work cost, in the words of the API.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ReportedUsage)]
#[derive(Default)]
pub(super) struct UsageDocument {
    input_tokens: u64,
    output_tokens: u64,
    cost_usd: f64,
    duration_ms: u64,
}

impl UsageDocument {
    pub(super) fn usage(self) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost_microusd: microusd(self.cost_usd),
            duration_ms: self.duration_ms,
        }
    }
}

/// What a report comes to.
pub(super) enum Reported {
    /// A sign of life.
    Heartbeat { lease: Option<LeaseToken>, progress_percent: Option<u8> },
    /// A command to the execution.
    Command(Box<ExecutionCommand>),
}

fn wrong(field: &str, message: impl Into<String>) -> Problem {
    Problem::at(Code::Invalid, format!("/{field}"), message)
}

impl ReportDocument {
    /// What is reported, told by its own word or by what the documents' agents leave out.
    fn kind(&self) -> Result<&str, Problem> {
        let is_blocked = self.status.as_deref() == Some("BLOCKED");
        match self.event_type.as_deref() {
            Some(kind) if EVENT_TYPES.contains(&kind) => Ok(kind),
            None if is_blocked => Ok("task_blocked"),
            Some(_) | None => {
                Err(wrong("event_type", format!("event_type is one of {}", EVENT_TYPES.join(", "))))
            }
        }
    }

    fn task(&self) -> Result<TaskId, Problem> {
        self.named_task()
            .cloned()
            .ok_or_else(|| wrong("task_id", "this report names the task_id that it is about"))
    }

    fn lease(&self) -> Result<Option<LeaseToken>, Problem> {
        let lease = self.lease.as_deref().map(LeaseToken::parse).transpose();
        lease.map_err(|_| wrong("lease", "this is no lease: send the one that came with the task"))
    }

    /// What it comes to.
    pub(super) fn reported(&self) -> Result<Reported, Problem> {
        let kind = self.kind()?;
        if kind == "heartbeat" {
            let progress_percent = self.progress_percent;
            return Ok(Reported::Heartbeat { lease: self.lease()?, progress_percent });
        }
        let command = match kind {
            "note_added" => {
                let text = self.notes.clone().or_else(|| self.message.clone());
                let text = text.ok_or_else(|| wrong("notes", "a note says something"))?;
                ExecutionCommand::AddNote { task_id: self.task_id.clone(), text }
            }
            "action_logged" => ExecutionCommand::LogAction(Box::new(self.action()?)),
            _ => ExecutionCommand::Report(Box::new(Report {
                agent_id: self.agent_id.clone(),
                task_id: self.task()?,
                lease: self.lease()?,
                body: self.body(kind)?,
                remarks: self.remarks(),
            })),
        };
        Ok(Reported::Command(Box::new(command)))
    }

    fn body(&self, kind: &str) -> Result<ReportBody, Problem> {
        Ok(match kind {
            "task_started" | "subtask_started" => ReportBody::Started,
            "task_progress" | "subtask_in_progress" => ReportBody::Progressed {
                progress_percent: self.progress_percent.map(|percent| percent.min(100)),
                checkpoint: json("checkpoint", self.checkpoint.as_ref())?,
            },
            "task_complete" | "subtask_complete" => {
                ReportBody::Completed { output: json("output_data", self.output_data.as_ref())? }
            }
            "task_error" | "subtask_error" => ReportBody::Failed { error: self.error() },
            "task_blocked" => ReportBody::Blocked {
                message: self.said("the agent cannot go on"),
                suggestions: self.ways_out(),
                wait_ms: self.wait_hours.map(|hours| u64::from(hours) * 3_600_000),
            },
            _released => {
                ReportBody::Released { checkpoint: json("checkpoint", self.checkpoint.as_ref())? }
            }
        })
    }

    fn error(&self) -> TaskError {
        let kind = self.error_type.clone();
        TaskError {
            error_type: kind.unwrap_or_else(|| Text::parse("error").expect("it is a text")),
            message: self.error_message.clone().or_else(|| self.message.clone()),
            is_retryable: self.retryable,
            needs_person: self.human_review_required,
            suggestions: self.ways_out(),
            status_code: self.status_code,
            retry_after_ms: self.retry_after_seconds.map(|it| it.saturating_mul(1_000)),
        }
    }

    fn said(&self, otherwise: &str) -> Text {
        let said = self.error_message.as_ref().or(self.message.as_ref()).or(self.notes.as_ref());
        said.cloned().unwrap_or_else(|| Text::parse(otherwise).expect("it is a text"))
    }

    fn ways_out(&self) -> Vec<Text> {
        self.suggestions.iter().flatten().chain(&self.suggestion).cloned().collect()
    }

    fn remarks(&self) -> Remarks {
        let usage = self.usage.map(UsageDocument::usage);
        let (message, notes) = (self.message.clone(), self.notes.clone());
        Remarks { message, notes, usage, agent_at: self.agent_timestamp }
    }

    fn action(&self) -> Result<LoggedAction, Problem> {
        let known = |kind: &&Title| ACTION_TYPES.contains(&kind.as_str());
        let action_type = self.action_type.as_ref().filter(known).cloned();
        let confidence = self.agent_confidence.map(permille).transpose()?;
        Ok(LoggedAction {
            task_id: self.task_id.clone(),
            step_number: self.step_number,
            action_type: action_type.ok_or_else(|| {
                wrong("action_type", format!("it is one of {}", ACTION_TYPES.join(", ")))
            })?,
            entity_type: self.entity_type.clone(),
            entity_id: self.entity_id.clone(),
            description: self
                .description
                .clone()
                .ok_or_else(|| wrong("description", "say what was done"))?,
            before_state: json("before_state", self.before_state.as_ref())?,
            after_state: json("after_state", self.after_state.as_ref())?,
            confidence_permille: confidence,
            error_message: self.error_message.clone(),
        })
    }

    /// What makes the report recognisable, when the agent named it.
    pub(super) fn key(&self) -> Result<Option<String>, Problem> {
        let Some(key) = &self.event_id else { return Ok(None) };
        if (1..=EVENT_ID_BYTES_MAX).contains(&key.len()) {
            return Ok(Some(key.clone()));
        }
        Err(wrong("event_id", format!("an event_id has 1 to {EVENT_ID_BYTES_MAX} characters")))
    }

    /// The task that a heartbeat names, if any.
    pub(super) fn named_task(&self) -> Option<&TaskId> {
        self.subtask_id.as_ref().or(self.task_id.as_ref())
    }
}

/// How sure, in thousandths: 0 to 1 comes to 0 to 1000.
pub(super) fn permille(confidence: f64) -> Result<u16, Problem> {
    let wrong = || wrong("agent_confidence", "it is a number from 0 to 1");
    let lasting = std::time::Duration::try_from_secs_f64(confidence).map_err(|_| wrong())?;
    u16::try_from(lasting.as_millis()).ok().filter(|it| *it <= 1_000).ok_or_else(wrong)
}

pub(super) fn json(field: &str, value: Option<&Value>) -> Result<Option<Json>, Problem> {
    let value = value.filter(|value| !value.is_null());
    value.map(Json::from_value).transpose().map_err(|error| wrong(field, error.to_string()))
}

/// Money in millionths; what is negative or no number counts nothing.
fn microusd(usd: f64) -> u64 {
    let duration = std::time::Duration::try_from_secs_f64(usd).unwrap_or_default();
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
