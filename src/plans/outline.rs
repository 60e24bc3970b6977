//! Reads plans that are drawn as trees, with lines such as `├─ Task 1.1: Call`, or in plain
//! letters, such as `|-- Call`.

use crate::draft::{Repairs, Spot, assemble};
use crate::error::PlanError;
use crate::listing::Listing;
use crate::read::{Options, Reading, source};
use crate::report::Report;
use crate::sniff::Format;
use crate::words;
use serde_json::Value;

/// What the trunk of a tree is drawn with, before a branch.
const TRUNK: [char; 7] = ['│', '┃', '║', '|', ' ', '\t', '\u{a0}'];
/// What a branch begins with.
const CORNERS: [char; 8] = ['├', '└', '┣', '┗', '╠', '╚', '┌', '╰'];
/// What goes on from there.
const DASHES: [char; 6] = ['─', '━', '═', '-', '╴', '┬'];
/// Branches in plain letters.
const PLAIN_BRANCHES: [&str; 8] = ["|-- ", "+-- ", "\\-- ", "`-- ", "|- ", "+- ", "\\- ", "`- "];
/// The longest line beside the tree that is kept.
const NOTE_BYTES_MAX: usize = 4_000;

/// The column of the branch that a line draws, and the words at its end.
pub(crate) fn branch(line: &str) -> Option<(usize, &str)> {
    for (column, (at, c)) in line.char_indices().enumerate() {
        let rest = &line[at..];
        let drawn = rest.strip_prefix(CORNERS).filter(|rest| rest.starts_with(DASHES));
        let drawn = drawn.map(|rest| rest.trim_start_matches(DASHES));
        let plain = || PLAIN_BRANCHES.iter().find_map(|branch| rest.strip_prefix(branch));
        if let Some(words) = drawn.or_else(plain) {
            let words = words.trim();
            let says = words.chars().next().is_some_and(|c| !matches!(c, '|' | '-' | ' '));
            return says.then_some((column, words));
        }
        if !TRUNK.contains(&c) {
            return None;
        }
    }
    None
}

/// Reads an outline.
pub(crate) fn read(
    text: &str,
    (bytes, name): (&[u8], &str),
    report: Report,
    options: &Options,
) -> Result<Reading, PlanError> {
    let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
    let mut writer = Writer { listing: Listing::new(report), open: Vec::new(), notes: Vec::new() };
    for (at, (number, line)) in lines.iter().enumerate() {
        let place = format!("{name}:{number}");
        match branch(line) {
            Some((column, words)) => writer.branch(column, words, &place)?,
            None => writer.plain(line, has_branches(&lines[at + 1..]), &place)?,
        }
    }
    let Writer { listing, notes, .. } = writer;
    let (mut draft, mut report) = listing.finish();
    if !notes.is_empty() {
        report.dropped("notes", || {
            format!("{} lines are not of the tree: they are kept in metadata/notes", notes.len())
        });
        draft.metadata.insert("notes".to_owned(), notes.into());
    }
    let from = source(Format::Outline, &[bytes], None, options);
    assemble(draft, from, Repairs::Made, options, report)
}

/// Whether branches follow, and not another line of words.
fn has_branches(lines: &[(usize, &str)]) -> bool {
    let is_trunk = |line: &str| line.chars().all(|c| TRUNK.contains(&c));
    lines.iter().find(|(_, line)| !is_trunk(line)).is_some_and(|(_, line)| branch(line).is_some())
}

struct Writer {
    listing: Listing,
    /// The nodes that the next branch may be a part of, with the columns of their branches; a
    /// root stands before the first column.
    open: Vec<(Option<usize>, Spot)>,
    notes: Vec<Value>,
}

impl Writer {
    fn branch(&mut self, column: usize, words: &str, place: &str) -> Result<(), PlanError> {
        self.open.retain(|(own, _)| own.is_none_or(|own| own < column));
        let parent = self.open.last().map(|(_, spot)| *spot);
        if let Some(parent) = parent
            && self.listing.take_field(parent, words, place)
        {
            return Ok(());
        }
        let spot = self.listing.add(parent, words, place)?;
        self.open.push((Some(column), spot));
        Ok(())
    }

    /// A line that draws no branch: a root, where branches follow, else words beside the tree.
    fn plain(&mut self, line: &str, is_root: bool, place: &str) -> Result<(), PlanError> {
        let words = line.trim_matches(|c: char| TRUNK.contains(&c));
        let words = words.trim_start_matches('#').trim();
        if words.is_empty() || words.starts_with("```") {
            return Ok(());
        }
        if is_root {
            let spot = self.listing.add(None, words, place)?;
            self.open = vec![(None, spot)];
            return Ok(());
        }
        self.beside(words);
        Ok(())
    }

    fn beside(&mut self, line: &str) {
        let named = line.split_once(':').map(|(name, text)| (name.trim().to_lowercase(), text));
        let draft = &mut self.listing.draft;
        match named {
            Some((name, text)) if name == "plan" || name == "title" => {
                draft.title = words::title(text);
            }
            Some((name, text)) if name == "goal" || name == "objective" => {
                draft.goal = words::text(text);
            }
            Some(_) | None if draft.nodes.is_empty() && draft.title.is_none() => {
                draft.title = words::title(line);
            }
            Some(_) | None => self.notes.push(words::line(line, NOTE_BYTES_MAX).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::branch;

    #[test]
    fn branches_are_known_by_their_column() {
        assert_eq!(branch("├─ Task 1.1: Call"), Some((0, "Task 1.1: Call")));
        assert_eq!(branch("│  └─ Subtask"), Some((3, "Subtask")));
        assert_eq!(branch("|   +-- Call"), Some((4, "Call")));
        assert_eq!(branch("\\-- Call"), Some((0, "Call")));
        for no in ["Call", "|---|---|", "|-- | x |", "- item", "├─", "   ", "+ item"] {
            assert_eq!(branch(no), None, "{no}");
        }
    }
}
