//! The bugs planted on purpose, and the test that must see each.

/// A bug that `--features planted` builds in and `AX_PLANT=<name>` switches on.
pub(crate) struct Planted {
    /// Its name in `AX_PLANT`.
    pub(crate) bug: &'static str,
    /// The path of the test that must turn red, without its crate, as `cargo test` prints it.
    pub(crate) test: &'static str,
}

/// Every planted bug, one line each: `Planted { bug: "ack_before_commit", test: "kill::…" }`.
pub(crate) const PLANTED: &[Planted] = &[];
