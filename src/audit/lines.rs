//! A file of an export as it is read: line by line, counted and hashed on the way.

use crate::hash::{Hash, to_hex};
use crate::line::BadLine;
use crate::manifest::{ExportFile, Manifest};
use crate::wrong::{Wrong, WrongKind};
use sha2::{Digest, Sha256};
use std::io::{BufRead, Read as _};

/// How long a line may be.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// A file that is read line by line, hashed on the way.
pub(crate) struct Lines<R> {
    pub(crate) name: String,
    pub(crate) reader: R,
    hasher: Sha256,
    bytes: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(name: &str, reader: R) -> Self {
        Self { name: name.to_owned(), reader, hasher: Sha256::new(), bytes: 0, line: Vec::new() }
    }

    /// The next line without its end; none at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Wrong> {
        self.line.clear();
        let mut limited = (&mut self.reader).take(LINE_BYTES_MAX);
        let read = limited.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| WrongKind::Unreadable(error).in_file(&self.name))?;
        self.hasher.update(&self.line);
        self.bytes += u64::try_from(read).unwrap_or(u64::MAX);
        if read == 0 {
            return Ok(None);
        }
        let whole = self.line.strip_suffix(b"\n");
        whole.map(Some).ok_or_else(|| WrongKind::Line(BadLine).in_file(&self.name))
    }

    /// Ends a file of which nothing is left: it must be the one that the manifest names.
    pub(crate) fn end(mut self, manifest: &Manifest) -> Result<u64, Wrong> {
        if self.next()?.is_some() {
            return Err(WrongKind::Longer.in_file(&self.name));
        }
        let hash: Hash = self.hasher.finalize().into();
        let sha256 = to_hex(&hash);
        let found = ExportFile { name: self.name, bytes: self.bytes, sha256 };
        if manifest.files.contains(&found) {
            return Ok(found.bytes);
        }
        Err(WrongKind::FileHash.in_file(&found.name))
    }
}
