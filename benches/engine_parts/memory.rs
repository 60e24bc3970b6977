//! What 10,000 executions cost in memory when all of them are folded.

use super::plans;
use crate::shared::{Figure, Reach};
use anyhow::{Context, Result};
use planexe_ax::domain::execution::tree::SharedDefinitions;
use planexe_ax::domain::{Event, StreamKind, TaskId};
use planexe_ax::engine::{Command, State};

const EXECUTIONS: u32 = 10_000;
const ALONE: u32 = 1_000;
const LEAVES: usize = 150;
const MEBIBYTE: f64 = 1_048_576.0;
const LIMIT_MIB: f64 = 1024.0;

/// Prints the memory of all of them, against one gibibyte.
pub(crate) fn measure() -> Result<()> {
    let before = resident_bytes()?;
    let alone: Vec<State> = (EXECUTIONS..EXECUTIONS + ALONE).map(folded).collect::<Result<_>>()?;
    let each = (resident_bytes()? - before) / 1024.0 / f64::from(ALONE);
    eprintln!("an execution of 150 leaves costs {each:.0} KiB when no other is of its plan");
    let before = resident_bytes()?;
    let mut shared = SharedDefinitions::default();
    let mut kept = Vec::new();
    for number in 0..EXECUTIONS {
        let mut state = folded(number)?;
        state.share_definitions(&mut shared);
        kept.push(state);
    }
    let used = resident_bytes()? - before;
    let value = used / MEBIBYTE;
    let each = used / 1024.0 / f64::from(EXECUTIONS);
    let name = format!("memory of 10,000 executions of 150 leaves of a plan ({each:.0} KiB each)");
    let (unit, reach) = ("MiB", Reach { limit: 1.0, is_most: true });
    Figure { name, value, unit, baseline: LIMIT_MIB, reach }.print();
    drop((kept, alone));
    Ok(())
}

/// An execution as the engine loads it: folded from what the log holds.
fn folded(number: u32) -> Result<State> {
    let (_, events) = plans::made(&format!("exec_{number}"), LEAVES)?;
    let mut state = State::new(StreamKind::Execution);
    for event in events {
        let read = Event::decode(event.kind(), event.schema_version(), &event.payload())?;
        state.apply(&read)?;
    }
    let grant = Command::Execution(plans::grant(&TaskId::parse("task_0_0")?)?);
    state.handle(&grant, &plans::moment(1))?;
    Ok(state)
}

fn resident_bytes() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kib = line.split_whitespace().nth(1).context("no number")?;
    Ok(kib.parse::<f64>()? * 1024.0)
}
