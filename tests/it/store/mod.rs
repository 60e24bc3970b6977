//! The archive: one suite for every database, and what each must withstand.

mod backend;
mod conformance;
