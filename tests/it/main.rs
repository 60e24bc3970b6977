//! The integration tests: one binary.

mod docs;
mod engine;
mod feed;
mod http;
mod program;
mod projector;
mod reading;
mod starting;
mod store;
mod tidy;
mod webhooks;
