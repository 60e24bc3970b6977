//! The rules of executions, one by one.

#[path = "../support/mod.rs"]
mod support;

mod repaired;
