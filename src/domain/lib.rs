//! The law: what may happen, and what follows from it. Pure: time, ids and randomness come in with
//! the command, and nothing here knows of a database, a socket or a clock.

mod base;
mod catalogue;
pub mod event;
pub mod execution;
pub mod harness;
mod moment;
mod planted;
mod rejection;

pub use base::*;
pub use catalogue::{EventEntry, FieldEntry};
pub use event::{Event, EventError};
pub use moment::Moment;
pub use rejection::{IllegalTransition, Rejection};
