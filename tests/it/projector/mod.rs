//! The windows on real databases: they are what a fresh replay of the log says, whatever happens.

mod auditing;
mod commands;
pub(crate) mod house;
mod killing;
mod live;
mod poison;
mod racing;
mod rebuilding;
mod seed;
mod shape;
pub(crate) mod story;
mod sums;
