//! A PlanExe that speaks both of its protocols over HTTP, goes on by one step whenever it is asked
//! how far it is, and does wrong what it is told to.

use super::answers::{Told, answer};
use anyhow::{Context, Result};
use planexe_ax::config::{Config, Flags};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The key that it knows.
pub(in crate::http) const KEY: &str = "pex_key_of_the_test";
/// More than an answer may have.
const FLOOD_BYTES: usize = 3 << 20;

/// The protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Speaks {
    WorkerPlan,
    McpCloud,
}

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Stand {
    /// So many hundredths are done.
    At(u8),
    /// Nothing was written for this many seconds.
    Silent(u32),
    Complete,
    Failed,
    Stopped,
    /// The service was started anew meanwhile.
    Lost,
}

/// What it does with one request in place of what it should.
#[derive(Debug, Clone)]
pub(in crate::http) enum Act {
    Status(u16, &'static str),
    /// Answers this, with 200.
    Say(String),
    Redirect(String),
    /// Closes the connection without a word.
    Cut,
    /// Breaks off in the middle of the body.
    CutBody,
    /// Says that the body is shorter than it is.
    ShortLength,
    Hang,
    Flood,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub(in crate::http) struct Asked {
    pub(in crate::http) method: String,
    pub(in crate::http) target: String,
    pub(in crate::http) head: String,
    pub(in crate::http) body: String,
}

impl Asked {
    /// Whether its target or its body holds these words.
    pub(in crate::http) fn is_about(&self, words: &str) -> bool {
        self.target.contains(words) || self.body.contains(words)
    }

    /// Whether it bears the key, in whatever place.
    pub(in crate::http) fn shows_the_key(&self) -> bool {
        self.head.contains(KEY) || self.body.contains(KEY)
    }
}

/// What it knows.
pub(in crate::http) struct Known {
    pub(in crate::http) address: SocketAddr,
    pub(in crate::http) archive: Vec<u8>,
    /// Where the archive is said to be, in place of where it is.
    pub(in crate::http) archive_at: Option<String>,
    /// What each further question finds; the last is found again and again.
    pub(in crate::http) script: VecDeque<Stand>,
    pub(in crate::http) runs: BTreeMap<String, Stand>,
    /// What is done with the next request about these words.
    acts: VecDeque<(&'static str, Act)>,
    asked: Vec<Asked>,
}

impl Known {
    fn new(address: SocketAddr, archive: Vec<u8>, script: &[Stand]) -> Self {
        Self {
            address,
            archive,
            archive_at: None,
            script: script.iter().copied().collect(),
            runs: BTreeMap::new(),
            acts: VecDeque::new(),
            asked: Vec::new(),
        }
    }

    /// A new run.
    pub(in crate::http) fn begin(&mut self) -> String {
        let run = format!("2f0d9c1e-7a55-4d0b-9c6e-{:012}", self.runs.len() + 1);
        self.runs.insert(run.clone(), Stand::At(0));
        run
    }

    /// How often it was asked anything.
    pub(in crate::http) fn count(&self) -> usize {
        self.asked.len()
    }

    /// How a run stands now: a step further each time, while it is under way.
    pub(in crate::http) fn stand(&mut self, run: &str) -> Option<Stand> {
        let next = match self.script.len() {
            0 | 1 => self.script.front().copied(),
            _ => self.script.pop_front(),
        };
        let stand = self.runs.get_mut(run)?;
        if matches!(stand, Stand::At(_) | Stand::Silent(_)) {
            *stand = next.unwrap_or(Stand::Complete);
        }
        Some(*stand)
    }
}

/// The service; it ends with the last of these values.
pub(in crate::http) struct Fake {
    pub(in crate::http) speaks: Speaks,
    known: Arc<Mutex<Known>>,
    accepting: Arc<Accepting>,
}

struct Accepting(JoinHandle<()>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The archive of a small run.
pub(in crate::http) fn archive() -> Result<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/plan_archive/run.zip");
    std::fs::read(&path).with_context(|| path.display().to_string())
}

impl Fake {
    pub(in crate::http) async fn start(speaks: Speaks, script: &[Stand]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let known = Known::new(listener.local_addr()?, archive()?, script);
        let known = Arc::new(Mutex::new(known));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&known)));
        Ok(Self { speaks, known, accepting: Arc::new(Accepting(accepting)) })
    }

    /// The same service.
    pub(in crate::http) fn again(&self) -> Self {
        let (known, accepting) = (Arc::clone(&self.known), Arc::clone(&self.accepting));
        Self { speaks: self.speaks, known, accepting }
    }

    /// Forgets everything.
    pub(in crate::http) fn forget(&self, script: &[Stand]) -> Result<()> {
        let mut known = self.known();
        *known = Known::new(known.address, archive()?, script);
        Ok(())
    }

    pub(in crate::http) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it was asked about these words so far.
    pub(in crate::http) fn asked(&self, words: &str) -> Vec<Asked> {
        self.known().asked.iter().filter(|asked| asked.is_about(words)).cloned().collect()
    }

    /// Does this with the next request about these words.
    pub(in crate::http) fn once(&self, words: &'static str, act: Act) {
        self.known().acts.push_back((words, act));
    }

    pub(in crate::http) fn url(&self) -> String {
        format!("http://{}", self.known().address)
    }

    /// A server's settings that ask it, with more of them.
    pub(in crate::http) fn config(&self, more: &[(&str, &str)]) -> Result<Config> {
        let url = self.url();
        let protocol = match self.speaks {
            Speaks::WorkerPlan => "worker_plan",
            Speaks::McpCloud => "mcp_cloud",
        };
        let own = [
            ("AX_PLANEXE_URL", url.as_str()),
            ("AX_PLANEXE_PROTOCOL", protocol),
            ("AX_PLANEXE_API_KEY", KEY),
        ];
        let all: Vec<(&str, &str)> = more.iter().chain(&own).copied().collect();
        let found = |name: &str| all.iter().find(|(key, _)| *key == name).map(|(_, it)| *it);
        let environment = |name: &str| found(name).map(str::to_owned);
        Ok(Config::resolve_in(&Flags::default(), &environment)?)
    }
}

async fn accept(listener: TcpListener, known: Arc<Mutex<Known>>) {
    let mut kept = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        let Ok(asked) = read(&mut stream).await else { continue };
        let bytes = {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            known.asked.push(asked.clone());
            let at = known.acts.iter().position(|(words, _)| asked.is_about(words));
            let act = at.and_then(|at| known.acts.remove(at)).map(|(_, act)| act);
            done(act, &mut known, &asked)
        };
        match bytes {
            // Whoever asked may be gone before all of it was written.
            Some(bytes) => drop(stream.write_all(&bytes).await),
            None => kept.push(stream),
        }
    }
}

async fn read(stream: &mut TcpStream) -> Result<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap_or("0").parse()?];
    stream.read_exact(&mut body).await?;
    let mut words = head.split(' ').map(str::to_owned);
    let (method, target) = (words.next().context("no method")?, words.next().context("no path")?);
    Ok(Asked { method, target, body: String::from_utf8(body)?, head })
}

/// The bytes of an answer; none to hang.
fn done(act: Option<Act>, known: &mut Known, asked: &Asked) -> Option<Vec<u8>> {
    let json = "application/json";
    match act {
        None => Some(whole(&answer(known, asked))),
        Some(Act::Status(status, body)) => Some(whole(&Told::new(status, json, body))),
        Some(Act::Say(body)) => Some(whole(&Told::new(200, json, body))),
        Some(Act::Redirect(to)) => {
            let head = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {to}\r\n");
            Some(format!("{head}content-length: 0\r\nconnection: close\r\n\r\n").into_bytes())
        }
        Some(Act::Cut) => Some(Vec::new()),
        Some(Act::CutBody) => {
            let bytes = whole(&answer(known, asked));
            Some(bytes[..bytes.len() - bytes.len() / 4].to_vec())
        }
        Some(Act::ShortLength) => {
            let told = answer(known, asked);
            Some(written(&told, told.body.len() / 2))
        }
        Some(Act::Hang) => None,
        Some(Act::Flood) => Some(whole(&Told::new(200, json, "[".repeat(FLOOD_BYTES)))),
    }
}

fn whole(told: &Told) -> Vec<u8> {
    written(told, told.body.len())
}

fn written(told: &Told, length: usize) -> Vec<u8> {
    let Told { status, kind, body } = told;
    let head = format!("HTTP/1.1 {status} So\r\nserver: uvicorn\r\ncontent-type: {kind}\r\n");
    let mut bytes =
        format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
