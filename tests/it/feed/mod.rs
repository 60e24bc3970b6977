//! The feed on real databases: whatever happens, a subscriber sees everything that concerns it,
//! once and in order, and nothing else.

mod house;
mod live;
mod reconnecting;
mod slow;
mod validators;
