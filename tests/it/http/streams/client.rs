//! Clients of streams: server-sent events read byte by byte, and WebSockets.

use crate::http::house::Server;
use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long a client waits before the test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How little a client that reads slowly lets the system keep for it.
const SMALL_BUFFER_BYTES: u32 = 4 * 1024;

/// A frame, as it came.
#[derive(Debug, Clone)]
pub(super) struct Came {
    pub(super) name: String,
    pub(super) id: Option<u64>,
    pub(super) frame: Value,
}

/// A stream of server-sent events.
pub(super) struct Sse {
    stream: TcpStream,
    pub(super) head: String,
    raw: Vec<u8>,
    text: String,
    /// How many bytes are read yet before the connection counts as cut.
    budget: usize,
}

/// Waits for what must come.
pub(super) async fn patiently<T>(waited: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(PATIENCE, waited).await.context("nothing came for too long")
}

/// A connection that takes little before it is read from.
pub(super) async fn connect(server: &Server) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(SMALL_BUFFER_BYTES)?;
    Ok(socket.connect(server.address).await?)
}

impl Sse {
    pub(super) async fn open(server: &Server, path: &str) -> Result<Self> {
        Self::open_with(server, path, "").await
    }

    /// With more headers.
    pub(super) async fn open_with(server: &Server, path: &str, headers: &str) -> Result<Self> {
        let mut stream = connect(server).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await?;
        let (head, text) = (String::new(), String::new());
        let mut sse = Self { stream, head, raw: Vec::new(), text, budget: usize::MAX };
        while sse.head.is_empty() {
            ensure!(sse.read().await?, "the connection ended before the head");
            let end = sse.raw.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                let body = sse.raw.split_off(end + 4);
                sse.head = String::from_utf8(std::mem::replace(&mut sse.raw, body))?;
            }
        }
        ensure!(sse.head.starts_with("HTTP/1.1 200 "), "{}", sse.head);
        Ok(sse)
    }

    /// Cuts the connection after so many bytes more.
    pub(super) fn cut_after(mut self, bytes: usize) -> Self {
        self.budget = bytes;
        self
    }

    /// Reads some bytes; false at the end.
    async fn read(&mut self) -> Result<bool> {
        let mut bytes = [0; 4096];
        let most = self.budget.min(bytes.len());
        if most == 0 {
            return Ok(false);
        }
        let read = patiently(self.stream.read(&mut bytes[..most])).await?;
        let read = match read {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error.into()),
        };
        self.budget -= read;
        self.raw.extend_from_slice(&bytes[..read]);
        Ok(read > 0)
    }

    /// Takes whole chunks out of what was read.
    fn decode(&mut self) -> Result<()> {
        loop {
            let Some(end) = self.raw.windows(2).position(|bytes| bytes == b"\r\n") else {
                return Ok(());
            };
            let length = usize::from_str_radix(std::str::from_utf8(&self.raw[..end])?, 16)?;
            if self.raw.len() < end + 2 + length + 2 {
                return Ok(());
            }
            self.text.push_str(std::str::from_utf8(&self.raw[end + 2..end + 2 + length])?);
            self.raw.drain(..end + 2 + length + 2);
        }
    }

    /// The next whole event; none when the connection ended.
    pub(super) async fn next(&mut self) -> Result<Option<Came>> {
        loop {
            self.decode()?;
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let came = came(event)?;
                self.text = rest.to_owned();
                if came.is_some() {
                    return Ok(came);
                }
            }
            if !self.read().await? {
                return Ok(None);
            }
        }
    }

    /// The next one, which must come.
    pub(super) async fn one(&mut self) -> Result<Came> {
        self.next().await?.context("the stream ended")
    }

    /// All up to the first one that is meant, and that one.
    pub(super) async fn until(&mut self, is_it: impl Fn(&Came) -> bool) -> Result<Vec<Came>> {
        let mut all = vec![self.one().await?];
        while !all.last().is_some_and(&is_it) {
            all.push(self.one().await?);
        }
        Ok(all)
    }
}

/// An event; none where there is no data in it.
fn came(event: &str) -> Result<Option<Came>> {
    let (mut name, mut id, mut data) = (String::new(), None, Vec::new());
    for line in event.lines() {
        match line.split_once(": ") {
            Some(("event", value)) => name = value.to_owned(),
            Some(("id", value)) => id = Some(value.parse()?),
            Some(("data", value)) => data.push(value),
            Some(("retry", _)) => {}
            Some((_, _)) | None => bail!("{line:?} is no line of an event"),
        }
    }
    if data.is_empty() {
        return Ok(None);
    }
    let frame: Value = serde_json::from_str(&data.join("\n"))?;
    ensure!(frame["type"] == name.as_str(), "{name} is not {frame}");
    Ok(Some(Came { name, id, frame }))
}

/// A WebSocket.
pub(super) struct Socket {
    socket: WebSocketStream<TcpStream>,
    pub(super) protocol: Option<String>,
}

impl Socket {
    pub(super) async fn open(server: &Server, path: &str) -> Result<Self> {
        Self::open_with(server, path, &[]).await
    }

    /// With more headers.
    pub(super) async fn open_with(
        server: &Server,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self> {
        let mut request = format!("ws://{}{path}", server.address).into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let stream = connect(server).await?;
        let (socket, answer) = client_async(request, stream).await?;
        let protocol = answer.headers().get("sec-websocket-protocol");
        let protocol = protocol.map(|it| it.to_str().map(str::to_owned)).transpose()?;
        Ok(Self { socket, protocol })
    }

    pub(super) async fn send(&mut self, message: Message) -> Result<()> {
        Ok(self.socket.send(message).await?)
    }

    /// Sends bytes past the protocol.
    pub(super) async fn write_raw(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.socket.get_mut().write_all(bytes).await?)
    }

    /// The next message that is no ping; none at the end.
    async fn message(&mut self) -> Result<Option<Message>> {
        loop {
            match patiently(self.socket.next()).await? {
                None => return Ok(None),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(message) => return Ok(Some(message?)),
            }
        }
    }

    /// The next frame.
    pub(super) async fn one(&mut self) -> Result<Value> {
        let message = self.message().await?.context("the WebSocket ended")?;
        let Message::Text(text) = message else { bail!("{message:?} is no frame") };
        Ok(serde_json::from_str(&text)?)
    }

    /// All up to the first one that is meant, and that one.
    pub(super) async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Result<Vec<Value>> {
        let mut all = vec![self.one().await?];
        while !all.last().is_some_and(&is_it) {
            all.push(self.one().await?);
        }
        Ok(all)
    }

    /// How the server closes it, whatever comes before.
    pub(super) async fn closed(&mut self) -> Result<CloseFrame> {
        loop {
            let message = self.message().await?.context("it ended without a close")?;
            if let Message::Close(frame) = message {
                return frame.context("it was closed without a reason");
            }
        }
    }
}
