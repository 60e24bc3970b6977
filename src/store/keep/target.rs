//! The database that a backup is put back into: it must hold nothing, and holds all of it or
//! nothing afterwards. A SQLite file takes its name when it is whole.

use super::beside::BesideTable;
use super::{KeptKey, NewRows, PAGE_ROWS, StreamRow, newest_schema};
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use crate::projections::{ColumnType, Row};
use crate::store::config::{Location, StoreConfig};
use crate::store::error::StoreError;
use crate::store::open_error::OpenError;
use crate::store::sqlite::FileLock;
use crate::store::types::{Batch, Head, Position, RecordedEvent, Version};
use crate::store::views::{Address, Bind, Cells, Links, Session, beside as views_beside};
use crate::store::{postgres, sqlite};
use sqlx::Connection as _;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How long a loader may read from its own disk between two writes.
const IDLE_IN_TRANSACTION: &str = "set local idle_in_transaction_session_timeout = '10min'";
/// What stands behind the name of a SQLite file that is not whole yet.
const DRAFT: &str = ".restoring";
/// The files that SQLite keeps beside its own.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Why nothing can be put into a database.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something is in it.
    #[error("{what} is there already: {remedy}")]
    NotEmpty {
        /// What was found.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl From<StoreError> for TargetError {
    fn from(error: StoreError) -> Self {
        Self::Open(error.into())
    }
}

/// A database that a backup is put into.
pub struct Target {
    links: Links,
    url: String,
    file: Option<FileTarget>,
}

/// The file that is made, under the lock of the one that it becomes.
struct FileTarget {
    path: PathBuf,
    draft: PathBuf,
    _lock: FileLock,
}

impl Target {
    /// Opens it, when it holds nothing.
    pub async fn open(config: &StoreConfig) -> Result<Self, TargetError> {
        match Location::parse(&config.url).ok_or(OpenError::BadAddress)? {
            Location::Postgres(url) => {
                let options = postgres::options(url)?;
                let first = postgres::first_connection(&options).await?;
                postgres::within(first.close()).await.map_err(OpenError::from)?;
                let links = Links::new(Address::Postgres(options), 1);
                let target = Self { links, url: config.url.clone(), file: None };
                target.check_tables().await?;
                Ok(target)
            }
            Location::Sqlite(path) => {
                check_files(&path)?;
                let lock = FileLock::take(&path)?;
                let draft = with_suffix(&path, DRAFT);
                let cannot = |error| OpenError::of_file(&draft, error);
                clear(&draft).map_err(cannot)?;
                let links = Links::new(Address::Sqlite(sqlite::options(&draft)), 1);
                let url = format!("sqlite:{}", draft.display());
                let file = Some(FileTarget { path, draft, _lock: lock });
                Ok(Self { links, url, file })
            }
            Location::Memory => Err(OpenError::BadAddress.into()),
        }
    }

    /// Where it can be opened before it is settled.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn check_tables(&self) -> Result<(), TargetError> {
        let mut session = self.links.session().await?;
        session.begin_reading().await?;
        let text = include_str!("../sql/keep_tables_postgres.sql");
        let rows = session.rows(text, Vec::new(), &[ColumnType::Text]).await?;
        session.roll_back().await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let table = Cells(row).optional_text(0).unwrap_or_default();
        let remedy = "make a new database (createdb), and name that one";
        Err(TargetError::NotEmpty { what: format!("the table {table}"), remedy })
    }

    /// Begins to put things into it, with the schema that they come from.
    pub async fn begin(&self, schema: i64) -> Result<Loading<'_>, TargetError> {
        let mut session = self.links.session().await?;
        session.begin().await?;
        if session.is_postgres() {
            session.script(IDLE_IN_TRANSACTION).await?;
        }
        session.lay_out(schema).await?;
        Ok(Loading { session, streams: Streams::new() })
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.links.close().await;
    }

    /// Gives what is whole its name.
    pub fn settle(self) -> Result<(), OpenError> {
        let Some(FileTarget { path, draft, _lock }) = self.file else { return Ok(()) };
        let cannot = |error| OpenError::of_file(&path, error);
        let left = COMPANIONS.iter().map(|end| with_suffix(&draft, end)).find(|it| it.exists());
        if let Some(left) = left {
            let what = format!("{} is still in use", left.display());
            return Err(cannot(io::Error::other(what)));
        }
        File::open(&draft).and_then(|file| file.sync_all()).map_err(cannot)?;
        fs::rename(&draft, &path).map_err(cannot)?;
        clear(&draft).map_err(cannot)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let synced = folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all());
        synced.map_err(cannot)
    }
}

fn with_suffix(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A file of SQLite beside another one's journal would be damaged when it is opened, and windows of
/// another log are of no use.
fn check_files(path: &Path) -> Result<(), TargetError> {
    let views = views_beside(path);
    let of = |file: &Path| {
        let companions = COMPANIONS.iter().map(|end| with_suffix(file, end));
        std::iter::once(file.to_owned()).chain(companions).collect::<Vec<_>>()
    };
    let all = of(path).into_iter().chain(of(&views));
    let Some(found) = all.into_iter().find(|file| file.exists()) else { return Ok(()) };
    let remedy = "stop its server, move all files of that database away, or name another one with \
                  --database";
    Err(TargetError::NotEmpty { what: found.display().to_string(), remedy })
}

/// Removes a file that was never whole, with all that is beside it.
fn clear(draft: &Path) -> io::Result<()> {
    for end in ["", "-lock"].iter().chain(&COMPANIONS) {
        match fs::remove_file(with_suffix(draft, end)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// A database that is being filled.
pub struct Loading<'a> {
    session: Session<'a>,
    streams: Streams,
}

impl Loading<'_> {
    /// Puts whole batches with their events, the ones that follow, into the log.
    pub async fn log(
        &mut self,
        events: Vec<RecordedEvent>,
        batches: &[Batch],
    ) -> Result<(), StoreError> {
        let mut placed = Vec::with_capacity(events.len());
        for event in events {
            let name = (event.workspace.clone(), event.stream.clone());
            let stream = self.streams.entry(name).or_insert((event.position, Version::ZERO));
            stream.1 = event.version;
            let stream_id = stream.0;
            placed.push((event, stream_id));
        }
        self.session.put_log(&NewRows { events: &placed, batches }).await?;
        if !self.session.is_postgres() {
            // The file has no name yet: nobody sees it half full, and a transaction stays small.
            self.session.script("commit").await?;
            self.session.begin().await?;
        }
        Ok(())
    }

    /// Puts answers that were kept back.
    pub async fn keys(&mut self, keys: &[KeptKey]) -> Result<(), StoreError> {
        self.session.put_keys(keys).await
    }

    /// Puts rows of a table back.
    pub async fn rows(&mut self, table: BesideTable, rows: &[Row]) -> Result<(), StoreError> {
        table.put_rows(&mut self.session, rows).await
    }

    /// Says where the log ends, brings the schema up to date, notes that it was restored, and
    /// commits.
    pub async fn finish(mut self, end: &End<'_>) -> Result<(), TargetError> {
        self.put_streams().await?;
        self.session.set_head(&end.head).await?;
        let binds = vec![Bind::from(end.webhooks_position)];
        self.session.run(include_str!("../sql/keep_set_sender.sql"), binds).await?;
        if let Some(verifier) = end.verifier {
            let binds = vec![Bind::from(verifier), Bind::from(end.taken_at)];
            self.session.run(include_str!("../sql/audit_pin_key.sql"), binds).await?;
        }
        self.session.lay_out(newest_schema().0).await?;
        let position = end.head.position.get();
        let binds = vec![Bind::from(position), Bind::from(end.taken_at), Bind::from(end.now)];
        self.session.run(include_str!("../sql/note_restored.sql"), binds).await?;
        self.session.commit().await?;
        Ok(())
    }

    async fn put_streams(&mut self) -> Result<(), StoreError> {
        let rows: Vec<_> = self.streams.iter().map(row).collect();
        for page in rows.chunks(PAGE_ROWS) {
            self.session.put_streams(page).await?;
        }
        Ok(())
    }

    /// Gives up: what was put into the database is gone, as far as anybody could see it.
    pub async fn give_up(self) -> Result<(), StoreError> {
        self.session.roll_back().await
    }
}

/// What is known when everything was put back.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// Where the log ends.
    pub head: Head,
    /// Up to where it was looked at for webhooks.
    pub webhooks_position: u64,
    /// Its public key.
    pub verifier: Option<&'a str>,
    /// When the backup was taken.
    pub taken_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

type Streams = HashMap<(WorkspaceId, StreamName), (Position, Version)>;

fn row<'a>(
    ((workspace, name), (stream_id, version)): (
        &'a (WorkspaceId, StreamName),
        &'a (Position, Version),
    ),
) -> StreamRow<'a> {
    StreamRow { stream_id: *stream_id, workspace, name, version: *version }
}
