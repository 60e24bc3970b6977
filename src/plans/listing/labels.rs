//! What stands before and behind the title of a task: a label such as `Task 1.1:`, a mark that it
//! is done.

/// The words that may stand before a label.
const KINDS: [&str; 8] =
    ["phase", "task", "subtask", "sub-task", "step", "stage", "milestone", "part"];
/// The signs that a task is done.
const DONE_SIGNS: [char; 3] = ['✅', '✔', '☑'];
/// The signs that say of a task that it waits or runs: they are no part of its title.
const OTHER_SIGNS: [char; 5] = ['⏳', '🔄', '☐', '⬜', '\u{fe0f}'];
/// The words for a task that is done.
const DONE_WORDS: [&str; 7] = ["done", "complete", "completed", "finished", "x", "yes", "✅"];
/// The longest label.
const LABEL_BYTES_MAX: usize = 24;

/// Whether a word says that a task is done.
pub(super) fn is_done_word(word: &str) -> bool {
    DONE_WORDS.contains(&word.to_lowercase().as_str())
}

/// A line up to the sign of its state, and whether it is done. What stands behind such a sign is
/// a remark on the state.
pub(super) fn unmarked(line: &str) -> (&str, bool) {
    let is_sign = |c: char| DONE_SIGNS.contains(&c) || OTHER_SIGNS.contains(&c);
    let start = line.trim_start_matches(|c: char| is_sign(c) || c.is_whitespace());
    let first = line.trim_start().chars().next();
    if let Some(first) = first.filter(|&c| is_sign(c)) {
        return (start.trim(), DONE_SIGNS.contains(&first));
    }
    match line.find(is_sign) {
        None => (line.trim(), false),
        Some(at) => (line[..at].trim(), line[at..].starts_with(DONE_SIGNS)),
    }
}

/// The label of a line, and what stands behind it: `Task 1.1: Call` is `1.1` and `Call`.
pub(crate) fn labelled(line: &str) -> (Option<&str>, &str) {
    let line = line.trim();
    let behind_kind = KINDS.iter().find_map(|kind| {
        let begin = line.get(..kind.len()).filter(|begin| begin.eq_ignore_ascii_case(kind))?;
        line[begin.len()..].strip_prefix(' ').map(str::trim_start)
    });
    let has_kind = behind_kind.is_some();
    let rest = behind_kind.unwrap_or(line);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let label = rest[..end].trim_end_matches(['.', '-']);
    if label.is_empty() || label.len() > LABEL_BYTES_MAX || !is_label(label, has_kind) {
        return (None, line);
    }
    let behind = &rest[label.len()..];
    let title = behind.trim_start_matches(['.', ':', ')', '-', '–', '—', ' ']);
    let is_divided = behind.starts_with([':', ')', '.', ' ']) || behind.is_empty();
    let is_number = label.starts_with(|c: char| c.is_ascii_digit());
    let has_colon = behind.starts_with([':', ')', '.'])
        || behind.trim_start().starts_with(['-', '–', '—', ':']);
    let stands = is_divided && (has_kind || has_colon || (is_number && label.contains('.')));
    if !stands || title.is_empty() {
        return (None, line);
    }
    (Some(label), title)
}

/// Whether it is a number with parts, such as `1.2.a`, or letters with a number, such as `T-12`.
fn is_label(label: &str, has_kind: bool) -> bool {
    let mut parts = label.split(['.', '_', '-']);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let is_short = |part: &str| is_number(part) || (part.len() == 1 && part.is_ascii());
    let first = parts.next().unwrap_or_default();
    if is_number(first) {
        return parts.all(is_short);
    }
    let letters = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let ends_in_number = letters.len() < first.len();
    let is_upper = letters.bytes().all(|byte| byte.is_ascii_uppercase());
    let has_number = ends_in_number || label.split(['-', '_']).skip(1).any(is_number);
    letters.len() <= 5 && is_upper && (has_number || (has_kind && first.len() == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_known_in_the_forms_of_the_documents_and_of_people() {
        for (line, label, title) in [
            ("Task 1.1: Identify 50+ breeders", Some("1.1"), "Identify 50+ breeders"),
            ("PHASE 2: Outreach (Week 3-4)", Some("2"), "Outreach (Week 3-4)"),
            ("Subtask 1.1.1: Search", Some("1.1.1"), "Search"),
            ("1.2 Qualify", Some("1.2"), "Qualify"),
            ("1. Qualify", Some("1"), "Qualify"),
            ("T-12: Call", Some("T-12"), "Call"),
            ("A1) Call", Some("A1"), "Call"),
            ("Phase A - Start", Some("A"), "Start"),
            ("Call 5 of them", None, "Call 5 of them"),
            ("5 calls", None, "5 calls"),
            ("2026 budget", None, "2026 budget"),
            ("Task force meets", None, "Task force meets"),
            ("Step 3", None, "Step 3"),
            ("Well-known: yes", None, "Well-known: yes"),
        ] {
            assert_eq!(labelled(line), (label, title), "{line}");
        }
    }

    #[test]
    fn signs_of_the_state_are_no_part_of_a_title() {
        assert_eq!(unmarked("Qualify ✅ (23 found)"), ("Qualify", true));
        assert_eq!(unmarked("Close ⏳ RUNNING"), ("Close", false));
        assert_eq!(unmarked("✅ Prioritize"), ("Prioritize", true));
        assert_eq!(unmarked("Plain"), ("Plain", false));
    }
}
