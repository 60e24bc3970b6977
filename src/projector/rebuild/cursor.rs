//! How far a rebuild is: which streams it has folded.

use crate::store::{Position, Version};

/// The last stream that was folded, and up to which of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cursor {
    /// The position of the stream's first event.
    pub(super) stream: Position,
    /// The last version that was folded, when there may be more; none when all of it was.
    pub(super) version: Option<Version>,
}

impl Cursor {
    /// Before the first stream.
    const START: Self = Self { stream: Position::ZERO, version: None };

    /// Stands for all versions of a stream.
    pub(super) const WHOLE: Version = Version::new(u64::MAX);

    /// Behind a whole stream.
    pub(super) fn behind(stream: Position) -> Self {
        Self { stream, version: None }
    }

    /// As it is kept; none when it cannot be read.
    pub(super) fn parse(kept: Option<&str>) -> Option<Self> {
        let Some(kept) = kept else { return Some(Self::START) };
        let (stream, version) = match kept.split_once('@') {
            Some((stream, version)) => (stream, Some(Version::new(version.parse().ok()?))),
            None => (kept, None),
        };
        Some(Self { stream: Position::new(stream.parse().ok()?), version })
    }

    /// As it is kept; none before the first stream.
    pub(super) fn kept(&self) -> Option<String> {
        match self.version {
            Some(version) => Some(format!("{}@{version}", self.stream)),
            None if *self == Self::START => None,
            None => Some(self.stream.to_string()),
        }
    }

    /// The stream and the version that come before what is yet to be folded.
    pub(super) fn place(&self) -> (Position, Version) {
        (self.stream, self.version.unwrap_or(Self::WHOLE))
    }

    /// The stream after which the streams that are yet to be folded come.
    pub(super) fn streams_after(&self) -> Position {
        match self.version {
            Some(_) => Position::new(self.stream.get().saturating_sub(1)),
            None => self.stream,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;
    use crate::store::{Position, Version};

    #[test]
    fn a_cursor_is_read_as_it_was_kept() {
        let behind = Cursor::behind(Position::new(7));
        let within = Cursor { version: Some(Version::new(3)), ..behind };
        for cursor in [Cursor::START, behind, within] {
            assert_eq!(Cursor::parse(cursor.kept().as_deref()), Some(cursor));
        }
        assert_eq!(Cursor::parse(Some("7@")), None);
    }
}
