//! The integration tests: one binary.

mod docs;
mod engine;
mod program;
mod projector;
mod reading;
mod store;
mod tidy;
