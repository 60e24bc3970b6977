//! Reads how many tests passed out of what a test runner prints.

/// How many tests passed, failed and were left out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Adds what a line says, when it is a summary of nextest, of cargo's own runner, of vitest or
    /// of node's runner. (What a failed test printed is shown indented: such a line counts
    /// nothing.)
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(told) = line.strip_prefix("ℹ ") {
            return self.read_node(told);
        }
        let is_vitest = line.starts_with("      Tests  ");
        let is_nextest = line.trim_start().starts_with("Summary [") && line.contains(" run:");
        if !is_nextest && !is_vitest && !line.starts_with("test result: ") {
            return;
        }
        let mut words = line.split([' ', ',', ';', '|', '(', ')']).filter(|word| !word.is_empty());
        let mut number = 0;
        for word in words.by_ref() {
            match word {
                "passed" => self.passed += number,
                "failed" | "timed-out" => self.failed += number,
                "skipped" | "ignored" => self.skipped += number,
                _ => {}
            }
            number = word.parse().unwrap_or(0);
        }
    }

    /// What node's runner says at its end: a word, and how many.
    fn read_node(&mut self, told: &str) {
        let Some((word, count)) = told.split_once(' ') else { return };
        let count = count.parse().unwrap_or(0);
        match word {
            "pass" => self.passed += count,
            "fail" | "cancelled" => self.failed += count,
            "skipped" => self.skipped += count,
            _ => {}
        }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

/// The test that a line of a runner tells the outcome of, and whether it passed.
pub(crate) fn outcome_of(line: &str) -> Option<(&str, bool)> {
    let line = line.trim();
    if let Some(told) = line.strip_prefix("test ") {
        let (test, outcome) = told.split_once(" ... ")?;
        return Some((test, outcome.starts_with("ok")));
    }
    let (outcome, told) = line.split_once(" [")?;
    let is_outcome = matches!(outcome, "PASS" | "FAIL" | "ABORT" | "TIMEOUT" | "LEAK");
    let test = told.split_whitespace().next_back().filter(|_| is_outcome)?;
    Some((test, matches!(outcome, "PASS" | "LEAK")))
}

#[cfg(test)]
mod tests {
    use super::{Counts, outcome_of};

    fn counts(line: &str) -> (u64, u64, u64) {
        let mut counts = Counts::default();
        counts.read(line);
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn the_summary_of_nextest_is_read() {
        let line = "     Summary [   1.203s] 14 tests run: 12 passed (1 slow), 2 failed, 3 skipped";
        assert_eq!(counts(line), (12, 2, 3));
        assert_eq!(counts("     Summary [   0.1s] 5/9 tests run: 4 passed, 1 failed"), (4, 1, 0));
    }

    #[test]
    fn the_summary_of_cargo_is_read() {
        let line = "test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(line), (3, 1, 2));
    }

    #[test]
    fn the_summaries_of_vitest_and_of_node_are_read() {
        assert_eq!(counts("      Tests  1 failed | 45 passed (46)"), (45, 1, 0));
        assert_eq!(counts(" Test Files  10 passed (10)"), (0, 0, 0));
        let lines = ["ℹ tests 33", "ℹ pass 20", "ℹ fail 12", "ℹ cancelled 1", "ℹ skipped 2"];
        let mut all = Counts::default();
        lines.into_iter().for_each(|line| all.read(line));
        assert_eq!((all.passed, all.failed, all.skipped), (20, 13, 2));
    }

    #[test]
    fn the_outcome_of_one_test_is_read() {
        assert_eq!(outcome_of("test store::a ... ok"), Some(("store::a", true)));
        assert_eq!(outcome_of("test store::a ... FAILED"), Some(("store::a", false)));
        let passed = "        PASS [   0.015s] (1/2) planexe-ax::it store::a";
        assert_eq!(outcome_of(passed), Some(("store::a", true)));
        let failed = "        FAIL [   0.015s] planexe-ax::it store::a";
        assert_eq!(outcome_of(failed), Some(("store::a", false)));
        assert_eq!(outcome_of("test result: ok. 1 passed"), None);
        assert_eq!(outcome_of("     Summary [   1.203s] 1 test run: 1 passed"), None);
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(counts("test some::name that says 3 passed ... ok"), (0, 0, 0));
        let shown_again = "    test result: FAILED. 0 passed; 1 failed; 0 ignored";
        assert_eq!(counts(shown_again), (0, 0, 0), "nextest shows what a failed test printed");
    }
}
