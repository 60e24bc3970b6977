//! The bugs planted on purpose, and the tests that must see each: what `planted.txt` says.

const TABLE: &str = include_str!("planted.txt");

/// A test that must turn red when a bug is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planted<'a> {
    /// The bug, as `AX_PLANT` names it.
    pub(crate) bug: &'a str,
    /// The promise that it breaks.
    pub(crate) promise: &'a str,
    /// The test, as `cargo test` names it.
    pub(crate) test: &'a str,
}

/// Every planted bug with each of its tests.
pub(crate) fn all() -> Vec<Planted<'static>> {
    read(TABLE)
}

/// A bug and its promise stand at the left margin, and its tests below, indented.
fn read(table: &str) -> Vec<Planted<'_>> {
    let (mut bug, mut promise, mut all) = ("", "", Vec::new());
    let told = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    for line in table.lines().filter(told) {
        match line.strip_prefix("    ") {
            Some(test) => all.push(Planted { bug, promise, test }),
            None => (bug, promise) = line.split_once(' ').unwrap_or((line, "")),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{Planted, all, read};

    #[test]
    fn each_test_belongs_to_the_bug_above_it() {
        let row = |bug, promise, test| Planted { bug, promise, test };
        let table = "# a word\nx P1\n    a::one\n    a::two\n\ny P2\n    b::three\n";
        let read = read(table);
        let wanted =
            [row("x", "P1", "a::one"), row("x", "P1", "a::two"), row("y", "P2", "b::three")];
        assert_eq!(read, wanted);
    }

    #[test]
    fn the_promises_that_are_kept_so_far_have_each_a_bug_that_breaks_it() {
        for promise in ["P1", "P2", "P6", "P7", "P8", "P9", "P20", "P21", "P23"] {
            assert!(all().iter().any(|row| row.promise == promise), "{promise} has none");
        }
    }
}
