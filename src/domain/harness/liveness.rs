//! With friendly agents and a friendly person, every execution comes to an end.

use super::Witness;
use crate::event::record::{BlockerKind, Resolution};
use crate::event::work::Remarks;
use crate::execution::{
    Blocker, Execution, ExecutionCommand, ExecutionStatus, Report, ReportBody, ResolveBlocker,
    Start,
};
use crate::{Actor, AgentId, Moment, Timestamp};

/// The most rounds that it may take.
const ROUNDS_MAX: usize = 2_000;

/// Does what a friendly person and friendly agents do, until the execution is over.
pub fn carry_to_the_end(witness: &mut Witness, from: Timestamp) {
    let mut now = from;
    for _ in 0..ROUNDS_MAX {
        if witness.execution().status().is_some_and(ExecutionStatus::is_over) {
            return;
        }
        let command = friendly_command(witness.execution());
        if matches!(command, ExecutionCommand::CheckDeadlines { .. }) {
            let next = witness.execution().next_deadline();
            now = now.max(next.unwrap_or_else(|| panic!("stuck: {:#?}", witness.execution())));
        }
        let by = Actor::user("ann").expect("this is a name");
        let events = witness.step(&command, &Moment { at: now, by, random: 7 });
        assert!(!events.is_empty(), "{command:?} did not help: {:#?}", witness.execution());
    }
    panic!("it never ends: {:#?}", witness.execution());
}

fn friendly_command(state: &Execution) -> ExecutionCommand {
    match state.status() {
        Some(ExecutionStatus::Created | ExecutionStatus::Queued) => {
            return ExecutionCommand::Start(Start::Now);
        }
        Some(ExecutionStatus::Paused) => return ExecutionCommand::Resume,
        None
        | Some(
            ExecutionStatus::Running
            | ExecutionStatus::Blocked
            | ExecutionStatus::Completed
            | ExecutionStatus::Failed
            | ExecutionStatus::Cancelled,
        ) => {}
    }
    if let Some(blocker) = state.blockers().next() {
        return resolve(state, blocker);
    }
    if let Some(spot) = state.tree().held().next() {
        return complete(state, spot);
    }
    let Some(next) = state.grantable().next() else {
        return ExecutionCommand::CheckDeadlines { signs_of_life: Vec::new() };
    };
    let agent_id = next.tied_to.unwrap_or_else(|| agent("a0"));
    ExecutionCommand::Grant { agent_id, task_id: next.task_id, lease_ms: None }
}

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).expect("this is an id")
}

fn resolve(state: &Execution, blocker: &Blocker) -> ExecutionCommand {
    if blocker.kind == BlockerKind::AgentUnreachable
        && let Some(agent_id) = state.header().and_then(|header| header.agent_id.clone())
    {
        return ExecutionCommand::AgentReturned { agent_id };
    }
    let is_yes = matches!(blocker.kind, BlockerKind::Approval | BlockerKind::DecompositionReview);
    let yes = if is_yes { Resolution::ApproveAlternative } else { Resolution::Retry };
    ExecutionCommand::Resolve(Box::new(ResolveBlocker {
        blocker_id: blocker.blocker_id.clone(),
        resolution: yes,
        option: None,
        input: None,
        agent_id: None,
        note: None,
    }))
}

fn complete(state: &Execution, spot: crate::execution::tree::Spot) -> ExecutionCommand {
    let node = state.tree().node(spot);
    let lease = node.leaf.lease().expect("a held task has a lease");
    ExecutionCommand::Report(Box::new(Report {
        agent_id: lease.agent_id.clone(),
        task_id: node.definition.task_id.clone(),
        lease: state.lease_of(&node.definition.task_id),
        body: ReportBody::Completed { output: None },
        remarks: Remarks::default(),
    }))
}
