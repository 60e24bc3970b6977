//! The rules of executions, one by one.

#[path = "../support/mod.rs"]
mod support;

mod blockers;
mod dependencies;
mod failures;
mod leases;
mod moves;
mod planted;
mod presence;
mod questions;
mod repaired;
mod reports;
mod shape;
mod steering;
