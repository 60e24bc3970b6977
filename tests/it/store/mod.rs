//! The archive: one suite for every database, and what each must withstand.

pub(crate) mod backend;
mod conformance;
mod differential;
mod failing;
mod faults;
pub(crate) mod killing;
pub(crate) mod ledger;
mod opening;
mod proxy;
mod reading;
mod sharing;
mod streaming;
mod struggling;
pub(crate) mod tampering;
