//! Words of a text, and which of them mean the same.

/// A word as it stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// The word, without the marks around it.
    pub(crate) text: &'a str,
    /// Where it begins in the text.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

/// The words of a text, in their order.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut begin = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_inside = c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '_');
        match (begin, is_inside) {
            (None, true) => begin = Some(at),
            (Some(start), false) => {
                found.extend(trimmed(text, start, at));
                begin = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found
}

fn trimmed(text: &str, start: usize, end: usize) -> Option<Word<'_>> {
    let is_mark = |c: char| !c.is_alphanumeric();
    let raw = text.get(start..end)?;
    let bare = raw.trim_start_matches(is_mark);
    let start = end - bare.len();
    let text = bare.trim_end_matches(is_mark);
    (!text.is_empty()).then(|| Word { text, start, end: start + text.len() })
}

/// What different forms of a word have in common: `calls`, `calling` and `called` are one.
pub(crate) fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    let word = word.trim_end_matches("'s").trim_end_matches("’s");
    let cut = [("ies", "y"), ("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")];
    let bare = cut.iter().find_map(|(ending, instead)| {
        let bare = word.strip_suffix(ending)?;
        let is_kept = word.ends_with("ss") || bare.chars().count() < 3;
        (!is_kept).then(|| format!("{bare}{instead}"))
    });
    let bare = bare.unwrap_or_else(|| word.to_owned());
    let bare = bare.strip_suffix('e').filter(|it| it.chars().count() >= 3).unwrap_or(&bare);
    single_ending(bare)
}

/// `plann` is `plan`.
fn single_ending(word: &str) -> String {
    let mut last = word.chars().rev();
    let is_double = match (last.next(), last.next()) {
        (Some(one), Some(other)) => one == other && !"aeiousl".contains(one),
        (_, _) => false,
    };
    let cut = word.len() - usize::from(is_double && word.is_ascii());
    word.get(..cut).unwrap_or(word).to_owned()
}

/// The stems of all words of a text.
pub(crate) fn stems(text: &str) -> Vec<String> {
    let parts = words(text).into_iter().flat_map(|word| word.text.split(['-', '_']));
    parts.filter(|part| !part.is_empty()).map(stem).collect()
}

/// Where these stems stand in a row.
pub(crate) fn find(stems: &[String], wanted: &[String]) -> Option<usize> {
    if wanted.is_empty() || stems.len() < wanted.len() {
        return None;
    }
    (0..=stems.len() - wanted.len()).find(|&at| stems[at..at + wanted.len()] == *wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_without_the_marks_around_them() {
        let text = "Call (the) top-5 \"prospects\", Carol's!";
        let found: Vec<&str> = words(text).iter().map(|word| word.text).collect();
        assert_eq!(found, ["Call", "the", "top-5", "prospects", "Carol's"]);
        assert!(words(text).iter().all(|word| &text[word.start..word.end] == word.text));
        assert!(words("— … !").is_empty());
    }

    #[test]
    fn forms_of_a_word_are_one() {
        for forms in [
            &["call", "calls", "called", "calling"][..],
            &["schedule", "schedules", "scheduling", "scheduled"],
            &["identify", "identifies", "identified", "identifying"],
            &["plan", "plans", "planning", "planned"],
            &["analyze", "analyzing"],
            &["Carol", "Carol's"],
        ] {
            assert!(forms.iter().all(|form| stem(form) == stem(forms[0])), "{forms:?}");
        }
        assert_eq!(stem("access"), "access");
        assert_eq!(stem("the"), "the");
    }

    #[test]
    fn stems_in_a_row_are_found() {
        let text = stems("Send follow-up emails");
        assert_eq!(find(&text, &stems("follow up")), Some(1));
        assert_eq!(find(&text, &stems("up follow")), None);
        assert_eq!(find(&text, &[]), None);
    }
}
