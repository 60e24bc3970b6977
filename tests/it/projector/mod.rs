//! The windows on real databases: they are what a fresh replay of the log says, whatever happens.

mod commands;
mod house;
mod killing;
mod live;
mod poison;
mod racing;
mod rebuilding;
mod seed;
mod shape;
mod story;
mod sums;
