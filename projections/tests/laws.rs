//! The laws of every window, over random executions.

use planexe_ax_domain::harness::{COMMANDS_MAX, Program, Witness};
use planexe_ax_domain::{Event, State, StreamKind, StreamName, Timestamp, WorkspaceId};
use planexe_ax_projections::{
    Entry, Folder, MemoryTables, Row, Subject, Table, Window, recompute, windows,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

/// The log of one random execution.
fn log_of(bytes: &[u8]) -> Vec<Event> {
    let mut program = Program::of(bytes);
    let mut witness = Witness::new();
    witness.begin(&mut program);
    for _ in 0..COMMANDS_MAX {
        if program.is_over() {
            break;
        }
        let (command, moment) = program.next_command(witness.execution());
        witness.step(&command, &moment);
    }
    witness.log().to_vec()
}

/// What a window's tables hold after the log, folded in batches of that many events.
fn folded(window: &Arc<dyn Window>, log: &[Event], batch: usize) -> MemoryTables {
    let workspace = WorkspaceId::parse("default").expect("a name");
    let stream = StreamName::execution(&planexe_ax_domain::ExecutionId::parse("e").expect("an id"));
    let mut folder = Folder::new(vec![Arc::clone(window)]);
    let mut tables = MemoryTables::new(window.tables());
    for (at, event) in (1..).zip(log) {
        let payload = event.payload();
        let stopped = folder.fold(&Entry {
            position: at,
            workspace: &workspace,
            stream: &stream,
            version: at,
            at: Timestamp::from_unix_ms(i64::try_from(at).expect("a small number")),
            kind: event.kind(),
            schema_version: event.schema_version(),
            payload: &payload,
        });
        assert_eq!(stopped, [], "at {event:?}");
        if at.is_multiple_of(u64::try_from(batch).expect("a small number")) {
            write(&mut folder, &mut tables);
        }
    }
    write(&mut folder, &mut tables);
    tables
}

fn write(folder: &mut Folder, tables: &mut MemoryTables) {
    let flushed = folder.flush();
    assert_eq!(flushed.stopped, []);
    for (_, writes) in flushed.writes {
        tables.write(writes);
    }
}

/// The rows that follow from the last state, in the order of their keys.
fn recomputed(window: &dyn Window, log: &[Event]) -> Vec<Vec<Row>> {
    let mut state = State::new(StreamKind::Execution);
    for event in log {
        state.apply(event).expect("the log is legal");
    }
    let workspace = WorkspaceId::parse("default").expect("a name");
    let stream = StreamName::execution(&planexe_ax_domain::ExecutionId::parse("e").expect("an id"));
    let version = u64::try_from(log.len()).expect("a small number");
    let subject = Subject { workspace: &workspace, stream: &stream, version, state: &state };
    let mut rows = recompute(window, &subject);
    rows.iter_mut().for_each(|rows| rows.sort());
    rows
}

/// Where what was folded is not what the state says.
fn differences(table: &Table, folded: &[Row], expected: &[Row]) -> Vec<String> {
    let mut found = Vec::new();
    if folded.len() != expected.len() {
        let (folded, expected) = (folded.len(), expected.len());
        found.push(format!("{} has {folded} rows, and not {expected}", table.name));
    }
    for (row, expected) in folded.iter().zip(expected).filter(|(row, expected)| row != expected) {
        let cells = table.columns.iter().zip(row.iter().zip(expected));
        let cells = cells.filter(|(_, (cell, expected))| cell != expected);
        let cells: Vec<_> = cells.map(|(column, cells)| (column.name, cells)).collect();
        found.push(format!("{} {:?}: {cells:?}", table.name, &row[..table.key]));
    }
    found
}

/// Those of a window's tables whose rows follow from a state.
fn is_of_state(window: &dyn Window, table: usize, recomputed: &[Vec<Row>]) -> bool {
    !recomputed[table].is_empty() || window.name() == "memory"
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("AX_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(400),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_fold_is_what_its_state_says_whatever_the_batches(
        bytes in vec(any::<u8>(), 0..900),
        batch in 1..40_usize,
    ) {
        let log = log_of(&bytes);
        for window in windows() {
            let tables = folded(&window, &log, batch);
            let at_once = folded(&window, &log, log.len().max(1));
            prop_assert!(tables == at_once, "{} depends on its batches", window.name());
            let expected = recomputed(window.as_ref(), &log);
            for table in 0..window.tables().len() {
                if is_of_state(window.as_ref(), table, &expected) {
                    let rows: Vec<_> = tables.rows(table).map(|(row, _)| row.clone()).collect();
                    let differences = differences(&window.tables()[table], &rows, &expected[table]);
                    prop_assert_eq!(differences, Vec::<String>::new());
                }
            }
        }
    }
}
