//! The command line and the clients, through the real program.

mod clients;
mod demo;
mod fake;
mod help;
pub(crate) mod house;
mod local;
mod mcp;
mod screens;
mod strange;
mod watching;
