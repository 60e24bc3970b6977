//! `ax mcp`: an agent's tools over standard input and output. Each line is a message; it is handed
//! on to a running server, with the key that this program has, and what comes back is printed.

mod input;
mod message;

use super::out;
use super::remote::{Remote, failed};
use crate::exit::Failure;
use input::Line;
use message::{Spoken, refusal};
use planexe_ax_client::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::{AbortHandle, JoinSet};

/// How many requests are under way at once.
const AT_ONCE_MAX: usize = 16;
/// How long what is under way may take when nothing more is asked.
const ENDING: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    #[command(flatten)]
    remote: Remote,
}

/// What came of a message: its id, where it has one, and its answer, where there is one.
type Answered = (Option<String>, Option<Value>);

/// Hands messages on until there are no more.
pub(super) async fn mcp(asked: &Asked) -> Result<(), Failure> {
    let client = asked.remote.client()?;
    let (sender, lines) = channel(AT_ONCE_MAX);
    // It ends with its input: nothing else can end a read of it.
    let reader = std::thread::spawn(move || input::read(std::io::stdin().lock(), &sender));
    let under_way = BTreeMap::new();
    let mut relay = Relay { client, answers: JoinSet::new(), under_way, revision: None };
    relay.run(lines).await?;
    drop(reader.join());
    Ok(())
}

/// What is under way between an agent and a server.
struct Relay {
    client: Client,
    answers: JoinSet<Answered>,
    under_way: BTreeMap<String, AbortHandle>,
    /// What a handshake came to; later messages say it again.
    revision: Option<String>,
}

impl Relay {
    /// Safe to cancel between messages: a line is taken from its channel, or it is not.
    async fn run(&mut self, mut lines: Receiver<Line>) -> Result<(), Failure> {
        loop {
            let has_room = self.answers.len() < AT_ONCE_MAX;
            tokio::select! {
                line = lines.recv(), if has_room => match line {
                    Some(line) => self.take(&line)?,
                    None => break,
                },
                Some(answered) = self.answers.join_next() => self.tell(answered.ok())?,
            }
        }
        let ending = async {
            while let Some(answered) = self.answers.join_next().await {
                self.tell(answered.ok())?;
            }
            Ok(())
        };
        tokio::time::timeout(ENDING, ending).await.unwrap_or(Ok(()))
    }

    /// Begins with what a line asks for.
    fn take(&mut self, line: &Line) -> Result<(), Failure> {
        let spoken = match Spoken::read(line) {
            Ok(spoken) => spoken,
            Err(wrong) => return out::json(&wrong),
        };
        if let Some(id) = spoken.cancelled() {
            if let Some(way) = self.under_way.remove(&id) {
                way.abort();
            }
            return Ok(());
        }
        let headers = spoken.headers(self.revision.as_deref());
        let (client, id) = (self.client.clone(), spoken.id());
        let way = self.answers.spawn(async move {
            let answered = client.speak_mcp(&spoken.json, &headers).await;
            let answer = match answered {
                Ok(answer) => answer,
                Err(error) => refusal(&spoken.json, &failed(error).error.to_string()),
            };
            (spoken.id(), answer)
        });
        if let Some(id) = id {
            self.under_way.insert(id, way);
        }
        Ok(())
    }

    /// Prints what came back; nothing for what was cancelled meanwhile.
    fn tell(&mut self, answered: Option<Answered>) -> Result<(), Failure> {
        let Some((id, answer)) = answered else { return Ok(()) };
        if let Some(id) = id {
            self.under_way.remove(&id);
        }
        let Some(answer) = answer else { return Ok(()) };
        let agreed = answer.pointer("/result/protocolVersion").and_then(Value::as_str);
        if let Some(agreed) = agreed {
            self.revision = Some(agreed.to_owned());
        }
        out::json(&answer)
    }
}
