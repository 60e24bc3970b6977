//! The integration tests: one binary.

mod docs;
mod program;
mod store;
mod tidy;
