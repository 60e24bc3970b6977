//! Files of lines, written and read with their hash: what is read to its end is what was written.

use super::error::KeepingError;
use super::manifest::BackupFile;
use crate::audit::to_hex;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// How long a line may be: longer than any event with all that a request may hold.
const LINE_BYTES_MAX: u64 = 64 << 20;
/// How much is read and written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// A file that is being written, for its owner only.
pub(super) struct Writing {
    path: PathBuf,
    name: String,
    file: BufWriter<File>,
    hasher: Sha256,
    lines: u64,
    bytes: u64,
}

impl Writing {
    pub(super) fn begin(folder: &Path, name: impl Into<String>) -> Result<Self, KeepingError> {
        let name = name.into();
        let path = folder.join(&name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| KeepingError::unwritten(&path, error))?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Self { path, name, file, hasher: Sha256::new(), lines: 0, bytes: 0 })
    }

    /// Writes a line; its end is put behind it.
    pub(super) fn line(&mut self, line: &mut Vec<u8>) -> Result<(), KeepingError> {
        line.push(b'\n');
        self.hasher.update(&*line);
        self.lines += 1;
        self.bytes += u64::try_from(line.len()).unwrap_or(u64::MAX);
        let written = self.file.write_all(line);
        written.map_err(|error| KeepingError::unwritten(&self.path, error))
    }

    /// Has it on the disk; says what it is.
    pub(super) fn end(self) -> Result<BackupFile, KeepingError> {
        let Self { path, name, file, hasher, lines, bytes } = self;
        let synced = file.into_inner().map_err(std::io::Error::from);
        let synced = synced.and_then(|file| file.sync_all());
        synced.map_err(|error| KeepingError::unwritten(&path, error))?;
        Ok(BackupFile { name, lines, bytes, sha256: to_hex(&hasher.finalize()) })
    }
}

/// A file that is being read.
pub(super) struct Reading {
    path: PathBuf,
    expected: BackupFile,
    file: BufReader<File>,
    hasher: Sha256,
    lines: u64,
    bytes: u64,
    line: Vec<u8>,
    has_ended: bool,
}

impl Reading {
    pub(super) fn begin(folder: &Path, expected: &BackupFile) -> Result<Self, KeepingError> {
        let path = folder.join(&expected.name);
        let file = File::open(&path).map_err(|error| KeepingError::unread(&path, error))?;
        Ok(Self {
            path,
            expected: expected.clone(),
            file: BufReader::with_capacity(BUFFER_BYTES, file),
            hasher: Sha256::new(),
            lines: 0,
            bytes: 0,
            line: Vec::new(),
            has_ended: false,
        })
    }

    /// The next line, without its end; none when the file has ended as the manifest says.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, KeepingError> {
        self.line.clear();
        if self.has_ended {
            return Ok(None);
        }
        let read = (&mut self.file).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| KeepingError::unread(&self.path, error))?;
        if read == 0 {
            self.check_end()?;
            self.has_ended = true;
            return Ok(None);
        }
        self.hasher.update(&self.line);
        self.lines += 1;
        self.bytes += u64::try_from(read).unwrap_or(u64::MAX);
        match self.line.strip_suffix(b"\n") {
            Some(line) => Ok(Some(line)),
            None => Err(self.wrong("the line has no end: the file was cut off")),
        }
    }

    fn check_end(&mut self) -> Result<(), KeepingError> {
        let found = to_hex(&std::mem::take(&mut self.hasher).finalize());
        let BackupFile { name, lines, bytes, sha256 } = &self.expected;
        if (self.lines, self.bytes) != (*lines, *bytes) || found != *sha256 {
            let what = "it is not the file that the manifest names: it was changed or cut off";
            return Err(KeepingError::wrong(name, what));
        }
        Ok(())
    }

    /// Something is wrong with the line that was read last.
    pub(super) fn wrong(&self, what: impl Into<String>) -> KeepingError {
        let (file, line) = (self.expected.name.clone(), Some(self.lines));
        KeepingError::Wrong { file, line, what: what.into() }
    }
}
