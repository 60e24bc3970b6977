//! The quick way to read a line of an export: straight through, where it stands as nearly every
//! line does. Anything out of the ordinary is left to the way that is slow and looks at everything.

use crate::hash::{Hash, from_hex};
use crate::line::{Line, Place};
use std::borrow::Cow;
use std::str;
use uuid::Uuid;

/// How many characters an id has.
const ID_CHARS: usize = 36;
/// How deep a payload may be here.
const DEPTH_MAX: u32 = 128;

/// Which bytes say where an object ends; it is gone through from one to the next.
const MEANS: [bool; 256] = {
    let (marks, mut means, mut at) = (*b"\"\\{}[]", [false; 256], 0);
    while at < marks.len() {
        means[marks[at] as usize] = true;
        at += 1;
    }
    means
};

/// What is left of a line.
struct Rest<'a>(&'a [u8]);

/// Reads a line, when it is an ordinary one.
pub(crate) fn scan(line: &[u8]) -> Option<Line<'_>> {
    let mut rest = Rest(line);
    rest.word(b"{\"position\":")?;
    let position = rest.number()?;
    if rest.0.starts_with(b",\"hash\":\"") {
        let hash = rest.hash()?;
        return Some(Line::Hidden { position, hash });
    }
    rest.word(b",\"workspace\":\"")?;
    let workspace = rest.text()?;
    rest.word(b",\"stream\":\"")?;
    let stream = rest.text()?;
    rest.word(b",\"version\":")?;
    let version = rest.number()?;
    rest.word(b",\"event_id\":\"")?;
    let event_id = rest.id()?;
    rest.word(b",\"kind\":\"")?;
    let kind = rest.text()?;
    rest.word(b",\"schema_version\":")?;
    let schema_version = u16::try_from(rest.number()?).ok()?;
    rest.word(b",\"recorded_at_ms\":")?;
    let recorded_at_ms = i64::try_from(rest.number()?).ok()?;
    rest.word(b",\"payload\":")?;
    let payload = rest.object()?;
    rest.word(b",\"metadata\":")?;
    let metadata = rest.object()?;
    let hash = rest.hash()?;
    Some(Line::Event {
        place: Place { position, version, event_id, schema_version, recorded_at_ms },
        workspace: Cow::Borrowed(workspace),
        stream: Cow::Borrowed(stream),
        kind: Cow::Borrowed(kind),
        payload: Cow::Borrowed(payload),
        metadata: Cow::Borrowed(metadata),
        hash,
    })
}

impl<'a> Rest<'a> {
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number as it is written in one way only.
    fn number(&mut self) -> Option<u64> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = self.take(length)?;
        if digits.len() > 1 && digits.starts_with(b"0") {
            return None;
        }
        str::from_utf8(digits).ok()?.parse().ok()
    }

    /// A text in which nothing is escaped, and its end.
    fn text(&mut self) -> Option<&'a str> {
        let is_plain = |byte: &u8| *byte != b'"' && *byte != b'\\' && *byte >= 0x20;
        let length = self.0.iter().take_while(|byte| is_plain(byte)).count();
        let text = str::from_utf8(self.take(length)?).ok()?;
        self.word(b"\"")?;
        Some(text)
    }

    fn id(&mut self) -> Option<Uuid> {
        let text = str::from_utf8(self.take(ID_CHARS)?).ok()?;
        let id = Uuid::try_parse(text).ok()?;
        self.word(b"\"")?;
        let mut written = Uuid::encode_buffer();
        (id.hyphenated().encode_lower(&mut written) == text).then_some(id)
    }

    /// An object, up to the brace that closes it. What is in it is what the leaf says.
    fn object(&mut self) -> Option<&'a [u8]> {
        if !self.0.starts_with(b"{") {
            return None;
        }
        let (mut depth, mut is_text, mut at) = (0_u32, false, 0);
        while let Some(next) = self.0.get(at..)?.iter().position(|byte| MEANS[usize::from(*byte)]) {
            at += next;
            match self.0.get(at)? {
                b'\\' if is_text => at += 1,
                b'"' => is_text = !is_text,
                b'{' | b'[' if !is_text => depth += 1,
                b'}' | b']' if !is_text => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return self.take(at);
            }
            if depth > DEPTH_MAX {
                return None;
            }
        }
        None
    }

    /// The hash at the end of the line.
    fn hash(&mut self) -> Option<Hash> {
        self.word(b",\"hash\":\"")?;
        let digits = self.0.strip_suffix(b"\"}")?;
        from_hex(str::from_utf8(digits).ok()?).ok()
    }
}
