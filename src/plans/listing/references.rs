//! What tasks call each other: by label, by the id that they get, or by title.

use crate::draft::{Draft, Edge, Spot, TaskIds};
use crate::report::Report;
use crate::words;
use planexe_ax_domain::plan::DEPENDENCIES_MAX;
use std::collections::BTreeMap;

/// The most things that one field names.
const NAMED_MAX: usize = 1_000;
/// Among more tasks of one name none is looked for.
const ALIKE_MAX: usize = 500;
const ALIKE: &str = "several tasks are called so";
/// Words before a label that say what kind of thing it is.
const KINDS: [&str; 8] =
    ["phase", "task", "tasks", "subtask", "step", "steps", "stage", "milestone"];

/// The names of the tasks.
#[derive(Default)]
pub(super) struct References {
    labels: BTreeMap<String, Vec<Spot>>,
    titles: BTreeMap<String, Vec<Spot>>,
    ids: BTreeMap<String, Spot>,
}

impl References {
    pub(super) fn label(&mut self, label: &str, spot: Spot) {
        self.labels.entry(label.trim().to_lowercase()).or_default().push(spot);
    }

    pub(super) fn title(&mut self, title: &str, spot: Spot) {
        self.titles.entry(words::normalised(title)).or_default().push(spot);
    }

    /// Follows the nodes to where they were moved, and learns the ids that they get.
    pub(super) fn finish(&mut self, moved: &[Spot], draft: &Draft) {
        for spots in self.labels.values_mut().chain(self.titles.values_mut()) {
            spots.iter_mut().for_each(|spot| *spot = moved[*spot]);
        }
        let ids = TaskIds::of(draft);
        self.ids = (0..draft.nodes.len()).map(|spot| (ids.get(spot).to_string(), spot)).collect();
    }

    /// Ties a task to all that a text names.
    pub(super) fn tie(
        &self,
        to: Spot,
        named: &str,
        place: &str,
        (draft, report): (&mut Draft, &mut Report),
    ) {
        if let Ok(from) = self.find(named, to, draft) {
            draft.edges.push(Edge::new(from, to, place));
            return;
        }
        for name in pieces(named).into_iter().take(NAMED_MAX) {
            if draft.edges.len() > DEPENDENCIES_MAX {
                return;
            }
            match self.find(name, to, draft) {
                Ok(from) => draft.edges.push(Edge::new(from, to, place)),
                Err(why) => report.dropped(place, || format!("it waits for {name:?}: {why}")),
            }
        }
    }

    fn find(&self, name: &str, near: Spot, draft: &Draft) -> Result<Spot, &'static str> {
        let lower = name.trim().trim_end_matches('.').to_lowercase();
        if let Some(&spot) = self.ids.get(&lower) {
            return Ok(spot);
        }
        let bare = KINDS.iter().find_map(|kind| lower.strip_prefix(kind)?.strip_prefix(' '));
        let labelled = [Some(lower.as_str()), bare].into_iter().flatten();
        let labelled = labelled.filter_map(|name| self.labels.get(name.trim())).next();
        let key = words::normalised(name);
        let titled = self.titles.get(&key).filter(|_| !key.is_empty());
        let found = labelled.or(titled).ok_or("there is no such task")?;
        if found.len() > ALIKE_MAX {
            return Err(ALIKE);
        }
        let parent = draft.nodes[near].parent;
        let siblings: Vec<Spot> =
            found.iter().copied().filter(|&it| draft.nodes[it].parent == parent).collect();
        match (found.as_slice(), siblings.as_slice()) {
            ([only], _) | (_, [only]) => Ok(*only),
            _ => Err(ALIKE),
        }
    }
}

/// The names in a list of them.
fn pieces(named: &str) -> Vec<&str> {
    let commas = named.split([',', ';', '&', '+']).flat_map(|piece| piece.split(" and "));
    let pieces = commas.map(str::trim).filter(|piece| !piece.is_empty());
    pieces.map(|piece| piece.strip_prefix("and ").unwrap_or(piece).trim()).collect()
}
