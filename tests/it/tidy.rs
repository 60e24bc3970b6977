//! The house rules that no lint knows. Each is a function over a file's path and text, and has a
//! test that shows it a violation.

mod code;
mod functions;
mod guards;
mod modules;
mod planted;
mod plants;
mod tree;

use guards::Source;

/// The folders that hold the sources of this repository.
const ROOMS: [&str; 9] =
    ["src", "projections", "clients", "dashboard", "tests", "xtask", "benches", "examples", "fuzz"];

/// The files that say what a pure crate depends on.
const PURE: [&str; 5] = [
    "src/audit/Cargo.toml",
    "src/domain/Cargo.toml",
    "src/decompose/Cargo.toml",
    "src/plans/Cargo.toml",
    "projections/Cargo.toml",
];

#[test]
fn every_source_file_keeps_the_house_rules() {
    let files = tree::sources(&ROOMS);
    assert!(files.len() > 10, "the sources were not found");
    let findings = files.iter().flat_map(|(path, text)| {
        let source = Source::new(path, text);
        guards::ALL.iter().flat_map(move |guard| guard(&source)).collect::<Vec<_>>()
    });
    none(findings.collect());
}

#[test]
fn no_source_file_is_forgotten() {
    let files = tree::sources(&["src", "projections", "clients", "tests/it", "xtask"]);
    none(modules::forgotten(&files));
}

#[test]
fn the_pure_crates_depend_on_what_is_pure() {
    none(PURE.iter().flat_map(|path| guards::impure(path, &tree::read(path))).collect());
}

#[test]
fn both_databases_have_the_same_migrations() {
    let [postgres, sqlite] = ["migrations/postgres", "migrations/sqlite"].map(tree::names);
    none(guards::migrations(&postgres, &sqlite));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let files = tree::texts();
    assert!(files.len() > 20, "the files were not found");
    none(files.iter().flat_map(|(path, text)| guards::machine_paths(path, text)).collect());
}

#[test]
fn every_planted_bug_has_a_test_that_must_see_it() {
    let files = tree::sources(&["src", "tests/it"]);
    none(plants::loose(&tree::read("xtask/src/planted.txt"), &files));
}

#[track_caller]
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}
