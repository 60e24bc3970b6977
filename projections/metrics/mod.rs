//! How often, how long and how much: sums for the workspace, a plan, an agent and an action, in
//! all, by day and by hour.

mod fact;
mod percentile;
mod places;
mod row;
#[cfg(test)]
mod tests;

pub use percentile::percentile;
pub use row::{MetricDurationRow, MetricErrorRow, MetricRow};

use crate::{Changes, FoldError, Happened, Mode, Subject, Table, Value, Window};
use fact::Fact;
use planexe_ax_domain::StreamKind;

/// How much of an error's type is kept.
const ERROR_TYPE_CHARS_MAX: usize = 100;

const METRICS: usize = 0;
const ERRORS: usize = 1;
const DURATIONS: usize = 2;

/// How often, how long and how much.
#[derive(Debug, Clone, Copy)]
pub struct MetricsWindow;

/// The tables of [`MetricsWindow`].
pub const TABLES: &[Table] = &[
    Table {
        name: "metrics",
        columns: MetricRow::COLUMNS,
        key: 5,
        mode: Mode::Add,
        indexes: &[&["workspace", "scope", "grain", "bucket_at", "scope_id"]],
        search: &[],
    },
    Table {
        name: "metrics_error",
        columns: MetricErrorRow::COLUMNS,
        key: 6,
        mode: Mode::Add,
        indexes: &[],
        search: &[],
    },
    Table {
        name: "metrics_duration",
        columns: MetricDurationRow::COLUMNS,
        key: 6,
        mode: Mode::Add,
        indexes: &[],
        search: &[],
    },
];

impl Window for MetricsWindow {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn version(&self) -> u16 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn streams(&self) -> &'static [StreamKind] {
        &[StreamKind::Execution]
    }

    /// How long something lasted is known only before it is over.
    fn before(
        &self,
        happened: &Happened<'_>,
        subject: &Subject<'_>,
        changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        let Some(execution) = subject.state.execution() else { return Ok(()) };
        for fact in Fact::of(happened.event, execution) {
            let Some(amounts) = fact.amounts else { continue };
            let key = places::key(happened, subject, &fact);
            if let Some(error_type) = &fact.error_type {
                let mut key = key.clone();
                key.push(Value::Text(error_type.as_str().into()));
                changes.add(ERRORS, key, &[1]);
            }
            if let Some(work_ms) = fact.work_ms {
                let mut key = key.clone();
                key.push(Value::Integer(percentile::bits(work_ms).into()));
                changes.add(DURATIONS, key, &[1]);
            }
            changes.add(METRICS, key, &amounts);
        }
        Ok(())
    }

    fn after(
        &self,
        _happened: &Happened<'_>,
        _subject: &Subject<'_>,
        _changes: &mut Changes<'_>,
    ) -> Result<(), FoldError> {
        Ok(())
    }

    fn spread(&self, _table: usize, key: &[Value]) -> Vec<Vec<Value>> {
        places::spread(key)
    }
}
