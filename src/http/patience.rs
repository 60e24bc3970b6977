//! Connections whose other side must take what it asked for: one that takes nothing for too long
//! is given up, so that nobody can hold memory and places by not reading.

use crate::planted::is_planted;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// How much of what is on its way to the other side the system keeps for a connection; more would
/// be lost memory for each that does not read.
const SEND_BUFFER_BYTES: u32 = 128 * 1024;
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1_024;
/// How long the other side may take nothing once the server stops.
const STOPPING_STALL_MS_MAX: u64 = 2_000;

/// Listens at an address, with little memory for each connection.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A connection that is patient only so long.
pub(super) struct Patient {
    stream: TcpStream,
    stall_ms_max: u64,
    stopping: watch::Receiver<bool>,
    /// Runs while the other side takes nothing.
    stalled: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Patient {
    pub(super) fn new(
        stream: TcpStream,
        stall_ms_max: u64,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self { stream, stall_ms_max, stopping, stalled: None }
    }
}

impl Patient {
    /// Gives up on a write that could not be done for too long.
    fn wait(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() || is_planted("stalled_reader_kept") {
            self.stalled = None;
            return written;
        }
        let (stall_ms_max, stopping) = (self.stall_ms_max, &self.stopping);
        let stalled =
            self.stalled.get_or_insert_with(|| Box::pin(over(stall_ms_max, stopping.clone())));
        match stalled.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

/// Waits for as long as the other side may take nothing.
async fn over(stall_ms_max: u64, mut stopping: watch::Receiver<bool>) {
    let stopped = async {
        if stopping.wait_for(|is_stopping| *is_stopping).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(STOPPING_STALL_MS_MAX)).await;
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        () = tokio::time::sleep(Duration::from_millis(stall_ms_max)) => {}
        () = stopped => {}
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wait(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.wait(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
