//! How long something takes, as people write it: `3 days`, `1h 30m`, `2-3 weeks`, `90`.

use super::fields::Unit;
use crate::structured::lasting_ms;

/// Reads a time in milliseconds, and whether its unit was guessed; none where it is no time, or
/// below nothing.
pub(super) fn lasting(text: &str, unit: Option<Unit>) -> Option<(u64, bool)> {
    let lower = text.trim().trim_start_matches(['~', '≈']).to_lowercase();
    let mut rest = lower.trim();
    let (mut total, mut is_guess) = (0_u64, false);
    while !rest.is_empty() {
        let (count, behind) = number(rest)?;
        let end = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (word, behind) = behind.split_at(end);
        let named = if word.is_empty() { None } else { Some(Unit::named(word)?) };
        is_guess |= named.is_none() && unit.is_none();
        let own = named.or(unit).unwrap_or(Unit::Hour);
        total = total.checked_add(lasting_ms(count, own.seconds())?)?;
        rest = behind.trim_start_matches([',', ' ', '.']);
    }
    (total > 0).then_some((total, is_guess))
}

/// A number, or the middle of two with a dash between them, and what stands behind.
fn number(text: &str) -> Option<(f64, &str)> {
    let (low, rest) = plain(text)?;
    let dash = rest.trim_start().strip_prefix(['-', '–', '—']);
    let dash = dash.or_else(|| rest.trim_start().strip_prefix("to "));
    let high = dash.and_then(|rest| plain(rest.trim_start()));
    let (count, rest) = match high {
        Some((high, rest)) if high >= low => (f64::midpoint(low, high), rest),
        Some(_) | None => (low, rest),
    };
    Some((count, rest.trim_start()))
}

fn plain(text: &str) -> Option<(f64, &str)> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let digits = text[..end].trim_end_matches(['.', ',']);
    let count = digits.replace(',', ".").parse().ok()?;
    Some((count, &text[digits.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        const HOUR: u64 = 3_600_000;
        for (text, unit, wanted) in [
            ("3 days", None, Some((72 * HOUR, false))),
            ("1h 30m", None, Some((HOUR * 3 / 2, false))),
            ("2-3 weeks", None, Some((420 * HOUR, false))),
            ("1,5 h", None, Some((HOUR * 3 / 2, false))),
            ("8", None, Some((8 * HOUR, true))),
            ("8", Some(Unit::Day), Some((192 * HOUR, false))),
            ("~2 hours", None, Some((2 * HOUR, false))),
            ("-1", None, None),
            ("soon", None, None),
            ("2 parsecs", None, None),
            ("0", None, None),
            ("9e99 h", None, None),
        ] {
            assert_eq!(lasting(text, unit), wanted, "{text}");
        }
    }
}
