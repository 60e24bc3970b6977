//! The engine: commands, work, time, several servers, faults and death.

mod executing;
mod house;
mod log;
