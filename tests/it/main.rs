//! The integration tests: one binary.

mod docs;
mod engine;
mod feed;
mod program;
mod projector;
mod store;
mod tidy;
