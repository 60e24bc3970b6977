//! Steps, timed one by one and summarised in a table.

use crate::{counts::Counts, run, table};
use std::{
    process::Command,
    time::{Duration, Instant},
};

/// How a step ended.
#[derive(PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

/// What was run so far, and how it went.
#[derive(Default)]
pub(crate) struct Steps {
    rows: Vec<(String, Outcome, Duration)>,
    counts: Counts,
}

impl Steps {
    /// Runs a command as a step.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) {
        self.step(name, || Ok(Outcome::of(run::succeeds(command)?)));
    }

    /// Runs tests as a step and counts them.
    pub(crate) fn tests(&mut self, name: &str, command: &mut Command) {
        let mut counts = Counts::default();
        self.step(name, || {
            let (is_success, seen) = run::counted(command)?;
            counts = seen;
            Ok(Outcome::of(is_success))
        });
        self.counts = self.counts.plus(counts);
    }

    /// Does something as a step; an error fails it.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<Outcome>) {
        let started = Instant::now();
        let outcome = work().unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Outcome::Failed
        });
        self.rows.push((name.to_owned(), outcome, started.elapsed()));
    }

    /// Prints the table and the count of tests; whether nothing failed.
    pub(crate) fn summarise(self) -> bool {
        let rows = self.rows.iter().map(|(name, outcome, took)| {
            vec![name.clone(), outcome.text(), format!("{:7.1} s", took.as_secs_f64())]
        });
        println!("\n{}", table::render(&["step", "outcome", "took"], &rows.collect::<Vec<_>>()));
        let Counts { passed, failed, skipped } = self.counts;
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        self.rows.iter().all(|(_, outcome, _)| *outcome != Outcome::Failed)
    }
}

impl Outcome {
    /// Passed, when it succeeded.
    pub(crate) fn of(is_success: bool) -> Self {
        if is_success { Self::Passed } else { Self::Failed }
    }

    fn text(&self) -> String {
        match self {
            Self::Passed => "passed".to_owned(),
            Self::Failed => "FAILED".to_owned(),
            Self::Skipped(reason) => format!("skipped: {reason}"),
        }
    }
}
