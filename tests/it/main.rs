//! The integration tests: one binary.

mod docs;
mod program;
mod tidy;
mod store;
