//! Bugs planted on purpose, to prove that the tests see them; only with the feature `planted`.

use std::sync::OnceLock;

static PLANTED: OnceLock<String> = OnceLock::new();

/// Whether that bug was planted, by the environment variable `AX_PLANT`.
pub fn is_planted(bug: &str) -> bool {
    PLANTED.get_or_init(|| std::env::var("AX_PLANT").unwrap_or_default()) == bug
}
