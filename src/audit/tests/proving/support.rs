//! What the tests share: leaves, the root as RFC 6962 writes it down, and an export in memory.

use planexe_ax_audit::{
    Checkpoint, CheckpointLine, ConsistencyLine, Edge, Entry, EventsFormat, ExportFile, FORMAT,
    Frontier, Hash, Inspected, Known, LEAF_TREE_EMPTY, Leaf, Line, MANIFEST_FILE, Manifest, Signer,
    Tile, Tiles, Wrong, canonical, consistency_spans, from_hex, hash_of_pair, inspect, leaf_hash,
    origin_of, segment_name, to_hex, write_cloud_line, write_line,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use uuid::Uuid;

/// The log that the tests are about.
pub(crate) const LOG_ID: &str = "0192f0c1-a2b3-7c4d-8e9f-000102030405";

pub(crate) fn hash(text: &str) -> Hash {
    from_hex(text).expect("a hash")
}

/// The leaf hash over some bytes, which are written in hexadecimal digits.
pub(crate) fn leaf_of(text: &str) -> Hash {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let bytes = digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).expect("a byte"));
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(bytes.collect::<Vec<_>>());
    hasher.finalize().into()
}

/// So many different leaves.
pub(crate) fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf_of(&format!("{number:08x}"))).collect()
}

/// The root as RFC 6962 writes it down.
pub(crate) fn plain_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => LEAF_TREE_EMPTY,
        [leaf] => *leaf,
        _ => {
            let mut middle = 1;
            while middle * 2 < leaves.len() {
                middle *= 2;
            }
            let (left, right) = leaves.split_at(middle);
            hash_of_pair(&plain_root(left), &plain_root(right))
        }
    }
}

/// All tiles of a tree, the last ones not full.
pub(crate) fn tiles(leaves: &[Hash]) -> Tiles {
    let (mut edge, mut full) = (Edge::default(), Vec::<Tile>::new());
    for leaf in leaves {
        edge.push(*leaf, &mut full);
    }
    full.into_iter().chain(edge.tiles()).collect()
}

pub(crate) fn signer(seed: u8) -> Signer {
    Signer::new(&origin_of(LOG_ID), &[seed; 32]).expect("a key")
}

/// An event, as its line needs it.
pub(crate) struct Event {
    pub(crate) position: u64,
    pub(crate) version: u64,
    pub(crate) stream: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) is_hidden: bool,
}

impl Event {
    pub(crate) fn entry(&self) -> Entry<'_> {
        let leaf = Leaf {
            workspace: "default",
            stream: &self.stream,
            event_id: Uuid::from_u128(u128::from(self.position) << 7),
            kind: "task_started",
            schema_version: 1,
            recorded_at_ms: 1_770_825_600_000 + i64::try_from(self.position).expect("small"),
            payload: &self.payload,
            metadata: br#"{"actor":"agent:larry","reason":"a \"word\" \u0000"}"#,
        };
        Entry { position: self.position, version: self.version, leaf }
    }
}

/// A log of some events over three streams; every fourth is hidden, and one payload is no JSON.
pub(crate) fn log(count: u64) -> Vec<Event> {
    let mut versions = BTreeMap::<String, u64>::new();
    let event = |position: u64| {
        let stream = format!("execution/e{}", position % 3);
        let version = versions.entry(stream.clone()).or_default();
        *version += 1;
        let text = format!("{{\"task_id\":\"t{position}\",\"note\":\"zażółć \\n {position}\"}}");
        let is_raw = position == 5;
        let payload = if is_raw { vec![0xff, 0xfe, b'\n'] } else { text.into_bytes() };
        let is_hidden = position.is_multiple_of(4);
        Event { position, version: *version, stream, payload, is_hidden }
    };
    let mut log: Vec<_> = (1..=count).map(event).collect();
    // A hidden event counts for nobody's versions: its stream is another workspace's.
    let mut seen = BTreeMap::<String, u64>::new();
    for event in log.iter_mut().filter(|event| !event.is_hidden) {
        let version = seen.entry(event.stream.clone()).or_default();
        *version += 1;
        event.version = *version;
    }
    log
}

/// The files of an export.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// An export of these events with checkpoints at these sizes, the last of which is the last event.
pub(crate) fn export(log: &[Event], sizes: &[u64], signer: &Signer, events: EventsFormat) -> Files {
    let leaves: Vec<_> = log.iter().map(|event| leaf_hash(&event.entry().leaf)).collect();
    let tiles = tiles(&leaves);
    let mut files = Files::new();
    files.insert("key.txt".to_owned(), format!("{}\n", signer.verifier()).into_bytes());
    let (mut checkpoints, mut proofs, mut last) = (Vec::new(), Vec::new(), None);
    for size in sizes {
        let line = CheckpointLine { size: *size, note: at(&leaves, *size).signed(signer) };
        push(&mut checkpoints, &canonical(&line));
        if let Some(from) = last.replace(*size) {
            let path = tiles.roots(&consistency_spans(from, *size)).expect("they are there");
            push(&mut proofs, &canonical(&ConsistencyLine::new(from, *size, &path)));
        }
    }
    files.insert("checkpoints.jsonl".to_owned(), checkpoints);
    files.insert("proofs.jsonl".to_owned(), proofs);
    let (mut lines, mut cloud) = (Vec::new(), Vec::new());
    for event in log {
        let mut line = Vec::new();
        if event.is_hidden {
            Line::write_hidden(event.position, &leaf_hash(&event.entry().leaf), &mut line);
        } else {
            write_line(&event.entry(), &mut line);
            let mut line = Vec::new();
            write_cloud_line(&event.entry(), &mut line);
            push(&mut cloud, &line);
        }
        push(&mut lines, &line);
    }
    files.insert(segment_name(1), lines);
    if events == EventsFormat::LinesAndCloudEvents {
        files.insert("cloudevents-000000000001.jsonl".to_owned(), cloud);
    }
    let size = sizes.last().copied().unwrap_or(0);
    let manifest = manifest_of(&files, size, signer, events);
    files.insert(MANIFEST_FILE.to_owned(), manifest);
    files
}

/// A manifest that fits these files.
pub(crate) fn manifest_of(
    files: &Files,
    size: u64,
    signer: &Signer,
    events: EventsFormat,
) -> Vec<u8> {
    let file = |name: String| {
        let bytes = files.get(&name).expect("it is there");
        let sha256 = to_hex(&Sha256::digest(bytes));
        ExportFile { name, bytes: u64::try_from(bytes.len()).expect("small"), sha256 }
    };
    let names = Manifest::names(size, events);
    let (format, origin) = (FORMAT.to_owned(), signer.verifier().name().to_owned());
    Manifest { format, origin, size, events, files: names.into_iter().map(file).collect() }
        .written()
}

pub(crate) fn at(leaves: &[Hash], size: u64) -> Checkpoint {
    let mut tree = Frontier::default();
    leaves.iter().take(usize::try_from(size).expect("small")).for_each(|leaf| tree.push(*leaf));
    Checkpoint { origin: origin_of(LOG_ID), size, root: tree.root() }
}

pub(crate) fn push(file: &mut Vec<u8>, line: &[u8]) {
    file.extend_from_slice(line);
    file.push(b'\n');
}

/// Checks an export in memory.
pub(crate) fn check(files: &Files, known: &Known<'_>) -> Result<Inspected, Wrong> {
    let open = |name: &str| {
        let bytes = files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(io::Cursor::new(bytes.clone()))
    };
    inspect(open, known, |_| {})
}
