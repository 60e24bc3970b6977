//! Which headings are the title, which are tasks, and which stand for something else.

use super::blocks::{Block, Kind};
use crate::draft::{Draft, Spot};
use crate::listing::{Listing, labelled};
use crate::words;
use planexe_ax_domain::TaskId;
use planexe_ax_domain::event::plan::Risk;
use planexe_ax_domain::plan::RISKS_MAX;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most assumptions that are kept.
const WATCHED_MAX: usize = 500;

/// What the lines under a heading are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Plan,
    Goal,
    Roles,
    Risks,
    Assumptions,
    Notes,
}

impl Section {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "read as tasks",
            Self::Goal => "read as the goal",
            Self::Roles => "read as roles",
            Self::Risks => "read as risks",
            Self::Assumptions => "read as assumptions to be watched",
            Self::Notes => "read as notes, since no task stands under it",
        }
    }

    fn named(heading: &str) -> Option<Self> {
        match words::normalised(labelled(heading).1).as_str() {
            "goal" | "objective" | "purpose" => Some(Self::Goal),
            "role" | "role required" | "team" => Some(Self::Roles),
            "risk" | "risk register" => Some(Self::Risks),
            "assumption" => Some(Self::Assumptions),
            "note" | "background" | "introduction" | "overview" => Some(Self::Notes),
            _ => None,
        }
    }
}

/// What is known of the text before it is read.
pub(super) struct Outlook {
    title: Option<usize>,
    /// Where each heading stands, with its level and what it is.
    headings: BTreeMap<usize, (usize, Section)>,
    pub(super) has_nested_roots: bool,
    /// The phases that rows of tables name.
    pub(super) phases: BTreeMap<(Option<Spot>, String), Spot>,
}

impl Outlook {
    pub(super) fn of(blocks: &[Block]) -> Self {
        let found: Vec<(usize, usize, &str)> = blocks
            .iter()
            .enumerate()
            .filter_map(|(at, block)| match &block.kind {
                Kind::Heading { level, words } => Some((at, *level, words.as_str())),
                Kind::Item { .. }
                | Kind::Row(_)
                | Kind::Divider
                | Kind::Words { .. }
                | Kind::Blank => None,
            })
            .collect();
        let top = found.iter().map(|(_, level, _)| *level).min();
        let tops = found.iter().filter(|(_, level, _)| Some(*level) == top).count();
        let first = found.first().filter(|(_, level, _)| tops == 1 && Some(*level) == top);
        let title = first.map(|(at, _, _)| *at);
        let rest = &found[usize::from(title.is_some())..];
        let headings = judged(rest, blocks);
        let has_tasks = headings.values().any(|(_, section)| *section == Section::Plan);
        let has_nested_roots = !has_tasks && has_nested_items(blocks);
        Self { title, headings, has_nested_roots, phases: BTreeMap::new() }
    }

    pub(super) fn is_title(&self, at: usize) -> bool {
        self.title == Some(at)
    }

    /// What stands under a heading: below one that stands for something else, the same.
    pub(super) fn section(&self, at: usize, outer: Section, is_top: bool) -> Section {
        let own = self.headings.get(&at).map_or(Section::Plan, |(_, section)| *section);
        if own == Section::Plan && !is_top { outer } else { own }
    }
}

/// What each heading is. One of the first level under which no task stands is a note, where tasks
/// stand under others.
fn judged(
    headings: &[(usize, usize, &str)],
    blocks: &[Block],
) -> BTreeMap<usize, (usize, Section)> {
    let top = headings.iter().map(|(_, level, _)| *level).min().unwrap_or(0);
    let mut with_parts = BTreeSet::new();
    for (place, (at, level, _)) in headings.iter().enumerate() {
        let next = headings[place + 1..].iter().find(|(_, other, _)| other <= level);
        let end = next.map_or(blocks.len(), |(next, _, _)| *next);
        let is_part = |block: &Block| {
            matches!(block.kind, Kind::Item { .. } | Kind::Heading { .. } | Kind::Row(_))
        };
        if blocks[at + 1..end].iter().any(is_part) {
            with_parts.insert(*at);
        }
    }
    let is_other = |words: &str| Section::named(words).is_some();
    let some_have = headings
        .iter()
        .any(|(at, level, words)| *level == top && with_parts.contains(at) && !is_other(words));
    let judge = |(at, level, words): &(usize, usize, &str)| {
        let is_bare = some_have && *level == top && !with_parts.contains(at);
        let named = Section::named(words);
        let section = named.unwrap_or(if is_bare { Section::Notes } else { Section::Plan });
        (*at, (*level, section))
    };
    headings.iter().map(judge).collect()
}

fn has_nested_items(blocks: &[Block]) -> bool {
    let mut outer = None;
    blocks.iter().any(|block| {
        let Kind::Item { indent, words, .. } = &block.kind else { return false };
        let is_field = words
            .split_once(':')
            .is_some_and(|(name, _)| crate::listing::Field::named(name).is_some());
        let is_nested = outer.is_some_and(|outer| *indent > outer) && !is_field;
        outer = Some(outer.map_or(*indent, |outer: usize| outer.min(*indent)));
        is_nested
    })
}

/// Adds a risk; what stands behind a dash or `Mitigation:` helps against it.
pub(super) fn add_risk(listing: &mut Listing, line: &str, place: &str) {
    let draft = &mut listing.draft;
    let lower = line.to_lowercase();
    let is_mitigation = lower.starts_with("mitigation");
    if is_mitigation && let Some(last) = draft.risks.last_mut() {
        last.mitigation = line.split_once(':').and_then(|(_, text)| words::text(text));
        return;
    }
    if draft.risks.len() == RISKS_MAX {
        listing.report.dropped(place, || format!("more than {RISKS_MAX} risks"));
        return;
    }
    let at = lower.find("mitigation:").filter(|&at| line.is_char_boundary(at));
    let (risk, mitigation) = match at {
        Some(at) => (&line[..at], line.get(at + "mitigation:".len()..)),
        None => line.split_once(" — ").map_or((line, None), |(risk, rest)| (risk, Some(rest))),
    };
    let risk = risk.trim_end_matches([' ', '-', '–', '—', '(', ';', '.', ',']);
    let Some(description) = words::text(risk) else { return };
    let id = format!("risk_{}", draft.risks.len() + 1);
    draft.risks.push(Risk {
        risk_id: TaskId::parse(&id).expect("a word and a number"),
        description,
        mitigation: mitigation.and_then(|text| words::text(text.trim_end_matches(')'))),
    });
}

/// Keeps an assumption as something to be watched.
pub(super) fn watch(draft: &mut Draft, line: &str) {
    if draft.watch_items == WATCHED_MAX {
        return;
    }
    draft.watch_items += 1;
    let id = format!("watch_{}", draft.watch_items);
    let items = draft.metadata.entry("watch_items").or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = items {
        let text = words::line(line, 4_000);
        items.push(json!({"watch_id": id, "kind": "assumption", "text": text}));
    }
}
