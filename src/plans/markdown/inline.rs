//! The words of a line without their dress: emphasis, code, links, comments.

/// The words of a line, and where its links lead.
pub(super) fn plain(line: &str) -> (String, Vec<String>) {
    let mut links = Vec::new();
    let mut words = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if let Some(behind) = comment(rest) {
            rest = behind;
            continue;
        }
        if let Some((shown, target, behind)) = link(rest) {
            words.push_str(shown);
            links.push(target.to_owned());
            rest = behind;
            continue;
        }
        let taken = dress(rest);
        if taken > 0 {
            rest = &rest[taken..];
            continue;
        }
        let escaped = rest.strip_prefix('\\').and_then(|behind| behind.chars().next());
        let letter = escaped.filter(char::is_ascii_punctuation);
        words.push(letter.unwrap_or(c));
        rest = &rest[letter.map_or(c.len_utf8(), |letter| 1 + letter.len_utf8())..];
    }
    (words.replace("<br>", " ").replace("<br/>", " ").trim().to_owned(), links)
}

/// What stands behind a comment that begins here.
fn comment(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("<!--")?;
    Some(inside.split_once("-->").map_or("", |(_, behind)| behind))
}

/// A link that begins here: its words, where it leads, what stands behind.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let inside = text.strip_prefix("![").or_else(|| text.strip_prefix('['))?;
    let (shown, rest) = inside.split_once("](")?;
    let is_one = !shown.contains(['[', ']']);
    let (target, behind) = rest.split_once(')')?;
    is_one.then_some((shown, target, behind))
}

/// How many bytes of emphasis or code begin here.
fn dress(text: &str) -> usize {
    let run = |mark: char| text.len() - text.trim_start_matches(mark).len();
    match text.as_bytes().first() {
        Some(b'`') => run('`'),
        Some(b'*') if !text.starts_with("* ") => run('*'),
        Some(b'~') if text.starts_with("~~") => 2,
        Some(b'_') if text.starts_with("__") => 2,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn dress_is_taken_off_and_links_are_kept() {
        let (words, links) =
            plain("**Call** `Carol` at [the *farm*](https://x.example) <!-- no -->");
        assert_eq!(words, "Call Carol at the *farm*");
        assert_eq!(links, ["https://x.example"]);
        assert_eq!(plain(r"2 \* 3 * 4 snake_case").0, "2 * 3 * 4 snake_case");
        assert_eq!(plain("[open").0, "[open");
    }
}
