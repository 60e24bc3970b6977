//! The windows on real databases: they are what a fresh replay of the log says, whatever happens.

mod house;
mod live;
pub(crate) mod story;
