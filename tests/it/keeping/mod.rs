//! Backups, and what is restored from them.

mod archiving;
mod commands;
mod house;
mod proof;
mod refusing;
