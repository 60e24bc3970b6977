//! `cargo xtask fuzz`: all fuzz targets, for a while.

use crate::{
    args::Args,
    run::{self, command, each_line},
    table, tools,
};
use anyhow::bail;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The targets, in the order in which they run.
const TARGETS: [&str; 8] = [
    "commands",
    "event_json",
    "upcast",
    "log_frame",
    "plan_json",
    "plan_archive",
    "plan_markdown",
    "plan_outline",
];

/// The targets that read events: they begin from the golden files.
const EVENT_TARGETS: [&str; 2] = ["event_json", "upcast"];

/// How long a target runs when nothing else is asked for.
const SECONDS_DEFAULT: u64 = 60;

const USAGE: &str = "\
cargo xtask fuzz [--seconds N] [commands | event_json | upcast | log_frame | plan_json |
                                 plan_archive | plan_markdown | plan_outline]

Runs each target for N seconds (60 when nothing else is said) and prints its runs and findings.
Those that read events begin from the golden files in tests/golden, those that read plans from
fuzz/seeds.
Fetches or builds cargo-fuzz into target/tools when it is missing.
";

/// Runs the task; whether all targets ran without a finding.
pub(crate) fn task(mut args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    let seconds = args.number("--seconds")?.unwrap_or(SECONDS_DEFAULT);
    let targets = chosen(args.name()?.as_deref())?;
    let Some(fuzz) = tools::cargo_fuzz() else {
        bail!("cargo-fuzz is missing: cargo install cargo-fuzz --locked");
    };
    let mut rows = Vec::new();
    let mut is_clean = true;
    for target in targets {
        let ran = fuzz_target(&fuzz, target, seconds)?;
        is_clean &= ran.outcome == Outcome::Clean;
        rows.push(ran.row(target));
    }
    println!("\n{}", table::render(&["target", "runs", "findings", "outcome"], &rows));
    Ok(is_clean)
}

fn chosen(name: Option<&str>) -> anyhow::Result<Vec<&'static str>> {
    let Some(name) = name else { return Ok(TARGETS.to_vec()) };
    match TARGETS.iter().find(|target| **target == name) {
        Some(target) => Ok(vec![target]),
        None => bail!("there is no target `{name}`, only: {}", TARGETS.join(", ")),
    }
}

#[derive(PartialEq, Eq)]
enum Outcome {
    Clean,
    Found,
    NotBuilt,
}

struct Ran {
    runs: u64,
    findings: usize,
    outcome: Outcome,
}

impl Ran {
    fn row(&self, target: &str) -> Vec<String> {
        let outcome = match self.outcome {
            Outcome::Clean => "clean".to_owned(),
            Outcome::Found => format!("FOUND: see fuzz/artifacts/{target}"),
            Outcome::NotBuilt => "DID NOT RUN".to_owned(),
        };
        vec![target.to_owned(), self.runs.to_string(), self.findings.to_string(), outcome]
    }
}

fn fuzz_target(fuzz: &Path, target: &str, seconds: u64) -> anyhow::Result<Ran> {
    let artifacts = run::root().join("fuzz/artifacts").join(target);
    let before = files_in(&artifacts);
    let mut runs = 0;
    let inputs = inputs(target)?;
    let is_success = each_line(&mut fuzzer(fuzz, target, &inputs, seconds), |line, _| {
        runs = runs_in(line).unwrap_or(runs);
        eprintln!("{line}");
    })?;
    let findings = files_in(&artifacts).saturating_sub(before);
    let outcome = match is_success {
        true => Outcome::Clean,
        false if runs == 0 && findings == 0 => Outcome::NotBuilt,
        false => Outcome::Found,
    };
    Ok(Ran { runs, findings, outcome })
}

/// Without a sanitizer: no code of ours is unsafe, so it would find nothing, it makes the runs six
/// times slower, and it needs a nightly toolchain.
fn fuzzer(fuzz: &Path, target: &str, inputs: &[PathBuf], seconds: u64) -> Command {
    let mut run = command(fuzz, &["run", target, "--sanitizer", "none"]);
    run.arg("--target-dir").arg(target_dir()).args(inputs);
    run.args(["--", &format!("-max_total_time={seconds}"), "-rss_limit_mb=4096"]);
    run
}

/// The folders of inputs: where new ones are kept, and the seeds.
fn inputs(target: &str) -> anyhow::Result<Vec<PathBuf>> {
    let kept = run::root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&kept)?;
    let written = run::root().join("fuzz/seeds").join(target);
    if written.is_dir() {
        return Ok(vec![kept, written]);
    }
    if !EVENT_TARGETS.contains(&target) {
        return Ok(vec![kept]);
    }
    let seeds = target_dir().join("seeds");
    fs::create_dir_all(&seeds)?;
    for file in fs::read_dir(run::root().join("tests/golden"))? {
        let file = file?.path();
        if let Some(name) = file.file_stem() {
            fs::write(seeds.join(name), seed(&name.to_string_lossy(), &fs::read(&file)?))?;
        }
    }
    Ok(vec![kept, seeds])
}

/// A golden file as the targets read it: its name in a line of its own, then its contents.
fn seed(name: &str, contents: &[u8]) -> Vec<u8> {
    [name.as_bytes(), b"\n", contents].concat()
}

fn target_dir() -> PathBuf {
    run::target_dir().join("fuzz")
}

fn files_in(dir: &Path) -> usize {
    fs::read_dir(dir).map_or(0, Iterator::count)
}

/// How many inputs were tried, when the line says it: `#4096 …` or `Done 4096 runs in 2 second(s)`.
fn runs_in(line: &str) -> Option<u64> {
    let number = line.strip_prefix('#').or_else(|| line.strip_prefix("Done "))?;
    number.split([' ', '\t', ':']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::runs_in;

    #[test]
    fn the_number_of_runs_is_read_from_the_progress_and_from_the_end() {
        assert_eq!(runs_in("#4096\tpulse  cov: 12 ft: 13 corp: 3/4b"), Some(4096));
        assert_eq!(runs_in("Done 8192 runs in 2 second(s)"), Some(8192));
        assert_eq!(runs_in("INFO: seed corpus: files: 3"), None);
    }
}
