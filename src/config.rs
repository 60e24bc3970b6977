//! What can be set, by flags and by the environment, and what it comes to.

mod webhooks;

pub use webhooks::{HiddenText, WebhookSettings};

use crate::webhooks::WebhooksConfig;
use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The name of the database file in the data directory.
const DATABASE_FILE: &str = "ax.db";

/// The flags that every subcommand takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// The database: postgres://user:password@host/name, or sqlite:path; a file in the data
    /// directory when nothing is said
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL", global = true)]
    pub database: Option<String>,

    /// Where ax keeps its files
    #[arg(long, env = "AX_DATA_DIR", value_name = "DIR", default_value = "./ax-data")]
    #[arg(global = true)]
    pub data_dir: PathBuf,

    /// Where ax listens; port 0 takes any that is free
    #[arg(long, env = "AX_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    #[arg(global = true)]
    pub listen: String,

    /// What ax logs: error, warn, info, debug, trace, or a filter such as planexe_ax::store=debug
    #[arg(long, env = "AX_LOG", value_name = "FILTER", default_value = "info", global = true)]
    pub log: String,

    /// How it logs
    #[arg(long, env = "AX_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    #[arg(global = true)]
    pub log_format: LogFormat,

    /// How webhooks are sent.
    #[command(flatten)]
    pub webhooks: WebhookSettings,
}

/// How the program logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// The configuration that the settings come to.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the log is kept.
    pub database: Database,
    /// Where the door is.
    pub listen: SocketAddr,
    /// How webhooks are sent.
    pub webhooks: WebhooksConfig,
}

/// Where the log is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file, for one process.
    Sqlite(PathBuf),
    /// A server, by its address with the password in it.
    Postgres(String),
}

/// Why a setting was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The database's address has another form than those that are known.
    #[error(
        "a database is postgres://user:password@host/name or sqlite:path, and `{0}` is neither: \
         check --database or DATABASE_URL"
    )]
    Database(String),
    /// The address to listen on cannot be read.
    #[error("`{0}` is no address to listen on: write --listen 127.0.0.1:8000")]
    Listen(String),
    /// The address can be reached from other machines.
    #[error(
        "`{0}` can be reached from other machines, and there are no API keys yet that would keep \
         them out: listen on 127.0.0.1"
    )]
    Public(SocketAddr),
    /// A setting about webhooks is wrong.
    #[error("{0}")]
    Webhooks(String),
}

impl Config {
    /// Checks the settings.
    pub fn resolve(settings: &Settings) -> Result<Self, ConfigError> {
        let database = match &settings.database {
            Some(url) => Database::parse(url)?,
            None => Database::Sqlite(settings.data_dir.join(DATABASE_FILE)),
        };
        let webhooks = settings.webhooks.resolve(&database)?;
        Ok(Self { database, listen: parse_listen(&settings.listen)?, webhooks })
    }
}

impl Database {
    /// Reads an address.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(ConfigError::Database(without_password(url)));
        };
        let path = rest.strip_prefix("//").unwrap_or(rest);
        match scheme {
            "postgres" | "postgresql" if rest.starts_with("//") => {
                Ok(Self::Postgres(url.to_owned()))
            }
            "sqlite" if !path.is_empty() => Ok(Self::Sqlite(Path::new(path).to_owned())),
            _ => Err(ConfigError::Database(without_password(url))),
        }
    }

    /// Its address, as the archive takes it; with the password in it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// The kind of database, as the API names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// The database for people: without the password.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The address without what may hold a secret: the password and the parameters.
fn without_password(url: &str) -> String {
    let address = url.split('?').next().unwrap_or_default();
    let Some((before, host)) = address.rsplit_once('@') else { return address.to_owned() };
    let (scheme, login) = before.split_once("//").unwrap_or(("", before));
    let user = login.split(':').next().unwrap_or_default();
    format!("{scheme}//{user}@{host}")
}

fn parse_listen(text: &str) -> Result<SocketAddr, ConfigError> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: SocketAddr = numeric.parse().map_err(|_| ConfigError::Listen(text.to_owned()))?;
    if address.ip().is_loopback() { Ok(address) } else { Err(ConfigError::Public(address)) }
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, Database, parse_listen};
    use std::path::Path;

    #[test]
    fn both_databases_are_known_by_their_addresses() {
        let postgres = Database::parse("postgresql://ax@db/plans").expect("an address");
        assert_eq!(postgres.kind(), "postgres");
        for url in ["sqlite:dir/ax.db", "sqlite://dir/ax.db"] {
            assert_eq!(Database::parse(url), Ok(Database::Sqlite(Path::new("dir/ax.db").into())));
        }
        for url in ["", "mysql://db/plans", "sqlite:", "postgres:db", "ax.db"] {
            assert!(matches!(Database::parse(url), Err(ConfigError::Database(_))), "{url}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in ["postgres://ax:s3cret@db:5432/plans", "postgres://ax:s3c@ret@db/plans?x=s3c"] {
            let database = Database::parse(url).expect("an address");
            let shown = format!("{database} {database:?}");
            assert!(!shown.contains("s3c"), "{shown}");
            assert!(shown.contains("postgres://ax@db"), "{shown}");
        }
        let refused = Database::parse("mysql://ax:s3cret@db/plans").expect_err("not known");
        assert!(!refused.to_string().contains("s3cret"), "{refused}");
    }

    #[test]
    fn only_addresses_of_this_machine_are_taken() {
        assert!(parse_listen("127.0.0.1:0").is_ok());
        assert!(parse_listen("[::1]:8000").is_ok());
        assert!(parse_listen("localhost:8000").is_ok());
        assert!(matches!(parse_listen("0.0.0.0:8000"), Err(ConfigError::Public(_))));
        assert!(matches!(parse_listen("8000"), Err(ConfigError::Listen(_))));
    }
}
