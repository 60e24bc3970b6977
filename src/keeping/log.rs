//! The log in a backup, read batch by batch: each event must be what its leaf says, each batch must
//! follow the one before, and each checkpoint must have been signed over just these events.

use super::error::KeepingError;
use super::files::MANIFEST_FILE;
use super::lines::Reading;
use super::manifest::{BATCHES_FILE, Manifest, rows_file};
use super::rows::{BatchLine, row_of};
use crate::audit::{Checkpoint, Hash, Line, SEGMENT_EVENTS, Verifier, Walk, segment_name};
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use crate::projections::Value;
use crate::store::keep::BesideTable;
use crate::store::{Batch, BatchHasher, LEAF_PREFIX_BYTES, RecordedEvent};
use std::path::Path;

/// About how many events and bytes a page has: whole batches, until it is one of both.
const PAGE_EVENTS: usize = 1_000;
const PAGE_BYTES: usize = 8 << 20;

/// Some batches with their events.
#[derive(Default)]
pub(super) struct Page {
    pub(super) events: Vec<RecordedEvent>,
    pub(super) batches: Vec<Batch>,
    bytes: usize,
}

/// The log, as far as it was read.
pub(super) struct LogReader<'a> {
    folder: &'a Path,
    manifest: &'a Manifest,
    /// The first position of the next file of events.
    segment: u64,
    events: Option<Reading>,
    batches: Reading,
    checkpoints: Checkpoints,
    walk: Walk,
    batch_no: u64,
    batch_hash: Hash,
    again: Vec<u8>,
}

impl<'a> LogReader<'a> {
    pub(super) fn begin(folder: &'a Path, manifest: &'a Manifest) -> Result<Self, KeepingError> {
        Ok(Self {
            folder,
            manifest,
            segment: 1,
            events: None,
            batches: Reading::begin(folder, manifest.file(BATCHES_FILE)?)?,
            checkpoints: Checkpoints::begin(folder, manifest)?,
            walk: Walk::default(),
            batch_no: 0,
            batch_hash: Hash::default(),
            again: Vec::new(),
        })
    }

    /// The next batches; none when the log has ended where the manifest says.
    pub(super) fn page(&mut self) -> Result<Option<Page>, KeepingError> {
        let mut page = Page::default();
        while page.events.len() < PAGE_EVENTS && page.bytes < PAGE_BYTES {
            let Some(line) = self.batches.next()? else { break };
            let batch: BatchLine = match serde_json::from_slice(line) {
                Ok(batch) => batch,
                Err(_) => return Err(self.batches.wrong("it is no batch")),
            };
            self.take(&batch, &mut page)?;
            // A page with many empty batches must end, too.
            if page.batches.len() >= PAGE_EVENTS {
                break;
            }
        }
        if page.batches.is_empty() {
            self.check_end()?;
            return Ok(None);
        }
        Ok(Some(page))
    }

    /// The root of the tree over all events that were read.
    pub(super) fn root(&self) -> Hash {
        self.walk.root()
    }

    fn take(&mut self, batch: &BatchLine, page: &mut Page) -> Result<(), KeepingError> {
        let follows = batch.batch_no == self.batch_no + 1
            && batch.first_position == self.walk.size() + 1
            && batch.last_position >= self.walk.size();
        let Some(hash) = batch.hash().filter(|_| follows) else {
            return Err(self.batches.wrong("the batch does not follow the one before"));
        };
        let (log_id, first) = (self.manifest.log_id, batch.first_position);
        let mut hasher = BatchHasher::new(log_id, &self.batch_hash, batch.batch_no, first);
        let mut leaf_prefixes = Vec::new();
        while self.walk.size() < batch.last_position {
            let event = self.event()?;
            hasher.add(event.version, &event.leaf_hash);
            leaf_prefixes.extend_from_slice(&event.leaf_hash[..LEAF_PREFIX_BYTES]);
            page.bytes += event.payload.len() + event.metadata.len();
            page.events.push(event);
            self.checkpoints.compare(&self.walk)?;
        }
        if hasher.finish() != hash {
            return Err(self.batches.wrong("its hash does not fit its events and what was before"));
        }
        self.batch_no = batch.batch_no;
        self.batch_hash = hash;
        page.batches.push(Batch {
            batch_no: batch.batch_no,
            first_position: batch.first_position.into(),
            last_position: batch.last_position.into(),
            hash,
            leaf_prefixes,
        });
        Ok(())
    }

    fn event(&mut self) -> Result<RecordedEvent, KeepingError> {
        loop {
            if let Some(file) = &mut self.events {
                if let Some(line) = file.next()? {
                    let found = recorded(line, &mut self.walk, &mut self.again);
                    return found.map_err(|what| file.wrong(what));
                }
                self.events = None;
            }
            if self.segment > self.manifest.position {
                let what = "it names more events than there are";
                return Err(KeepingError::wrong(BATCHES_FILE, what));
            }
            let file = self.manifest.file(&segment_name(self.segment))?;
            self.segment += SEGMENT_EVENTS;
            self.events = Some(Reading::begin(self.folder, file)?);
        }
    }

    fn check_end(&mut self) -> Result<(), KeepingError> {
        let has_more = match &mut self.events {
            Some(file) => file.next()?.is_some(),
            None => false,
        };
        let ends = (self.walk.size(), self.batch_no, self.batch_hash);
        let wanted = self.manifest.head();
        let wanted = wanted.map(|head| (head.position.get(), head.batch_no, head.batch_hash));
        if has_more || self.segment <= self.manifest.position || Some(ends) != wanted {
            let what = "the log does not end where it says: batches or events are missing or over";
            return Err(KeepingError::wrong(MANIFEST_FILE, what));
        }
        self.checkpoints.check_end()
    }
}

/// The event in a line, when it is the one that follows.
fn recorded(line: &[u8], walk: &mut Walk, again: &mut Vec<u8>) -> Result<RecordedEvent, String> {
    let line = Line::read(line, again).map_err(|bad| bad.to_string())?;
    let Some(entry) = line.entry() else { return Err("the event is missing".to_owned()) };
    walk.take(&entry, &line.hash()).map_err(|damage| damage.to_string())?;
    let leaf = &entry.leaf;
    let workspace = WorkspaceId::parse(leaf.workspace).map_err(|error| error.to_string())?;
    let stream = StreamName::parse(leaf.stream).map_err(|error| error.to_string())?;
    Ok(RecordedEvent {
        position: entry.position.into(),
        workspace,
        stream,
        version: entry.version.into(),
        event_id: leaf.event_id,
        kind: leaf.kind.to_owned(),
        schema_version: leaf.schema_version,
        payload: leaf.payload.to_vec(),
        metadata: leaf.metadata.to_vec(),
        recorded_at: Timestamp::from_unix_ms(leaf.recorded_at_ms),
        leaf_hash: line.hash(),
    })
}

/// The signed checkpoints, the smallest first.
struct Checkpoints {
    file: Reading,
    verifier: Option<Verifier>,
    next: Option<Checkpoint>,
}

impl Checkpoints {
    fn begin(folder: &Path, manifest: &Manifest) -> Result<Self, KeepingError> {
        let verifier = manifest.verifier.as_deref().map(Verifier::parse).transpose();
        let verifier = verifier.map_err(|bad| {
            KeepingError::wrong(MANIFEST_FILE, format!("its public key is none: {bad}"))
        })?;
        let file = manifest.file(&rows_file(BesideTable::Checkpoints))?;
        let file = Reading::begin(folder, file)?;
        let mut checkpoints = Self { file, verifier, next: None };
        checkpoints.advance()?;
        Ok(checkpoints)
    }

    /// Goes on to the next one, which must be larger, and signed with the key of the log.
    fn advance(&mut self) -> Result<(), KeepingError> {
        let before = self.next.take().map_or(0, |checkpoint| checkpoint.size);
        let Some(line) = self.file.next()? else { return Ok(()) };
        let Some(row) = row_of(BesideTable::Checkpoints, line) else {
            return Err(self.file.wrong("it is no checkpoint"));
        };
        let note = match (&row[..], &self.verifier) {
            ([Value::Integer(size), Value::Text(note), _], Some(verifier)) => {
                let opened = Checkpoint::open(note, verifier);
                opened.map_err(|bad| bad.to_string()).and_then(|opened| {
                    let is_next = opened.size > before && i64::try_from(opened.size) == Ok(*size);
                    if is_next { Ok(opened) } else { Err("its size is wrong".to_owned()) }
                })
            }
            (_, None) => Err("there is no public key to check it with".to_owned()),
            (_, Some(_)) => Err("it is no checkpoint".to_owned()),
        };
        self.next = Some(note.map_err(|what| self.file.wrong(what))?);
        Ok(())
    }

    /// Where a checkpoint was signed over so many events, it was over just these.
    fn compare(&mut self, walk: &Walk) -> Result<(), KeepingError> {
        let Some(next) = self.next.as_ref().filter(|next| next.size == walk.size()) else {
            return Ok(());
        };
        if next.root != walk.root() {
            let what = format!("the checkpoint over {} events was signed over others", next.size);
            return Err(self.file.wrong(what));
        }
        self.advance()
    }

    fn check_end(&self) -> Result<(), KeepingError> {
        match &self.next {
            Some(next) => {
                let what = format!("a checkpoint is over {} events: there are fewer", next.size);
                Err(self.file.wrong(what))
            }
            None => Ok(()),
        }
    }
}
