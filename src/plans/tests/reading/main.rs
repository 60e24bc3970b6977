//! The readers, on fixtures of our own, on real runs where they are present, and on plans that are
//! drawn at random.

mod archives;
mod bad;
mod house;
mod listings;
mod properties;
mod runs;
mod samples;
mod structured;
