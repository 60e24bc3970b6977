//! The row of a node, made from the state of its execution.

use crate::value::word;
use crate::{JsonText, Subject};
use planexe_ax_domain::execution::tree::{Approval, Edge, Lease, Node, Spot, Stage, Tree};
use planexe_ax_domain::{DependencyType, TaskId, Timestamp};
use serde::Serialize;
use std::sync::Arc;

crate::rows! {
    /// A node of an execution's tree.
    struct TaskRow {
        /// Its workspace.
        workspace: Arc<str>,
        /// The execution.
        execution_id: Arc<str>,
        /// The task.
        task_id: Arc<str>,
        /// Its place in the plan's order; parents come before their parts.
        ordinal: u32,
        /// The task that it is a part of.
        parent_task_id: Option<Arc<str>>,
        /// A root is at 1.
        depth: u32,
        /// `phase`, `task` or `subtask`.
        kind: Arc<str>,
        /// One line for people.
        title: Arc<str>,
        /// Its status, as the API says it; a parent's follows from its leaves.
        status: Arc<str>,
        /// The action that an agent must be capable of.
        action: Option<Arc<str>>,
        /// The role that does it, where no action is named.
        role: Option<Arc<str>>,
        /// The one agent that may do it.
        assigned_to: Option<Arc<str>>,
        /// What goes first among what is ready.
        priority: Arc<str>,
        /// Whether it has no parts.
        is_leaf: bool,
        /// The leaves below it, or itself.
        leaves_total: u32,
        /// Those of them that are complete or skipped.
        leaves_finished: u32,
        /// How much is done, 0 to 100.
        progress_percent: u8,
        /// The agent that has it, or had it last.
        agent_id: Option<Arc<str>>,
        /// When its lease was given.
        granted_at: Option<Timestamp>,
        /// When its lease ends, as far as the log knows.
        lease_expires_at: Option<Timestamp>,
        /// When its attempt times out.
        times_out_at: Option<Timestamp>,
        /// Which attempt this is, from 1; 0 before the first.
        attempt: u32,
        /// How many attempts failed since the last reset.
        attempts_failed: u32,
        /// When it is tried again.
        retry_at: Option<Timestamp>,
        /// How long it should take.
        estimated_ms: Option<u64>,
        /// When work on it began.
        started_at: Option<Timestamp>,
        /// When work on it ended.
        ended_at: Option<Timestamp>,
        /// What came out of it.
        output: Option<JsonText>,
        /// What went wrong last.
        last_error: Option<JsonText>,
        /// How many blockers stand on it.
        blockers_open: u32,
        /// `needed`, `asked` or `given`, when a person must approve.
        approval: Option<Arc<str>>,
        /// Whether its parts wait for a review.
        awaits_review: bool,
        /// Reports that came too late: a JSON list.
        late_reports: Option<JsonText>,
        /// What it waits for: a JSON list of tasks and dependency types.
        waits_for: Option<JsonText>,
        /// Tokens, in and out together.
        tokens: u64,
        /// Money, in millionths of a US dollar.
        cost_microusd: u64,
    }
}

/// What a task waits for.
#[derive(Serialize)]
struct WaitsFor<'a> {
    task_id: &'a TaskId,
    #[serde(rename = "type")]
    kind: DependencyType,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_implied: bool,
}

impl TaskRow {
    /// The row of a task; none when it is not in the tree.
    pub(super) fn of(subject: &Subject<'_>, task_id: &TaskId) -> Option<Self> {
        let tree = subject.state.execution()?.tree();
        let spot = tree.find(task_id)?;
        let node = tree.node(spot);
        let task = &node.definition;
        let lease = node.leaf.lease();
        let usage = node.usage.as_deref().copied().unwrap_or_default();
        let (leaves_finished, leaves_total) = leaves(node);
        Some(Self {
            workspace: subject.workspace_cell(),
            execution_id: subject.id_cell(),
            task_id: task_id.as_str().into(),
            ordinal: spot.ordinal(),
            parent_task_id: task.parent_id.as_ref().map(|id| id.as_str().into()),
            depth: u32::try_from(tree.depth(spot)).unwrap_or(u32::MAX),
            kind: word(&task.kind),
            title: task.title.as_str().into(),
            status: node.status().as_str().into(),
            action: task.action.as_ref().map(|action| action.as_str().into()),
            role: task.role.as_ref().map(|role| role.as_str().into()),
            assigned_to: task.agent_id.as_ref().map(|id| id.as_str().into()),
            priority: word(&task.priority),
            is_leaf: node.is_leaf(),
            leaves_total,
            leaves_finished,
            progress_percent: percent(node, leaves_finished, leaves_total),
            agent_id: agent(node),
            granted_at: lease.map(|lease| lease.granted_at),
            lease_expires_at: lease.map(Lease::expires_at),
            times_out_at: lease.map(|lease| lease.times_out_at),
            attempt: attempt(node),
            attempts_failed: node.leaf.attempts_failed,
            retry_at: retry_at(node),
            estimated_ms: task.estimated_ms,
            started_at: node.times.started_at,
            ended_at: node.times.ended_at,
            output: node.output.as_ref().map(JsonText::from),
            last_error: node.history.as_ref().and_then(|h| h.last_error.as_ref()).map(JsonText::of),
            blockers_open: node.blockers,
            approval: approval(node),
            awaits_review: node.awaits_review,
            late_reports: late_reports(node),
            waits_for: waits_for(tree, spot),
            tokens: usage.tokens(),
            cost_microusd: usage.cost_microusd,
        })
    }
}

/// The leaves at or below the node that are finished, and all of them.
fn leaves(node: &Node) -> (u32, u32) {
    match &node.census {
        Some(census) => (census.finished(), census.total()),
        None => (u32::from(matches!(node.leaf.stage, Stage::Complete | Stage::Skipped)), 1),
    }
}

fn percent(node: &Node, finished: u32, total: u32) -> u8 {
    if node.census.is_none() && finished == 0 {
        return node.leaf.progress_percent;
    }
    let percent = u64::from(finished) * 100;
    let percent = percent.checked_div(u64::from(total)).unwrap_or(0);
    u8::try_from(percent).unwrap_or(100)
}

fn agent(node: &Node) -> Option<Arc<str>> {
    let holder = node.leaf.lease().map(|lease| &lease.agent_id);
    let last = node.leaf.closing.as_ref().map(|closing| &closing.agent_id);
    holder.or(last).map(|agent_id| agent_id.as_str().into())
}

fn attempt(node: &Node) -> u32 {
    node.leaf.lease().map_or(node.leaf.attempts_failed, |lease| lease.attempt)
}

fn retry_at(node: &Node) -> Option<Timestamp> {
    if let Stage::Resting { retry_at, .. } = node.leaf.stage { Some(retry_at) } else { None }
}

fn approval(node: &Node) -> Option<Arc<str>> {
    let word = match node.approval {
        Approval::NotNeeded => return None,
        Approval::Needed => "needed",
        Approval::Asked => "asked",
        Approval::Given => "given",
    };
    Some(word.into())
}

fn late_reports(node: &Node) -> Option<JsonText> {
    let reports = &node.history.as_ref()?.late_reports;
    (!reports.is_empty()).then(|| JsonText::of(reports))
}

fn waits_for(tree: &Tree, spot: Spot) -> Option<JsonText> {
    let edges = tree.node(spot).waits_for.iter();
    let named = edges.map(|edge: &Edge| WaitsFor {
        task_id: &tree.node(edge.other).definition.task_id,
        kind: edge.kind,
        is_implied: edge.is_implied,
    });
    let named: Vec<_> = named.collect();
    (!named.is_empty()).then(|| JsonText::of(&named))
}
