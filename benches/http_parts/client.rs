//! A plain HTTP client that costs the machine little: one connection, one request at a time.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Result<Value> {
        let said = || String::from_utf8_lossy(&self.body).into_owned();
        serde_json::from_slice(&self.body).with_context(said)
    }
}

/// A connection that is kept, and the key that is shown on it.
pub(crate) struct Client {
    stream: TcpStream,
    head: String,
    received: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: &str, key: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let key = match key {
            "" => String::new(),
            key => format!("Authorization: Bearer {key}\r\n"),
        };
        let head = format!("Host: {address}\r\n{key}Content-Type: application/json\r\n");
        Ok(Self { stream, head, received: Vec::new() })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask("GET", path, "").await
    }

    /// Sends something that must be taken.
    pub(crate) async fn post(&mut self, path: &str, body: &str) -> Result<Answer> {
        let answer = self.ask("POST", path, body).await?;
        let said = || String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status < 300, "POST {path}: {} {}", answer.status, said());
        Ok(answer)
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let (head, length) = (&self.head, body.len());
        let request =
            format!("{method} {path} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}");
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Asks for a live stream, and leaves what comes to the caller.
    pub(crate) async fn watch(mut self, path: &str) -> Result<TcpStream> {
        let head = &self.head;
        let request = format!("GET {path} HTTP/1.1\r\n{head}Accept: text/event-stream\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        Ok(self.stream)
    }

    async fn answer(&mut self) -> Result<Answer> {
        loop {
            if let Some(end) = find(&self.received, b"\r\n\r\n") {
                let head = std::str::from_utf8(&self.received[..end])?.to_owned();
                let length = length_of(&head)?;
                while self.received.len() < end + 4 + length {
                    self.receive().await?;
                }
                let body = self.received[end + 4..end + 4 + length].to_vec();
                self.received.drain(..end + 4 + length);
                let status = head.split(' ').nth(1).context("an answer has a status")?.parse()?;
                return Ok(Answer { status, body });
            }
            self.receive().await?;
        }
    }

    async fn receive(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn length_of(head: &str) -> Result<usize> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(length.map_or(Ok(0), |(_, value)| value.trim().parse())?)
}
