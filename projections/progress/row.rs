//! The rows of the window, made from the state of an execution.

use super::words::message;
use crate::value::word;
use crate::{JsonText, Part, Subject};
use planexe_ax_domain::Timestamp;
use planexe_ax_domain::execution::{Phase, Progress, TaskStatus};
use std::sync::Arc;

crate::rows! {
    /// How far an execution is.
    struct ProgressRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// Its id.
        execution_id: Arc<str>,
        /// The plan that it carries out.
        plan_id: Arc<str>,
        /// The version of the plan's stream that the tasks were taken from.
        plan_version: u64,
        /// One line for people.
        title: Arc<str>,
        /// What the plan is for.
        goal: Option<Arc<str>>,
        /// Its status, as the API says it.
        status: Arc<str>,
        /// Why it has that status.
        status_message: Arc<str>,
        /// The one agent that carries it out.
        agent_id: Option<Arc<str>>,
        /// What goes first among executions.
        priority: Arc<str>,
        /// Its labels: a JSON list of texts.
        labels: JsonText,
        /// What the caller set.
        parameters: Option<JsonText>,
        /// What it may use up.
        budget: JsonText,
        /// The rules in force.
        policy: JsonText,
        /// The execution that it was forked from, and at which version.
        forked_from: Option<JsonText>,
        /// Leaves that are complete or skipped.
        tasks_completed: u32,
        /// All leaves.
        tasks_total: u32,
        /// The share of the work that is done, 0 to 100.
        percent: u8,
        /// The task at work that began first.
        current_task_id: Option<Arc<str>>,
        /// Its title.
        current_task_title: Option<Arc<str>>,
        /// How many leaves have which status: a JSON object.
        counts: JsonText,
        /// Blockers that stand.
        blockers_open: u32,
        /// Tokens that went into language models.
        input_tokens: u64,
        /// Tokens that came out of language models.
        output_tokens: u64,
        /// Money, in millionths of a US dollar.
        cost_microusd: u64,
        /// Working time.
        duration_ms: u64,
        /// When it was made.
        created_at: Timestamp,
        /// When it first ran.
        started_at: Option<Timestamp>,
        /// Since when it is paused.
        paused_at: Option<Timestamp>,
        /// When it ended.
        completed_at: Option<Timestamp>,
        /// The version of its last event.
        version: u64,
        /// What a person could do to it now: a JSON list of words.
        allowed_commands: JsonText,
    }

    /// A label on an execution.
    struct LabelRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The execution.
        execution_id: Arc<str>,
        /// The label.
        label: Arc<str>,
        /// When the execution was made.
        created_at: Timestamp,
    }
}

impl ProgressRow {
    /// The row of an execution; none before it is made.
    pub(super) fn of(subject: &Subject<'_>) -> Option<Self> {
        let execution = subject.state.execution()?;
        let header = execution.header()?;
        let progress = execution.progress();
        let current = progress.current_task_id.as_ref();
        let current = current.and_then(|id| execution.tree().find(id));
        let current = current.map(|spot| &execution.tree().node(spot).definition);
        let usage = execution.usage();
        let paused_at = match execution.phase() {
            Phase::Paused { since, .. } => Some(*since),
            Phase::Created
            | Phase::Queued { .. }
            | Phase::Running
            | Phase::Blocked { .. }
            | Phase::Completed
            | Phase::Failed { .. }
            | Phase::Cancelled { .. } => None,
        };
        Some(Self {
            workspace: subject.workspace_cell(),
            execution_id: subject.id_cell(),
            plan_id: header.plan_id.as_str().into(),
            plan_version: header.plan_version,
            title: header.title.as_str().into(),
            goal: header.goal.as_ref().map(|goal| goal.as_str().into()),
            status: execution.phase().status().as_str().into(),
            status_message: message(execution).into(),
            agent_id: header.agent_id.as_ref().map(|id| id.as_str().into()),
            priority: word(&header.priority),
            labels: JsonText::of(&header.labels),
            parameters: header.parameters.as_ref().map(JsonText::from),
            budget: JsonText::of(&header.budget),
            policy: JsonText::of(&header.policy),
            forked_from: header.forked_from.as_ref().map(JsonText::of),
            tasks_completed: progress.tasks_completed,
            tasks_total: progress.tasks_total,
            percent: progress.percent,
            current_task_id: current.map(|task| task.task_id.as_str().into()),
            current_task_title: current.map(|task| task.title.as_str().into()),
            counts: counts(&progress),
            blockers_open: u32::try_from(execution.blockers().count()).unwrap_or(u32::MAX),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost_microusd: usage.cost_microusd,
            duration_ms: usage.duration_ms,
            created_at: header.created_at,
            started_at: execution.started_at(),
            paused_at,
            completed_at: execution.ended_at(),
            version: subject.version,
            allowed_commands: JsonText::of(&execution.allowed_commands()),
        })
    }
}

fn counts(progress: &Progress) -> JsonText {
    let counts =
        progress.counts.iter().map(|(status, count): &(TaskStatus, u32)| (status.as_str(), *count));
    JsonText::of(&counts.collect::<std::collections::BTreeMap<_, _>>())
}

impl LabelRow {
    /// The row of a label; none when the execution does not have it.
    pub(super) fn of(subject: &Subject<'_>, part: &Part) -> Option<Self> {
        let header = subject.state.execution()?.header()?;
        let label = part.name()?;
        header.labels.iter().find(|known| known.as_str() == label.as_ref())?;
        Some(Self {
            workspace: subject.workspace_cell(),
            execution_id: subject.id_cell(),
            label,
            created_at: header.created_at,
        })
    }
}
