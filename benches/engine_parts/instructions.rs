//! How many instructions the law executes, counted by valgrind: the same on every run, however busy
//! the machine is. Each count is the difference between two runs, so that what a process costs by
//! itself falls out.

use super::plans;
use crate::shared::{Figure, Reach};
use anyhow::{Context, Result, bail};
use planexe_ax::domain::{Event, TaskId};
use std::process::{Command, Stdio};

const FEW: u32 = 200;
const MANY: u32 = 1_200;
const WORDS: [&str; 3] = ["decide", "apply", "decode"];

/// Prints instructions for each operation on an execution of 1,000 leaves, against one of 10.
pub(crate) fn measure() -> Result<()> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("instructions are not counted: install valgrind to have them");
        return Ok(());
    }
    for word in WORDS {
        let (small, large) = (counted(word, 10)?, counted(word, 1_000)?);
        let name = format!("instructions: {word} a report, 1,000 leaves");
        let (unit, reach) = ("instructions", Reach { limit: 3.0, is_most: true });
        Figure { name, value: large, unit, baseline: small, reach }.print();
    }
    Ok(())
}

fn counted(word: &str, leaves: usize) -> Result<f64> {
    let few = instructions(word, leaves, FEW)?;
    let many = instructions(word, leaves, MANY)?;
    Ok((many - few) / f64::from(MANY - FEW))
}

fn instructions(word: &str, leaves: usize, times: u32) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["--instructions", word, &leaves.to_string(), &times.to_string()])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.contains("Collected :"));
    let count = line.and_then(|line| line.split_whitespace().last());
    Ok(count.with_context(|| format!("valgrind counted nothing: {said}"))?.parse()?)
}

/// Does one operation so many times, for valgrind to count.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let [word, leaves, times] = arguments else {
        bail!("--instructions WORD LEAVES TIMES");
    };
    let (leaves, times): (usize, u64) = (leaves.parse()?, times.parse()?);
    let (mut execution, _) = plans::made("exec_bench", leaves)?;
    let task_id = TaskId::parse("task_0_0")?;
    execution.handle(&plans::grant(&task_id)?, &plans::moment(1))?;
    let mut twin = execution.clone();
    let report = |step| plans::progress(&task_id, step);
    let reports = (0..u64::from(MANY)).map(report).collect::<Result<Vec<_>>>()?;
    let mut events: Vec<Event> = Vec::new();
    for (step, report) in (2..).zip(&reports) {
        events.extend(twin.handle(report, &plans::moment(step))?);
    }
    let payloads: Vec<Vec<u8>> = events.iter().map(Event::payload).collect();
    for (place, step) in (0..usize::try_from(times)?).zip(2..) {
        match word.as_str() {
            "decide" => drop(execution.handle(&reports[place], &plans::moment(step))?),
            "apply" => execution.apply(&events[place])?,
            _ => drop(Event::decode(events[place].kind(), 1, &payloads[place])?),
        }
    }
    Ok(())
}
