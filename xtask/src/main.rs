//! The tasks of this repository: `cargo xtask test | bench | long | fuzz | dashboard | docs |
//! seed-log`.

mod args;
mod bench;
mod counts;
mod dashboard;
mod docs;
mod figure;
mod fuzz;
mod long;
mod mcp_sdk;
mod plant;
mod planted;
mod postgres;
mod purity;
mod run;
mod schemathesis;
mod seed;
mod steps;
mod table;
mod test;
mod tools;

use args::Args;
use std::process::ExitCode;

const USAGE: &str = "\
The tasks of this repository.

  cargo xtask test        everything that must be green before a change is taken
  cargo xtask bench       the figures, each with its baseline from the same run
  cargo xtask long        the tests that take long, and the bugs planted on purpose
  cargo xtask fuzz        all fuzz targets, for a while
  cargo xtask dashboard   the dashboard's tests alone, in Chromium too
  cargo xtask docs        write the generated documents and build the API pages
  cargo xtask seed-log    a long log of random executions, to try things on

Each takes --help.
";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let task = words.next().unwrap_or_default();
    let args = Args::new(words.collect());
    let outcome = match task.as_str() {
        "test" => test::task(args),
        "bench" => bench::task(args),
        "long" => long::task(args),
        "fuzz" => fuzz::task(args),
        "docs" => docs::task(args),
        "dashboard" => dashboard::task(args),
        "seed-log" => seed::task(args),
        "" | "help" | "-h" | "--help" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(anyhow::anyhow!("there is no task `{other}`\n\n{USAGE}")),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
