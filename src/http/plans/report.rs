//! What an import says of itself: how much was read, what was repaired, what dropped, and why.

use crate::domain::Json;
use serde::Serialize;

/// The most lines in a report; the others are counted.
const LINES_MAX: usize = 200;

/// What an import says of itself.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    /// How many phases, tasks and subtasks there were.
    pub(super) read: usize,
    repaired: Vec<String>,
    dropped: Vec<String>,
    /// How many lines there is no room for.
    #[serde(skip_serializing_if = "is_zero")]
    lines_left_out: usize,
}

impl Report {
    /// Something was missing, and made up for.
    pub(super) fn repaired(&mut self, line: impl FnOnce() -> String) {
        if self.has_room() {
            self.repaired.push(line());
        }
    }

    /// Something was left out of the plan.
    pub(super) fn dropped(&mut self, line: impl FnOnce() -> String) {
        if self.has_room() {
            self.dropped.push(line());
        }
    }

    pub(super) fn json(&self) -> Json {
        let value = serde_json::to_value(self).expect("texts and numbers always become JSON");
        Json::from_value(&value).expect("lines are few and short")
    }

    fn has_room(&mut self) -> bool {
        let has_room = self.repaired.len() + self.dropped.len() < LINES_MAX;
        self.lines_left_out += usize::from(!has_room);
        has_room
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, Report};

    #[test]
    fn what_finds_no_room_in_a_report_is_counted() {
        let mut report = Report::default();
        for _ in 0..LINES_MAX {
            report.dropped(|| "x".repeat(500));
        }
        report.repaired(|| "one more".into());
        let json = report.json();
        assert!(json.as_str().ends_with("\"repaired\":[]}"), "{json:?}");
        assert!(json.as_str().contains("\"lines_left_out\":1,"), "{json:?}");
    }
}
