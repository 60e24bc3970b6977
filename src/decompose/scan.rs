//! Finds addresses, numbers and names of files in a text, and where each stands.

use std::ops::Range;

/// The fewest digits of a phone number.
const PHONE_DIGITS_MIN: usize = 7;
/// The most.
const PHONE_DIGITS_MAX: usize = 15;
/// How names of files end.
const ENDINGS: [&str; 20] = [
    "csv", "tsv", "xlsx", "xls", "md", "txt", "pdf", "docx", "doc", "pptx", "html", "json", "yaml",
    "yml", "png", "jpg", "svg", "rtf", "odt", "ods",
];

/// The pieces of a text between white space, brackets, quotes and commas.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_end = |c: char| c.is_whitespace() || "()[]{}<>\"'`,;|“”‘’".contains(c);
    let mut rest = 0;
    std::iter::from_fn(move || {
        let from = rest + text.get(rest..)?.find(|c: char| !is_end(c))?;
        let behind = text.get(from..)?;
        let to = from + behind.find(is_end).unwrap_or(behind.len());
        rest = to;
        let bare = text.get(from..to)?.trim_end_matches(['.', ':', '!', '?']);
        Some(from..from + bare.len())
    })
}

/// Where e-mail addresses stand.
pub(crate) fn emails(text: &str) -> Vec<Range<usize>> {
    let is_email = |at: &Range<usize>| text.get(at.clone()).is_some_and(is_email);
    let bare = |at: Range<usize>| {
        let is_lead = |token: &str| token.starts_with("mailto:");
        let lead = text.get(at.clone()).is_some_and(is_lead);
        at.start + if lead { "mailto:".len() } else { 0 }..at.end
    };
    tokens(text).map(bare).filter(is_email).collect()
}

fn is_email(token: &str) -> bool {
    let Some((local, domain)) = token.split_once('@') else { return false };
    let is_local = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let is_domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let ends_well = domain.rsplit('.').next().is_some_and(|top| top.chars().count() > 1);
    !local.is_empty()
        && local.chars().all(is_local)
        && domain.chars().all(is_domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && ends_well
}

/// Where addresses of the web stand.
pub(crate) fn urls(text: &str) -> Vec<Range<usize>> {
    let is_url = |token: &str| {
        let rest = token.strip_prefix("https://").or_else(|| token.strip_prefix("http://"));
        rest.is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
    };
    tokens(text).filter(|at| text.get(at.clone()).is_some_and(is_url)).collect()
}

/// Where names of files stand.
pub(crate) fn files(text: &str) -> Vec<Range<usize>> {
    let is_file = |token: &str| {
        let Some((name, ending)) = token.rsplit_once('.') else { return false };
        let is_known = ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
        is_known && name.chars().any(char::is_alphanumeric) && !token.contains([':', '@'])
    };
    tokens(text).filter(|at| text.get(at.clone()).is_some_and(is_file)).collect()
}

/// Where phone numbers stand: digits in groups, or behind a plus.
pub(crate) fn phones(text: &str) -> Vec<Range<usize>> {
    let is_inside = |c: char| c.is_ascii_digit() || " -.()+/\u{a0}".contains(c);
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(from) = next_start(text, rest) {
        let behind = text.get(from..).unwrap_or_default();
        let to = from + behind.find(|c| !is_inside(c)).unwrap_or(behind.len());
        found.extend(phones_of_run(text, from..to));
        rest = to.max(from + 1);
    }
    found
}

fn next_start(text: &str, rest: usize) -> Option<usize> {
    let at = text.get(rest..)?.find(|c: char| c.is_ascii_digit() || c == '+')?;
    Some(rest + at)
}

/// The numbers in a stretch of digits and what may stand between them. There may be several, and
/// dates or amounts beside them.
fn phones_of_run(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let is_amount = text.get(..run.start).is_some_and(ends_in_word);
    let words = words_of_run(text, run);
    let begins = |at: &Range<usize>| {
        let word = text.get(at.clone()).unwrap_or_default();
        word.starts_with('+') || is_phone(word)
    };
    let end_of_amount = || words.iter().skip(1).position(begins).map_or(words.len(), |at| at + 1);
    let mut rest = words.split_at(if is_amount { end_of_amount() } else { 0 }).1;
    let mut found = Vec::new();
    while let Some((first, behind)) = rest.split_first() {
        let number = joined(text, first, behind.iter().take_while(|next| !begins(next)));
        let after = text.get(number.end..).unwrap_or_default();
        let is_found = text.get(number.clone()).is_some_and(is_phone)
            && !after.starts_with(char::is_alphanumeric);
        rest = match is_found {
            true => rest.split_at(rest.partition_point(|word| word.start < number.end)).1,
            false => behind,
        };
        found.extend(is_found.then_some(number));
    }
    found
}

/// A word, and those behind it as far as they are one number with it.
fn joined<'w>(
    text: &str,
    first: &Range<usize>,
    behind: impl Iterator<Item = &'w Range<usize>>,
) -> Range<usize> {
    if text.get(first.clone()).is_some_and(is_phone) {
        return first.clone();
    }
    let is_short = |end: usize| digits(text, first.start..end) <= PHONE_DIGITS_MAX;
    let last = behind.map(|word| word.end).take_while(|&end| is_short(end)).last();
    first.start..last.unwrap_or(first.end)
}

/// What stands between spaces and strokes, without the marks behind it.
fn words_of_run(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let is_end = |c: char| " /\u{a0}".contains(c);
    let mut words = Vec::new();
    let mut from = run.start;
    for piece in text.get(run).unwrap_or_default().split(is_end) {
        let bare = piece.trim_end_matches(|c: char| !c.is_ascii_digit());
        let lead = bare.find(|c: char| c.is_ascii_digit() || c == '+').unwrap_or(bare.len());
        if lead < bare.len() {
            words.push(from + lead..from + bare.len());
        }
        let end = text.get(from + piece.len()..).and_then(|it| it.chars().next());
        from += piece.len() + end.map_or(0, char::len_utf8);
    }
    words
}

fn digits(text: &str, at: Range<usize>) -> usize {
    text.get(at).unwrap_or_default().bytes().filter(u8::is_ascii_digit).count()
}

fn ends_in_word(before: &str) -> bool {
    before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '$' | '€' | '/'))
}

fn is_phone(run: &str) -> bool {
    let groups: Vec<&str> =
        run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_date = matches!(lengths.as_slice(), [4, 1..=2, 1..=2, ..] | [1..=2, 1..=2, 4, ..]);
    let is_grouped = run.starts_with('+') || groups.len() > 1;
    (PHONE_DIGITS_MIN..=PHONE_DIGITS_MAX).contains(&digits) && is_grouped && !is_date
}

/// How many minutes a text names.
pub(crate) fn minutes(text: &str) -> Option<u64> {
    let lower = text.to_lowercase();
    let at = lower.match_indices("min").map(|(at, _)| at).find(|&at| {
        let before = lower.get(..at).unwrap_or_default().trim_end_matches([' ', '-']);
        before.ends_with(|c: char| c.is_ascii_digit())
    })?;
    let before = lower.get(..at)?.trim_end_matches([' ', '-']);
    let start = before.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| {
        at + before.get(at..).and_then(|it| it.chars().next()).map_or(1, char::len_utf8)
    });
    before.get(start..)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<'t>(text: &'t str, found: &[Range<usize>]) -> Vec<&'t str> {
        found.iter().map(|range| &text[range.clone()]).collect()
    }

    #[test]
    fn addresses_are_found_where_they_stand() {
        let text = "Carol (carol@bittersweet-farm.example), or <mailto:m.y@x.co.uk>. No: a@b, @c.";
        assert_eq!(at(text, &emails(text)), ["carol@bittersweet-farm.example", "m.y@x.co.uk"]);
        let text = "See https://farm.example/a?b=c, http:// and farm.example";
        assert_eq!(at(text, &urls(text)), ["https://farm.example/a?b=c"]);
        let text = "Compile PROSPECTS.csv from requirements/carol.md, v1.2, a@b.md";
        assert_eq!(at(text, &files(text)), ["PROSPECTS.csv", "requirements/carol.md"]);
    }

    #[test]
    fn phone_numbers_are_told_from_dates_prices_and_ids() {
        let text = "Call 860-455-9416, +49 30 1234567 or (860) 455 9417";
        assert_eq!(at(text, &phones(text)), ["860-455-9416", "+49 30 1234567", "860) 455 9417"]);
        for text in [
            "860-455-9416 860-455-9416",
            "5 860-455-9416 860-455-9416 90",
            "2026-02-11 860-455-9416/860-455-9416 5pm",
            "$500 860-455-9416 $1 000 860-455-9416.",
        ] {
            assert_eq!(at(text, &phones(text)), ["860-455-9416"; 2], "{text}");
        }
        let text = "+49 30 1234567 +49 30/1234568, 030/1234567 860-455-9416";
        let found = ["+49 30 1234567", "+49 30/1234568", "030/1234567", "860-455-9416"];
        assert_eq!(at(text, &phones(text)), found);
        for text in [
            "2026-02-11",
            "11.02.2026",
            "task_20260211",
            "10-15 calls",
            "$1 000 000 000",
            "12345678",
            "v1.2.3",
            "score 1-5",
        ] {
            assert!(phones(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn minutes_are_read() {
        assert_eq!(minutes("a 90-minute call"), Some(90));
        assert_eq!(minutes("45 min each"), Some(45));
        assert_eq!(minutes("a minute, 5 admins"), None);
    }
}
