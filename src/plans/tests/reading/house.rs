//! What all these tests need: fixtures as bundles, options, archives made by hand.

use planexe_ax_domain::PlanId;
use planexe_ax_domain::plan::ImportPlan;
use planexe_ax_plans::fuzz::promises;
use planexe_ax_plans::{Bundle, Input, Kind, Line, Options, PlanError, Reading, read, read_bundle};
use std::path::{Path, PathBuf};

pub(crate) fn options() -> Options {
    Options::new(PlanId::parse("plan_new").expect("it is an id"))
}

/// The folder of our own fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The files of a folder.
pub(crate) fn folder(path: &Path) -> Bundle {
    let mut bundle = Bundle::new();
    for file in files(path) {
        let name = file.file_name().and_then(|name| name.to_str()).expect("it is text");
        bundle.insert(name, bytes(&file)).expect("it fits");
    }
    bundle
}

/// What lies in a folder.
#[expect(clippy::disallowed_methods, reason = "tests bring the bytes")]
pub(crate) fn files(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("the folder is there");
    entries.map(|entry| entry.expect("it can be listed").path()).collect()
}

#[expect(clippy::disallowed_methods, reason = "tests bring the bytes")]
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("it can be read")
}

/// Reads a fixture: a folder as a run, a file as what it is.
pub(crate) fn fixture(name: &str, options: &Options) -> Result<Reading, PlanError> {
    let path = fixtures().join(name);
    let reading = if path.is_dir() {
        read_bundle(folder(&path), options)
    } else {
        read(Input { bytes: &bytes(&path), name, kind: Kind::of_name(name) }, options)
    };
    if let Ok(reading) = &reading {
        promises(reading.clone());
    }
    reading
}

/// Reads a text of which nothing is said.
pub(crate) fn text(text: &str) -> Result<Reading, PlanError> {
    let reading = read(Input { bytes: text.as_bytes(), name: "it", kind: None }, &options());
    if let Ok(reading) = &reading {
        promises(reading.clone());
    }
    reading
}

/// Each task in a line: its id, its title.
pub(crate) fn tree(import: &ImportPlan) -> Vec<String> {
    let depth = |id: &str| match id.split('_').next() {
        Some("phase") => 0,
        _ => id.split('_').count().saturating_sub(2),
    };
    let line = |task: &planexe_ax_domain::TaskDefinition| {
        let id = task.task_id.as_str();
        format!("{}{id} {}", "  ".repeat(depth(id)), task.title)
    };
    import.tasks.iter().map(line).collect()
}

/// Each dependency: what is waited for, and what waits; a star where the sequencing made it.
pub(crate) fn edges(import: &ImportPlan) -> Vec<String> {
    let line = |it: &planexe_ax_domain::Dependency| {
        format!("{} → {}{}", it.from, it.to, if it.is_implied { " *" } else { "" })
    };
    import.dependencies.iter().map(line).collect()
}

/// Whether one of the lines has both texts in it.
pub(crate) fn tells(lines: &[Line], place: &str, reason: &str) -> bool {
    lines.iter().any(|line| line.place.contains(place) && line.reason.contains(reason))
}

/// The metadata of a plan.
pub(crate) fn metadata(import: &ImportPlan) -> serde_json::Value {
    let json = import.metadata.as_ref().map_or("null", |it| it.as_str());
    serde_json::from_str(json).expect("it is JSON")
}
