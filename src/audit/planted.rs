//! Bugs planted on purpose, to prove that the tests see them; only with the feature `planted`.

#[cfg(feature = "planted")]
static PLANTED: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Whether that bug was planted, by the environment variable `AX_PLANT`.
#[cfg(feature = "planted")]
pub(crate) fn is_planted(bug: &str) -> bool {
    PLANTED.get_or_init(|| std::env::var("AX_PLANT").unwrap_or_default()) == bug
}

/// Nothing is planted without the feature.
#[cfg(not(feature = "planted"))]
pub(crate) const fn is_planted(_bug: &str) -> bool {
    false
}
