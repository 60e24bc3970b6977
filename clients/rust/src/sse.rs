//! Server-sent events, read from the pieces that they come in.

/// How long an event may be: a snapshot of a large execution is about a megabyte.
const EVENT_BYTES_MAX: usize = 8 << 20;

/// An event, as it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Where whoever has it can go on.
    pub(crate) id: Option<u64>,
    pub(crate) data: String,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    bytes: Vec<u8>,
    /// What of the bytes was looked through already.
    seen: usize,
    sent: Sent,
    has_data: bool,
}

/// More came than an event may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Reader {
    /// Takes a piece.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<(), TooLong> {
        self.bytes.extend_from_slice(piece);
        let held = self.bytes.len().saturating_add(self.sent.data.len());
        if held > EVENT_BYTES_MAX { Err(TooLong) } else { Ok(()) }
    }

    /// The next event that is there as a whole.
    pub(crate) fn next(&mut self) -> Option<Sent> {
        while let Some(line) = self.line() {
            if line.is_empty() {
                let sent = std::mem::take(&mut self.sent);
                if std::mem::take(&mut self.has_data) {
                    return Some(sent);
                }
                continue;
            }
            self.field(&line);
        }
        None
    }

    /// The next line that is there as a whole, without its end.
    fn line(&mut self) -> Option<String> {
        let unseen = self.bytes.get(self.seen..).unwrap_or_default();
        let Some(at) = unseen.iter().position(|byte| *byte == b'\n') else {
            self.seen = self.bytes.len();
            return None;
        };
        let end = self.seen + at;
        let line: Vec<u8> = self.bytes.drain(..=end).take(end).collect();
        self.seen = 0;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        Some(String::from_utf8_lossy(line).into_owned())
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.sent.id = value.parse().ok(),
            "data" => {
                if self.has_data {
                    self.sent.data.push('\n');
                }
                self.has_data = true;
                self.sent.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Sent, TooLong};

    fn read(pieces: &[&str]) -> Vec<Sent> {
        let mut reader = Reader::default();
        let mut all = Vec::new();
        for piece in pieces {
            reader.take(piece.as_bytes()).expect("it is short");
            all.extend(std::iter::from_fn(|| reader.next()));
        }
        all
    }

    #[test]
    fn an_event_comes_in_any_pieces() {
        let text =
            ": hello\r\nevent: event\r\nid: 7\ndata: {\"a\":\ndata:1}\n\nid: 9\n\ndata:é\n\n";
        let first = Sent { id: Some(7), data: "{\"a\":\n1}".to_owned() };
        let second = Sent { id: None, data: "é".to_owned() };
        assert_eq!(read(&[text]), [first.clone(), second.clone()]);
        let mut reader = Reader::default();
        let mut all = Vec::new();
        for byte in text.as_bytes() {
            reader.take(&[*byte]).expect("it is short");
            all.extend(reader.next());
        }
        assert_eq!(all, [first, second]);
    }

    #[test]
    fn an_event_without_an_end_is_given_up() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; 1 << 20];
        let taken = (0..9).map(|_| reader.take(&piece)).find(Result::is_err);
        assert_eq!(taken, Some(Err(TooLong)));
    }
}
