//! The tables of the windows: where they are made, written, read and dropped. They can always be
//! made again from the log, so on SQLite they live in a file of their own: writing them never
//! holds up an append.

mod catalogue;
mod compare;
mod control;
mod copy;
mod select;
mod session;
mod texts;
mod write;

pub use catalogue::{Generation, Phase};
pub use compare::{Compared, Frozen};
pub use control::{Leader, Verdict};
pub use select::{Condition, Page, Seen, Select};
pub use write::{Step, WindowWrite, Written};

use super::alongside;
use super::config::StoreConfig;
use super::error::StoreError;
use super::open_error::OpenError;
use super::sqlite;
use super::types::Position;
use crate::domain::Timestamp;
use crate::projections::{ColumnType, Table, Value};
pub(super) use catalogue::Cells;
pub(super) use session::{Address, Bind, Links, Session};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use texts::Dialect;
use uuid::Uuid;

/// How many connections write at once. A file takes one at a time: they wait in line here, and not
/// for a lock that whoever writes most gets most.
const WRITERS_MAX: usize = 3;
const FILE_WRITERS_MAX: usize = 1;
/// Any number will do, as long as every server takes the same.
const PREPARE_ALONE: &str = "select pg_advisory_xact_lock(5207634870106)";

/// Has every table that has none keep the workspaces apart.
const WALL: &str = include_str!("../sql/views_wall.sql");

/// The tables of the windows; clones are the same ones.
#[derive(Clone)]
pub struct Views {
    reads: Arc<Links>,
    writes: Arc<Links>,
}

/// A generation that is to be made.
#[derive(Debug, Clone)]
pub struct NewGeneration<'a> {
    /// The window.
    pub name: &'a str,
    /// The version of its fold.
    pub window_version: u16,
    /// Names fold and tables.
    pub fingerprint: &'a str,
    /// Its tables.
    pub tables: &'a [Table],
    /// Where its life begins.
    pub phase: Phase,
    /// The log that it is made from.
    pub log_id: Uuid,
    /// The position up to which it is built.
    pub target: Position,
    /// What stands in the log there.
    pub prefix_hash: &'a str,
    /// The events that an operator had skipped.
    pub skipped: &'a [u64],
    /// How fast it is built at most.
    pub events_per_second_max: Option<u64>,
    /// Whether it is switched to by itself.
    pub switches_by_itself: bool,
    /// Now.
    pub at: Timestamp,
}

impl Views {
    /// Opens the windows that belong to the archive at an address.
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let address = alongside::address(config, |path| sqlite_options(&beside(path)))?;
        let writers = match address {
            Address::Postgres(_) => WRITERS_MAX,
            Address::Sqlite(_) => FILE_WRITERS_MAX,
        };
        let readers = usize::try_from(config.read_connections_max).unwrap_or(1);
        let views = Self {
            reads: Arc::new(Links::new(address.clone(), readers)),
            writes: Arc::new(Links::new(address, writers)),
        };
        views.prepare().await?;
        Ok(views)
    }

    /// Makes the lists of generations and projectors, where they are not there yet: whoever only
    /// looks must not wait for a projector that writes.
    async fn prepare(&self) -> Result<(), StoreError> {
        if self.leader().await.is_err() {
            self.make_lists().await?;
        }
        self.raise_wall().await
    }

    async fn make_lists(&self) -> Result<(), StoreError> {
        let mut session = self.writes.session().await?;
        session.begin().await?;
        if session.is_postgres() {
            session.script(PREPARE_ALONE).await?;
        }
        session.script(include_str!("../sql/views_schema.sql")).await?;
        session.commit().await
    }

    /// Has the tables show whoever reads them only the rows of the workspace that is named: what
    /// each statement asks for anyway, once more.
    async fn raise_wall(&self) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let mut session = self.writes.session().await?;
        session.begin().await?;
        let text = include_str!("../sql/views_has_wall.sql");
        let found = session.rows(text, Vec::new(), &[ColumnType::Integer]).await?;
        if found.first().is_some_and(|row| row[..] == [Value::Integer(1)]) {
            session.script(PREPARE_ALONE).await?;
            session.script(WALL).await?;
            self.reads.raise_wall();
            self.writes.raise_wall();
        }
        session.commit().await
    }

    /// Whether the database itself keeps what belongs to one workspace from all others.
    pub fn has_wall(&self) -> bool {
        self.reads.has_wall()
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.reads.close().await;
        self.writes.close().await;
    }

    fn dialect(&self) -> Dialect {
        if self.writes.is_postgres() { Dialect::Postgres } else { Dialect::Sqlite }
    }

    /// Every generation of every window.
    pub async fn generations(&self) -> Result<Vec<Generation>, StoreError> {
        let mut session = self.reads.session().await?;
        session.begin_reading().await?;
        let generations = catalogue::generations(&mut session).await?;
        session.roll_back().await?;
        Ok(generations)
    }

    /// Makes the next generation of a window, with its tables; answers its number.
    pub async fn create(&self, new: &NewGeneration<'_>) -> Result<u64, StoreError> {
        let mut session = self.writes.session().await?;
        session.begin().await?;
        if session.is_postgres() {
            session.script(PREPARE_ALONE).await?;
        }
        let known = catalogue::generations(&mut session).await?;
        let own = known.iter().filter(|known| known.name == new.name);
        let generation = own.map(|known| known.generation).max().unwrap_or(0) + 1;
        for table in new.tables {
            session.script(&texts::create(table, generation, self.dialect())).await?;
            if self.has_wall() {
                session.script(WALL).await?;
            }
            if new.phase != Phase::Building {
                write::create_indexes(&mut session, self.dialect(), (table, generation)).await?;
            }
        }
        let columns = |table: &Table| table.columns.iter().map(|it| it.name).collect::<Vec<_>>();
        let tables: BTreeMap<_, _> = new.tables.iter().map(|it| (it.name, columns(it))).collect();
        let tables = serde_json::to_string(&tables).expect("texts always become JSON");
        let binds = vec![
            Bind::from(new.name),
            Bind::from(generation),
            Bind::from(u64::from(new.window_version)),
            Bind::from(new.fingerprint),
            Bind::from(tables.as_str()),
            Bind::from(new.phase.as_str()),
            Bind::from(new.prefix_hash),
            Bind::from(new.log_id.to_string().as_str()),
            Bind::from(control::skipped_text(new.skipped).as_str()),
            Bind::from(new.target.get()),
            Bind::from(new.events_per_second_max),
            Bind::from(u64::from(new.switches_by_itself)),
            Bind::from(new.at),
        ];
        session.run(include_str!("../sql/views_create.sql"), binds).await?;
        session.commit().await?;
        Ok(generation)
    }

    /// Takes or keeps the lead over all projectors until then; none while another one has it. Each
    /// new leader has a higher epoch, and nothing is written under an older one.
    pub async fn lead(
        &self,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        let mut session = self.writes.session().await?;
        session.begin().await?;
        let binds = vec![Bind::from(owner), Bind::from(now), Bind::from(until)];
        let text = include_str!("../sql/views_lead.sql");
        let rows = session.rows(text, binds, &[ColumnType::Integer]).await?;
        let Some(row) = rows.first() else {
            session.roll_back().await?;
            return Ok(None);
        };
        let epoch = Cells(row).number(0)?;
        let text = include_str!("../sql/views_take_over.sql");
        session.run(text, vec![Bind::from(epoch)]).await?;
        session.commit().await?;
        Ok(Some(epoch))
    }

    /// Gives the lead up.
    pub async fn resign(&self, owner: &str) -> Result<(), StoreError> {
        let text = include_str!("../sql/views_resign.sql");
        self.change(text, vec![Bind::from(owner)]).await?;
        Ok(())
    }

    /// Writes what events changed, and moves the generations on, in one transaction.
    pub async fn write(
        &self,
        epoch: u64,
        writes: &[WindowWrite<'_>],
        at: Timestamp,
    ) -> Result<Written, StoreError> {
        let session = self.writes.session().await?;
        write::write(session, self.dialect(), epoch, writes, at).await
    }

    /// A page of rows of the live generation, with the position that it is at.
    pub async fn read(&self, select: &Select<'_>) -> Result<Page, StoreError> {
        select::read(self.reads.session().await?, self.dialect(), select).await
    }
}

/// The file of the windows, beside that of the log.
pub(super) fn beside(log: &Path) -> PathBuf {
    log.with_extension("views.db")
}

/// What is in the file can be made again from the log: a power cut may cost the last writes, never
/// more.
fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    sqlite::options(path).synchronous(SqliteSynchronous::Normal)
}
