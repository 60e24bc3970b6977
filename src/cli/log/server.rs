//! The log at a running server: the events of one workspace, and the leaves of all others.

use super::Piece;
use crate::audit::{Hash, Verifier, from_hex};
use crate::cli::remote::failed;
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use crate::exit::{Exit, Failure};
use crate::store::tree::SignedCheckpoint;
use crate::store::{LogFilter, RecordedEvent};
use anyhow::{Context as _, anyhow};
use planexe_ax_client::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

/// How many events and checkpoints a page has.
const PAGE_EVENTS: u64 = 500;
/// How many leaves a tile has.
const TILE_LEAVES: u64 = 256;
/// How many positions are gone on at once at most, where most events are of other workspaces.
const PIECES_MAX: u64 = 4_096;

/// No wishes beside.
const NOTHING: &[(&str, u64)] = &[];

/// The log at a server.
pub(in crate::cli) struct Server {
    client: Client,
    workspace: WorkspaceId,
    /// The tile of leaves that was read last.
    leaves: Option<(u64, Vec<Hash>)>,
}

#[derive(Deserialize)]
struct Workspace {
    workspace_id: WorkspaceId,
}

#[derive(Deserialize)]
struct Signed {
    size: u64,
    note: String,
    signed_at: String,
}

#[derive(Deserialize)]
struct Page {
    checkpoints: Vec<Signed>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
struct Path {
    path: Vec<String>,
}

#[derive(Deserialize)]
struct Tile {
    hashes: Vec<String>,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
    next_after: Option<u64>,
}

#[derive(Deserialize)]
struct Event {
    position: u64,
    stream: String,
    version: u64,
    event_id: Uuid,
    kind: String,
    schema_version: u16,
    payload: Option<Box<RawValue>>,
    metadata: Option<Box<RawValue>>,
    recorded_at: String,
    hash: String,
}

#[derive(Deserialize)]
struct State {
    position: u64,
}

impl Server {
    pub(super) async fn open(client: Client) -> Result<Self, Failure> {
        let Workspace { workspace_id } = ask(&client, &["api", "workspace"], NOTHING).await?;
        Ok(Self { client, workspace: workspace_id, leaves: None })
    }

    async fn audit<T: DeserializeOwned>(
        &self,
        what: &str,
        query: &[(&'static str, impl ToString)],
    ) -> Result<T, Failure> {
        ask(&self.client, &["api", "audit", what], query).await
    }

    pub(super) async fn checkpoint(&self, size: Option<u64>) -> Result<SignedCheckpoint, Failure> {
        let size = size.map(|size| ("size", size));
        signed(self.audit("checkpoint", size.as_slice()).await?)
    }

    pub(super) async fn checkpoints(&self, after: u64) -> Result<Vec<SignedCheckpoint>, Failure> {
        let query = [("after", after), ("limit", PAGE_EVENTS)];
        let page: Page = self.audit("checkpoints", &query).await?;
        page.checkpoints.into_iter().map(signed).collect()
    }

    pub(super) async fn key(&self) -> Result<Verifier, Failure> {
        let Key { key } = self.audit("key", NOTHING).await?;
        Verifier::parse(&key).map_err(|error| strange(error.into()))
    }

    pub(super) async fn inclusion(&self, position: u64, size: u64) -> Result<Vec<Hash>, Failure> {
        let query = [("position", position), ("size", size)];
        hashes(&self.audit::<Path>("inclusion", &query).await?.path)
    }

    pub(super) async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, Failure> {
        hashes(&self.audit::<Path>("consistency", &[("from", from), ("to", to)]).await?.path)
    }

    /// The next events of the workspace, and where the next page begins when there is one.
    pub(super) async fn events(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Option<u64>), Failure> {
        self.page(after, limit, Vec::new()).await
    }

    /// The same, of those that are wanted. A server knows nothing of times: what is too young is
    /// left out here.
    pub(super) async fn wanted(
        &self,
        filter: &LogFilter,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Option<u64>), Failure> {
        let kinds = (!filter.kinds.is_empty()).then(|| ("kind", filter.kinds.join(",")));
        let stream = filter.stream.as_ref().map(|stream| ("stream", stream.to_string()));
        let query = kinds.into_iter().chain(stream).collect();
        let (mut events, next_after) = self.page(after, limit, query).await?;
        events.retain(|event| filter.wants(event));
        Ok((events, next_after))
    }

    async fn page(
        &self,
        after: u64,
        limit: usize,
        mut query: Vec<(&'static str, String)>,
    ) -> Result<(Vec<RecordedEvent>, Option<u64>), Failure> {
        let limit = u64::try_from(limit).unwrap_or(PAGE_EVENTS).clamp(1, PAGE_EVENTS);
        query.extend([("after", after.to_string()), ("limit", limit.to_string())]);
        let page: Events = ask(&self.client, &["api", "log"], &query).await?;
        let events = page.events.into_iter().map(|event| recorded(event, &self.workspace));
        Ok((events.collect::<Result<_, _>>()?, page.next_after))
    }

    pub(super) async fn head(&self) -> Result<u64, Failure> {
        Ok(self.audit::<State>("verify", NOTHING).await?.position)
    }

    pub(super) async fn pieces(&mut self, after: u64, to: u64) -> Result<Vec<Piece>, Failure> {
        let (events, next_after) = self.events(after, usize::MAX).await?;
        let to = next_after.unwrap_or(to).min(to).min(after.saturating_add(PIECES_MAX));
        let mut events = events.into_iter().peekable();
        let mut pieces = Vec::new();
        for position in after + 1..=to {
            let is_own = events.peek().is_some_and(|event| event.position.get() == position);
            match events.next_if(|_| is_own) {
                Some(event) => pieces.push(Piece::Event(Box::new(event))),
                None => {
                    let hash = self.leaf(position).await?;
                    pieces.push(Piece::Hidden { position, hash });
                }
            }
        }
        Ok(pieces)
    }

    async fn leaf(&mut self, position: u64) -> Result<Hash, Failure> {
        let index = position - 1;
        let (number, at) = (index / TILE_LEAVES, index % TILE_LEAVES);
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let known =
            self.leaves.as_ref().filter(|(known, leaves)| *known == number && leaves.len() > at);
        if known.is_none() {
            let tile: Tile = self.audit("tile", &[("number", number)]).await?;
            self.leaves = Some((number, hashes(&tile.hashes)?));
        }
        let leaves = self.leaves.as_ref().map(|(_, leaves)| leaves.as_slice()).unwrap_or_default();
        let missing = || strange(anyhow!("the tree has no leaf for position {position}"));
        leaves.get(at).copied().ok_or_else(missing)
    }
}

async fn ask<T: DeserializeOwned>(
    client: &Client,
    path: &[&str],
    query: &[(&'static str, impl ToString)],
) -> Result<T, Failure> {
    let answer = client.ask(path, query).await.map_err(failed)?;
    serde_json::from_slice(&answer).map_err(|error| strange(error.into()))
}

/// The server says what it should not.
fn strange(error: anyhow::Error) -> Failure {
    Exit::Other.because(error.context("the answer is not one of such a server: is it an old one?"))
}

fn signed(signed: Signed) -> Result<SignedCheckpoint, Failure> {
    let at = moment(&signed.signed_at)?;
    Ok(SignedCheckpoint { size: signed.size, note: signed.note, at })
}

fn moment(text: &str) -> Result<Timestamp, Failure> {
    Timestamp::parse(text).with_context(|| format!("{text:?} is no time")).map_err(strange)
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>, Failure> {
    let hashes = texts.iter().map(|text| from_hex(text)).collect::<Result<_, _>>();
    hashes.map_err(|error| strange(error.into()))
}

fn recorded(event: Event, workspace: &WorkspaceId) -> Result<RecordedEvent, Failure> {
    let bytes = |json: Option<Box<RawValue>>| {
        json.map(|json| json.get().as_bytes().to_vec()).unwrap_or_default()
    };
    let stream = StreamName::parse(&event.stream).map_err(|error| strange(error.into()))?;
    Ok(RecordedEvent {
        position: event.position.into(),
        workspace: workspace.clone(),
        stream,
        version: event.version.into(),
        event_id: event.event_id,
        kind: event.kind,
        schema_version: event.schema_version,
        payload: bytes(event.payload),
        metadata: bytes(event.metadata),
        recorded_at: moment(&event.recorded_at)?,
        leaf_hash: from_hex(&event.hash).map_err(|error| strange(error.into()))?,
    })
}
