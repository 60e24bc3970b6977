//! The door, asked over TCP on a real server with both databases.

mod access;
mod agents;
mod crowd;
mod documents;
mod examples;
mod heartbeat;
mod history;
mod house;
mod larry;
mod plain;
mod plans;
mod servers;
mod work;
