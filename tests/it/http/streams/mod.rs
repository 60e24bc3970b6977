//! Live streams, followed by real clients over TCP.

mod client;
mod directives;
mod door;
mod making;
mod resuming;
mod slow;
mod socket;
mod stopping;
mod watching;
