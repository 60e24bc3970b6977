//! Days and moments in questions: a day alone stands for all of it, in UTC.

use crate::domain::Timestamp;
use crate::http::code::Code;
use crate::http::problem::Problem;

/// How long `2025-01-31` is.
const DATE_CHARS: usize = 10;
const DAY_MS: u64 = 86_400_000;

/// The first moment that counts, and the first that does not count any more.
pub(super) type Span = (Option<Timestamp>, Option<Timestamp>);

/// The time between two days or moments, both of which count.
pub(super) fn span(start: Option<&str>, end: Option<&str>) -> Result<Span, Problem> {
    let since = start.map(|text| read("start_date", text)).transpose()?;
    let until = end.map(|text| read("end_date", text)).transpose()?;
    let since = since.map(|(at, _)| at);
    let until = until.map(|(at, lasts_ms)| at.plus_ms(lasts_ms));
    if since.zip(until).is_some_and(|(since, until)| since >= until) {
        let detail = "end_date is before start_date: nothing can lie between them";
        return Err(Problem::new(Code::BadRequest, detail));
    }
    Ok((since, until))
}

/// When it begins, and how long it lasts.
fn read(name: &str, text: &str) -> Result<(Timestamp, u64), Problem> {
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z")).map(|at| (at, DAY_MS));
    let moment = || Timestamp::parse(text).map(|at| (at, 1));
    let is_day = text.len() == DATE_CHARS;
    let found = if is_day { day() } else { moment() };
    found.ok_or_else(|| {
        let detail = format!("{name} is a day, as in 2025-01-31, or a time with a zone (RFC 3339)");
        Problem::new(Code::BadRequest, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::span;
    use crate::domain::Timestamp;

    fn at(text: &str) -> Option<Timestamp> {
        Some(Timestamp::parse(text).expect("a time with a zone"))
    }

    #[test]
    fn a_day_counts_from_its_first_to_its_last_millisecond() {
        let january = span(Some("2025-01-01"), Some("2025-01-31")).expect("a span");
        assert_eq!(january, (at("2025-01-01T00:00:00Z"), at("2025-02-01T00:00:00Z")));
        let one_day = span(Some("2024-02-29"), Some("2024-02-29")).expect("a span");
        assert_eq!(one_day, (at("2024-02-29T00:00:00Z"), at("2024-03-01T00:00:00Z")));
    }

    #[test]
    fn a_moment_counts_itself_whatever_its_zone() {
        let moment = "2025-01-31T23:59:59.999+01:00";
        let found = span(Some(moment), Some(moment)).expect("a span");
        assert_eq!(found, (at("2025-01-31T22:59:59.999Z"), at("2025-01-31T23:00:00Z")));
        assert_eq!(span(None, None).expect("a span"), (None, None));
    }

    #[test]
    fn what_is_no_day_and_what_ends_before_it_begins_is_refused() {
        for text in ["", "2025-02-30", "2025-1-1", "yesterday", "2025-01-31T10:00:00", "２０２５"]
        {
            assert!(span(Some(text), None).is_err() && span(None, Some(text)).is_err(), "{text}");
        }
        assert!(span(Some("2025-02-01"), Some("2025-01-31")).is_err());
    }
}
