//! The law: what may happen, and what follows from it. Pure: time, ids and randomness come in with
//! the command, and nothing here knows of a database, a socket or a clock.

mod base;

pub use base::*;
