//! The events of the log, listed and followed.

use crate::audit::write_line;
use crate::cli::log::Log;
use crate::clock::Clock;
use crate::exit::{Exit, Failure};
use crate::store::RecordedEvent;
use std::io::{self, IsTerminal as _, Write as _};

/// How many events are asked for at once.
const PAGE_EVENTS: usize = 500;
/// How often it is looked for more.
const LOOK_MS: u64 = 500;

/// Prints events; false when nobody reads any more.
pub(super) async fn list(
    log: &Log,
    mut after: u64,
    limit: usize,
    is_json: bool,
) -> Result<(), Failure> {
    let mut left = limit;
    while left > 0 {
        let page = log.events(after, left.min(PAGE_EVENTS)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.position.get();
        left -= page.len().min(left);
        if !print(&page, is_json)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Prints what is appended, until it is stopped or nobody reads any more.
pub(super) async fn tail(log: &Log, after: Option<u64>, is_json: bool) -> Result<(), Failure> {
    let mut after = match after {
        Some(after) => after,
        None => log.head().await?,
    };
    loop {
        let page = log.events(after, PAGE_EVENTS).await?;
        match page.last() {
            Some(last) => after = last.position.get(),
            None => Clock::System.sleep_ms(LOOK_MS).await,
        }
        if !print(&page, is_json)? {
            return Ok(());
        }
    }
}

fn print(page: &[RecordedEvent], is_json: bool) -> Result<bool, Failure> {
    let is_for_programs = is_json || !io::stdout().is_terminal();
    let mut text = Vec::new();
    for event in page {
        if is_for_programs {
            write_line(&event.audited(), &mut text);
        } else {
            text.extend_from_slice(line(event).as_bytes());
        }
        text.push(b'\n');
    }
    let mut out = io::stdout().lock();
    match out.write_all(&text).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Exit::Other.because(error)),
    }
}

/// An event for people; ids and kinds hold letters, digits and a few marks only.
fn line(event: &RecordedEvent) -> String {
    let RecordedEvent { position, version, recorded_at, stream, kind, .. } = event;
    format!("{position:>8}  {recorded_at}  {kind:<28}  {stream} v{version}")
}
