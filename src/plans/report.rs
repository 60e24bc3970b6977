//! What an import says of itself: how much there was, what was read, derived, repaired and
//! dropped, each with its place and the reason.

use crate::sniff::Format;
use crate::words;
use planexe_ax_domain::Json;
use serde::Serialize;
use std::fmt::{self, Write as _};

/// The most lines in a report; the others are counted.
const LINES_MAX: usize = 200;
/// How long the place in a line may be.
pub(crate) const PLACE_BYTES_MAX: usize = 160;
/// How long the reason in a line may be.
const REASON_BYTES_MAX: usize = 400;

/// What an import says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The form that was read.
    pub format: Format,
    /// Which PlanExe made it, where one did: `G0` to `G3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<&'static str>,
    /// How much there is in the plan.
    pub counts: Counts,
    /// What the plan was read from.
    pub read: Vec<Line>,
    /// What does not stand there, and follows from what does.
    pub derived: Vec<Line>,
    /// What was wrong, and is put right.
    pub repaired: Vec<Line>,
    /// What is not in the plan.
    pub dropped: Vec<Line>,
    /// What one should know.
    pub warnings: Vec<Line>,
    /// How many lines there is no room for.
    #[serde(skip_serializing_if = "is_zero")]
    pub lines_left_out: usize,
}

/// A line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Where: a file, a line, a pointer, a task.
    pub place: String,
    /// What, and why.
    pub reason: String,
}

/// How much there is in a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Phases.
    pub phases: usize,
    /// Tasks.
    pub tasks: usize,
    /// Parts of tasks.
    pub subtasks: usize,
    /// What is carried out: nodes without parts.
    pub leaves: usize,
    /// What waits for what, those that the sequencing made included.
    pub dependencies: usize,
    /// Roles.
    pub roles: usize,
    /// Risks.
    pub risks: usize,
    /// Nodes that a person must approve before they start.
    pub gates: usize,
    /// Assumptions, tripwires and stop rules to be watched.
    pub watch_items: usize,
}

/// The lists of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Read,
    Derived,
    Repaired,
    Dropped,
    Warning,
}

impl Report {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            generation: None,
            counts: Counts::default(),
            read: Vec::new(),
            derived: Vec::new(),
            repaired: Vec::new(),
            dropped: Vec::new(),
            warnings: Vec::new(),
            lines_left_out: 0,
        }
    }

    pub(crate) fn read(&mut self, place: &str, reason: impl FnOnce() -> String) {
        self.add(About::Read, place, reason);
    }

    pub(crate) fn derived(&mut self, place: &str, reason: impl FnOnce() -> String) {
        self.add(About::Derived, place, reason);
    }

    pub(crate) fn repaired(&mut self, place: &str, reason: impl FnOnce() -> String) {
        self.add(About::Repaired, place, reason);
    }

    pub(crate) fn dropped(&mut self, place: &str, reason: impl FnOnce() -> String) {
        self.add(About::Dropped, place, reason);
    }

    pub(crate) fn warning(&mut self, place: &str, reason: impl FnOnce() -> String) {
        self.add(About::Warning, place, reason);
    }

    /// Adds a line, or counts it where there is no room; the words are made only for a line.
    fn add(&mut self, about: About, place: &str, reason: impl FnOnce() -> String) {
        let lists = [&self.read, &self.derived, &self.repaired, &self.dropped, &self.warnings];
        if lists.iter().map(|list| list.len()).sum::<usize>() >= LINES_MAX {
            self.lines_left_out += 1;
            return;
        }
        let list = match about {
            About::Read => &mut self.read,
            About::Derived => &mut self.derived,
            About::Repaired => &mut self.repaired,
            About::Dropped => &mut self.dropped,
            About::Warning => &mut self.warnings,
        };
        let place = words::line(place, PLACE_BYTES_MAX);
        list.push(Line { place, reason: words::line(&reason(), REASON_BYTES_MAX) });
    }

    /// The report as the log keeps it.
    pub fn json(&self) -> Json {
        let value = serde_json::to_value(self).expect("texts and numbers always become JSON");
        Json::from_value(&value).expect("lines are few and short")
    }
}

/// The report as people read it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { phases, tasks, subtasks, leaves, dependencies, .. } = self.counts;
        let Counts { roles, risks, gates, watch_items, .. } = self.counts;
        write!(f, "format: {}", self.format.as_str())?;
        if let Some(generation) = self.generation {
            write!(f, ", generation {generation}")?;
        }
        writeln!(f)?;
        writeln!(f, "{phases} phases, {tasks} tasks, {subtasks} subtasks; {leaves} leaves")?;
        writeln!(
            f,
            "{dependencies} dependencies, {roles} roles, {risks} risks, {gates} gates, \
             {watch_items} watch items"
        )?;
        let lists = [
            ("read", &self.read),
            ("derived", &self.derived),
            ("repaired", &self.repaired),
            ("dropped", &self.dropped),
            ("warnings", &self.warnings),
        ];
        for (name, lines) in lists.into_iter().filter(|(_, lines)| !lines.is_empty()) {
            writeln!(f, "{name}:")?;
            for Line { place, reason } in lines {
                writeln!(f, "  {place}: {reason}")?;
            }
        }
        if self.lines_left_out > 0 {
            writeln!(f, "and {} lines more", self.lines_left_out)?;
        }
        f.write_char('\n')
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, Report};
    use crate::sniff::Format;

    #[test]
    fn what_finds_no_room_in_a_report_is_counted() {
        let mut report = Report::new(Format::Json);
        for _ in 0..LINES_MAX {
            report.dropped("\"\\\u{1}".repeat(99).as_str(), || "\"".repeat(5_000));
        }
        report.repaired("here", || "one more".into());
        let json = report.json();
        assert!(json.as_str().contains("\"repaired\":[]"), "{json:?}");
        assert!(json.as_str().contains("\"lines_left_out\":1"), "{json:?}");
        assert!(report.to_string().contains("and 1 lines more"), "{report}");
    }
}
