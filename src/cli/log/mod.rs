//! Where the log is that a command reads: at a running server, or straight in a database.

mod house;
mod server;

use crate::audit::{Checkpoint, Hash, Verifier};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::store::tree::SignedCheckpoint;
use crate::store::{LogFilter, RecordedEvent};
use anyhow::anyhow;
use house::House;
pub(super) use server::Server;

/// Names the server, and holds the key to it.
const URL: &str = "AX_URL";
const KEY: &str = "AX_KEY";

/// Which server is asked.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Place {
    /// A running server, such as http://127.0.0.1:8000 [AX_URL]; its key: [AX_KEY]. When none is
    /// named, the database is opened, which on SQLite no server may have open meanwhile
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
}

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

impl Place {
    /// Opens the log.
    pub(super) async fn open(&self, config: &Config) -> Result<Log, Failure> {
        let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match self.server.clone().or_else(|| named(URL)) {
            Some(address) => {
                let server = Server::open(&address, named(KEY)).await?;
                Ok(Log::Server(Box::new(server)))
            }
            None => Ok(Log::House(Box::new(House::open(config).await?))),
        }
    }

    /// The server, for what only a server can tell.
    pub(super) async fn server(&self) -> Result<Server, Failure> {
        let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let address = self.server.clone().or_else(|| named(URL)).ok_or_else(|| {
            Exit::Usage.because(anyhow!("name a running server: --server http://127.0.0.1:8000"))
        })?;
        Server::open(&address, named(KEY)).await
    }
}

impl Log {
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
