//! The proofs: against the published vectors, under random trees, and with every bit of an export
//! changed once.

mod exports;
mod notes;
mod support;
mod trees;
mod vectors;
