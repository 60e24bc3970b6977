//! The door, asked over TCP on a real server with both databases.

mod access;
mod agents;
mod heartbeat;
mod history;
mod house;
mod plain;
mod plans;
mod webhooks;
mod work;
