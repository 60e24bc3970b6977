//! Every event shape ever stored can be read for ever: a golden file keeps the bytes of each.
//! `AX_BLESS=1 cargo test -p planexe-ax-domain` writes the files that are missing, and no other.

mod samples;

use planexe_ax_domain::event::UPCASTERS;
use planexe_ax_domain::{Event, EventEntry, harness};
use samples::OldShape;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Once;

#[test]
fn every_shape_ever_stored_has_a_golden_file() {
    let missing: Vec<String> =
        shapes().into_iter().map(file_name).filter(|name| !folder().join(name).exists()).collect();
    assert!(
        missing.is_empty(),
        "tests/golden lacks {}: add a sample to src/domain/tests/samples, then run \
         AX_BLESS=1 cargo test -p planexe-ax-domain",
        missing.join(", ")
    );
}

#[test]
fn no_golden_file_is_without_an_event() {
    let known: BTreeSet<String> = shapes().into_iter().map(file_name).collect();
    for file in std::fs::read_dir(folder()).expect("tests/golden is there") {
        let name = file.expect("the folder can be read").file_name();
        let name = name.to_str().expect("a name of plain letters");
        assert!(
            known.contains(name),
            "tests/golden/{name} belongs to no event: kinds stay for ever"
        );
    }
}

#[test]
fn every_golden_file_can_be_read() {
    for (kind, version) in shapes() {
        let event = Event::decode(kind, version, &golden(kind, version));
        let event = event.unwrap_or_else(|error| panic!("{kind} v{version}: {error:?}"));
        assert_eq!(event.kind(), kind);
    }
}

#[test]
fn every_golden_file_is_a_seed_for_the_fuzzers() {
    for (kind, version) in shapes() {
        let payload = golden(kind, version);
        let seed = [format!("{kind}.v{version}\n").as_bytes(), &payload].concat();
        assert_eq!(harness::seed(&seed), Some((kind, version, payload.as_slice())));
        harness::event_json(&seed);
        harness::upcast(&seed);
    }
    assert_eq!(harness::seed(b"task_teleported.v1\n{}"), None);
}

#[test]
fn todays_shapes_are_written_as_they_always_were() {
    for EventEntry { kind, schema_version, .. } in Event::catalogue() {
        let stored = golden(kind, *schema_version);
        let event = Event::decode(kind, *schema_version, &stored).expect("it can be read");
        let stored = String::from_utf8_lossy(&stored);
        assert_eq!(String::from_utf8_lossy(&event.payload()), stored, "{kind}");
    }
}

#[test]
fn old_shapes_mean_what_they_meant() {
    for OldShape { kind, schema_version, means, .. } in samples::old_shapes() {
        let stored = golden(kind, schema_version);
        let event = Event::decode(kind, schema_version, &stored).expect("it can be read");
        assert_eq!(event, means, "{kind} v{schema_version}");
    }
}

#[test]
fn golden_files_show_every_field() {
    for EventEntry { kind, schema_version, fields, .. } in Event::catalogue() {
        let shown: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(&golden(kind, *schema_version)).expect("an object");
        let shown: BTreeSet<&str> = shown.keys().map(String::as_str).collect();
        assert_eq!(shown, fields.iter().map(|field| field.name).collect(), "{kind}");
    }
}

#[test]
fn there_is_one_sample_of_every_event_in_the_order_of_the_catalogue() {
    let samples = samples::events();
    let kinds: Vec<&str> = samples.iter().map(Event::kind).collect();
    let catalogue: Vec<&str> = Event::catalogue().map(|entry| entry.kind).collect();
    assert_eq!(kinds, catalogue);
    let distinct: BTreeSet<&str> = kinds.iter().copied().collect();
    assert_eq!(distinct.len(), kinds.len(), "no kind is used twice");
}

#[test]
fn one_step_leads_from_each_old_shape_to_the_next() {
    let steps: Vec<(&str, u16)> = UPCASTERS.iter().map(|step| (step.kind, step.from)).collect();
    let needed = |entry: &'static EventEntry| (1..entry.schema_version).map(|v| (entry.kind, v));
    let needed: BTreeSet<(&str, u16)> = Event::catalogue().flat_map(needed).collect();
    assert_eq!(steps.iter().copied().collect::<BTreeSet<_>>(), needed);
    assert_eq!(steps.len(), needed.len(), "no step is there twice");
}

/// Every (kind, version) that a log can hold.
fn shapes() -> Vec<(&'static str, u16)> {
    Event::catalogue()
        .flat_map(|entry| (1..=entry.schema_version).map(|version| (entry.kind, version)))
        .collect()
}

/// The folder of the golden files; complete, when that was asked for.
fn folder() -> PathBuf {
    static BLESSED: Once = Once::new();
    let folder: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "golden"].iter().collect();
    if std::env::var("AX_BLESS").is_ok_and(|bless| bless == "1") {
        BLESSED.call_once(|| write_missing_files(&folder));
    }
    folder
}

fn file_name((kind, version): (&str, u16)) -> String {
    format!("{kind}.v{version}.json")
}

/// The stored payload, without the line break that ends the file.
fn golden(kind: &str, version: u16) -> Vec<u8> {
    let path = folder().join(file_name((kind, version)));
    let mut stored = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(stored.pop(), Some(b'\n'), "{kind}.v{version}.json ends with a line break");
    stored
}

fn write_missing_files(folder: &Path) {
    let old = samples::old_shapes().into_iter();
    let old = old.map(|old| ((old.kind, old.schema_version), old.payload.as_bytes().to_vec()));
    let today = samples::events().into_iter();
    let today = today.map(|event| ((event.kind(), event.schema_version()), event.payload()));
    std::fs::create_dir_all(folder).expect("the folder can be made");
    for (shape, mut payload) in old.chain(today) {
        let path = folder.join(file_name(shape));
        if !path.exists() {
            payload.push(b'\n');
            std::fs::write(&path, payload).expect("the file can be written");
        }
    }
}
