//! The engine: commands, work, time, several servers, faults and death.

mod agent_plans;
mod broken;
mod coupled;
mod executing;
mod house;
mod killing;
pub(crate) mod log;
mod simulation;
mod timing;
mod together;
mod working;
