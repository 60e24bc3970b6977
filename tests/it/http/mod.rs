//! The door, asked over TCP on a real server with both databases.

mod access;
mod agent_plans;
mod agents;
mod crowd;
mod dashboard;
mod decomposing;
mod documents;
mod examples;
mod heartbeat;
mod history;
mod house;
mod imports;
mod larry;
mod operators;
mod overload;
mod plain;
mod plans;
mod rates;
mod servers;
mod serving;
mod streams;
mod switched_off;
mod taking_away;
mod webhooks;
mod work;
