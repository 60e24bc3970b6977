//! `ax replay`: an execution's log, step by step: what happened, who did it and why, and how the
//! execution stood then. On a terminal one goes on and back; elsewhere all steps come at once.

mod step;

use super::exec::{find, show, tree};
use super::out::{self, Screen};
use super::remote::{Remote, failed};
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use planexe_ax_client::{Client, LogEvent};
use std::io::{BufRead, IsTerminal, Read};
use step::Step;

/// How many events are asked for at once.
const PAGE: u32 = 200;
/// How long a word that is typed may be.
const WORD_BYTES_MAX: u64 = 100;

/// Which execution, and which part of its log.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax replay exec_1\n  ax replay exec_1 --from 10 --to 20\n  \
    ax replay exec_1 --json | jq -r .event_type\n\n\
    On a terminal: Enter goes on, b goes back, a number goes there, t shows the tree, q ends.")]
pub(super) struct Asked {
    /// The execution
    execution_id: String,
    /// The first version
    #[arg(long, value_name = "VERSION", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// The last version
    #[arg(long, value_name = "VERSION")]
    to: Option<u64>,
    #[command(flatten)]
    remote: Remote,
}

/// Goes through it.
pub(super) async fn replay(asked: &Asked) -> Result<(), Failure> {
    let client = asked.remote.client()?;
    let id = &asked.execution_id;
    let execution = find::or_near(&client, id, client.execution(id, None).await).await?;
    let last = asked.to.map_or(execution.told.version, |to| to.min(execution.told.version));
    if asked.from > last {
        let told = anyhow!("{id} has no version {}: its last is {last}", asked.from);
        return Err(Exit::Usage.because(told));
    }
    let log = Log { client: &client, execution_id: id, first: asked.from, last };
    let is_interactive = !asked.remote.is_json() && std::io::stdin().is_terminal();
    if is_interactive {
        log.step_through().await
    } else {
        log.tell_all(asked.remote.is_json()).await
    }
}

/// A part of an execution's log.
struct Log<'a> {
    client: &'a Client,
    execution_id: &'a str,
    first: u64,
    last: u64,
}

/// Where somebody wants to go.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    To(u64),
    Tree,
    End,
    Unknown,
}

impl Log<'_> {
    async fn tell_all(&self, is_json: bool) -> Result<(), Failure> {
        let mut before = self.first - 1;
        while before < self.last {
            let page = self.client.events_after(self.execution_id, before, PAGE).await;
            let events = page.map_err(failed)?.entries;
            let Some(newest) = events.last().map(|event| event.version) else { return Ok(()) };
            for event in events.into_iter().filter(|event| event.version <= self.last) {
                let step = self.step(event).await?;
                if is_json {
                    out::json(&step.json())?;
                } else {
                    out::say(&step.sentences(&Screen::of_output(), self.last).join("\n"))?;
                }
            }
            before = newest;
        }
        Ok(())
    }

    /// Goes on and back as somebody types.
    async fn step_through(&self) -> Result<(), Failure> {
        let mut at = self.first;
        loop {
            let page = self.client.events_after(self.execution_id, at - 1, 1).await;
            let Some(event) = page.map_err(failed)?.entries.into_iter().next() else {
                return Ok(());
            };
            let step = self.step(event).await?;
            out::say(&step.sentences(&Screen::of_output(), self.last).join("\n"))?;
            loop {
                match wish(at, self.first, self.last)? {
                    Wish::To(there) => {
                        at = there;
                        break;
                    }
                    Wish::Tree => self.show_tree(at).await?,
                    Wish::End => return Ok(()),
                    Wish::Unknown => out::note("Enter, b, a number, t or q"),
                }
            }
        }
    }

    async fn show_tree(&self, version: u64) -> Result<(), Failure> {
        let as_of = version.to_string();
        let (execution, tasks) = show::read(self.client, self.execution_id, Some(&as_of)).await?;
        let live = show::live(&execution.told, &tasks.entries);
        out::say(&tree::whole(&Screen::of_output(), &live).join("\n"))
    }

    async fn step(&self, event: LogEvent) -> Result<Step, Failure> {
        let version = event.version;
        if version == 1 {
            return Ok(Step { event, changes: Vec::new() });
        }
        let (before, now) = ((version - 1).to_string(), version.to_string());
        let difference = self.client.difference(self.execution_id, &before, Some(&now)).await;
        Ok(Step { event, changes: difference.map_err(failed)?.told.changes })
    }
}

/// Where somebody wants to go from here. The end of what is typed ends it.
fn wish(at: u64, first: u64, last: u64) -> Result<Wish, Failure> {
    let mut typed = String::new();
    let read = std::io::stdin().lock().take(WORD_BYTES_MAX).read_line(&mut typed);
    let read = read.map_err(|error| Exit::Other.because(error))?;
    if read == 0 { Ok(Wish::End) } else { Ok(wished(typed.trim(), at, first, last)) }
}

fn wished(word: &str, at: u64, first: u64, last: u64) -> Wish {
    match word {
        "" if at >= last => Wish::End,
        "" => Wish::To(at + 1),
        "b" => Wish::To((at - 1).max(first)),
        "t" => Wish::Tree,
        "q" => Wish::End,
        number => match number.parse::<u64>() {
            Ok(there) => Wish::To(there.clamp(first, last)),
            Err(_) => Wish::Unknown,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Wish, wished};

    #[test]
    fn one_goes_on_and_back_and_never_out_of_the_log() {
        assert_eq!(wished("", 3, 1, 5), Wish::To(4));
        assert_eq!(wished("", 5, 1, 5), Wish::End);
        assert_eq!(wished("b", 1, 1, 5), Wish::To(1));
        assert_eq!(wished("99", 1, 1, 5), Wish::To(5));
        assert_eq!(wished("0", 3, 2, 5), Wish::To(2));
        assert_eq!(wished("x", 3, 2, 5), Wish::Unknown);
    }
}
