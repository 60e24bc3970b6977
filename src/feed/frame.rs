//! What subscribers are sent: the frames of the live streams, as they stand in JSON.

use super::sentence::short;
use crate::domain::Timestamp;
use crate::projections::progress::ProgressRow;
use crate::projections::task_tree::TaskRow;
use crate::store::Position;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What a subscriber is sent. Positions never go back; the position of the last frame is where to
/// resume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Frame {
    /// How everything stands; updates before it no longer matter.
    Snapshot(Snapshot),
    /// How an execution stands now.
    ExecutionUpdate(ExecutionUpdate),
    /// How a task stands now.
    TaskUpdate(TaskUpdate),
    /// Something happened.
    Event(EventFrame),
    /// Everything up to there has been sent: who hears nothing has missed nothing.
    Heartbeat(Heartbeat),
    /// The reader was too slow.
    Lagged(Lagged),
}

/// How everything stands at a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The execution that is followed, when it is one.
    pub execution: Option<ExecutionState>,
    /// Its tasks, in the order of the plan.
    pub tasks: Arc<[TaskState]>,
    /// On a wider topic: the executions to which something happened since the position that was
    /// resumed from.
    pub executions: Vec<ExecutionState>,
    /// Whether there are more tasks or executions than stand here; they are to be read.
    pub is_partial: bool,
    /// When.
    pub timestamp: Timestamp,
    /// Everything up to there is in it.
    pub position: Position,
}

/// How an execution stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionState {
    /// The execution.
    pub execution_id: Arc<str>,
    /// The plan that it carries out.
    pub plan_id: Arc<str>,
    /// One line for people.
    pub title: Arc<str>,
    /// Its status.
    pub status: Arc<str>,
    /// Why it has that status.
    pub status_message: Arc<str>,
    /// The one agent that carries it out.
    pub agent_id: Option<Arc<str>>,
    /// How far it is.
    pub progress: ProgressState,
    /// How many leaves have which status.
    pub counts: BTreeMap<Arc<str>, u32>,
    /// Blockers that stand.
    pub blockers_open: u32,
    /// What a person could do to it now.
    pub allowed_commands: Vec<Arc<str>>,
    /// When it first ran.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// The version of its last event.
    pub version: u64,
}

/// How far an execution is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgressState {
    /// Leaves that are complete or skipped.
    pub tasks_completed: u32,
    /// All leaves.
    pub tasks_total: u32,
    /// The share of the work that is done, 0 to 100.
    pub percent: u8,
    /// The task at work that began first.
    pub current_task_id: Option<Arc<str>>,
    /// Its title.
    pub current_task_title: Option<Arc<str>>,
}

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskState {
    /// The task.
    pub task_id: Arc<str>,
    /// The task that it is a part of.
    pub parent_task_id: Option<Arc<str>>,
    /// One line for people.
    pub title: Arc<str>,
    /// Its status; a parent's follows from its leaves.
    pub status: Arc<str>,
    /// How much is done, 0 to 100.
    pub progress_percent: u8,
    /// The agent that has it, or had it last.
    pub agent_id: Option<Arc<str>>,
    /// Which attempt this is, from 1; 0 before the first.
    pub attempt: u32,
    /// Blockers that stand on it.
    pub blockers_open: u32,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When work on it ended.
    pub ended_at: Option<Timestamp>,
    /// Whether it is gone from the tree.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_removed: bool,
}

/// How an execution stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionUpdate {
    /// The execution.
    #[serde(flatten)]
    pub execution: ExecutionState,
    /// When the last event of it was decided.
    pub timestamp: Timestamp,
    /// Everything up to there is in it.
    pub position: Position,
}

/// How a task stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskUpdate {
    /// The execution.
    pub execution_id: Arc<str>,
    /// The task.
    #[serde(flatten)]
    pub task: TaskState,
    /// When the last event that changed it was decided.
    pub timestamp: Timestamp,
    /// Everything up to there is in it.
    pub position: Position,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFrame {
    /// Names the event for ever.
    pub event_id: Uuid,
    /// The execution that it happened to.
    pub execution_id: Option<Arc<str>>,
    /// The plan that it happened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<Arc<str>>,
    /// What happened.
    pub event_type: Arc<str>,
    /// The task that it is about.
    pub task_id: Option<Arc<str>>,
    /// The agent that it is about, or that did it.
    pub agent_id: Option<Arc<str>>,
    /// What happened, in a sentence.
    pub message: Arc<str>,
    /// What the agent said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Arc<str>>,
    /// When.
    pub timestamp: Timestamp,
    /// Its place in the log.
    pub position: Position,
}

/// Everything up to there has been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When.
    pub timestamp: Timestamp,
    /// Up to where.
    pub position: Position,
}

/// The reader was too slow: what it missed follows from the log, and then a fresh snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lagged {
    /// Why.
    pub reason: LagReason,
    /// Whether nothing follows any more: the reader is to resume from this position.
    pub is_cut: bool,
    /// When.
    pub timestamp: Timestamp,
    /// Up to where everything was sent.
    pub position: Position,
}

/// Why a reader does not go on as if nothing were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LagReason {
    /// It read more slowly than things happen.
    TooSlow,
    /// The position that it resumed from is behind the end of the log: another log, or one that
    /// was restored.
    LogWentBack,
}

impl Frame {
    /// Where it stands in the log.
    pub fn position(&self) -> Position {
        match self {
            Self::Snapshot(frame) => frame.position,
            Self::ExecutionUpdate(frame) => frame.position,
            Self::TaskUpdate(frame) => frame.position,
            Self::Event(frame) => frame.position,
            Self::Heartbeat(frame) => frame.position,
            Self::Lagged(frame) => frame.position,
        }
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let beside = match self {
            Self::Snapshot(frame) => {
                let tasks: usize = frame.tasks.iter().map(TaskState::bytes).sum();
                let executions = frame.execution.iter().chain(&frame.executions);
                tasks + executions.map(ExecutionState::bytes).sum::<usize>()
            }
            Self::ExecutionUpdate(frame) => frame.execution.bytes(),
            Self::TaskUpdate(frame) => frame.execution_id.len() + frame.task.bytes(),
            Self::Event(frame) => {
                let ids = [&frame.execution_id, &frame.plan_id, &frame.task_id, &frame.agent_id];
                let texts = frame.message.len() + frame.event_type.len();
                texts + length(&ids) + length(&[&frame.said])
            }
            Self::Heartbeat(_) | Self::Lagged(_) => 0,
        };
        beside + size_of::<Self>() + 64
    }
}

fn length(texts: &[&Option<Arc<str>>]) -> usize {
    texts.iter().filter_map(|text| text.as_deref()).map(|text| text.len() + 16).sum()
}

impl ExecutionState {
    pub(super) fn bytes(&self) -> usize {
        let texts = self.execution_id.len() + self.plan_id.len() + self.title.len();
        let more = self.status_message.len() + length(&[&self.agent_id]) + self.progress.bytes();
        let words = self.counts.keys().chain(&self.allowed_commands);
        let words: usize = words.map(|word| word.len() + 32).sum();
        texts + more + words + size_of::<Self>() + 80
    }
}

impl ProgressState {
    fn bytes(&self) -> usize {
        length(&[&self.current_task_id, &self.current_task_title])
    }
}

impl TaskState {
    pub(super) fn bytes(&self) -> usize {
        let texts = self.task_id.len() + self.title.len() + self.status.len() + 48;
        texts + length(&[&self.parent_task_id, &self.agent_id]) + size_of::<Self>()
    }
}

impl From<ProgressRow> for ExecutionState {
    fn from(row: ProgressRow) -> Self {
        Self {
            execution_id: row.execution_id,
            plan_id: row.plan_id,
            title: row.title,
            status: row.status,
            status_message: short(&row.status_message).into(),
            agent_id: row.agent_id,
            progress: ProgressState {
                tasks_completed: row.tasks_completed,
                tasks_total: row.tasks_total,
                percent: row.percent,
                current_task_id: row.current_task_id,
                current_task_title: row.current_task_title,
            },
            counts: serde_json::from_str(&row.counts.0).unwrap_or_default(),
            blockers_open: row.blockers_open,
            allowed_commands: serde_json::from_str(&row.allowed_commands.0).unwrap_or_default(),
            started_at: row.started_at,
            completed_at: row.completed_at,
            version: row.version,
        }
    }
}

impl From<TaskRow> for TaskState {
    fn from(row: TaskRow) -> Self {
        Self {
            task_id: row.task_id,
            parent_task_id: row.parent_task_id,
            title: row.title,
            status: row.status,
            progress_percent: row.progress_percent,
            agent_id: row.agent_id,
            attempt: row.attempt,
            blockers_open: row.blockers_open,
            started_at: row.started_at,
            ended_at: row.ended_at,
            is_removed: false,
        }
    }
}

impl TaskState {
    /// A task that is gone.
    pub(super) fn removed(task_id: Arc<str>) -> Self {
        Self {
            task_id,
            parent_task_id: None,
            title: "".into(),
            status: "CANCELLED".into(),
            progress_percent: 0,
            agent_id: None,
            attempt: 0,
            blockers_open: 0,
            started_at: None,
            ended_at: None,
            is_removed: true,
        }
    }
}
