//! The sealer: a tree that grows behind the writers, is signed, and can be proved from.

mod anchoring;
mod commands;
mod growing;
pub(crate) mod house;
mod leading;
mod tampered;
