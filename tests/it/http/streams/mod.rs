//! Live streams, followed by real clients over TCP.

mod client;
mod directives;
mod door;
mod resuming;
mod slow;
mod socket;
mod stopping;
mod watching;
