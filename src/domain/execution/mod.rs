//! An execution of a plan: its tree, its statuses, its rules.

mod status;

pub use status::{ExecutionStatus, TaskStatus};
