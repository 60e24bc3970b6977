//! A receiver of webhooks that does as it is told, and remembers what it was sent. It says yes to
//! challenges by itself, unless it is told otherwise.

use anyhow::{Context, Result, ensure};
use planexe_ax::domain::Timestamp;
use rustls::ServerConfig;
use serde_json::Value;
use standardwebhooks::Webhook;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// How long one waits for a request before the test fails.
const PATIENCE_MS: u64 = 60_000;

/// What the receiver does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers with a status, and these headers.
    Answer(u16, &'static str),
    /// Answers 200 with this, where `WORD` stands for the challenge.
    Say(&'static str),
    /// Never answers.
    Hang,
    /// Answers as it should once it is let to.
    Held,
    /// Sends a byte of the head again and again.
    Drip,
    /// Closes the connection.
    Cut,
    /// Answers with more than anybody wants.
    Huge,
    /// Sends something that is not HTTP.
    Noise,
}

/// What it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Result<&str> {
        let found = self.headers.get(name).map(String::as_str);
        found.with_context(|| format!("no {name} in {self:?}"))
    }

    pub(crate) fn id(&self) -> Result<&str> {
        self.header("webhook-id")
    }

    /// The word that it is to repeat; empty in what is no challenge.
    pub(crate) fn challenge(&self) -> String {
        let body = self.json().unwrap_or_default();
        let word = body["data"]["challenge"].as_str().unwrap_or_default();
        if body["type"] == "webhook.challenge" { word.to_owned() } else { String::new() }
    }

    pub(crate) fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// When it says that it was sent.
    pub(crate) fn at(&self) -> Result<Timestamp> {
        let seconds: i64 = self.header("webhook-timestamp")?.parse()?;
        Ok(Timestamp::from_unix_ms(seconds * 1_000))
    }

    /// How many signatures it bears, and whether this secret made one of them, as a stranger's
    /// library computes it.
    pub(crate) fn signed_with(&self, secret: &str) -> Result<(usize, bool)> {
        let seconds = self.header("webhook-timestamp")?.parse()?;
        let wanted = Webhook::new(secret)?.sign(self.id()?, seconds, &self.body)?;
        let signatures: Vec<_> = self.header("webhook-signature")?.split(' ').collect();
        Ok((signatures.len(), signatures.contains(&wanted.as_str())))
    }
}

struct Shared {
    acts: Mutex<VecDeque<Act>>,
    /// What it does with challenges, one each; then it says yes.
    to_challenges: Mutex<VecDeque<Act>>,
    challenges: Mutex<Vec<Received>>,
    received: watch::Sender<Vec<Received>>,
    connections: watch::Sender<usize>,
    held: Semaphore,
}

impl Shared {
    /// Remembers what came, and says what is done with it.
    fn act(&self, received: Received) -> Act {
        if received.challenge().is_empty() {
            let act = self.acts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            self.received.send_modify(|all| all.push(received));
            return act.unwrap_or(Act::Answer(204, ""));
        }
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        let act = self.to_challenges.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        act.unwrap_or(Act::Say(r#"{"challenge":"WORD"}"#))
    }
}

/// A listening receiver; it ends with this value.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Receiver {
    /// Does these things, one with each request, and then answers 204 for ever.
    pub(crate) async fn start(acts: &[Act]) -> Result<Self> {
        Self::start_with(acts, None).await
    }

    pub(crate) async fn start_with(acts: &[Act], tls: Option<Arc<ServerConfig>>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            acts: Mutex::new(acts.iter().cloned().collect()),
            to_challenges: Mutex::default(),
            challenges: Mutex::default(),
            received: watch::Sender::new(Vec::new()),
            connections: watch::Sender::new(0),
            held: Semaphore::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared), tls));
        Ok(Self { address, shared, accepting })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?from=ax", self.address)
    }

    /// What it was sent by now.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// How many have connected.
    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// Waits until it was sent so many.
    pub(crate) async fn until(&self, count: usize) -> Result<Vec<Received>> {
        let mut received = self.shared.received.subscribe();
        let patience = Duration::from_millis(PATIENCE_MS);
        let enough = received.wait_for(|received| received.len() >= count);
        let received = tokio::time::timeout(patience, enough).await;
        Ok(received.context("nothing came for a minute")??.clone())
    }

    /// Does this with the next request.
    pub(crate) fn next(&self, act: Act) {
        self.shared.acts.lock().unwrap_or_else(PoisonError::into_inner).push_back(act);
    }

    /// Does this with the next challenge.
    pub(crate) fn challenged(&self, act: Act) {
        self.shared.to_challenges.lock().unwrap_or_else(PoisonError::into_inner).push_back(act);
    }

    /// The challenges that it was sent by now.
    pub(crate) fn challenges(&self) -> Vec<Received> {
        self.shared.challenges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets one that is held be answered.
    pub(crate) fn release(&self) {
        self.shared.held.add_permits(1);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tls: Option<Arc<ServerConfig>>) {
    let mut serving = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.send_modify(|count| *count += 1);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        serving.spawn(async move {
            match tls {
                None => serve(stream, &shared).await,
                Some(tls) => match TlsAcceptor::from(tls).accept(stream).await {
                    Ok(stream) => serve(stream, &shared).await,
                    Err(error) => Err(error.into()),
                },
            }
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, shared: &Shared) -> Result<()> {
    let received = read(&mut stream).await?;
    let word = received.challenge();
    match shared.act(received) {
        Act::Answer(status, headers) => answer(&mut stream, status, headers).await?,
        Act::Say(said) => say(&mut stream, &said.replace("WORD", &word)).await?,
        Act::Hang => std::future::pending().await,
        Act::Held => {
            shared.held.acquire().await?.forget();
            answer(&mut stream, 200, "").await?;
        }
        Act::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").await?;
            loop {
                stream.write_all(b"x").await?;
                stream.flush().await?;
                tokio::task::yield_now().await;
            }
        }
        Act::Cut => {}
        Act::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").await?;
            loop {
                stream.write_all(&[b's'; 65_536]).await?;
            }
        }
        Act::Noise => stream.write_all(b"220 smtp.example ESMTP\r\n").await?,
    }
    stream.shutdown().await?;
    Ok(())
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, said: &str) -> Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{said}", said.len());
    stream.write_all(head.as_bytes()).await?;
    Ok(stream.flush().await?)
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, status: u16, headers: &str) -> Result<()> {
    let body = if status == 204 { "" } else { "raw words of the receiver" };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    Ok(())
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at;
        }
        ensure!(stream.read_buf(&mut bytes).await? > 0, "the head ended early");
    };
    let head = std::str::from_utf8(&bytes[..end])?.to_owned();
    let path = head.split(' ').nth(1).context("no path")?.to_owned();
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers: BTreeMap<_, _> = headers.collect();
    let length: usize = headers.get("content-length").context("no length")?.parse()?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        ensure!(stream.read_buf(&mut body).await? > 0, "the body ended early");
    }
    Ok(Received { path, headers, body })
}
