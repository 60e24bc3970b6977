//! The `ax` program.

fn main() {}
