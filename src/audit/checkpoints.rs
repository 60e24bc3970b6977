//! The checkpoints of an export, and those that were kept elsewhere, compared on the way.

use crate::check::Known;
use crate::export::{CheckpointLine, ConsistencyLine, read_line};
use crate::key::Verifier;
use crate::line::BadLine;
use crate::lines::Lines;
use crate::manifest::{CHECKPOINTS_FILE, MANIFEST_FILE, Manifest, PROOFS_FILE};
use crate::note::Checkpoint;
use crate::proof::verify_consistency;
use crate::walk::Walk;
use crate::wrong::{Wrong, WrongKind};
use std::io::BufRead;

/// The checkpoints of an export and those that were kept elsewhere, as they are come to.
pub(crate) struct Checkpoints<'a, R> {
    file: Lines<R>,
    proofs: Lines<R>,
    key: &'a Verifier,
    known: &'a [Checkpoint],
    last: Option<Checkpoint>,
    next: Option<Checkpoint>,
    count: u64,
}

impl<'a, R: BufRead> Checkpoints<'a, R> {
    pub(crate) fn new(
        file: Lines<R>,
        proofs: Lines<R>,
        key: &'a Verifier,
        known: &Known<'a>,
    ) -> Self {
        let known = known.checkpoints;
        Self { file, proofs, key, known, last: None, next: None, count: 0 }
    }

    /// Reads the next one, and the proof that it goes on from the one before.
    pub(crate) fn read(&mut self) -> Result<(), Wrong> {
        let wrong = |kind: WrongKind| kind.in_file(CHECKPOINTS_FILE);
        let Some(line) = self.file.next()? else { return Ok(()) };
        let line: CheckpointLine = read_line(line).map_err(|bad| wrong(bad.into()))?;
        let next = Checkpoint::open(&line.note, self.key).map_err(|bad| wrong(bad.into()))?;
        let least = self.last.as_ref().map_or(0, |last| last.size);
        if line.size != next.size || next.size <= least {
            return Err(wrong(WrongKind::CheckpointOrder));
        }
        if let Some(last) = &self.last {
            prove(&mut self.proofs, last, &next)?;
        }
        self.count += 1;
        self.next = Some(next);
        Ok(())
    }

    /// Compares what was gone through with what was signed there.
    pub(crate) fn pass(&mut self, walk: &Walk) -> Result<(), Wrong> {
        let size = walk.size();
        while let Some((first, rest)) = self.known.split_first()
            && first.size <= size
        {
            self.known = rest;
            if first.origin != self.key.name() {
                let found = first.origin.clone();
                return Err(WrongKind::OtherLog { found }.in_file(MANIFEST_FILE));
            }
            if first.size == size && first.root != walk.root() {
                return Err(WrongKind::OtherEvents { size }.at(CHECKPOINTS_FILE, size));
            }
        }
        let Some(next) = self.next.take_if(|next| next.size == size) else { return Ok(()) };
        if next.root != walk.root() {
            return Err(WrongKind::OtherEvents { size }.at(CHECKPOINTS_FILE, size));
        }
        self.last = Some(next);
        self.read()
    }

    pub(crate) fn end(self, manifest: &Manifest) -> Result<(u64, u64), Wrong> {
        let size = manifest.size;
        let covered = self.last.as_ref().map_or(0, |last| last.size);
        if let Some(next) = &self.next {
            let kind = WrongKind::Uncovered { size, covered: next.size };
            return Err(kind.in_file(CHECKPOINTS_FILE));
        }
        if covered != size {
            return Err(WrongKind::Uncovered { size, covered }.in_file(CHECKPOINTS_FILE));
        }
        if let Some(known) = self.known.first() {
            let known = known.size;
            return Err(WrongKind::Backwards { size, known }.in_file(MANIFEST_FILE));
        }
        let bytes = self.file.end(manifest)? + self.proofs.end(manifest)?;
        Ok((self.count, bytes))
    }
}

/// The next proof must lead from the one checkpoint to the other.
fn prove<R: BufRead>(
    proofs: &mut Lines<R>,
    last: &Checkpoint,
    next: &Checkpoint,
) -> Result<(), Wrong> {
    let wrong = |kind: WrongKind| kind.in_file(PROOFS_FILE);
    let (from, to) = (last.size, next.size);
    let missing = || wrong(WrongKind::OtherProof { from, to });
    let line = proofs.next()?.ok_or_else(missing)?;
    let line: ConsistencyLine = read_line(line).map_err(|bad| wrong(bad.into()))?;
    if (line.from, line.to) != (from, to) {
        return Err(missing());
    }
    let path = line.hashes().map_err(|_| wrong(WrongKind::Line(BadLine)))?;
    verify_consistency((from, &last.root), (to, &next.root), &path).map_err(|bad| wrong(bad.into()))
}
