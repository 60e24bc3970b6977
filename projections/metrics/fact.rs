//! What an event adds to the counts, seen from the state before it.

use super::row::{COUNTERS, Counter};
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::event::record::{BlockerResolved, RecordEvent};
use planexe_ax_domain::event::work::{Remarks, TaskFailed, TaskGranted, WorkEvent};
use planexe_ax_domain::execution::Execution;
use planexe_ax_domain::execution::tree::Node;
use planexe_ax_domain::{ActionName, AgentId, BlockerId, Event, TaskId, Timestamp, Usage};

/// What an event adds to the counts, and whose counts they are beside the plan's.
#[derive(Default)]
pub(super) struct Fact {
    pub(super) agent: Option<AgentId>,
    pub(super) action: Option<ActionName>,
    pub(super) amounts: Option<[i64; COUNTERS]>,
    pub(super) error_type: Option<String>,
    pub(super) work_ms: Option<u64>,
}

impl Fact {
    pub(super) fn of(event: &Event, execution: &Execution) -> Vec<Self> {
        match event {
            Event::Lifecycle(event) => vec![of_lifecycle(event, execution)],
            Event::Work(WorkEvent::TaskSkipped(event)) => skipped(&event.task_id, execution),
            Event::Work(event) => vec![of_work(event, execution)],
            Event::Record(event) => vec![of_record(event, execution)],
            Event::Agent(_) | Event::Plan(_) | Event::Workspace(_) => Vec::new(),
        }
    }

    /// One more of that.
    fn one(counter: Counter) -> Self {
        Self::default().plus(counter, 1)
    }

    /// So much more of that.
    fn plus(mut self, counter: Counter, amount: u64) -> Self {
        let amounts = self.amounts.get_or_insert([0; COUNTERS]);
        let sum = &mut amounts[counter as usize];
        *sum = sum.saturating_add(i64::try_from(amount).unwrap_or(i64::MAX));
        self
    }

    fn by(self, agent: Option<&AgentId>) -> Self {
        Self { agent: agent.cloned(), ..self }
    }

    /// On a task: by the agent that has or had it, unless another is named already.
    fn on(self, node: Option<&Node>) -> Self {
        let agent = self.agent.or_else(|| node.and_then(holder).cloned());
        let action = node.and_then(|node| node.definition.action.clone());
        Self { agent, action, ..self }
    }

    fn costing(self, usage: Option<Usage>) -> Self {
        let Some(usage) = usage else { return self };
        self.plus(Counter::InputTokens, usage.input_tokens)
            .plus(Counter::OutputTokens, usage.output_tokens)
            .plus(Counter::CostMicrousd, usage.cost_microusd)
    }

    /// The attempt is over.
    fn worked(self, node: Option<&Node>, at: Timestamp) -> Self {
        let Some(lease) = node.and_then(|node| node.leaf.lease()) else { return self };
        let work_ms = at.ms_since(lease.granted_at);
        let counted = self.plus(Counter::WorkMs, work_ms).plus(Counter::WorkCount, 1);
        Self { work_ms: Some(work_ms), ..counted }
    }
}

fn node<'a>(execution: &'a Execution, task_id: &TaskId) -> Option<&'a Node> {
    let tree = execution.tree();
    tree.find(task_id).map(|spot| tree.node(spot))
}

fn holder(node: &Node) -> Option<&AgentId> {
    let last = node.leaf.closing.as_ref().map(|closing| &closing.agent_id);
    node.leaf.lease().map(|lease| &lease.agent_id).or(last)
}

fn of_lifecycle(event: &LifecycleEvent, execution: &Execution) -> Fact {
    let counter = match event {
        LifecycleEvent::ExecutionCreated(event) => {
            return Fact::one(Counter::ExecutionsCreated).by(event.agent_id.as_ref());
        }
        LifecycleEvent::ExecutionCompleted(_) => Counter::ExecutionsCompleted,
        LifecycleEvent::ExecutionFailed(_) => Counter::ExecutionsFailed,
        LifecycleEvent::ExecutionCancelled(_) => Counter::ExecutionsCancelled,
        LifecycleEvent::TasksAdded(_)
        | LifecycleEvent::DependenciesAdded(_)
        | LifecycleEvent::OutcomesCarried(_)
        | LifecycleEvent::ExecutionQueued(_)
        | LifecycleEvent::ExecutionStarted(_)
        | LifecycleEvent::ExecutionPaused(_)
        | LifecycleEvent::ExecutionResumed(_)
        | LifecycleEvent::ExecutionBlocked(_)
        | LifecycleEvent::ExecutionUnblocked(_)
        | LifecycleEvent::ExecutionReassigned(_)
        | LifecycleEvent::ExecutionAmended(_)
        | LifecycleEvent::ExecutionForked(_)
        | LifecycleEvent::PolicyChanged(_)
        | LifecycleEvent::ExecutionPriorityChanged(_)
        | LifecycleEvent::LabelsChanged(_)
        | LifecycleEvent::ExecutionExtended(_)
        | LifecycleEvent::BudgetChanged(_) => return Fact::default(),
    };
    Fact::one(counter).by(execution.header().and_then(|header| header.agent_id.as_ref()))
}

fn of_work(event: &WorkEvent, execution: &Execution) -> Fact {
    let node = |task_id| node(execution, task_id);
    let said =
        |remarks: &Remarks, task_id| Fact::default().costing(remarks.usage).on(node(task_id));
    match event {
        WorkEvent::TaskGranted(event) => granted(event, node(&event.task_id)),
        WorkEvent::TaskStarted(event) => said(&event.remarks, &event.task_id),
        WorkEvent::TaskProgressed(event) => said(&event.remarks, &event.task_id),
        WorkEvent::TaskCompletionHeld(event) => {
            said(&event.remarks, &event.task_id).worked(node(&event.task_id), event.at)
        }
        WorkEvent::TaskCompleted(event) => {
            let done = said(&event.remarks, &event.task_id).plus(Counter::TasksCompleted, 1);
            done.worked(node(&event.task_id), event.at)
        }
        WorkEvent::TaskResultKept(event) => {
            let said = Fact::default().costing(event.remarks.usage).by(Some(&event.agent_id));
            said.on(node(&event.task_id))
        }
        WorkEvent::TaskReleased(event) => said(&event.remarks, &event.task_id),
        WorkEvent::LeaseExpired(event) => {
            Fact::one(Counter::LeasesExpired).by(Some(&event.agent_id)).on(node(&event.task_id))
        }
        WorkEvent::TaskFailed(event) => failed(event, node(&event.task_id)),
        WorkEvent::RetryScheduled(event) => Fact::one(Counter::Retries).on(node(&event.task_id)),
        WorkEvent::TaskGivenUp(event) => Fact::one(Counter::TasksGivenUp).on(node(&event.task_id)),
        WorkEvent::LateReportKept(event) => {
            let late = Fact::one(Counter::LateReports).costing(event.remarks.usage);
            late.by(Some(&event.agent_id)).on(node(&event.task_id))
        }
        WorkEvent::LeaseRevoked(_)
        | WorkEvent::RetryCameDue(_)
        | WorkEvent::TaskSkipped(_)
        | WorkEvent::TaskReset(_)
        | WorkEvent::TaskReassigned(_)
        | WorkEvent::TaskPriorityChanged(_)
        | WorkEvent::LateReportAdopted(_)
        | WorkEvent::DecompositionAdopted(_)
        | WorkEvent::DecompositionApproved(_)
        | WorkEvent::DecompositionRejected(_)
        | WorkEvent::DecompositionOverridden(_) => Fact::default(),
    }
}

fn granted(event: &TaskGranted, node: Option<&Node>) -> Fact {
    let granted = Fact::one(Counter::TasksGranted).by(Some(&event.agent_id)).on(node);
    let Some(since) = node.and_then(|node| node.leaf.ready_since) else { return granted };
    granted.plus(Counter::QueueMs, event.at.ms_since(since)).plus(Counter::QueueCount, 1)
}

fn failed(event: &TaskFailed, node: Option<&Node>) -> Fact {
    let failed = Fact::one(Counter::AttemptsFailed).costing(event.remarks.usage);
    let failed = failed.by(Some(&event.agent_id)).on(node).worked(node, event.at);
    let error_type = event.error.error_type.as_str().chars().take(super::ERROR_TYPE_CHARS_MAX);
    Fact { error_type: Some(error_type.collect()), ..failed }
}

/// A parent stands for its open leaves, each of which may have an action of its own.
fn skipped(task_id: &TaskId, execution: &Execution) -> Vec<Fact> {
    let tree = execution.tree();
    let leaves = tree.find(task_id).into_iter().flat_map(|spot| tree.leaves_below(spot));
    let open = leaves.map(|spot| tree.node(spot)).filter(|node| !node.status().is_over());
    open.map(|node| Fact::one(Counter::TasksSkipped).on(Some(node))).collect()
}

fn of_record(event: &RecordEvent, execution: &Execution) -> Fact {
    let on = |fact: Fact, task_id: Option<&TaskId>| {
        let action = task_id.and_then(|id| node(execution, id)?.definition.action.clone());
        Fact { action, ..fact }
    };
    let stands_on =
        |id: &BlockerId| execution.blocker(id).and_then(|blocker| blocker.task_id.as_ref());
    match event {
        RecordEvent::BlockerRaised(event) => {
            on(Fact::one(Counter::BlockersRaised), event.task_id.as_ref())
        }
        RecordEvent::BlockerEscalated(event) => {
            on(Fact::one(Counter::Escalations), stands_on(&event.blocker_id))
        }
        RecordEvent::BlockerResolved(event) => {
            on(resolved(event, execution), stands_on(&event.blocker_id))
        }
        RecordEvent::UsageRecorded(event) => {
            let node = event.task_id.as_ref().and_then(|task_id| node(execution, task_id));
            Fact::default().costing(Some(event.usage)).on(node)
        }
        RecordEvent::ContextSet(_)
        | RecordEvent::ContextRemoved(_)
        | RecordEvent::ActionLogged(_)
        | RecordEvent::NoteAdded(_)
        | RecordEvent::OwnPlanDescribed(_)
        | RecordEvent::OwnPlanDeleted(_) => Fact::default(),
    }
}

fn resolved(event: &BlockerResolved, execution: &Execution) -> Fact {
    let resolved = Fact::one(Counter::BlockersResolved);
    let Some(blocker) = execution.blocker(&event.blocker_id) else { return resolved };
    let waited_ms = event.at.ms_since(blocker.raised_at);
    resolved.plus(Counter::HumanWaitMs, waited_ms).plus(Counter::HumanWaitCount, 1)
}
