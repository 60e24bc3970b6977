//! The rules of executions, one by one.

mod support;

mod blockers;
mod dependencies;
mod failures;
mod leases;
mod moves;
mod own;
mod planted;
mod presence;
mod questions;
mod repaired;
mod reports;
mod shape;
mod steering;
