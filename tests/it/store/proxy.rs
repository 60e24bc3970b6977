//! A way to the database that breaks at the worst moment: around the commit.

use anyhow::Result;
use planexe_ax_testkit::Server;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;

/// How the way to the database is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// It is cut at every other commit: once before the database sees it, once after, before its
    /// answer comes back.
    Cuts,
    /// Everything takes its time.
    Slow,
}

/// How long what is sent is on its way, at most.
const DELAY_US_MAX: u64 = 3_000;

/// Passes bytes on, badly.
pub(crate) struct Proxy {
    port: u16,
    pub(crate) cuts: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A way that is cut at every other commit.
    pub(crate) async fn before(server: &Server) -> Result<Self> {
        Self::with(Trouble::Cuts, server).await
    }

    /// A way that is slow.
    pub(crate) async fn slow(server: &Server) -> Result<Self> {
        Self::with(Trouble::Slow, server).await
    }

    async fn with(trouble: Trouble, server: &Server) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (socket, cuts) = (server.socket(), Arc::new(AtomicU64::new(0)));
        let commits = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&cuts);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (socket, commits) = (socket.clone(), Arc::clone(&commits));
                drop(match trouble {
                    Trouble::Cuts => tokio::spawn(pass(client, socket, commits, counted.clone())),
                    Trouble::Slow => tokio::spawn(dawdle(client, socket)),
                });
            }
        });
        Ok(Self { port, cuts, task })
    }

    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn dawdle(client: TcpStream, socket: PathBuf) -> Result<()> {
    let server = UnixStream::connect(socket).await?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        sent = carry(from_client, to_server) => sent,
        sent = carry(from_server, to_client) => sent,
    }
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let delay = RandomState::new().hash_one(read) % DELAY_US_MAX;
        tokio::time::sleep(Duration::from_micros(delay)).await;
        to.write_all(&buffer[..read]).await?;
    }
}

async fn pass(
    client: TcpStream,
    socket: PathBuf,
    commits: Arc<AtomicU64>,
    cuts: Arc<AtomicU64>,
) -> Result<()> {
    let server = UnixStream::connect(socket).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        anyhow::Ok(())
    });
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from_client.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        let is_commit = is_commit(&buffer[..read]);
        let number = if is_commit { commits.fetch_add(1, Ordering::Relaxed) } else { 0 };
        if is_commit && number % 2 == 1 {
            cuts.fetch_add(1, Ordering::Relaxed);
            back.abort();
            if number % 4 == 1 {
                to_server.write_all(&buffer[..read]).await?;
            }
            break;
        }
        to_server.write_all(&buffer[..read]).await?;
    }
    Ok(())
}

/// A statement that carries an event commits by itself; behind the lock, the commit is a text.
fn is_commit(sent: &[u8]) -> bool {
    sent.windows(9).any(|bytes| bytes == br#""number":"#)
        || sent.windows(8).any(|bytes| bytes == b"commit; ")
}
