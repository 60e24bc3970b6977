//! The laws, over random programs.

use planexe_ax_domain::Event;
use planexe_ax_domain::event::lifecycle::LifecycleEvent;
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::event::work::WorkEvent;
use planexe_ax_domain::execution::ExecutionStatus;
use planexe_ax_domain::harness::{self, Program, Witness};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("AX_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_law_holds_for_every_program(bytes in vec(any::<u8>(), 0..900)) {
        harness::commands(&bytes);
    }

    #[test]
    fn every_law_holds_for_every_plan_that_an_agent_brought(bytes in vec(any::<u8>(), 0..900)) {
        harness::own_plans(&bytes);
    }

    #[test]
    fn every_execution_ends_when_everyone_is_friendly(bytes in vec(any::<u8>(), 0..500)) {
        harness::liveness(&bytes);
    }

    #[test]
    fn bytes_are_an_event_or_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        harness::event_json(&bytes);
    }

    #[test]
    fn bytes_are_an_old_event_or_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        harness::upcast(&bytes);
    }
}

/// Bytes that look random, the same in every run.
fn bytes_of(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..700).map(|_| next()).collect()
}

#[test]
fn random_programs_reach_every_event_and_every_status() {
    let mut kinds = BTreeSet::new();
    let mut statuses = BTreeSet::new();
    for seed in 1..800 {
        let bytes = bytes_of(seed);
        let mut program = Program::of(&bytes);
        let mut witness = Witness::new();
        witness.begin(&mut program);
        while !program.is_over() {
            let (command, moment) = program.next_command(witness.execution());
            witness.step(&command, &moment);
            statuses.insert(witness.execution().status());
        }
        kinds.extend(witness.log().iter().map(Event::kind));
    }
    let families = [LifecycleEvent::CATALOGUE, WorkEvent::CATALOGUE, RecordEvent::CATALOGUE];
    let unreached: Vec<_> = families
        .into_iter()
        .flatten()
        .map(|entry| entry.kind)
        .filter(|kind| !kinds.contains(kind))
        .collect();
    let own = ["outcomes_carried", "labels_changed", "own_plan_described", "own_plan_deleted"];
    assert_eq!(unreached, own, "these have rules of their own");
    assert_eq!(statuses.len(), ExecutionStatus::ALL.len());
}
