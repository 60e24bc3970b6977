//! Small things with words: to one line, to a title, to what two spellings have in common.

use planexe_ax_domain::{Text, Title};

/// One line without control characters, cut where it is longer than that.
pub(crate) fn line(text: &str, bytes_max: usize) -> String {
    let mut line = String::with_capacity(text.len().min(bytes_max));
    for c in text.chars() {
        let c = if is_unprintable(c) { ' ' } else { c };
        if line.len() + c.len_utf8() > bytes_max.saturating_sub(ELLIPSIS.len()) {
            line.push_str(ELLIPSIS);
            break;
        }
        line.push(c);
    }
    line
}

const ELLIPSIS: &str = "…";

/// What would change a terminal or the direction of the writing.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as a title: white space becomes single spaces, and what is too long is cut.
pub(crate) fn title(text: &str) -> Option<Title> {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.len() <= Title::BYTES_MAX {
        return Title::parse(&words).ok();
    }
    Title::parse(&line(&words, Title::BYTES_MAX)).ok()
}

/// Whether [`title`] cuts it.
pub(crate) fn is_cut(text: &str) -> bool {
    let words = text.split_whitespace().map(|word| word.len() + 1);
    text.len() > Title::BYTES_MAX && words.sum::<usize>() > Title::BYTES_MAX + 1
}

/// A longer text, cut where it is longer than texts may be; none when nothing stands in it.
pub(crate) fn text(text: &str) -> Option<Text> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return None;
    }
    let clean = trimmed.replace('\0', "\u{fffd}");
    let cut = cut(&clean, Text::BYTES_MAX);
    Text::parse(cut).ok()
}

/// The beginning of a text, as many whole characters as fit.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let end = (0..=bytes_max).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

/// The first line of a text that says anything.
pub fn first_line(text: &str) -> Option<Title> {
    text.lines().map(str::trim).find(|line| !line.is_empty()).and_then(title)
}

/// What two spellings of a name have in common: lower case, single, without punctuation.
pub(crate) fn normalised(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(singular).collect::<Vec<_>>().join(" ")
}

fn singular(word: &str) -> String {
    let is_plural = word.len() > 3 && word.ends_with('s');
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return format!("{stem}y");
    }
    if is_plural && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is") {
        return word[..word.len() - 1].to_owned();
    }
    word.to_owned()
}

/// Longer words are not compared letter by letter.
const COMPARED_BYTES_MAX: usize = 80;

/// How many letters must change to come from one word to the other; none beyond `max`.
pub(crate) fn distance(one: &str, other: &str, max: usize) -> Option<usize> {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let is_long = one.len().max(other.len()) > COMPARED_BYTES_MAX;
    if is_long || one.len().abs_diff(other.len()) > max {
        return None;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (place, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(row[place] + 1).min(row[place + 1] + 1);
        }
        if row.iter().all(|&found| found > max) {
            return None;
        }
    }
    row.last().copied().filter(|&found| found <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_role_have_one_form() {
        for spelling in ["Project Managers", "project manager", "Project-Manager."] {
            assert_eq!(normalised(spelling), "project manager", "{spelling}");
        }
        assert_eq!(normalised("Policies & Analysis"), "policy analysis");
    }

    #[test]
    fn one_lost_digit_is_near_and_another_id_is_far() {
        assert_eq!(distance("ba25703a213", "ba25703a2f13", 2), Some(1));
        assert_eq!(distance("abcdef", "fedcba", 2), None);
        assert_eq!(distance("a", "abcd", 2), None);
    }

    #[test]
    fn what_would_change_a_terminal_is_blanked() {
        assert_eq!(line("a\u{1b}[31mb\u{202e}c\n", 99), "a [31mb c ");
        assert_eq!(line("äääää", 9), "äää…");
        assert_eq!(title(" a\n\tb ").map(|t| t.to_string()).as_deref(), Some("a b"));
        assert!(title("\u{0}\n ").is_none());
    }
}
