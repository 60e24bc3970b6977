//! Any bytes as a row of the log: they are read as what was written, or are refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| planexe_ax::store::harness::log_frame(bytes));
