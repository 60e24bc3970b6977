//! The check of an export: every file as its manifest says, every event as its leaf says, every
//! checkpoint signed and over these very events. It stops at the first wrong place and names it.

use crate::checkpoints::Checkpoints;
use crate::cloud_line::write_cloud_line;
use crate::key::Verifier;
use crate::line::Line;
use crate::lines::Lines;
use crate::manifest::{
    CHECKPOINTS_FILE, FORMAT, KEY_FILE, MANIFEST_FILE, Manifest, PROOFS_FILE, SEGMENT_EVENTS,
    segment_name,
};
use crate::note::Checkpoint;
use crate::walk::Walk;
use crate::wrong::{Wrong, WrongKind};
use std::io::{self, BufRead, Read as _};

/// How large a manifest may be.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// What the one who verifies knows already.
#[derive(Debug, Default)]
pub struct Known<'a> {
    /// The public key that is trusted; the one in the export when none is.
    pub key: Option<&'a Verifier>,
    /// Checkpoints that were kept elsewhere, the smallest first.
    pub checkpoints: &'a [Checkpoint],
}

/// An export in which everything is as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The log, how many events of it, and the root over them.
    pub checkpoint: Checkpoint,
    /// The key that signed it.
    pub key: Verifier,
    /// How many of the events could not be read, but for their leaves.
    pub hidden: u64,
    /// How many checkpoints there are.
    pub checkpoints: u64,
    /// How many bytes were read.
    pub bytes: u64,
}

/// Checks an export, of which `open` opens the files; `told` is told how many events were gone
/// through after each file.
pub fn inspect<R: BufRead>(
    mut open: impl FnMut(&str) -> io::Result<R>,
    known: &Known<'_>,
    mut told: impl FnMut(u64),
) -> Result<Inspected, Wrong> {
    let mut lines = |name: &str| {
        let opened = open(name).map_err(|error| WrongKind::Unreadable(error).in_file(name));
        opened.map(|reader| Lines::new(name, reader))
    };
    let (manifest, manifest_bytes) = read_manifest(lines(MANIFEST_FILE)?)?;
    let (key, key_bytes) = read_key(lines(KEY_FILE)?, &manifest, known)?;
    let checkpoints = Checkpoints::new(lines(CHECKPOINTS_FILE)?, lines(PROOFS_FILE)?, &key, known);
    let mut course = Course { walk: Walk::default(), checkpoints, again: Vec::new() };
    let mut bytes = manifest_bytes + key_bytes;
    course.checkpoints.read()?;
    for first in Manifest::segments(manifest.size) {
        let last = manifest.size.min(first + SEGMENT_EVENTS - 1);
        let cloud = manifest.cloud_name(first).map(|name| lines(&name)).transpose()?;
        bytes += course.take(lines(&segment_name(first))?, cloud, last, &manifest)?;
        told(last);
    }
    let Course { walk, checkpoints, .. } = course;
    let root = walk.root();
    let (count, read) = checkpoints.end(&manifest)?;
    let checkpoint = Checkpoint { origin: manifest.origin, size: manifest.size, root };
    let (hidden, bytes) = (walk.hidden(), bytes + read);
    Ok(Inspected { checkpoint, key, hidden, checkpoints: count, bytes })
}

fn read_manifest<R: BufRead>(file: Lines<R>) -> Result<(Manifest, u64), Wrong> {
    let mut bytes = Vec::new();
    let read = file.reader.take(MANIFEST_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|error| WrongKind::Unreadable(error).in_file(MANIFEST_FILE))?;
    let wrong = |kind: WrongKind| kind.in_file(MANIFEST_FILE);
    let manifest = Manifest::read(&bytes).map_err(|_| wrong(WrongKind::Manifest))?;
    if manifest.format != FORMAT {
        return Err(wrong(WrongKind::Manifest));
    }
    // A size that is wrong by far would have more files than the manifest has bytes.
    let most = u64::try_from(manifest.files.len()).unwrap_or(u64::MAX);
    let fits = manifest.size.div_ceil(SEGMENT_EVENTS) <= most;
    let named = manifest.files.iter().map(|file| &file.name);
    if !fits || !Manifest::names(manifest.size, manifest.events).iter().eq(named) {
        return Err(wrong(WrongKind::Files));
    }
    Ok((manifest, u64::try_from(bytes.len()).unwrap_or(u64::MAX)))
}

fn read_key<R: BufRead>(
    mut file: Lines<R>,
    manifest: &Manifest,
    known: &Known<'_>,
) -> Result<(Verifier, u64), Wrong> {
    let wrong = |kind: WrongKind| kind.in_file(KEY_FILE);
    let line = file.next()?.map(|line| String::from_utf8_lossy(line).into_owned());
    let key = Verifier::parse(&line.unwrap_or_default()).map_err(|bad| wrong(bad.into()))?;
    if known.key.is_some_and(|trusted| *trusted != key) {
        return Err(wrong(WrongKind::OtherKey { found: key.to_string() }));
    }
    if key.name() != manifest.origin {
        return Err(WrongKind::Manifest.in_file(MANIFEST_FILE));
    }
    let bytes = file.end(manifest)?;
    Ok((key, bytes))
}

/// The events as far as they were gone through, and the checkpoints on the way.
struct Course<'a, R> {
    walk: Walk,
    checkpoints: Checkpoints<'a, R>,
    again: Vec<u8>,
}

impl<R: BufRead> Course<'_, R> {
    /// Takes a file of events in, up to its last position.
    fn take(
        &mut self,
        mut file: Lines<R>,
        mut cloud: Option<Lines<R>>,
        last: u64,
        manifest: &Manifest,
    ) -> Result<u64, Wrong> {
        let name = file.name.clone();
        while self.walk.size() < last {
            let position = self.walk.size() + 1;
            let wrong = |kind: WrongKind| kind.at(&name, position);
            let line = file.next().map_err(|error| Wrong { position: Some(position), ..error })?;
            let line = line.ok_or_else(|| wrong(WrongKind::CutOff))?;
            let line = Line::read(line, &mut self.again).map_err(|bad| wrong(bad.into()))?;
            self.walk.take_line(&line).map_err(|damage| wrong(damage.into()))?;
            if let Some(cloud) = &mut cloud {
                same_event(cloud, &line, position)?;
            }
            self.checkpoints.pass(&self.walk)?;
        }
        let bytes = file.end(manifest)?;
        let beside = cloud.map(|cloud| cloud.end(manifest)).transpose()?;
        Ok(bytes + beside.unwrap_or(0))
    }
}

/// The next CloudEvent must be this event.
fn same_event<R: BufRead>(
    cloud: &mut Lines<R>,
    line: &Line<'_>,
    position: u64,
) -> Result<(), Wrong> {
    let Some(entry) = line.entry() else { return Ok(()) };
    let mut wanted = Vec::new();
    write_cloud_line(&entry, &mut wanted);
    let name = cloud.name.clone();
    match cloud.next()? {
        Some(found) if found == wanted => Ok(()),
        Some(_) => Err(WrongKind::OtherCloudEvent.at(&name, position)),
        None => Err(WrongKind::CutOff.at(&name, position)),
    }
}
