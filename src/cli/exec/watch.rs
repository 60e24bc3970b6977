//! `ax exec watch`: an execution, live, to its end. On a terminal its tree is drawn over and over
//! in one place; elsewhere what happens comes line by line. A server that goes away is waited for.

use super::live::Live;
use super::{find, tree};
use crate::cli::out::text::plain;
use crate::cli::out::{self, Screen};
use crate::cli::remote::{Remote, failed};
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use planexe_ax_client::{Client, ExecutionStatus, Frame, Heard, Told};
use std::fmt::Write as _;

/// Which execution.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  ax exec watch exec_1\n  \
    ax exec watch exec_1 --json | jq -r .type\n  ax exec watch exec_1 && echo done\n\n\
    Ends with 0 when the execution is completed, and with 8 when it failed or was cancelled.")]
pub(super) struct Watch {
    /// The execution
    execution_id: String,
    /// Tells everything from behind this position; what happens from now on, where nothing is said
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
}

pub(super) async fn watch(remote: &Remote, asked: &Watch) -> Result<(), Failure> {
    follow(remote, &remote.client()?, &asked.execution_id, asked.after).await
}

/// Follows an execution to its end, which is the program's.
pub(in crate::cli) async fn follow(
    remote: &Remote,
    client: &Client,
    execution_id: &str,
    after: Option<u64>,
) -> Result<(), Failure> {
    let mut stream = client.follow_execution(execution_id, after);
    let mut view = View::new(remote);
    let mut live = Live::default();
    loop {
        let heard = match stream.next().await {
            Ok(heard) => heard,
            Err(error) => {
                view.end(&live)?;
                return find::or_near(client, execution_id, Err(error)).await;
            }
        };
        match heard {
            Heard::Frame(frame) => {
                live.take(&frame.told);
                if live.is_partial && matches!(frame.told, Frame::Snapshot(_)) {
                    let tasks = client.tasks(execution_id, None).await.map_err(failed)?;
                    live.set_tasks(&tasks.entries);
                }
                view.show(&live, &frame)?;
            }
            Heard::Lost(error) => {
                live.away = Some(error.to_string());
                view.show_away(&live, &error.to_string())?;
            }
        }
        if live.is_known && live.status.is_over() {
            view.end(&live)?;
            return ended(&live);
        }
    }
}

/// How the program ends with an execution.
fn ended(live: &Live) -> Result<(), Failure> {
    if live.status == ExecutionStatus::Completed {
        return Ok(());
    }
    let Live { execution_id, status, status_message, .. } = live;
    let told = anyhow!("{} is {status}: {}", plain(execution_id), plain(status_message));
    Err(Exit::ExecutionFailed.because(told))
}

/// How it is shown.
enum View {
    /// Drawn over and over.
    Tree(Drawing),
    /// A line for each thing that happens.
    Lines { told: Option<(ExecutionStatus, u8)> },
    /// A frame a line.
    Json,
}

impl View {
    fn new(remote: &Remote) -> Self {
        if remote.wants_json() {
            return Self::Json;
        }
        if Screen::of_output().is_terminal {
            return Self::Tree(Drawing::default());
        }
        Self::Lines { told: None }
    }

    fn show(&mut self, live: &Live, frame: &Told<Frame>) -> Result<(), Failure> {
        match self {
            Self::Tree(drawing) => drawing.draw(live),
            Self::Json => out::json(&frame.json),
            Self::Lines { told } => {
                if let Frame::Event(happened) = &frame.told {
                    out::say(&plain(&format!("{} {}", happened.timestamp, happened.message)))?;
                }
                let now = (live.status, live.progress.percent);
                if !live.is_known || told.replace(now) == Some(now) {
                    return Ok(());
                }
                let Live { status, progress, execution_id, .. } = live;
                let (done, all) = (progress.tasks_completed, progress.tasks_total);
                let id = plain(execution_id);
                out::say(&format!("{id} {status} {}% {done}/{all}", progress.percent))
            }
        }
    }

    fn show_away(&mut self, live: &Live, why: &str) -> Result<(), Failure> {
        match self {
            Self::Tree(drawing) => drawing.draw(live),
            Self::Json | Self::Lines { .. } => {
                out::note(&format!("the server is away, trying again: {}", plain(why)));
                Ok(())
            }
        }
    }

    /// Leaves the whole of it behind.
    fn end(&mut self, live: &Live) -> Result<(), Failure> {
        match self {
            Self::Tree(drawing) if live.is_known => drawing.leave(live),
            Self::Tree(_) | Self::Lines { .. } | Self::Json => Ok(()),
        }
    }
}

/// A tree that is drawn over and over in one place.
#[derive(Default)]
struct Drawing {
    /// What is there now.
    drawn: Vec<String>,
}

impl Drawing {
    fn draw(&mut self, live: &Live) -> Result<(), Failure> {
        let lines = tree::fitting(&Screen::of_output(), live);
        self.put(lines)
    }

    fn leave(&mut self, live: &Live) -> Result<(), Failure> {
        let lines = tree::whole(&Screen::of_output(), live);
        self.put(lines)
    }

    /// Puts these lines in the place of those before, in one piece.
    fn put(&mut self, lines: Vec<String>) -> Result<(), Failure> {
        if lines == self.drawn {
            return Ok(());
        }
        let mut text = String::new();
        if !self.drawn.is_empty() {
            write!(text, "\u{1b}[{}A\r", self.drawn.len()).expect("a text grows");
        }
        for line in &lines {
            writeln!(text, "{line}\u{1b}[K").expect("a text grows");
        }
        text.push_str("\u{1b}[J");
        self.drawn = lines;
        out::raw(&text)
    }
}
