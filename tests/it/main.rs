//! The integration tests: one binary.

mod docs;
mod engine;
mod program;
mod starting;
mod store;
mod tidy;
