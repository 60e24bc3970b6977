//! What the program says about itself: structured logs on the error output, and numbers.

pub mod exposition;
mod line;
pub mod measure;
pub mod metrics;

use crate::config::LogFormat;
use line::JsonLine;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::debug_fn;

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter cannot be read.
    #[error("`{text}` is no filter for --log or AX_LOG: write info, or planexe_ax::store=debug")]
    Filter {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else in this process logs already.
    #[error("this process has a log already")]
    Taken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts logging.
pub fn start(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|source| TelemetryError::Filter { text: filter.to_owned(), source })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => {
            let log = log.with_ansi(io::stderr().is_terminal());
            log.fmt_fields(debug_fn(line::field).delimited(" ")).try_init()
        }
        LogFormat::Json => {
            log.with_ansi(false).fmt_fields(JsonLine).event_format(JsonLine).try_init()
        }
    }
    .map_err(TelemetryError::Taken)
}

/// How much memory this process holds, where the system tells.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(kib.saturating_mul(1_024))
}
