//! What the program says about itself: structured logs on the error output, and numbers.

pub mod exposition;
mod line;
pub mod measure;
pub mod metrics;
mod traces;

pub use traces::{Ended, Sending};

use crate::config::LogFormat;
use line::JsonLine;
use std::io::{self, IsTerminal};
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

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

/// Starts logging, and, where spans are wanted, following them: what ends of them comes out.
pub fn start(
    filter: &str,
    format: LogFormat,
    has_traces: bool,
) -> Result<Option<Ended>, TelemetryError> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|source| TelemetryError::Filter { text: filter.to_owned(), source })?;
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let log: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => {
            let log = log.with_ansi(io::stderr().is_terminal());
            log.fmt_fields(debug_fn(line::field).delimited(" ")).with_filter(filter).boxed()
        }
        LogFormat::Json => log
            .with_ansi(false)
            .fmt_fields(JsonLine)
            .event_format(JsonLine)
            .with_filter(filter)
            .boxed(),
    };
    let (traces, ended) = match has_traces {
        true => {
            let (traces, ended) = traces::traces();
            (Some(traces.with_filter(filter_fn(traces::is_told))), Some(ended))
        }
        false => (None, None),
    };
    let started = tracing_subscriber::registry().with(log).with(traces).try_init();
    started.map_err(|error| TelemetryError::Taken(Box::new(error)))?;
    Ok(ended)
}

/// How much memory this process holds, where the system tells.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(kib.saturating_mul(1_024))
}
