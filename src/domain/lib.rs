//! The law: what may happen, and what follows from it. Pure: time, ids and randomness come in with
//! the command, and nothing here knows of a database, a socket or a clock.

pub mod agent;
mod base;
mod catalogue;
mod catalogue_markdown;
pub mod event;
pub mod execution;
#[cfg(test)]
mod given;
pub mod harness;
mod moment;
pub mod plan;
mod planted;
mod rejection;
mod state;
pub mod workspace;

pub use base::*;
pub use catalogue::{EventEntry, FieldEntry};
pub use catalogue_markdown::event_catalogue_markdown;
pub use event::{Event, EventError};
pub use moment::Moment;
pub use rejection::{IllegalTransition, Rejection};
pub use state::{Command, State};
