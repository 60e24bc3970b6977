//! The databases that the suite runs on, and requests to put to them.

use anyhow::Result;
use planexe_ax::domain::{StreamName, Timestamp, WorkspaceId};
use planexe_ax::store::{
    AppendRequest, Expected, IdempotencyKey, MemoryFaults, MemoryLog, NewEvent, Store, StoreConfig,
    StreamWrite, Version,
};
use planexe_ax_testkit::{Database, SqliteFile};
use std::future::Future;
use uuid::Uuid;

/// A place where a store can be opened, again and again.
pub(crate) enum Backend {
    Memory(MemoryLog),
    Sqlite(SqliteFile),
    Postgres(Database),
}

impl Backend {
    pub(crate) fn memory() -> Self {
        Self::Memory(MemoryLog::new(Uuid::from_u128(7)))
    }

    pub(crate) fn sqlite() -> Result<Self> {
        Ok(Self::Sqlite(SqliteFile::new()?))
    }

    pub(crate) async fn postgres() -> Result<Self> {
        Ok(Self::Postgres(Database::shared().await?))
    }

    /// One of each kind.
    pub(crate) async fn every() -> Result<Vec<Self>> {
        let mut every = vec![Self::memory(), Self::sqlite()?];
        if !planexe_ax_testkit::postgres_is_skipped() {
            every.push(Self::postgres().await?);
        }
        Ok(every)
    }

    pub(crate) fn config(&self) -> StoreConfig {
        let url = match self {
            Self::Memory(_) => "memory:".to_owned(),
            Self::Sqlite(file) => file.url(),
            Self::Postgres(database) => database.url.clone(),
        };
        StoreConfig { allow_unsafe_durability: true, ..StoreConfig::new(url) }
    }

    pub(crate) async fn open(&self) -> Result<Store> {
        self.open_with(&self.config()).await
    }

    pub(crate) async fn open_with(&self, config: &StoreConfig) -> Result<Store> {
        match self {
            Self::Memory(log) => Ok(Store::memory(log, MemoryFaults::default(), config)),
            Self::Sqlite(_) | Self::Postgres(_) => Ok(Store::open(config).await?),
        }
    }

    pub(crate) async fn execute(&self, text: &str) -> Result<()> {
        match self {
            Self::Memory(_) => anyhow::bail!("memory has no statements"),
            Self::Sqlite(file) => file.execute(text).await,
            Self::Postgres(database) => database.execute(text).await,
        }
    }
}

/// Runs a test on a fresh store of each kind.
pub(crate) async fn on_every_backend<F: Future<Output = Result<()>>>(
    test: impl Fn(Store) -> F,
) -> Result<()> {
    for backend in Backend::every().await? {
        let store = backend.open().await?;
        test(store.clone()).await?;
        store.verify().await?;
        store.close().await;
    }
    Ok(())
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::parse("acme").expect("it is an id")
}

pub(crate) fn stream(name: &str) -> StreamName {
    StreamName::parse(&format!("execution/{name}")).expect("it is a stream")
}

/// An event that can be told from every other by its number.
pub(crate) fn event(number: u64) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u128(u128::from(number)),
        kind: "task_started".into(),
        schema_version: 1,
        payload: format!(r#"{{"number":{number}}}"#).into_bytes(),
        metadata: br#"{"actor":"agent:a"}"#.to_vec(),
        recorded_at: Timestamp::from_unix_ms(1_700_000_000_000).plus_ms(number),
    }
}

/// One event for one stream.
pub(crate) fn write(name: &str, expected: Expected, number: u64) -> AppendRequest {
    writes(vec![(name, expected, vec![number])])
}

/// Events for several streams.
pub(crate) fn writes(writes: Vec<(&str, Expected, Vec<u64>)>) -> AppendRequest {
    let writes = writes.into_iter().map(|(name, expected, numbers)| StreamWrite {
        stream: stream(name),
        expected,
        events: numbers.into_iter().map(event).collect(),
    });
    AppendRequest {
        workspace: workspace(),
        writes: writes.collect(),
        conditions: Vec::new(),
        key: None,
        answer: Vec::new(),
    }
}

/// The same request under a key.
pub(crate) fn keyed(mut request: AppendRequest, key: &str, request_hash: u8) -> AppendRequest {
    request.key = Some(IdempotencyKey {
        actor: "agent:a".to_owned(),
        key: key.to_owned(),
        request_hash: [request_hash; 32],
    });
    request.answer = format!("answer to {key}").into_bytes();
    request
}

pub(crate) fn exactly(version: u64) -> Expected {
    Expected::Exact(Version::new(version))
}
