//! Any sequence of commands: none panics, and every event that is decided applies.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| planexe_ax_domain::harness::commands(bytes));
