//! A model of one page: what the status of an execution must be, from a flat list of tasks; it is
//! compared with the real thing over random programs.

use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::execution::{Execution, ExecutionStatus as Status, TaskStatus};
use planexe_ax_domain::harness::{COMMANDS_MAX, Program, Witness};
use planexe_ax_domain::{Event, OnBlocker, OnFailure};
use proptest::collection::vec;
use proptest::prelude::*;

/// The table of legal moves, copied from the contract by hand.
const TABLE: &[(Status, &[Status])] = &[
    (Status::Created, &[Status::Queued, Status::Cancelled]),
    (Status::Queued, &[Status::Running, Status::Cancelled]),
    (
        Status::Running,
        &[Status::Blocked, Status::Paused, Status::Completed, Status::Failed, Status::Cancelled],
    ),
    (Status::Blocked, &[Status::Running, Status::Paused, Status::Cancelled]),
    (Status::Paused, &[Status::Running, Status::Cancelled]),
    (Status::Failed, &[Status::Cancelled]),
    (Status::Completed, &[]),
    (Status::Cancelled, &[]),
];

/// Where the event leads, if it moves the execution at all.
fn destination(event: &LifecycleEvent) -> Option<Status> {
    use LifecycleEvent as E;
    match event {
        E::ExecutionQueued(_) => Some(Status::Queued),
        E::ExecutionStarted(_) | E::ExecutionResumed(_) | E::ExecutionUnblocked(_) => {
            Some(Status::Running)
        }
        E::ExecutionPaused(_) => Some(Status::Paused),
        E::ExecutionBlocked(_) => Some(Status::Blocked),
        E::ExecutionCompleted(_) => Some(Status::Completed),
        E::ExecutionFailed(_) => Some(Status::Failed),
        E::ExecutionCancelled(_) => Some(Status::Cancelled),
        E::ExecutionCreated(_)
        | E::TasksAdded(_)
        | E::DependenciesAdded(_)
        | E::OutcomesCarried(_)
        | E::ExecutionReassigned(_)
        | E::ExecutionAmended(_)
        | E::ExecutionForked(_)
        | E::PolicyChanged(_)
        | E::ExecutionPriorityChanged(_)
        | E::LabelsChanged(_)
        | E::ExecutionExtended(_)
        | E::BudgetChanged(_) => None,
    }
}

/// What a settled execution must be, from nothing but its tasks and its blockers.
fn settled(state: &Execution, last_move: Status) -> Status {
    let moves = matches!(last_move, Status::Running | Status::Blocked);
    if !moves {
        return last_move;
    }
    let tree = state.tree();
    let leaves: Vec<_> = tree.leaves().map(|spot| tree.node(spot)).collect();
    let is_finished = |s: TaskStatus| matches!(s, TaskStatus::Complete | TaskStatus::Skipped);
    if leaves.iter().all(|leaf| is_finished(leaf.status())) {
        return Status::Completed;
    }
    let policy = state.rules();
    let is_lost = leaves.iter().any(|leaf| leaf.status() == TaskStatus::Error);
    if is_lost && policy.on_failure == OnFailure::Fail {
        return Status::Failed;
    }
    let in_hand = leaves.iter().any(|leaf| leaf.leaf.lease().is_some());
    let is_free = |leaf: &&&planexe_ax_domain::execution::tree::Node| {
        let spot = tree.find(&leaf.definition.task_id).expect("it is there");
        let gates_none = tree.chain(spot).all(|step| {
            let node = tree.node(step);
            let unmet = node.waits_for.iter().any(|e| e.kind.gates_start() && !e.is_met);
            !unmet && node.blockers == 0 && !node.awaits_review
        });
        leaf.status() == TaskStatus::Queued && gates_none
    };
    let stands = state.blockers().next().is_some();
    let whole_blocked = state.blockers().any(|blocker| blocker.task_id.is_none());
    let goes_on = in_hand || (!whole_blocked && leaves.iter().any(|leaf| is_free(&leaf)));
    let halts = policy.on_blocker == OnBlocker::Halt && stands;
    match (goes_on, stands) {
        _ if halts => Status::Blocked,
        (true, _) => Status::Running,
        (false, true) => Status::Blocked,
        (false, false) => Status::Failed,
    }
}

fn follows_the_model(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut program = Program::of(bytes);
    let mut witness = Witness::new();
    witness.begin(&mut program);
    let (mut seen, mut status) = (0, Status::Created);
    for _ in 0..COMMANDS_MAX {
        for event in &witness.log()[seen..] {
            let Event::Lifecycle(event) = event else {
                continue;
            };
            if let Some(next) = destination(event) {
                let legal = TABLE.iter().find(|(from, _)| *from == status);
                prop_assert!(legal.is_some_and(|(_, to)| to.contains(&next)), "{event:?}");
                status = next;
            }
        }
        seen = witness.log().len();
        prop_assert_eq!(witness.execution().status(), Some(status));
        prop_assert_eq!(settled(witness.execution(), status), status);
        if program.is_over() {
            break;
        }
        let (command, moment) = program.next_command(witness.execution());
        witness.step(&command, &moment);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_real_thing_has_the_status_of_the_model(bytes in vec(any::<u8>(), 0..900)) {
        follows_the_model(&bytes)?;
    }
}
