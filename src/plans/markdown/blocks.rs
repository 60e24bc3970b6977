//! The lines of a Markdown text, each as what it is.

use super::inline::plain;

/// What a line is, and which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) line: usize,
    pub(super) kind: Kind,
    pub(super) links: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Heading {
        level: usize,
        words: String,
    },
    Item {
        indent: usize,
        number: Option<String>,
        is_done: Option<bool>,
        words: String,
    },
    Row(Vec<String>),
    /// The line under the header of a table.
    Divider,
    Words {
        indent: usize,
        words: String,
    },
    Blank,
}

/// A tab goes to the next such column.
const TAB_COLUMNS: usize = 4;
/// Deeper headings do not exist.
const HEADING_LEVEL_MAX: usize = 6;
/// The longest number before an item.
const NUMBER_DIGITS_MAX: usize = 9;

/// Reads the lines.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fence: Option<&str> = None;
    for (at, line) in text.lines().enumerate() {
        let (indent, bare) = indent(line);
        let mark = ["```", "~~~"].into_iter().find(|mark| bare.starts_with(mark));
        if let Some(mark) = mark.filter(|mark| fence.is_none_or(|open| open == *mark)) {
            fence = if fence.is_some() { None } else { Some(mark) };
            continue;
        }
        if fence.is_some() {
            let kind = Kind::Words { indent, words: line.trim_end().to_owned() };
            blocks.push(Block { line: at + 1, kind, links: Vec::new() });
            continue;
        }
        if underlines(bare, &mut blocks) {
            continue;
        }
        blocks.push(block(at + 1, indent, bare));
    }
    blocks
}

fn indent(line: &str) -> (usize, &str) {
    let mut column = 0;
    for (at, c) in line.char_indices() {
        match c {
            ' ' => column += 1,
            '\t' => column = (column / TAB_COLUMNS + 1) * TAB_COLUMNS,
            '>' if line[..at].trim().is_empty() => {}
            _ => return (column, line[at..].trim_end()),
        }
    }
    (0, "")
}

/// Makes a heading of the words before a line that underlines them.
fn underlines(bare: &str, blocks: &mut [Block]) -> bool {
    let is_all = |mark: char| bare.len() >= 3 && bare.chars().all(|c| c == mark);
    let level = match (is_all('='), is_all('-')) {
        (true, _) => 1,
        (_, true) => 2,
        (false, false) => return false,
    };
    let Some(last) = blocks.last_mut() else { return false };
    let Kind::Words { indent: 0, words } = &last.kind else { return false };
    last.kind = Kind::Heading { level, words: words.clone() };
    true
}

fn block(line: usize, indent: usize, bare: &str) -> Block {
    if bare.is_empty() || is_rule(bare) {
        return Block { line, kind: Kind::Blank, links: Vec::new() };
    }
    if let Some(cells) = row(bare) {
        let is_mark = |cell: &String| {
            cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':' | ' '))
        };
        let kind = if cells.iter().all(is_mark) { Kind::Divider } else { Kind::Row(cells) };
        return Block { line, kind, links: Vec::new() };
    }
    let level = bare.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=HEADING_LEVEL_MAX).contains(&level) && bare[level..].starts_with(' ') {
        let (words, links) = plain(bare[level..].trim().trim_end_matches('#'));
        return Block { line, kind: Kind::Heading { level, words }, links };
    }
    if let Some((number, rest)) = item(bare) {
        let (is_done, rest) = check_box(rest);
        let (words, links) = plain(rest);
        return Block { line, kind: Kind::Item { indent, number, is_done, words }, links };
    }
    if let (Some(is_done), rest) = check_box(bare) {
        let (words, links) = plain(rest);
        let kind = Kind::Item { indent, number: None, is_done: Some(is_done), words };
        return Block { line, kind, links };
    }
    let (words, links) = plain(bare);
    Block { line, kind: Kind::Words { indent, words }, links }
}

fn is_rule(bare: &str) -> bool {
    let mut marks = bare.chars().filter(|c| *c != ' ');
    let first = marks.next();
    first.is_some_and(|first| matches!(first, '-' | '*' | '_'))
        && marks.clone().count() >= 2
        && marks.all(|mark| Some(mark) == first)
}

/// The cells of a line of a table.
fn row(bare: &str) -> Option<Vec<String>> {
    let inside = bare.strip_prefix('|')?;
    let inside = inside.strip_suffix('|').unwrap_or(inside);
    let mut cells = vec![String::new()];
    let mut is_escaped = false;
    for c in inside.chars() {
        match c {
            '|' if is_escaped => cells.last_mut()?.push('|'),
            '|' => cells.push(String::new()),
            '\\' if !is_escaped => {}
            other => cells.last_mut()?.push(other),
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    Some(cells.iter().map(|cell| plain(cell).0).collect())
}

/// What stands behind the mark of an item, and its number.
fn item(bare: &str) -> Option<(Option<String>, &str)> {
    if let Some(rest) = bare.strip_prefix(['-', '*', '+', '•']) {
        return rest.starts_with([' ', '\t']).then(|| (None, rest.trim_start()));
    }
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let rest = bare[digits..].strip_prefix(['.', ')'])?;
    let is_item = (1..=NUMBER_DIGITS_MAX).contains(&digits) && rest.starts_with([' ', '\t']);
    is_item.then(|| (Some(bare[..digits].to_owned()), rest.trim_start()))
}

/// Whether a line begins with a check box, ticked or not, and what stands behind.
fn check_box(line: &str) -> (Option<bool>, &str) {
    for (mark, is_done) in [("[ ]", false), ("[]", false), ("[x]", true), ("[X]", true)] {
        let rest = line.strip_prefix(mark).filter(|rest| rest.starts_with(' '));
        if let Some(rest) = rest {
            return (Some(is_done), rest.trim_start());
        }
    }
    (None, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        blocks(text).into_iter().map(|block| block.kind).collect()
    }

    #[test]
    fn lines_are_what_they_look_like() {
        let heading = |level, words: &str| Kind::Heading { level, words: words.to_owned() };
        assert_eq!(kinds("# A #"), [heading(1, "A")]);
        assert_eq!(kinds("Title\n====="), [heading(1, "Title")]);
        assert_eq!(kinds("---\n***"), [Kind::Blank, Kind::Blank]);
        let item = Kind::Item {
            indent: 4,
            number: Some("2".to_owned()),
            is_done: Some(true),
            words: "Do it".to_owned(),
        };
        assert_eq!(kinds("\t2) [x] **Do** it"), [item]);
        let cells = ["a|b", "", "c"].map(str::to_owned);
        assert_eq!(kinds("|a\\|b||c|\n|:-|---|-:|"), [Kind::Row(cells.to_vec()), Kind::Divider]);
        let code = Kind::Words { indent: 0, words: "# no heading".to_owned() };
        assert_eq!(kinds("```\n# no heading\n```"), [code]);
    }
}
