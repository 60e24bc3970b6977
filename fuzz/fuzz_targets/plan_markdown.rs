//! Any bytes as a plan in Markdown: they are read as a whole plan that comes
//! back the same when it is written and read again, or are refused.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| planexe_ax_plans::fuzz::markdown(bytes));
