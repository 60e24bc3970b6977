//! Throwaway databases: one PostgreSQL server for all the processes of a run, a database in it for
//! each test, and SQLite files that vanish with their test. Nothing stays behind, also when a test
//! is killed: a watcher stops its server, and the next process removes its folders.

pub mod baseline;
mod binaries;
mod confined;
mod database;
mod folder;
mod server;

pub use confined::{Confinement, confined, give_to_server};
pub use database::{Database, Held, SqliteFile};
pub use folder::Folder;
pub use server::{Durability, Server};

/// Whether the tests that need PostgreSQL are to be left out.
pub fn postgres_is_skipped() -> bool {
    std::env::var("AX_TEST_PG").is_ok_and(|value| value == "skip")
}
