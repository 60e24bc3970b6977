//! Which form a text has: from what it looks like, and from what is said of it.

use serde::Serialize;

/// The forms that a plan can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The structured JSON of the API.
    Json,
    /// The files that a PlanExe run leaves.
    Planexe,
    /// Headings, lists and tables.
    Markdown,
    /// A tree that is drawn with lines.
    Outline,
    /// The numbered steps of an agent.
    Steps,
}

impl Format {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Planexe => "planexe",
            Self::Markdown => "markdown",
            Self::Outline => "outline",
            Self::Steps => "steps",
        }
    }
}

/// How many lines with branches make an outline.
const BRANCHES_MIN: usize = 2;

/// Whether a text draws a tree.
pub(crate) fn is_outline(text: &str) -> bool {
    let branches = text.lines().filter(|line| crate::outline::branch(line).is_some());
    branches.take(BRANCHES_MIN).count() == BRANCHES_MIN
}

/// Whether a text begins as JSON does. A bracket also begins a link or a check box.
pub(crate) fn is_json(text: &str) -> bool {
    let begin = text.trim_start();
    begin.starts_with('{')
        || (begin.starts_with('[') && !begin.starts_with("[ ]") && !begin.starts_with("[x]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_no_outline_and_a_drawn_tree_is_one() {
        assert!(!is_outline("| a | b |\n|---|---|\n|-- | x |\n- one\n- two\n"));
        assert!(is_outline("Plan\n├─ Task 1.1: one\n└─ Task 1.2: two\n"));
        assert!(is_outline("Plan\n|-- one\n|   +-- two\n"));
        assert!(!is_outline("├─ one only\n"));
    }

    #[test]
    fn brackets_of_check_boxes_are_no_json() {
        assert!(is_json(" {}") && is_json("[1]"));
        assert!(!is_json("[ ] one") && !is_json("# a") && !is_json("[x] one"));
    }
}
