//! The integration tests: one binary.

mod docs;
mod engine;
mod program;
mod store;
mod tidy;
