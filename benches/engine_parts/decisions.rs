//! How the size of an execution tells on the decision about one report.

use super::{float, now, plans};
use crate::shared::{Figure, Reach};
use anyhow::Result;
use planexe_ax::domain::TaskId;

const REPORTS: u64 = 20_000;
const ROUNDS: usize = 5;

/// Prints what a report costs in executions of 1,000 and 10,000 leaves, against one of 10.
pub(crate) fn measure() -> Result<()> {
    let mut nanoseconds = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (leaves, found) in [10, 1_000, 10_000].into_iter().zip(&mut nanoseconds) {
            found.push(report_ns(leaves)?);
        }
    }
    let [small, large, huge] = nanoseconds.map(median);
    for (leaves, value, limit) in [("1,000", large, 3.0), ("10,000", huge, 5.0)] {
        let name = format!("decide and apply a report, {leaves} leaves");
        let (unit, reach) = ("ns", Reach { limit, is_most: true });
        Figure { name, value, unit, baseline: small, reach }.print();
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn report_ns(leaves: usize) -> Result<f64> {
    let (mut execution, _) = plans::made("exec_bench", leaves)?;
    let task_id = TaskId::parse("task_0_0")?;
    execution.handle(&plans::grant(&task_id)?, &plans::moment(1))?;
    let reports: Vec<_> =
        (0..REPORTS).map(|step| plans::progress(&task_id, step)).collect::<Result<_>>()?;
    let started = now();
    for (step, report) in (2..).zip(&reports) {
        execution.handle(report, &plans::moment(step))?;
    }
    let taken = started.elapsed();
    Ok(taken.as_secs_f64() * 1e9 / float(REPORTS))
}
