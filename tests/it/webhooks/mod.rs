//! Webhooks on both databases, against a receiver that does as it is told.

mod confirming;
mod delivering;
mod failing;
mod house;
mod leading;
mod proxied;
pub(crate) mod proxy;
mod reaching;
pub(crate) mod receiver;
mod restored;
mod secrets;
