//! The files of events of an export: each written whole or not at all, and each event verified
//! before it is written. What is there of an export that was broken off is verified and kept.

use crate::audit::{
    EventsFormat, Line, Manifest, SEGMENT_EVENTS, Walk, cloud_segment_name, segment_name,
    write_cloud_line, write_line,
};
use crate::cli::log::{Log, Piece};
use crate::exit::{Exit, Failure};
use anyhow::{Context as _, anyhow};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The files of events, as far as they are written.
pub(super) struct Segments<'a> {
    pub(super) folder: &'a Path,
    pub(super) events: EventsFormat,
    pub(super) size: u64,
    pub(super) walk: Walk,
    /// How many files were there already.
    pub(super) kept: u64,
}

/// A file that takes the place of its name when it is whole.
pub(super) struct Draft {
    path: PathBuf,
    draft: PathBuf,
    file: BufWriter<File>,
}

impl Draft {
    pub(super) fn new(path: PathBuf) -> Result<Self, Failure> {
        let draft = path.with_extension("part");
        let file = File::create(&draft).map(BufWriter::new);
        let file = file.map_err(|error| unwritten(&draft, error))?;
        Ok(Self { path, draft, file })
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(line).and_then(|()| self.file.write_all(b"\n"));
        written.map_err(|error| unwritten(&self.draft, error))
    }

    pub(super) fn end(self) -> Result<(), Failure> {
        let Self { path, draft, file } = self;
        let end = || -> io::Result<()> {
            file.into_inner().map_err(io::Error::from)?.sync_all()?;
            fs::rename(&draft, &path)
        };
        end().map_err(|error| unwritten(&path, error))
    }
}

pub(super) fn unwritten(path: &Path, error: io::Error) -> Failure {
    let is_full = error.kind() == io::ErrorKind::StorageFull;
    let exit = if is_full { Exit::DiskFull } else { Exit::Other };
    exit.because(anyhow!(error).context(format!("{} cannot be written", path.display())))
}

impl Segments<'_> {
    /// Writes every file that is not there yet.
    pub(super) async fn write(&mut self, log: &mut Log) -> Result<(), Failure> {
        for first in Manifest::segments(self.size) {
            let last = self.size.min(first + SEGMENT_EVENTS - 1);
            if self.is_there(first, last)? {
                self.keep(first)?;
                self.kept += 1;
            } else {
                self.write_one(log, first, last).await?;
            }
        }
        Ok(())
    }

    fn paths(&self, first: u64) -> (PathBuf, Option<PathBuf>) {
        let has_cloud = self.events == EventsFormat::LinesAndCloudEvents;
        let cloud = has_cloud.then(|| self.folder.join(cloud_segment_name(first)));
        (self.folder.join(segment_name(first)), cloud)
    }

    /// Whether the file has all its events; one with fewer is from an export of a shorter log.
    fn is_there(&self, first: u64, last: u64) -> Result<bool, Failure> {
        let (path, cloud) = self.paths(first);
        if !path.exists() || cloud.is_some_and(|cloud| !cloud.exists()) {
            return Ok(false);
        }
        let file = File::open(&path).map_err(|error| unread(&path, error))?;
        let mut lines = 0;
        for line in BufReader::new(file).split(b'\n') {
            line.map_err(|error| unread(&path, error))?;
            lines += 1;
        }
        Ok(lines == last + 1 - first)
    }

    fn keep(&mut self, first: u64) -> Result<(), Failure> {
        let (path, _) = self.paths(first);
        let file = File::open(&path).map_err(|error| unread(&path, error))?;
        let mut again = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| unread(&path, error))?;
            let position = self.walk.size() + 1;
            let wrong = |why: String| {
                let name = path.display();
                Exit::Tampered.because(anyhow!(
                    "{name}, position {position}: {why}; remove the file, and it is written anew"
                ))
            };
            let line = Line::read(&line, &mut again).map_err(|bad| wrong(bad.to_string()))?;
            self.walk.take_line(&line).map_err(|damage| wrong(damage.to_string()))?;
        }
        Ok(())
    }

    async fn write_one(&mut self, log: &mut Log, first: u64, last: u64) -> Result<(), Failure> {
        let (path, cloud) = self.paths(first);
        let mut lines = Draft::new(path)?;
        let mut cloud = cloud.map(Draft::new).transpose()?;
        while self.walk.size() < last {
            for piece in log.pieces(self.walk.size(), last).await? {
                self.write_piece(&piece, &mut lines, cloud.as_mut())?;
            }
        }
        lines.end()?;
        cloud.map_or(Ok(()), Draft::end)
    }

    fn write_piece(
        &mut self,
        piece: &Piece,
        lines: &mut Draft,
        cloud: Option<&mut Draft>,
    ) -> Result<(), Failure> {
        let position = self.walk.size() + 1;
        let mut line = Vec::new();
        let taken = match piece {
            Piece::Event(event) => {
                let entry = event.audited();
                write_line(&entry, &mut line);
                if let Some(cloud) = cloud {
                    let mut line = Vec::new();
                    write_cloud_line(&entry, &mut line);
                    cloud.line(&line)?;
                }
                self.walk.take(&entry, &event.leaf_hash)
            }
            Piece::Hidden { position, hash } => {
                Line::write_hidden(*position, hash, &mut line);
                self.walk.take_hidden(*position, *hash)
            }
        };
        let sound = taken.map_err(|damage| anyhow!("the log: position {position}: {damage}"));
        sound.map_err(|error| Exit::Tampered.because(error))?;
        lines.line(&line)
    }
}

fn unread(path: &Path, error: io::Error) -> Failure {
    let told = Err::<(), _>(error).with_context(|| format!("{} cannot be read", path.display()));
    Exit::Other.because(told.err().unwrap_or_else(|| anyhow!("it cannot be read")))
}
