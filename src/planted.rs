//! Bugs planted on purpose: a build with the feature `planted` behaves wrongly in the way that the
//! variable `AX_PLANT` names, so that a test can be seen to find it. Other builds have none.

/// Whether this bug is switched on.
#[cfg(feature = "planted")]
pub fn is_planted(bug: &str) -> bool {
    use std::sync::LazyLock;
    static PLANTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("AX_PLANT").ok());
    PLANTED.as_deref() == Some(bug)
}

/// Whether this bug is switched on: never, in a build without the feature `planted`.
#[cfg(not(feature = "planted"))]
pub const fn is_planted(_bug: &str) -> bool {
    false
}
