//! From bytes to text: marks, other encodings and line ends are put right, and said so.

use crate::error::PlanError;
use crate::report::Report;
use std::borrow::Cow;

/// Reads bytes as text with plain line ends.
pub(crate) fn decode<'a>(
    place: &str,
    bytes: &'a [u8],
    report: &mut Report,
) -> Result<Cow<'a, str>, PlanError> {
    let text = unmarked(place, bytes, report)?;
    if let Some(at) = text.find('\0') {
        let message = format!("there is a NUL at byte {at}");
        return Err(PlanError::NotText { place: place.to_owned(), message });
    }
    if !text.contains('\r') {
        return Ok(text);
    }
    report.repaired(place, || "the line ends are those of another system".to_owned());
    Ok(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")))
}

fn unmarked<'a>(
    place: &str,
    bytes: &'a [u8],
    report: &mut Report,
) -> Result<Cow<'a, str>, PlanError> {
    let is_wide =
        |mark: [u8; 2], zero_at: usize| bytes.starts_with(&mark) || (looks_wide(bytes, zero_at));
    if is_wide([0xff, 0xfe], 1) {
        return wide(place, bytes, u16::from_le_bytes, report).map(Cow::Owned);
    }
    if is_wide([0xfe, 0xff], 0) {
        return wide(place, bytes, u16::from_be_bytes, report).map(Cow::Owned);
    }
    let bare = bytes.strip_prefix(b"\xef\xbb\xbf");
    if bare.is_some() {
        report.repaired(place, || "it begins with a byte-order mark".to_owned());
    }
    std::str::from_utf8(bare.unwrap_or(bytes)).map(Cow::Borrowed).map_err(|error| {
        let message = format!("this is not UTF-8, from byte {} on", error.valid_up_to());
        PlanError::NotText { place: place.to_owned(), message }
    })
}

/// How many bytes show whether they are UTF-16 without a mark.
const WIDE_BYTES: usize = 16;

/// Whether bytes look like UTF-16 without a mark: each of the first letters has a zero beside it.
fn looks_wide(bytes: &[u8], zero_at: usize) -> bool {
    let begin = &bytes[..bytes.len().min(WIDE_BYTES)];
    let is_wide = |pair: &[u8]| pair[zero_at] == 0 && pair[1 - zero_at] != 0;
    begin.len() == WIDE_BYTES && begin.chunks_exact(2).all(is_wide)
}

fn wide(
    place: &str,
    bytes: &[u8],
    unit: fn([u8; 2]) -> u16,
    report: &mut Report,
) -> Result<String, PlanError> {
    let refuse =
        |message: &str| PlanError::NotText { place: place.to_owned(), message: message.to_owned() };
    if !bytes.len().is_multiple_of(2) {
        return Err(refuse("this is UTF-16, and ends in the middle of a letter"));
    }
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|_| refuse("this looks like UTF-16, and is not"))?;
    report.repaired(place, || "it is UTF-16: read as such".to_owned());
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::report::Report;
    use crate::sniff::Format;

    fn read(bytes: &[u8]) -> Option<String> {
        let mut report = Report::new(Format::Markdown);
        decode("it", bytes, &mut report).ok().map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn marks_encodings_and_line_ends_are_put_right() {
        let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "# Plän\r\n- one".encode_utf16().flat_map(unit).collect()
        };
        let mut marked = vec![0xff, 0xfe];
        marked.extend(wide(u16::to_le_bytes));
        let mut big = vec![0xfe, 0xff];
        big.extend(wide(u16::to_be_bytes));
        let bare = &wide(u16::to_le_bytes);
        for bytes in ["\u{feff}# Plän\r- one".as_bytes(), &marked, &big, bare] {
            assert_eq!(read(bytes).as_deref(), Some("# Plän\n- one"));
        }
        let spaced = "# P\n- x x x x x x x";
        assert_eq!(read(spaced.as_bytes()).as_deref(), Some(spaced));
        assert_eq!(read(b"a\0b"), None);
        assert_eq!(read(b"\xff\xfe\x41"), None);
        assert_eq!(read(b"caf\xe9"), None);
    }
}
