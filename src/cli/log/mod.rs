//! Where the log is that a command reads: at a running server, or straight in a database.

mod house;
mod server;

use super::remote::Remote;
use crate::audit::{Checkpoint, Hash, Verifier};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::store::tree::SignedCheckpoint;
use crate::store::{LogFilter, RecordedEvent};
use anyhow::anyhow;
use house::House;
use server::Server;

/// What stands at a position.
pub(super) enum Piece {
    /// An event.
    Event(Box<RecordedEvent>),
    /// The leaf of an event of another workspace.
    Hidden {
        /// Its place.
        position: u64,
        /// Its leaf hash.
        hash: Hash,
    },
}

/// The log, with its proofs.
pub(super) enum Log {
    /// In a database.
    House(Box<House>),
    /// At a server.
    Server(Box<Server>),
}

impl Log {
    /// Opens the log: at the server that is named, else in the database.
    pub(super) async fn open(remote: &Remote, config: &Config) -> Result<Self, Failure> {
        if remote.is_named()? {
            return Ok(Self::Server(Box::new(Server::open(remote.client()?).await?)));
        }
        Ok(Self::House(Box::new(House::open(config).await?)))
    }

    /// The newest checkpoint; straight on a database, what is new is signed first.
    pub(super) async fn newest(&self) -> Result<SignedCheckpoint, Failure> {
        match self {
            Self::House(house) => house.newest().await,
            Self::Server(server) => server.checkpoint(None).await,
        }
    }

    /// The checkpoint over so many events.
    pub(super) async fn checkpoint(&self, size: u64) -> Result<SignedCheckpoint, Failure> {
        match self {
            Self::House(house) => house.checkpoint(size).await,
            Self::Server(server) => server.checkpoint(Some(size)).await,
        }
    }

    /// Checkpoints over more events than that, the smallest first; nothing when there are no more.
    pub(super) async fn checkpoints(&self, after: u64) -> Result<Vec<SignedCheckpoint>, Failure> {
        match self {
            Self::House(house) => house.checkpoints(after).await,
            Self::Server(server) => server.checkpoints(after).await,
        }
    }

    /// The public key.
    pub(super) async fn key(&self) -> Result<Verifier, Failure> {
        match self {
            Self::House(house) => house.key().await,
            Self::Server(server) => server.key().await,
        }
    }

    /// What follows a position, up to another one; never nothing, while that one is not reached.
    pub(super) async fn pieces(&mut self, after: u64, to: u64) -> Result<Vec<Piece>, Failure> {
        match self {
            Self::House(house) => house.pieces(after, to).await,
            Self::Server(server) => server.pieces(after, to).await,
        }
    }

    /// The next events that can be read, wherever they stand.
    pub(super) async fn events(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, Failure> {
        match self {
            Self::House(house) => house.events(after, limit).await,
            Self::Server(server) => Ok(server.events(after, limit).await?.0),
        }
    }

    /// The next events that are wanted, and where the page behind them begins, when there is one.
    pub(super) async fn wanted(
        &self,
        filter: &LogFilter,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Option<u64>), Failure> {
        match self {
            Self::House(house) => house.wanted(filter, after, limit).await,
            Self::Server(server) => server.wanted(filter, after, limit).await,
        }
    }

    /// The position of the last event.
    pub(super) async fn head(&self) -> Result<u64, Failure> {
        match self {
            Self::House(house) => house.head().await,
            Self::Server(server) => server.head().await,
        }
    }

    /// The hashes that prove that an event is in the tree of a size.
    pub(super) async fn inclusion(&self, position: u64, size: u64) -> Result<Vec<Hash>, Failure> {
        match self {
            Self::House(house) => house.inclusion(position, size).await,
            Self::Server(server) => server.inclusion(position, size).await,
        }
    }

    /// The hashes that prove that the tree of one size begins with that of another.
    pub(super) async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, Failure> {
        match self {
            Self::House(house) => house.consistency(from, to).await,
            Self::Server(server) => server.consistency(from, to).await,
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::House(house) => house.close().await,
            Self::Server(_) => {}
        }
    }
}

/// A checkpoint that was read, verified with the key.
pub(super) fn opened(signed: &SignedCheckpoint, key: &Verifier) -> Result<Checkpoint, Failure> {
    Checkpoint::open(&signed.note, key)
        .map_err(|error| Exit::Tampered.because(anyhow!("the checkpoint: {error}")))
}
