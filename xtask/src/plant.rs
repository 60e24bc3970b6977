//! Plants the bugs one by one: each of its tests must be green without the bug, and red with it.

use crate::{
    counts::{Counts, outcome_of},
    planted::{self, Planted},
    run::{cargo, counted, each_line, succeeds},
    table, tools,
};
use std::{collections::BTreeMap, process::Command};

/// What is built, once for all bugs.
const BUILT: [&str; 5] = ["--workspace", "--test", "*", "--features", "planted"];

/// Plants them all, and says in a table what was caught; whether all were.
pub(crate) fn all() -> anyhow::Result<bool> {
    let mut build = cargo(&["test", "--no-run"]);
    if !succeeds(build.args(BUILT))? {
        return Ok(false);
    }
    let all = planted::all();
    let sound = without_bugs(&all)?;
    let mut rows = Vec::new();
    for Planted { bug, promise, test } in &all {
        let (_, sick) = counted(runner(&[test]).env("AX_PLANT", bug).env("RUST_BACKTRACE", "0"))?;
        let verdict = verdict(sound.get(*test).copied(), sick);
        rows.push([promise, bug, test, verdict].map(str::to_owned).to_vec());
    }
    println!("\n{}", table::render(&["breaks", "bug", "test", "verdict"], &rows));
    let caught = rows.iter().filter(|row| row.iter().any(|cell| cell == CAUGHT)).count();
    println!("{caught} of {} caught", rows.len());
    Ok(!rows.is_empty() && caught == rows.len())
}

/// How each test ends when nothing is planted.
fn without_bugs(all: &[Planted<'_>]) -> anyhow::Result<BTreeMap<String, bool>> {
    let tests: Vec<&str> = all.iter().map(|row| row.test).collect();
    let mut outcomes = BTreeMap::new();
    each_line(&mut runner(&tests), |line, _| {
        eprintln!("{line}");
        if let Some((test, is_green)) = outcome_of(line) {
            outcomes.insert(test.to_owned(), is_green);
        }
    })?;
    Ok(outcomes)
}

const CAUGHT: &str = "caught";

fn verdict(is_green_without: Option<bool>, with_bug: Counts) -> &'static str {
    match (is_green_without, with_bug) {
        (None, _) | (_, Counts { passed: 0, failed: 0, .. }) => "NO SUCH TEST",
        (Some(false), _) => "RED WITHOUT THE BUG",
        (Some(true), Counts { failed: 1.., .. }) => CAUGHT,
        (Some(true), _) => "NOT CAUGHT",
    }
}

/// Runs just these tests.
fn runner(tests: &[&str]) -> Command {
    let start: &[&str] = match tools::has_nextest() {
        true => &["nextest", "run", "--no-fail-fast"],
        false => &["test", "--no-fail-fast"],
    };
    let mut command = cargo(start);
    command.args(BUILT).args(["--", "--exact"]).args(tests);
    command
}

#[cfg(test)]
mod tests {
    use super::{CAUGHT, verdict};
    use crate::counts::Counts;

    #[test]
    fn only_a_test_that_was_green_and_turns_red_has_caught_the_bug() {
        let none = Counts::default();
        let green = Counts { passed: 1, ..none };
        let red = Counts { failed: 1, ..none };
        assert_eq!(verdict(Some(true), red), CAUGHT);
        assert_eq!(verdict(Some(true), green), "NOT CAUGHT");
        assert_eq!(verdict(Some(false), red), "RED WITHOUT THE BUG");
        assert_eq!(verdict(Some(true), none), "NO SUCH TEST");
        assert_eq!(verdict(None, none), "NO SUCH TEST");
    }
}
