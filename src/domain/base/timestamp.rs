//! A moment, to the millisecond, in UTC.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::num::NonZeroI64;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment in UTC with millisecond precision; RFC 3339 in JSON. Kept as one more than the
/// milliseconds since 1970, so that an optional moment is no larger than a moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroI64);

impl Default for Timestamp {
    fn default() -> Self {
        Self::from_unix_ms(0)
    }
}

/// The last moment that RFC 3339 can write: the end of the year 9999.
const MILLISECONDS_MAX: i64 = 253_402_300_799_999;

impl Timestamp {
    /// The moment that many milliseconds after 1970; moved into the years 1970 to 9999.
    pub fn from_unix_ms(ms: i64) -> Self {
        let ms = ms.clamp(0, MILLISECONDS_MAX);
        Self(NonZeroI64::new(ms + 1).expect("one more than no negative number is not zero"))
    }

    /// Milliseconds since 1970.
    pub fn unix_ms(self) -> i64 {
        self.0.get() - 1
    }

    /// This moment and that many milliseconds more, at most the last moment there is.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self::from_unix_ms(self.unix_ms().saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// The milliseconds from `earlier` to this moment; none when it is not earlier.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from(self.unix_ms().saturating_sub(earlier.unix_ms())).unwrap_or(0)
    }

    /// Reads an RFC 3339 time; a time without a zone is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let parsed = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let ms = i64::try_from(parsed.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?;
        (0..=MILLISECONDS_MAX).contains(&ms).then(|| Self::from_unix_ms(ms))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.unix_ms()) * 1_000_000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| fmt::Error)?;
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let year = u16::try_from(at.year()).map_err(|_| fmt::Error)?;
        put(&mut text[..4], year)?;
        put(&mut text[5..7], u8::from(at.month()).into())?;
        put(&mut text[8..10], at.day().into())?;
        put(&mut text[11..13], at.hour().into())?;
        put(&mut text[14..16], at.minute().into())?;
        put(&mut text[17..19], at.second().into())?;
        put(&mut text[20..23], at.millisecond())?;
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes a number with leading zeros: every event holds a moment, and `format!` is slow.
fn put(digits: &mut [u8], mut number: u16) -> fmt::Result {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).map_err(|_| fmt::Error)?;
        number /= 10;
    }
    Ok(())
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time with a zone, as RFC 3339 writes it")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_moment_is_written_as_rfc_3339_has_it() {
        let written = |ms| Timestamp::from_unix_ms(ms).to_string();
        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(1_709_210_096_007), "2024-02-29T12:34:56.007Z");
        assert_eq!(written(i64::MAX), "9999-12-31T23:59:59.999Z");
    }

    proptest! {
        #[test]
        fn a_moment_is_read_as_it_was_written(ms in 0..=MILLISECONDS_MAX) {
            let moment = Timestamp::from_unix_ms(ms);
            prop_assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        }
    }
}
