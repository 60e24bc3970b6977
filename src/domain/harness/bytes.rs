//! Bytes as a source of choices; when they run out, every choice is the first one.

/// A walk over bytes, from the first to the last.
#[derive(Debug, Clone)]
pub struct Bytes<'a> {
    left: &'a [u8],
}

impl<'a> Bytes<'a> {
    /// A walk that begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// Whether no byte is left.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// What was not walked over.
    pub fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// The next byte; 0 after the last.
    pub fn byte(&mut self) -> u8 {
        let Some((first, left)) = self.left.split_first() else {
            return 0;
        };
        self.left = left;
        *first
    }

    /// A number below `limit`; 0 when there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit > 256 {
            return (usize::from(self.byte()) * 256 + usize::from(self.byte())) % limit;
        }
        usize::from(self.byte()).checked_rem(limit).unwrap_or(0)
    }

    /// True once in so many times; false after the last byte.
    pub fn once_in(&mut self, times: u8) -> bool {
        self.byte() % times == times - 1
    }

    /// One of them.
    pub fn one_of<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        let at = self.below(choices.len());
        choices.get(at).cloned()
    }

    /// Perhaps that, once in so many times.
    pub fn perhaps<T>(&mut self, times: u8, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(times).then(|| make(self))
    }

    /// A number of eight bytes.
    pub fn long(&mut self) -> u64 {
        (0..8).fold(0, |sum, _| (sum << 8) | u64::from(self.byte()))
    }
}
