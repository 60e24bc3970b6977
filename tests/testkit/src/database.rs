//! A database for one test, and what a test may do to it behind the product's back.

use crate::folder::Folder;
use crate::server::Server;
use anyhow::{Result, bail};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};
use std::path::{Path, PathBuf};

/// How often is asked whether something has happened.
const TRIES_MAX: u32 = 3_000;

/// A database on a server.
pub struct Database {
    /// Its address, for the superuser.
    pub url: String,
    /// Its name.
    pub name: String,
}

impl Database {
    /// An empty database on the shared server.
    pub async fn shared() -> Result<Self> {
        Self::on(Server::shared()?).await
    }

    /// An empty database on this server.
    pub async fn on(server: &Server) -> Result<Self> {
        let name = server.create_database().await?;
        Ok(Self { url: server.url(&name), name })
    }

    /// Carries out statements as the superuser.
    pub async fn execute(&self, text: &str) -> Result<()> {
        let mut connection = PgConnection::connect(&self.url).await?;
        connection.execute(AssertSqlSafe(text)).await?;
        Ok(connection.close().await?)
    }

    /// The single number that a query returns.
    pub async fn number(&self, text: &str) -> Result<i64> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let row = connection.fetch_one(AssertSqlSafe(text)).await?;
        connection.close().await?;
        Ok(row.try_get(0)?)
    }

    /// Asks again and again until the number is not zero, and says which it is.
    pub async fn until(&self, text: &str) -> Result<i64> {
        for _ in 0..TRIES_MAX {
            let number = self.number(text).await?;
            if number != 0 {
                return Ok(number);
            }
        }
        bail!("it stayed zero: {text}")
    }

    /// Begins a transaction that holds what the statement takes.
    pub async fn hold(&self, text: &str) -> Result<Held> {
        let mut connection = PgConnection::connect(&self.url).await?;
        connection.execute(AssertSqlSafe(format!("begin; {text}"))).await?;
        Ok(Held { connection })
    }
}

/// A transaction of somebody else.
pub struct Held {
    connection: PgConnection,
}

impl Held {
    /// Ends it.
    pub async fn let_go(mut self) -> Result<()> {
        self.connection.execute("commit").await?;
        Ok(self.connection.close().await?)
    }
}

/// A SQLite file in a folder of its own, both gone with this value.
pub struct SqliteFile {
    folder: Folder,
}

impl SqliteFile {
    /// A place for a file that is not there yet.
    pub fn new() -> Result<Self> {
        Ok(Self { folder: Folder::new()? })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("ax.db")
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("sqlite:{}", self.path().display())
    }

    /// Carries out statements, past the lock of the product.
    pub async fn execute(&self, text: &str) -> Result<()> {
        self.execute_at(&self.path(), text).await
    }

    /// Carries out statements on another file of the folder.
    pub async fn execute_at(&self, path: &Path, text: &str) -> Result<()> {
        let address = format!("sqlite://{}", path.display());
        let mut connection = SqliteConnection::connect(&address).await?;
        connection.execute(AssertSqlSafe(text)).await?;
        Ok(connection.close().await?)
    }

    /// Takes the lock under which another file of the folder is written, until the answer is
    /// dropped.
    pub async fn hold_at(&self, path: &Path) -> Result<impl Send + use<>> {
        let address = format!("sqlite://{}", path.display());
        let mut connection = SqliteConnection::connect(&address).await?;
        connection.execute("begin immediate").await?;
        Ok(connection)
    }

    /// The single number that a query returns.
    pub async fn number(&self, text: &str) -> Result<i64> {
        let mut connection = self.connect().await?;
        let row = connection.fetch_one(AssertSqlSafe(text)).await?;
        connection.close().await?;
        Ok(row.try_get(0)?)
    }

    async fn connect(&self) -> Result<SqliteConnection> {
        Ok(SqliteConnection::connect(&format!("sqlite://{}", self.path().display())).await?)
    }
}
