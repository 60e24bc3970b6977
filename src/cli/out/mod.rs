//! What the program prints: what was asked for goes to the standard output, all else to the error
//! output; tables and trees for people on a terminal, JSON elsewhere.

mod screen;
mod table;
pub(super) mod text;

pub(super) use screen::{Paint, Screen};
pub(super) use table::{Column, table};

use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use serde::Serialize;
use std::io::{self, BufRead, IsTerminal, Write};

/// How long an answer to a question may be.
const ANSWER_BYTES_MAX: u64 = 100;

/// Prints a text that was asked for. Whoever reads it may have enough: then the program ends.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    raw(&format!("{}\n", text.trim_end()))
}

/// Prints exactly this.
pub(super) fn raw(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            Err(Exit::Success.because(anyhow!("nobody reads on")))
        }
        Err(error) => Err(Exit::Other.because(anyhow!(error).context("cannot print"))),
    }
}

/// Prints JSON that was asked for, in one line.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(value).map_err(|error| Exit::Other.because(error))?;
    say(&text::plain_json(&json))
}

/// Tells something beside. That nobody reads it is no harm.
pub(super) fn note(text: &str) {
    let mut out = io::stderr().lock();
    writeln!(out, "{text}").unwrap_or_default();
}

/// Goes on only with somebody's consent: what comes next cannot be undone.
pub(super) fn consent(is_given: bool, what: &str) -> Result<(), Failure> {
    if is_given {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let told = anyhow!(
            "{what}, and this cannot be undone: say --yes, or --dry-run to see what it would do"
        );
        return Err(Exit::Usage.because(told));
    }
    note(&format!("{what}, and this cannot be undone. Type yes to go on:"));
    let mut answer = String::new();
    let read = io::Read::take(io::stdin().lock(), ANSWER_BYTES_MAX).read_line(&mut answer);
    read.map_err(|error| Exit::Other.because(error))?;
    if answer.trim() == "yes" {
        return Ok(());
    }
    Err(Exit::Usage.because(anyhow!("nothing was done: the answer was not yes")))
}
