//! The archive: the log, what is kept beside it, and all SQL of the product. One interface over
//! PostgreSQL, a SQLite file, and memory for simulations.

mod alongside;
mod appender;
mod commit;
mod config;
mod error;
mod handle;
pub mod harness;
mod hash;
pub mod keep;
mod memory;
mod memory_log;
mod migrate;
mod open_error;
pub mod outbox;
mod plan;
#[cfg(test)]
mod plan_tests;
mod postgres;
mod presence;
mod remembered;
mod restored;
mod rows;
mod sqlite;
mod streams;
mod tail;
mod tokens;
pub mod tree;
mod types;
mod verify;
mod verify_beside;
pub mod views;
mod write_tx;

pub use appender::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, REQUEST_BYTES_MAX, REQUEST_EVENTS_MAX};
pub use config::{QUEUE_REQUESTS_MAX, StoreConfig};
pub use error::{AppendError, StoreError};
pub use handle::Store;
pub(crate) use hash::{BatchHasher, LEAF_PREFIX_BYTES};
pub use memory::{MemoryFaults, MemoryLog, MemoryStore};
pub use open_error::OpenError;
pub use postgres::PostgresStore;
pub use presence::{AgentPresence, EndedLease, Renewal};
pub use restored::Restored;
pub use sqlite::SqliteStore;
pub use streams::{STREAM_EVENTS_MAX, STREAMS_MAX, Stream, StreamEvent, StreamRange};
pub use tail::{BrokenOrder, TAIL_PAGE_EVENTS, TailError, TailInput, TailState, TailStep, Tailer};
pub use tokens::{Token, TokenHash, TokenKind};
pub use types::{
    AppendRequest, Appended, Batch, Expected, Hash, Head, IdempotencyKey, LogFilter, NewEvent,
    Position, Receipt, RecordedEvent, Snapshot, StoredAnswer, StreamCondition, StreamWrite,
    Version,
};
pub use verify::{Damage, Verified, VerifyError};
