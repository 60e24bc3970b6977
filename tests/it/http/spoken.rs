//! What is said to a server, byte for byte, and what it answers.

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Value,
}

/// A connection that is kept.
pub(super) struct Wire {
    pub(super) stream: TcpStream,
}

impl Wire {
    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// What comes until the connection is closed; also when it is reset.
    pub(super) async fn rest(&mut self) -> Result<String> {
        let mut answer = Vec::new();
        match self.stream.read_to_end(&mut answer).await {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error)?,
            Ok(_) | Err(_) => Ok(String::from_utf8(answer)?),
        }
    }

    /// The head of the next answer.
    pub(super) async fn head(&mut self) -> Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        Ok(String::from_utf8(head)?.trim_end().to_owned())
    }

    /// The next answer, while the connection stays.
    pub(super) async fn answer(&mut self) -> Result<Answer> {
        let head = self.head().await?;
        let mut answer = Answer::read(&head, "")?;
        let length = answer.header("content-length").unwrap_or("0").parse()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        answer = Answer::read(&head, std::str::from_utf8(&body)?)?;
        Ok(answer)
    }
}

impl Answer {
    fn read(head: &str, body: &str) -> Result<Self> {
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        let body = match body {
            "" => Value::Null,
            body => serde_json::from_str(body).unwrap_or_else(|_| body.into()),
        };
        Ok(Self { status, head: head.to_owned(), body })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    /// The position that it stands at.
    pub(super) fn position(&self) -> Result<u64> {
        Ok(self.header("ax-position").context("no AX-Position")?.parse()?)
    }
}

/// Sends these bytes to a server, and reads what is answered.
pub(super) async fn answered(address: &str, request: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8(answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let is_in_parts = head.to_lowercase().contains("\r\ntransfer-encoding: chunked");
    let body = if is_in_parts { put_together(body)? } else { body.to_owned() };
    let body = match body.as_str() {
        "" => Value::Null,
        page if head.contains("\r\ncontent-type: text/") => page.into(),
        json => serde_json::from_str(json)?,
    };
    Ok(Answer { status, head: head.to_owned(), body })
}

/// A body that was sent in parts, each with its length; it breaks off where the last is missing.
fn put_together(mut body: &str) -> Result<String> {
    let mut whole = String::new();
    loop {
        let (length, rest) = body.split_once("\r\n").context("the answer breaks off")?;
        let length = usize::from_str_radix(length, 16)?;
        if length == 0 {
            return Ok(whole);
        }
        whole.push_str(rest.get(..length).context("the answer breaks off")?);
        body = rest.get(length + 2..).context("the answer breaks off")?;
    }
}

/// A request with these headers and this body, as it is sent.
pub(super) fn written(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n", body.len());
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}
