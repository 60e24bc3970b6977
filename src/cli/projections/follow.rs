//! Shows how generations get on, until each is where it should be.

use super::{failure, show::Shown, show::is_for_people};
use crate::clock::Clock;
use crate::exit::{Exit, Failure};
use crate::projector::Operator;
use crate::store::views::{Generation, Phase};
use anyhow::anyhow;
use std::io::{self, Write};

/// How often is looked.
const LOOK_MS: u64 = 200;

/// Returns when all are live or ready, or one of them cannot go on.
pub(super) async fn follow(operator: &Operator, wanted: &[(String, u64)]) -> Result<(), Failure> {
    let mut said: Vec<String> = Vec::new();
    loop {
        let known = operator.generations(None).await.map_err(failure)?;
        let is_wanted = |it: &&Generation| {
            wanted.iter().any(|(name, number)| it.name == *name && it.generation == *number)
        };
        let found: Vec<_> = known.iter().filter(is_wanted).collect();
        say(&found, &mut said);
        if found.len() < wanted.len() {
            let gone = anyhow!("a generation that was to be built is gone: it was dropped");
            return Err(Exit::NotPossible.because(gone));
        }
        let ended = found.iter().map(|it| ended(it)).collect::<Result<Vec<_>, _>>()?;
        if ended.into_iter().all(|is_over| is_over) {
            return Ok(());
        }
        Clock::System.sleep_ms(LOOK_MS).await;
    }
}

/// Whether it is where it should be.
fn ended(known: &Generation) -> Result<bool, Failure> {
    let (name, number) = (&known.name, known.generation);
    if let Some((at, why)) = &known.stopped {
        return Err(Exit::ProjectionStopped.because(anyhow!(
            "generation {number} of {name} stopped at position {at}: {why}; `ax projections skip \
             {name}` goes on without that event"
        )));
    }
    match known.phase {
        Phase::Live | Phase::Ready => Ok(true),
        Phase::CatchingUp if known.is_refused => {
            let compared = known.compared.as_deref().unwrap_or_default();
            Err(Exit::ProjectionStopped.because(anyhow!(
                "generation {number} of {name} {compared}: it is not switched to"
            )))
        }
        Phase::Building | Phase::CatchingUp => Ok(false),
        Phase::Cancelled => {
            Err(Exit::NotPossible.because(anyhow!("generation {number} of {name} was given up")))
        }
        Phase::Retired => Ok(true),
    }
}

/// On a terminal the lines take the place of those before; elsewhere what has changed is said.
fn say(found: &[&Generation], said: &mut Vec<String>) {
    let now = Clock::System.now();
    let people = is_for_people();
    let lines: Vec<_> = found
        .iter()
        .map(|it| Shown::of(it, now))
        .map(|shown| if people { shown.line() } else { shown.json() })
        .collect();
    let mut text = String::new();
    if people && !said.is_empty() {
        text += &format!("\x1b[{}A", said.len());
    }
    for line in lines.iter().filter(|line| people || !said.contains(line)) {
        text += line;
        text += if people { "\x1b[K\n" } else { "\n" };
    }
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads how the rebuild gets on");
    }
    *said = lines;
}
