//! Any bytes as the payload of an old shape: they become the present shape, or are refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| planexe_ax_domain::harness::upcast(bytes));
