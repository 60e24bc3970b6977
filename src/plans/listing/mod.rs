//! What Markdown and outlines have in common: lines that name tasks, with labels such as
//! `Task 1.1:`, and with fields such as `Owner:`, that refer to each other in any of these words.

mod fields;
mod labels;
mod lasting;
mod references;

pub(crate) use fields::{Field, Unit};
pub(crate) use labels::labelled;

use crate::draft::{Draft, Node, Spot};
use crate::error::PlanError;
use crate::report::Report;
use crate::words;

use planexe_ax_domain::{Priority, Text, Title};
use references::References;

/// The title of a task that names none.
const UNTITLED: &str = "Untitled";
/// The most things that tasks refer to.
const WISHES_MAX: usize = planexe_ax_domain::plan::DEPENDENCIES_MAX;

/// Tasks that are being collected.
pub(crate) struct Listing {
    pub(crate) draft: Draft,
    pub(crate) report: Report,
    names: References,
    wishes: Vec<Wish>,
    /// What each task says of itself.
    about: Vec<String>,
    done: usize,
}

/// A task waits for what it calls so.
struct Wish {
    to: Spot,
    named: String,
    place: String,
}

impl Listing {
    pub(crate) fn new(report: Report) -> Self {
        Self {
            draft: Draft::default(),
            report,
            names: References::default(),
            wishes: Vec::new(),
            about: Vec::new(),
            done: 0,
        }
    }

    /// Adds a task by its line: its label, its title, and what stands in brackets at its end.
    pub(crate) fn add(
        &mut self,
        parent: Option<Spot>,
        line: &str,
        place: &str,
    ) -> Result<Spot, PlanError> {
        let (line, is_done) = labels::unmarked(line);
        let (label, rest) = labelled(line);
        let (title, fields) = fields::at_end(rest);
        if words::is_cut(title) {
            self.report.repaired(place, || "the title is too long: it is cut".to_owned());
        }
        let title = words::title(title).or_else(|| words::title(line)).unwrap_or_else(|| {
            self.report.repaired(place, || format!("it has no title: it is {UNTITLED}"));
            Title::parse(UNTITLED).expect("it is a title")
        });
        self.names.title(title.as_str(), self.draft.nodes.len());
        let spot = self.draft.add(Node::new(parent, title, place.to_owned()))?;
        self.about.push(String::new());
        if let Some(label) = label {
            self.label(spot, label);
        }
        if is_done {
            self.tick_off(spot);
        }
        for (field, unit, value) in fields {
            self.set(spot, (field, unit), value, place);
        }
        Ok(spot)
    }

    /// Lets a task be called so.
    pub(crate) fn label(&mut self, spot: Spot, label: &str) {
        let node = &mut self.draft.nodes[spot];
        if node.source_id.is_none() {
            node.source_id = Some(words::line(label, 120));
        }
        self.names.label(label, spot);
    }

    /// Marks a task that is ticked off.
    pub(crate) fn tick_off(&mut self, spot: Spot) {
        let params = &mut self.draft.nodes[spot].params;
        if params.insert("was_done".to_owned(), true.into()).is_none() {
            self.done += 1;
        }
    }

    /// Takes a line such as `Owner: Larry` as what it says of a task; whether it is one.
    pub(crate) fn take_field(&mut self, spot: Spot, line: &str, place: &str) -> bool {
        let Some((field, unit, value)) = fields::field(line) else { return false };
        if matches!(field, Field::Title | Field::Phase) {
            return false;
        }
        self.set(spot, (field, unit), value, place);
        true
    }

    /// Sets a field of a task to what stands in a text.
    pub(crate) fn set(
        &mut self,
        spot: Spot,
        (field, unit): (Field, Option<Unit>),
        value: &str,
        place: &str,
    ) {
        let value = value.trim();
        if fields::says_nothing(value) {
            return;
        }
        match field {
            Field::Id => self.label(spot, value),
            Field::Title | Field::Phase => {}
            Field::Description => self.describe(spot, value),
            Field::Role => self.draft.nodes[spot].role = words::title(value),
            Field::Depends => self.wish(spot, value, place),
            Field::Duration => self.estimate(spot, (value, unit), place),
            Field::Priority => self.prioritise(spot, value, place),
            Field::Criteria => {
                self.draft.nodes[spot].success_criteria.extend(words::text(value));
            }
            Field::Status => {
                if labels::is_done_word(value) {
                    self.tick_off(spot);
                }
            }
        }
    }

    /// Adds to what a task says of itself.
    pub(crate) fn describe(&mut self, spot: Spot, more: &str) {
        let about = &mut self.about[spot];
        if about.len() + more.len() >= Text::BYTES_MAX {
            let place = self.draft.nodes[spot].place.clone();
            self.report.dropped(&place, || "there is no room for more of its text".to_owned());
            return;
        }
        if !about.is_empty() {
            about.push('\n');
        }
        about.push_str(more);
    }

    fn wish(&mut self, to: Spot, named: &str, place: &str) {
        if self.wishes.len() == WISHES_MAX {
            self.report.dropped(place, || format!("more than {WISHES_MAX} dependencies"));
            return;
        }
        self.wishes.push(Wish { to, named: named.to_owned(), place: place.to_owned() });
    }

    fn estimate(&mut self, spot: Spot, (value, unit): (&str, Option<Unit>), place: &str) {
        let Some((ms, is_guess)) = lasting::lasting(value, unit) else {
            self.report.repaired(place, || format!("{value:?} is no time: it has no estimate"));
            return;
        };
        if is_guess {
            let taken = unit.unwrap_or(Unit::Hour).as_str();
            self.report.derived(place, || format!("{value:?} names no unit: it is in {taken}"));
        }
        self.draft.nodes[spot].estimated_ms = Some(ms);
    }

    fn prioritise(&mut self, spot: Spot, value: &str, place: &str) {
        let priority = match value.to_lowercase().as_str() {
            "low" | "p3" | "p4" | "could" => Priority::Low,
            "normal" | "medium" | "p2" | "should" => Priority::Normal,
            "high" | "p1" | "must" => Priority::High,
            "critical" | "urgent" | "highest" | "p0" => Priority::Critical,
            _ => {
                self.report.repaired(place, || format!("{value:?} is no priority: it is normal"));
                Priority::Normal
            }
        };
        self.draft.nodes[spot].priority = priority;
    }

    /// Ties the tasks together by what they call each other.
    pub(crate) fn finish(mut self) -> (Draft, Report) {
        if self.done > 0 {
            let count = self.done;
            self.report.derived("the plan", || {
                format!("{count} tasks are ticked off: they are kept, with was_done")
            });
        }
        for (node, about) in self.draft.nodes.iter_mut().zip(&self.about) {
            node.description = words::text(about);
        }
        let moved = self.draft.put_in_order();
        self.names.finish(&moved, &self.draft);
        for Wish { to, named, place } in std::mem::take(&mut self.wishes) {
            let to = moved[to];
            self.names.tie(to, &named, &place, (&mut self.draft, &mut self.report));
        }
        (self.draft, self.report)
    }
}
