//! Shows each guard a violation, and something that only looks like one.

use super::guards::{ALL, Source, impure, machine_paths, migrations};
use super::plants::loose;

fn found(path: &str, text: &str) -> Vec<String> {
    let source = Source::new(path, text);
    ALL.iter().flat_map(|guard| guard(&source)).collect()
}

#[track_caller]
fn finds(path: &str, body: &str, what: &str) {
    let found = found(path, &format!("//! A file.\n{body}"));
    assert!(found.len() == 1 && found.iter().all(|it| it.contains(what)), "{found:?}");
}

#[track_caller]
fn accepts(path: &str, body: &str) {
    assert_eq!(found(path, &format!("//! A file.\n{body}")), [""; 0]);
}

#[test]
fn a_function_of_71_lines_is_found() {
    let function = |lines: usize| format!("fn long() {{\n{}}}\n", "    x();\n".repeat(lines - 2));
    finds("src/a.rs", &function(71), "src/a.rs:2: `long` has 71 lines");
    accepts("src/a.rs", &function(70));
}

#[test]
fn a_file_of_401_lines_is_found() {
    finds("src/a.rs", &"\n".repeat(400), "401 lines");
    accepts("src/a.rs", &"\n".repeat(399));
}

#[test]
fn a_line_of_101_columns_is_found() {
    finds("src/a.rs", &format!("// {}", "ä".repeat(98)), "src/a.rs:2: the line");
    accepts("src/a.rs", &format!("// {}", "ä".repeat(97)));
}

#[test]
fn sql_outside_the_archive_is_found() {
    finds("src/engine/a.rs", "use sqlx::Row;", "only src/store");
    finds("tests/it/a.rs", "fn f(p: &sqlx::PgPool) {}", "only src/store");
    for path in ["src/store/a.rs", "tests/testkit/lib.rs", "tests/it/store/a.rs", "benches/a.rs"] {
        accepts(path, "use sqlx::Row;");
    }
    accepts("src/engine/a.rs", "// sqlx\nlet sqlx_like = \"sqlx\";");
}

#[test]
fn the_web_outside_the_door_is_found() {
    finds("src/cli/a.rs", "axum::serve(listener, router);", "only src/http");
    accepts("src/http/a.rs", "use axum::Router;");
}

#[test]
fn a_clock_read_elsewhere_is_found() {
    for reading in ["SystemTime::now()", "std::time::Instant::now()", "OffsetDateTime::now_utc()"] {
        finds("src/engine/a.rs", reading, "only src/clock.rs");
        accepts("src/clock.rs", reading);
        accepts("xtask/src/a.rs", reading);
    }
}

#[test]
fn a_file_that_does_not_say_what_it_is_for_is_found() {
    let found = found("src/a.rs", "use std::fmt;\n");
    assert!(found.len() == 1 && found.concat().contains("`//!`"), "{found:?}");
}

#[test]
fn lints_and_tests_that_are_switched_off_are_found() {
    finds("src/a.rs", "#[allow(dead_code)]", "`#[allow`");
    finds("src/a.rs", "#![allow(dead_code)]", "`#![allow`");
    finds("tests/it/a.rs", "#[test]\n#[ignore = \"slow\"]", "`#[ignore`");
    accepts("src/a.rs", "#[expect(dead_code, reason = \"#[allow\")]");
}

#[test]
fn unfinished_work_is_found() {
    finds("src/a.rs", &["// TO", "DO: later"].concat(), "do it");
    finds("src/a.rs", &["// FIX", "ME"].concat(), "do it");
    finds("src/a.rs", "fn f() { todo!() }", "finish it");
    accepts("src/a.rs", "// what to do, and a TODOIST account\nlet x = \"todo!\";");
}

#[test]
fn a_pure_crate_that_takes_on_more_is_found() {
    let manifest =
        "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n\n[dev-dependencies]\nx = 1";
    assert_eq!(impure("Cargo.toml", manifest).len(), 1);
    assert_eq!(impure("Cargo.toml", "[dependencies.rand]\nversion = \"1\"\n").len(), 1);
    assert_eq!(
        impure("Cargo.toml", "[dependencies]\n# why\ntime = \"1\"\n\nuuid = \"1\"").len(),
        0
    );
}

#[test]
fn migrations_that_differ_or_leave_a_gap_are_found() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let both = names(&["0001_log.sql", "0002_views.sql"]);
    assert_eq!(migrations(&both, &both).len(), 0);
    assert_eq!(migrations(&both, &names(&["0001_log.sql"])).len(), 1);
    assert_eq!(migrations(&names(&["0001_log.sql"]), &both).len(), 1);
    let gap = names(&["0001_log.sql", "0003_views.sql"]);
    assert_eq!(migrations(&gap, &gap).len(), 1);
}

#[test]
fn a_path_of_one_machine_is_found() {
    for folder in ["work", "home", "root"] {
        assert_eq!(machine_paths("README.md", &format!("cd /{folder}/me")).len(), 1);
        assert_eq!(machine_paths("README.md", &format!("GET /api/{folder}/1")).len(), 0);
    }
}

#[test]
fn a_planted_bug_that_no_test_must_see_is_found() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let call = |bug: &str| ["if is_planted", "(\"", bug, "\")"].concat();
    let tests = "#[test]\nfn it_is_so() {}\n\nfn it_helps() {}\n";
    let files = [file("src/a.rs", &call("x")), file("tests/it/store/faults.rs", tests)];
    let row = "# a word\nx P1\n    store::faults::it_is_so\n";
    assert_eq!(loose(row, &files), [""; 0]);
    for (table, what) in [
        ("", "x is planted, and no test"),
        ("x P1\n", "x has no test"),
        ("x P1\n    store::faults::it_helps\n", "no test store::faults::it_helps"),
        ("x P1\n    store::it_is_so\n", "no test store::it_is_so"),
        (&format!("{row}y P2\n    store::faults::it_is_so\n"), "y is planted nowhere"),
    ] {
        let found = loose(table, &files);
        assert!(found.len() == 1 && found.concat().contains(what), "{found:?}");
    }
}
