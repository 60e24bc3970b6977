//! What verifying an export costs, against reading and hashing it alone, and how fast the log is
//! sealed, against the appends that it must keep up with. Prints one JSON object a line.

mod shared;

use anyhow::{Context, Result, ensure};
use planexe_ax::audit::{
    Checkpoint, CheckpointLine, Entry, EventsFormat, ExportFile, FORMAT, Frontier, Hash, Known,
    Leaf, MANIFEST_FILE, Manifest, SEGMENT_EVENTS, Signer, canonical, inspect, leaf_hash,
    origin_of, segment_name, to_hex, write_line,
};
use planexe_ax::clock::Clock;
use planexe_ax::domain::{StreamName, Timestamp, WorkspaceId};
use planexe_ax::engine::Random;
use planexe_ax::sealer::{Sealer, SealerConfig, SealerKey};
use planexe_ax::store::tree::StoredTree;
use planexe_ax::store::{AppendRequest, Expected, NewEvent, Store, StoreConfig, StreamWrite};
use planexe_ax_testkit::{Database, Durability, Folder, Server, SqliteFile};
use sha2::{Digest, Sha256};
use shared::{Figure, Reach};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;
use uuid::Uuid;

const ROUNDS: usize = 3;
/// How many events the export has.
const EVENTS: u64 = 200_000;
/// How many events wait to be sealed, and how many go into one request.
const BACKLOG: u64 = 60_000;
const REQUEST_EVENTS: u64 = 500;
/// How many appends a second the sealer must keep up with.
const APPENDS_PER_SECOND: f64 = 10_000.0;
const PAYLOAD_BYTES: usize = 380;
const BUFFER_BYTES: usize = 256 << 10;

#[tokio::main]
async fn main() -> Result<()> {
    verifying()?.print();
    let server = Server::start(Durability::On)?;
    let database = Database::on(&server).await?;
    sealing("sealing, PostgreSQL", &database.url).await?.print();
    let file = SqliteFile::new()?;
    sealing("sealing, SQLite", &file.url()).await?.print();
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn rate(events: u64, since: Instant) -> f64 {
    f64::from(u32::try_from(events).unwrap_or(u32::MAX)) / since.elapsed().as_secs_f64()
}

/// Verifying an export, against reading its files, hashing each, and each line as a leaf of a tree.
fn verifying() -> Result<Figure> {
    let folder = Folder::new()?;
    let root = write_export(folder.path())?;
    let (mut verified, mut hashed) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let begun = now();
        let open = |name: &str| {
            Ok(BufReader::with_capacity(BUFFER_BYTES, File::open(folder.path().join(name))?))
        };
        let found = inspect(open, &Known::default(), |_| {})?;
        verified = verified.max(rate(EVENTS, begun));
        ensure!(found.checkpoint.root == root, "another root");
        let begun = now();
        hash_alone(folder.path())?;
        hashed = hashed.max(rate(EVENTS, begun));
    }
    Ok(Figure {
        name: "verify an export".to_owned(),
        value: verified,
        unit: "events/s",
        baseline: hashed,
        reach: Reach { limit: 0.5, is_most: false },
    })
}

fn hash_alone(folder: &Path) -> Result<Hash> {
    let (mut tree, mut line) = (Frontier::default(), Vec::new());
    for first in Manifest::segments(EVENTS) {
        let file = File::open(folder.join(segment_name(first)))?;
        let (mut file, mut hasher) = (BufReader::with_capacity(BUFFER_BYTES, file), Sha256::new());
        line.clear();
        while file.read_until(b'\n', &mut line)? > 0 {
            hasher.update(&line);
            tree.push(Sha256::digest(&line).into());
            line.clear();
        }
        ensure!(hasher.finalize().iter().any(|byte| *byte != 0), "no hash");
    }
    Ok(tree.root())
}

fn payload(number: u64) -> Vec<u8> {
    let text = "x".repeat(PAYLOAD_BYTES);
    format!("{{\"task_id\":\"task_{number}\",\"message\":\"{text}\"}}").into_bytes()
}

/// Writes an export with one checkpoint; answers its root.
fn write_export(folder: &Path) -> Result<Hash> {
    let signer = Signer::new(&origin_of("bench"), &[7; 32])?;
    let mut tree = Frontier::default();
    for first in Manifest::segments(EVENTS) {
        let mut lines = Vec::new();
        for position in first..=EVENTS.min(first + SEGMENT_EVENTS - 1) {
            let payload = payload(position);
            let leaf = Leaf {
                workspace: "default",
                stream: &format!("execution/exec_{}", position % 1_000),
                event_id: Uuid::from_u128(u128::from(position) << 64),
                kind: "task_progressed",
                schema_version: 1,
                recorded_at_ms: 1_770_825_600_000,
                payload: &payload,
                metadata: br#"{"actor":{"kind":"agent","id":"agent_larry_001"},"reason":null}"#,
            };
            let entry = Entry { position, version: (position - 1) / 1_000 + 1, leaf };
            tree.push(leaf_hash(&leaf));
            write_line(&entry, &mut lines);
            lines.push(b'\n');
        }
        fs::write(folder.join(segment_name(first)), lines)?;
    }
    let origin = signer.verifier().name().to_owned();
    let checkpoint = Checkpoint { origin: origin.clone(), size: EVENTS, root: tree.root() };
    let line = CheckpointLine { size: EVENTS, note: checkpoint.signed(&signer) };
    fs::write(folder.join("key.txt"), format!("{}\n", signer.verifier()))?;
    fs::write(folder.join("checkpoints.jsonl"), [canonical(&line), b"\n".to_vec()].concat())?;
    fs::write(folder.join("proofs.jsonl"), "")?;
    let file = |name: String| {
        let bytes = fs::read(folder.join(&name))?;
        let sha256 = to_hex(&Sha256::digest(&bytes));
        Ok(ExportFile { name, bytes: u64::try_from(bytes.len())?, sha256 })
    };
    let events = EventsFormat::Lines;
    let files = Manifest::names(EVENTS, events).into_iter().map(file);
    let (format, files) = (FORMAT.to_owned(), files.collect::<Result<_>>()?);
    let manifest = Manifest { format, origin, size: EVENTS, events, files };
    fs::write(folder.join(MANIFEST_FILE), manifest.written())?;
    Ok(tree.root())
}

/// Sealing what waits, against the appends a second that it must keep up with.
async fn sealing(name: &str, url: &str) -> Result<Figure> {
    let store = Store::open(&StoreConfig::new(url)).await?;
    append(&store).await?;
    let tree = StoredTree::open(&StoreConfig::new(url)).await?;
    let quiet = SealerConfig { runs_by_itself: false, ..SealerConfig::new(SealerKey::Nowhere) };
    let of = (Clock::System, Random::from_system());
    let sealer = Sealer::start(store.clone(), tree, of, quiet);
    let begun = now();
    sealer.work_off().await?;
    let value = rate(BACKLOG, begun);
    let grown_to = sealer.tree().size().await?.get();
    ensure!(grown_to == BACKLOG, "the tree has {grown_to} events");
    sealer.stop().await;
    store.close().await;
    Ok(Figure {
        name: name.to_owned(),
        value,
        unit: "events/s",
        baseline: APPENDS_PER_SECOND,
        reach: Reach { limit: 1.0, is_most: false },
    })
}

async fn append(store: &Store) -> Result<()> {
    let workspace = WorkspaceId::parse("bench")?;
    for request in 0..BACKLOG / REQUEST_EVENTS {
        let stream = StreamName::parse(&format!("execution/exec_{}", request % 50))?;
        let event = |number: u64| NewEvent {
            event_id: Uuid::from_u128(u128::from(request) << 64 | u128::from(number)),
            kind: "task_progressed".into(),
            schema_version: 1,
            payload: payload(number),
            metadata: br#"{"actor":{"kind":"agent","id":"larry"}}"#.to_vec(),
            recorded_at: Timestamp::from_unix_ms(1_770_825_600_000),
        };
        let events = (0..REQUEST_EVENTS).map(event).collect();
        let write = StreamWrite { stream, expected: Expected::Any, events };
        let asked = AppendRequest {
            workspace: workspace.clone(),
            writes: vec![write],
            conditions: Vec::new(),
            key: None,
            answer: Vec::new(),
        };
        store.append(asked).await.context("the log cannot be written")?;
    }
    Ok(())
}
