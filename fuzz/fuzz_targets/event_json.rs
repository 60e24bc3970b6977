//! Any bytes as a stored event: they decode to an event that encodes as itself, or are refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| planexe_ax_domain::harness::event_json(bytes));
