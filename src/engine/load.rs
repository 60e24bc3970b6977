//! How a stream's state is found again: a snapshot and what follows it, or everything from the
//! start.

use super::cell::Loaded;
use super::fingerprint::fold_fingerprint;
use super::request::EngineError;
use super::{EngineInner, StreamKey};
use crate::domain::{Event, State};
use crate::planted::is_planted;
use crate::store::{RecordedEvent, Snapshot, Version};

/// How many events are read at once.
const PAGE_EVENTS: usize = 1000;
/// After how many events a snapshot is worth its while.
const SNAPSHOT_EVENTS: u64 = 500;

/// Reads a stream to its end.
pub(super) async fn load(engine: &EngineInner, key: &StreamKey) -> Result<Loaded, EngineError> {
    let mut loaded = start(engine, key).await?;
    let caught_up = catch_up(engine, key, &mut loaded).await;
    if let Err(EngineError::BrokenStream { why, .. }) = &caught_up
        && loaded.snapshot_version != Version::ZERO
    {
        tracing::warn!(%why, stream = %key.stream, "a snapshot of {} misleads", key.stream);
        loaded = nothing(key);
        catch_up(engine, key, &mut loaded).await?;
    } else {
        caught_up?;
    }
    engine.definitions.share(key, &mut loaded.state);
    Ok(loaded)
}

fn nothing(key: &StreamKey) -> Loaded {
    at(State::new(key.stream.kind()), Version::ZERO)
}

fn at(state: State, version: Version) -> Loaded {
    Loaded { state, version, snapshot_version: version, ready_noted: None }
}

async fn start(engine: &EngineInner, key: &StreamKey) -> Result<Loaded, EngineError> {
    let kind = key.stream.kind();
    let fingerprint = fold_fingerprint();
    let kept = engine.store.load_snapshot(&key.workspace, &key.stream, fingerprint).await?;
    let decoded = kept.and_then(|snapshot| {
        let state = State::decode(kind, &snapshot.state);
        if let Err(error) = &state {
            let stream = &key.stream;
            tracing::warn!(%error, %stream, "a snapshot of {stream} is of no use");
        }
        Some((state.ok()?, snapshot.version))
    });
    Ok(decoded.map_or_else(|| nothing(key), |(state, version)| at(state, version)))
}

/// Folds what follows; says whether there was anything.
pub(super) async fn catch_up(
    engine: &EngineInner,
    key: &StreamKey,
    loaded: &mut Loaded,
) -> Result<bool, EngineError> {
    let before = loaded.version;
    loop {
        let (workspace, stream) = (&key.workspace, &key.stream);
        let page = engine.store.read_stream(workspace, stream, loaded.version, PAGE_EVENTS).await?;
        for event in &page {
            take(key, loaded, event)?;
        }
        if page.len() < PAGE_EVENTS {
            return Ok(loaded.version != before);
        }
    }
}

/// Folds one event, when it is the next one; an older one is known already.
pub(super) fn take(
    key: &StreamKey,
    loaded: &mut Loaded,
    event: &RecordedEvent,
) -> Result<(), EngineError> {
    if event.version <= loaded.version {
        return Ok(());
    }
    let place = format_args!("version {}, position {}", event.version, event.position);
    let broken = |why: String| EngineError::BrokenStream { stream: key.stream.clone(), why };
    if event.version != loaded.version.next() {
        return Err(broken(format!("at {place}: it follows on version {}", loaded.version)));
    }
    let decoded = match Event::decode(&event.kind, event.schema_version, &event.payload) {
        Ok(decoded) => decoded,
        Err(_) if is_planted("unreadable_event_skipped") => {
            loaded.version = event.version;
            return Ok(());
        }
        Err(error) => return Err(broken(format!("at {place}: {error}"))),
    };
    loaded.state.apply(&decoded).map_err(|error| broken(format!("at {place}: {error}")))?;
    loaded.version = event.version;
    loaded.ready_noted = None;
    Ok(())
}

/// Writes a snapshot behind, when enough has happened since the last.
pub(super) fn snapshot_if_due(
    engine: &std::sync::Arc<EngineInner>,
    key: &StreamKey,
    loaded: &mut Loaded,
) {
    let since = loaded.version.get().saturating_sub(loaded.snapshot_version.get());
    if since < SNAPSHOT_EVENTS {
        return;
    }
    loaded.snapshot_version = loaded.version;
    let Ok(state) = loaded.state.encode() else {
        tracing::warn!(stream = %key.stream, "the state of {} cannot be encoded", key.stream);
        return;
    };
    let snapshot = Snapshot {
        workspace: key.workspace.clone(),
        stream: key.stream.clone(),
        fingerprint: fold_fingerprint(),
        version: loaded.version,
        state,
    };
    let engine = std::sync::Arc::clone(engine);
    let token = engine.tasks.token();
    tokio::spawn(async move {
        if let Err(error) = engine.store.save_snapshot(&snapshot).await {
            tracing::warn!(%error, "a snapshot of {} was not kept", snapshot.stream);
        }
        drop(token);
    });
}

/// Folds a stream from its start up to a version.
pub(super) async fn load_until(
    engine: &EngineInner,
    key: &StreamKey,
    version: Version,
) -> Result<(State, Version), EngineError> {
    let mut loaded = nothing(key);
    while loaded.version < version {
        let left = version.get() - loaded.version.get();
        let limit = usize::try_from(left).unwrap_or(usize::MAX).min(PAGE_EVENTS);
        let (workspace, stream) = (&key.workspace, &key.stream);
        let page = engine.store.read_stream(workspace, stream, loaded.version, limit).await?;
        if page.is_empty() {
            break;
        }
        for event in &page {
            take(key, &mut loaded, event)?;
        }
    }
    Ok((loaded.state, loaded.version))
}
