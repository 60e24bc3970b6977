//! A small proxy that opens tunnels, remembers to where, and leads every one to this machine.

use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it says to those that it lets nowhere.
const REFUSAL: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
const OPENED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// A listening proxy; it ends with this value.
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(true).await
    }

    /// One that lets nobody through.
    pub(crate) async fn closed() -> Result<Self> {
        Self::start_with(false).await
    }

    async fn start_with(is_open: bool) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let asked = Arc::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&asked), is_open));
        Ok(Self { address, asked, accepting })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// To where it was asked for a tunnel.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, asked: Arc<Mutex<Vec<String>>>, is_open: bool) {
    let mut serving = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        serving.spawn(serve(stream, Arc::clone(&asked), is_open));
    }
}

async fn serve(mut inner: TcpStream, asked: Arc<Mutex<Vec<String>>>, is_open: bool) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(inner.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let place = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let place = place.with_context(|| format!("{head} asks for no tunnel"))?;
    ensure!(head.contains(&format!("host: {place}\r\n")), "{head}");
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(place.to_owned());
    if !is_open {
        return Ok(inner.write_all(REFUSAL).await?);
    }
    let port: u16 = place.rsplit_once(':').context("no port")?.1.parse()?;
    let mut outer = TcpStream::connect(("127.0.0.1", port)).await?;
    inner.write_all(OPENED).await?;
    copy_bidirectional(&mut inner, &mut outer).await?;
    Ok(())
}
