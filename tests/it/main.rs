//! The integration tests: one binary.

mod cli;
mod config;
mod demonstration;
mod docs;
mod engine;
mod feed;
mod handbook;
mod http;
mod keeping;
mod logs;
mod plans;
mod program;
mod projector;
mod reading;
mod sealer;
mod starting;
mod stopping;
mod store;
mod tidy;
mod traces;
mod webhooks;
