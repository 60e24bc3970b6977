//! `cargo xtask long`: the tests that take long, and the bugs planted on purpose.

use crate::{
    args::Args,
    counts::Counts,
    planted::{PLANTED, Planted},
    postgres,
    run::{cargo, counted, succeeds},
    steps::Steps,
    table, tools,
};
use std::process::Command;

const USAGE: &str = "\
cargo xtask long [--seeds N]
cargo xtask long --planted

Runs the tests with `long` in their names, in their long form (AX_TIER=long).

  --seeds N    how many seeds a test runs that takes seeds (AX_SEEDS)
  --planted    switch on each planted bug (AX_PLANT) and require that its test turns red
";

/// Runs the task; whether everything went as it must.
pub(crate) fn task(mut args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    let is_planted = args.flag("--planted");
    let seeds = args.number("--seeds")?;
    args.end()?;
    let mut steps = Steps::default();
    postgres::ensure(&mut steps);
    if is_planted {
        return Ok(steps.summarise() & planted()?);
    }
    let mut tests = runner(&["long"], &[]);
    tests.env("AX_TIER", "long");
    if let Some(seeds) = seeds {
        tests.env("AX_SEEDS", seeds.to_string());
    }
    steps.tests("long tests", &mut tests);
    Ok(steps.summarise())
}

/// Plants the bugs one by one; whether each was caught.
fn planted() -> anyhow::Result<bool> {
    let features = ["--features", "planted"];
    if !succeeds(&mut cargo(&["test", "--workspace", "--features", "planted", "--no-run"]))? {
        return Ok(false);
    }
    let mut rows = Vec::new();
    let mut is_all_caught = true;
    for Planted { bug, test } in PLANTED {
        let (_, sound) = counted(&mut runner(&["--exact", test], &features))?;
        let mut sick = runner(&["--exact", test], &features);
        let (_, sick) = counted(sick.env("AX_PLANT", bug))?;
        let verdict = verdict(sound, sick);
        is_all_caught &= verdict == CAUGHT;
        rows.push(vec![(*bug).to_owned(), (*test).to_owned(), verdict.to_owned()]);
    }
    println!("\n{}", table::render(&["bug", "test", "caught"], &rows));
    let caught = rows.iter().filter(|row| row.iter().any(|cell| cell == CAUGHT)).count();
    println!("{caught} of {} planted bugs caught", rows.len());
    Ok(is_all_caught)
}

const CAUGHT: &str = "caught";

fn verdict(sound: Counts, sick: Counts) -> &'static str {
    match (sound, sick) {
        (Counts { passed: 0, failed: 0, .. }, _) => "NO SUCH TEST",
        (Counts { failed: 1.., .. }, _) => "RED WITHOUT THE BUG",
        (_, Counts { failed: 1.., .. }) => CAUGHT,
        _ => "NOT CAUGHT",
    }
}

/// Runs the tests that a filter names, `--exact` or by a part of their names.
fn runner(filter: &[&str], features: &[&str]) -> Command {
    let start: &[&str] = match tools::has_nextest() {
        true => &["nextest", "run", "--workspace", "--no-fail-fast"],
        false => &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"],
    };
    let mut command = cargo(start);
    command.args(features).arg("--").args(filter);
    command
}

#[cfg(test)]
mod tests {
    use super::{CAUGHT, verdict};
    use crate::counts::Counts;

    #[test]
    fn only_a_test_that_was_green_and_turns_red_has_caught_the_bug() {
        let green = Counts { passed: 1, ..Counts::default() };
        let red = Counts { failed: 1, ..Counts::default() };
        assert_eq!(verdict(green, red), CAUGHT);
        assert_eq!(verdict(green, green), "NOT CAUGHT");
        assert_eq!(verdict(red, red), "RED WITHOUT THE BUG");
        assert_eq!(verdict(Counts::default(), Counts::default()), "NO SUCH TEST");
    }
}
