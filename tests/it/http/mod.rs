//! The door, asked over TCP on a real server with both databases.

mod access;
mod agents;
mod heartbeat;
mod history;
mod house;
mod operators;
mod overload;
mod plain;
mod plans;
mod rates;
mod serving;
mod streams;
mod switched_off;
mod webhooks;
mod work;
