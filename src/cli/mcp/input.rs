//! The lines that come in, each of a limited length.

use std::io::{BufRead, Read};
use tokio::sync::mpsc::Sender;

/// How long a line may be: as long as what a server takes at most.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// A line of input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// As it came.
    Whole(Vec<u8>),
    /// It was too long, and is not known.
    TooLong,
}

/// Reads lines until there are no more, or until nobody takes them.
pub(super) fn read(mut input: impl BufRead, lines: &Sender<Line>) {
    loop {
        let mut line = Vec::new();
        let read = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line);
        let line = match read {
            Err(_) | Ok(0) => return,
            Ok(read) if line.ends_with(b"\n") || is_short(read) => Line::Whole(line),
            Ok(_) => match input.skip_until(b'\n') {
                Ok(_) => Line::TooLong,
                Err(_) => return,
            },
        };
        let is_empty = matches!(&line, Line::Whole(line) if line.trim_ascii().is_empty());
        if !is_empty && lines.blocking_send(line).is_err() {
            return;
        }
    }
}

/// Whether a line ended before its limit: with the input, and without an end of its own.
fn is_short(bytes: usize) -> bool {
    u64::try_from(bytes).is_ok_and(|bytes| bytes < LINE_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES_MAX, Line, read};
    use tokio::sync::mpsc::channel;

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let long = "x".repeat(usize::try_from(LINE_BYTES_MAX).expect("it fits") + 7);
        let (sender, mut lines) = channel(8);
        read(format!("one\n\n{long}\ntwo").as_bytes(), &sender);
        drop(sender);
        assert_eq!(lines.blocking_recv(), Some(Line::Whole(b"one\n".to_vec())));
        assert_eq!(lines.blocking_recv(), Some(Line::TooLong));
        assert_eq!(lines.blocking_recv(), Some(Line::Whole(b"two".to_vec())));
        assert_eq!(lines.blocking_recv(), None);
    }
}
