//! `cargo xtask long`: the tests that take long, and the bugs planted on purpose.

use crate::{args::Args, plant, postgres, run::cargo, schemathesis, steps::Steps, tools};
use std::process::Command;

const USAGE: &str = "\
cargo xtask long [--seeds N]
cargo xtask long --planted
cargo xtask long --schemathesis

Runs the tests with `long` in their names, in their long form (AX_TIER=long).

  --seeds N    how many seeds a test runs that takes seeds (AX_SEEDS)
  --planted    switch on each planted bug (AX_PLANT) and require that its tests turn red
  --schemathesis    ask a running server whatever its description allows, as each role
";

/// Runs the task; whether everything went as it must.
pub(crate) fn task(mut args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    let is_planted = args.flag("--planted");
    let is_asking = args.flag("--schemathesis");
    let seeds = args.number("--seeds")?;
    args.end()?;
    let mut steps = Steps::default();
    if is_asking {
        steps.step("schemathesis", schemathesis::long);
        return Ok(steps.summarise());
    }
    postgres::ensure(&mut steps);
    if is_planted {
        return Ok(steps.summarise() & plant::all()?);
    }
    let mut tests = runner("long");
    tests.env("AX_TIER", "long");
    if let Some(seeds) = seeds {
        tests.env("AX_SEEDS", seeds.to_string());
    }
    steps.tests("long tests", &mut tests);
    Ok(steps.summarise())
}

/// Runs the tests that have a word in their names.
fn runner(word: &str) -> Command {
    let start: &[&str] = match tools::has_nextest() {
        true => &["nextest", "run", "--workspace", "--no-fail-fast"],
        false => &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"],
    };
    let mut command = cargo(start);
    command.args(["--", word]);
    command
}
