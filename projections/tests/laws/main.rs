//! The laws of every window, over random logs.

mod folded;
mod held;
mod sums;
mod world;

use folded::{All, differences_from_the_states, folded, rows, states};
use planexe_ax_domain::Event;
use planexe_ax_domain::event::record::RecordEvent;
use planexe_ax_domain::execution::Execution;
use planexe_ax_projections::agent_logs::AgentLogRow;
use planexe_ax_projections::blockers::BlockerRow;
use planexe_ax_projections::feed::{FeedRow, Group};
use planexe_ax_projections::memory::{MemoryRow, read_context_id};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use world::{Line, log_of};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("AX_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_fold_is_what_its_log_says_whatever_the_batches(
        first in vec(any::<u8>(), 0..900),
        second in vec(any::<u8>(), 0..300),
        beside in vec(any::<u8>(), 0..600),
        batch in 1..40_usize,
    ) {
        let log = log_of(&first, &second, &beside);
        let all = folded(&log, batch);
        let at_once = folded(&log, log.len());
        for (window, tables) in &all {
            prop_assert!(tables == &at_once[window], "{window} depends on its batches");
        }
        prop_assert_eq!(differences_from_the_states(&all, &log), Vec::<String>::new());
        the_open_blockers_are_those_that_stand(&all, &log);
        the_feed_has_a_row_for_each_event(&all, &log);
        what_is_remembered_is_what_the_state_remembers(&all, &log);
        the_entries_of_agents_are_those_of_plans_that_are_not_deleted(&all, &log);
        sums::are_those_of_the_log(&all, &log);
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
fn random_logs_reach_every_event() {
    let mut kinds = BTreeSet::new();
    for seed in 1..400 {
        let [first, second, beside] = [seed, seed + 1_000, seed + 2_000].map(bytes_of);
        kinds.extend(log_of(&first, &second, &beside).iter().map(|line| line.event.kind()));
    }
    let unreached: Vec<_> =
        Event::catalogue().map(|entry| entry.kind).filter(|kind| !kinds.contains(kind)).collect();
    assert_eq!(unreached, Vec::<&str>::new());
}

/// The executions, by the id in their stream's name.
fn executions(log: &[Line]) -> BTreeMap<String, Execution> {
    let states = states(log).into_iter();
    let executions = states.filter_map(|(stream, (state, _))| {
        Some((stream.id().to_owned(), state.execution()?.clone()))
    });
    executions.collect()
}

fn the_open_blockers_are_those_that_stand(all: &All, log: &[Line]) {
    let rows = rows(all, "blockers", 0);
    let rows: Vec<_> = rows.iter().map(|row| BlockerRow::from_row(row).expect("a row")).collect();
    let raised = log
        .iter()
        .filter(|line| matches!(line.event, Event::Record(RecordEvent::BlockerRaised(_))));
    assert_eq!(rows.len(), raised.count(), "each blocker has its row for ever");
    for row in rows.iter().filter(|row| !row.is_open) {
        assert!(row.resolved_at.is_some() && row.resolution.is_some(), "{row:?}");
    }
    for (execution_id, execution) in executions(log) {
        let open = rows.iter().filter(|row| row.is_open && *row.execution_id == execution_id);
        let open: Vec<_> = open
            .map(|row| (row.blocker_id.to_string(), row.limit_at, row.escalated_at, row.raised_at))
            .collect();
        let standing = execution
            .blockers()
            .map(|it| (it.blocker_id.to_string(), it.limit_at, it.escalated_at, it.raised_at));
        assert_eq!(open, standing.collect::<Vec<_>>());
    }
}

fn the_feed_has_a_row_for_each_event(all: &All, log: &[Line]) {
    let rows = rows(all, "feed", 0);
    let rows: Vec<_> = rows.iter().map(|row| FeedRow::from_row(row).expect("a row")).collect();
    assert_eq!(rows.len(), log.len());
    let groups: BTreeSet<_> = Group::ALL.iter().map(|group| group.as_str()).collect();
    for (row, line) in rows.iter().zip(log) {
        assert_eq!((row.event_position, row.version), (line.position, line.version));
        assert_eq!(
            (&*row.kind, &*row.stream_kind),
            (line.event.kind(), line.stream.kind().as_str(),)
        );
        assert!(groups.contains(&*row.event_group) && !row.sentence.contains("{}"), "{row:?}");
    }
}

fn what_is_remembered_is_what_the_state_remembers(all: &All, log: &[Line]) {
    let rows = rows(all, "memory", 0);
    let rows = rows.iter().map(|row| MemoryRow::from_row(row).expect("a row"));
    let known: BTreeSet<_> = rows
        .map(|row| {
            let (holder, key) = read_context_id(&row.context_id).expect("an id");
            (holder.to_string(), key, row.context_value.to_string())
        })
        .collect();
    let executions = executions(log);
    let remembered = executions.iter().flat_map(|(execution_id, execution)| {
        let memory = execution.memory();
        memory.map(|(key, it)| (execution_id.clone(), key.clone(), it.value.to_string()))
    });
    let states = states(log);
    let agents = states.iter().filter_map(|(stream, (state, _))| Some((stream, state.agent()?)));
    let of_agents = agents.flat_map(|(stream, agent)| {
        let memory = agent.memory();
        memory.map(|(key, it)| (stream.to_string(), key.clone(), it.value.to_string()))
    });
    assert_eq!(known, remembered.chain(of_agents).collect());
}

fn the_entries_of_agents_are_those_of_plans_that_are_not_deleted(all: &All, log: &[Line]) {
    let rows = rows(all, "agent_logs", 0);
    let rows = rows.iter().map(|row| AgentLogRow::from_row(row).expect("a row"));
    let shown: BTreeSet<_> = rows.map(|row| row.event_position).collect();
    let executions = executions(log);
    let is_there =
        |line: &&Line| executions.get(line.stream.id()).is_some_and(|it| !it.is_own_plan_deleted());
    let is_entry = |line: &&Line| {
        matches!(
            line.event,
            Event::Record(RecordEvent::ActionLogged(_) | RecordEvent::NoteAdded(_))
        )
    };
    let entries = log.iter().filter(is_entry).filter(is_there);
    assert_eq!(shown, entries.map(|line| line.position).collect());
}
