//! Ten thousand live streams on one server, followed by processes of their own: how late what
//! happens comes, and what a stream costs in memory.

use super::client::{Client, find};
use super::served::Served;
use super::work::{self, Held};
use super::{Times, float};
use crate::shared::{Figure, Reach};
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::{Database, Server};
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const STREAMS: usize = 10_000;
const WATCHERS: usize = 4;
const EXECUTIONS: usize = 100;
const EVENTS_A_SECOND: u32 = 100;
const MEASURED_SECONDS: u32 = 10;
/// What is an event, among the frames.
const EVENT: &[u8] = b"event: event\n";
const LAG_MS_MAX: f64 = 1_000.0;

/// Prints how late the latest of a hundred frames is.
pub(crate) async fn measure(server: &Server) -> Result<()> {
    let database = Database::on(server).await?;
    let served = Served::on(&database.url).await?;
    let reporters = prepare(&served).await?;
    let before = served.resident_kib()?;
    let mut watchers = Vec::new();
    for _ in 0..WATCHERS {
        watchers.push(Watcher::start(&served, STREAMS / WATCHERS)?);
    }
    for watcher in &mut watchers {
        watcher.expect("open").await?;
    }
    let each = (served.resident_kib()? - before) / float(STREAMS);
    report(&served, &reporters).await?;
    let mut lags = Vec::new();
    for mut watcher in watchers {
        lags.extend(watcher.lags().await?);
    }
    let lags = Times::of(lags);
    let frames = lags.count();
    let name = format!("10,000 streams, 100 events/s: lag of {frames} frames ({})", lags.told()?);
    eprintln!("a stream costs {each:.0} KiB of memory");
    let reach = Reach { limit: 1.0, is_most: true };
    let (value, unit) = (lags.percentile(99)?, "ms");
    Figure { name, value, unit, baseline: LAG_MS_MAX, reach }.print();
    ensure!(frames >= STREAMS * 10, "only {frames} frames came: streams were lost");
    Ok(())
}

struct Reporter {
    agent_id: String,
    key: String,
    held: Held,
}

async fn prepare(served: &Served) -> Result<Vec<Reporter>> {
    let mut owner = served.as_owner().await?;
    work::import(&mut owner, &work::wide("plan", "send_email", 1)).await?;
    let mut reporters = Vec::new();
    for number in 0..EXECUTIONS {
        let agent_id = format!("agent_{number}");
        let key = served.agent(&agent_id, "send_email").await?;
        work::start(&mut owner, &format!("exec_{number}"), "plan", Some(&agent_id)).await?;
        let mut client = served.connect(&key).await?;
        let found = client.get(&format!("/api/agents/{agent_id}/work")).await?.json()?;
        let held = Held::of(&found).context("no work was given")?;
        reporters.push(Reporter { agent_id, key, held });
    }
    Ok(reporters)
}

/// A hundred reports a second, each on the next execution.
async fn report(served: &Served, reporters: &[Reporter]) -> Result<()> {
    let mut clients = Vec::new();
    for reporter in reporters {
        clients.push(served.connect(&reporter.key).await?);
    }
    let mut clock = tokio::time::interval(Duration::from_secs(1) / EVENTS_A_SECOND);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    for number in 0..EVENTS_A_SECOND * MEASURED_SECONDS {
        clock.tick().await;
        let place = usize::try_from(number)? % reporters.len();
        let Reporter { agent_id, held, .. } = &reporters[place];
        let mut body = held.report(agent_id, "task_progress", &format!("{agent_id}-{number}"));
        body["progress_percent"] = (usize::try_from(number)? / EXECUTIONS).into();
        clients[place].post(&held.path(), &body.to_string()).await?;
    }
    Ok(())
}

/// A process that follows streams.
struct Watcher {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Watcher {
    fn start(served: &Served, streams: usize) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--watch", &served.address, &served.owner, &streams.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().context("its input is piped")?;
        let output = BufReader::new(child.stdout.take().context("its output is piped")?);
        Ok(Self { child, input, output })
    }

    async fn expect(&mut self, word: &str) -> Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line).await?;
        ensure!(line.trim() == word, "a watcher said {line:?}, not {word}");
        Ok(())
    }

    /// Tells it that all is reported, and reads how late each frame was.
    async fn lags(&mut self) -> Result<Vec<f64>> {
        self.input.write_all(b"done\n").await?;
        let mut text = String::new();
        self.output.read_to_string(&mut text).await?;
        ensure!(self.child.wait().await?.success(), "a watcher failed");
        Ok(text.lines().map(str::parse).collect::<Result<_, _>>()?)
    }
}

/// The process that follows: opens its streams, says so, and says how late each event came.
pub(crate) async fn watch(arguments: &[String]) -> Result<()> {
    let [address, key, streams] = arguments else {
        anyhow::bail!("--watch ADDRESS KEY STREAMS");
    };
    let mut following = Vec::new();
    for number in 0..streams.parse::<usize>()? {
        let path = format!("/api/executions/exec_{}/stream", number % EXECUTIONS);
        let mut stream = Client::connect(address, key).await?.watch(&path).await?;
        let mut first = [0_u8; 12];
        stream.read_exact(&mut first).await?;
        ensure!(&first == b"HTTP/1.1 200", "a stream was refused");
        following.push(tokio::spawn(follow(stream)));
    }
    println!("open");
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    // What was reported last is given the time that it may take.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut said = String::new();
    for task in following {
        task.abort();
        said.extend(LAGS.lock().await.drain(..).map(|lag| format!("{lag:.2}\n")));
        drop(task.await);
    }
    print!("{said}");
    Ok(())
}

static LAGS: tokio::sync::Mutex<Vec<f64>> = tokio::sync::Mutex::const_new(Vec::new());

async fn follow(mut stream: tokio::net::TcpStream) -> Result<()> {
    let mut received = Vec::new();
    loop {
        ensure!(stream.read_buf(&mut received).await? > 0, "a stream ended");
        while let Some(end) = find(&received, b"\n\n") {
            if let Some(lag) = lag_of(&received[..end]) {
                LAGS.lock().await.push(lag);
            }
            received.drain(..end + 2);
        }
    }
}

/// How late an event is, by the time at which it was recorded; none where it is another frame.
fn lag_of(frame: &[u8]) -> Option<f64> {
    let event = find(frame, EVENT)?;
    let data = event + find(&frame[event..], b"data:")? + 5;
    let line = frame[data..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let event: Value = serde_json::from_slice(line).ok()?;
    let at = planexe_ax::domain::Timestamp::parse(event["timestamp"].as_str()?)?;
    let now = planexe_ax::clock::Clock::System.now();
    let lag_ms = now.unix_ms().saturating_sub(at.unix_ms());
    Some(float(usize::try_from(lag_ms).unwrap_or(0)))
}
