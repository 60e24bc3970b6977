//! What the windows hold after a log, and what the last states say that they should hold.

use crate::world::Line;
use planexe_ax_domain::{State, StreamName, WorkspaceId};
use planexe_ax_projections::{
    Entry, Folder, MemoryTables, Row, Subject, Table, recompute, windows,
};
use std::collections::BTreeMap;

/// The tables whose rows follow from the state of a stream.
const OF_STATE: [&str; 9] = [
    "progress",
    "progress_label",
    "task_tree",
    "memory",
    "plan",
    "plan_task",
    "agent",
    "agent_plan",
    "timeline",
];

/// The tables of all windows, by window.
pub(crate) type All = BTreeMap<&'static str, MemoryTables>;

/// What all windows hold after the log, folded in batches of that many events.
pub(crate) fn folded(log: &[Line], batch: usize) -> All {
    let workspace = WorkspaceId::parse("default").expect("a name");
    let mut folder = Folder::new(windows());
    let tables = |window: &dyn planexe_ax_projections::Window| MemoryTables::new(window.tables());
    let mut all: All = windows().iter().map(|it| (it.name(), tables(it.as_ref()))).collect();
    for lines in log.chunks(batch) {
        for line in lines {
            let payload = line.event.payload();
            let stopped = folder.fold(&Entry {
                position: line.position,
                workspace: &workspace,
                stream: &line.stream,
                version: line.version,
                at: line.at,
                kind: line.event.kind(),
                schema_version: line.event.schema_version(),
                payload: &payload,
            });
            assert_eq!(stopped, [], "at {:?}", line.event);
        }
        let flushed = folder.flush();
        assert_eq!(flushed.stopped, []);
        for (window, writes) in flushed.writes {
            all.get_mut(window).expect("it is one of them").write(writes);
        }
    }
    all
}

/// The rows of a table, in the order of their keys.
pub(crate) fn rows(all: &All, window: &str, table: usize) -> Vec<Row> {
    all[window].rows(table).map(|(row, _)| row.clone()).collect()
}

/// What each stream folds to, with the version of its last event.
pub(crate) fn states(log: &[Line]) -> BTreeMap<StreamName, (State, u64)> {
    let mut states = BTreeMap::new();
    for line in log {
        let first = || (State::new(line.stream.kind()), 0);
        let (state, version) = states.entry(line.stream.clone()).or_insert_with(first);
        state.apply(&line.event).expect("the log is legal");
        *version = line.version;
    }
    states
}

/// Where what was folded is not what the states say.
pub(crate) fn differences_from_the_states(all: &All, log: &[Line]) -> Vec<String> {
    let workspace = WorkspaceId::parse("default").expect("a name");
    let states = states(log);
    let mut found = Vec::new();
    for window in windows() {
        let mut expected: Vec<Vec<Row>> = vec![Vec::new(); window.tables().len()];
        for (stream, (state, version)) in &states {
            if !window.streams().contains(&stream.kind()) {
                continue;
            }
            let subject = Subject { workspace: &workspace, stream, version: *version, state };
            let of_stream = recompute(window.as_ref(), &subject);
            expected.iter_mut().zip(of_stream).for_each(|(all, rows)| all.extend(rows));
        }
        for (at, (table, mut expected)) in window.tables().iter().zip(expected).enumerate() {
            if OF_STATE.contains(&table.name) {
                expected.sort();
                found.extend(differences(table, &rows(all, window.name(), at), &expected));
            }
        }
    }
    found
}

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
