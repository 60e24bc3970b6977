//! Where the log is kept: the two kinds of address, and how one is shown without its password.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Where the log is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file, for one process.
    Sqlite(PathBuf),
    /// A server, by its address with the password in it.
    Postgres(String),
}

impl Database {
    /// Reads an address; none when it has another form than those that are known.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        match scheme {
            "postgres" | "postgresql" if rest.starts_with("//") => {
                Some(Self::Postgres(url.to_owned()))
            }
            "sqlite" if !path.is_empty() => Some(Self::Sqlite(Path::new(path).to_owned())),
            _ => None,
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
pub(super) fn without_password(url: &str) -> String {
    let address = url.split('?').next().unwrap_or_default();
    let Some((before, host)) = address.rsplit_once('@') else { return address.to_owned() };
    let (scheme, login) = before.split_once("//").unwrap_or(("", before));
    let user = login.split(':').next().unwrap_or_default();
    format!("{scheme}//{user}@{host}")
}

#[cfg(test)]
mod tests {
    use super::{Database, without_password};
    use std::path::Path;

    #[test]
    fn both_databases_are_known_by_their_addresses() {
        let postgres = Database::parse("postgresql://ax@db/plans").expect("an address");
        assert_eq!(postgres.kind(), "postgres");
        for url in ["sqlite:dir/ax.db", "sqlite://dir/ax.db"] {
            assert_eq!(Database::parse(url), Some(Database::Sqlite(Path::new("dir/ax.db").into())));
        }
        for url in ["", "mysql://db/plans", "sqlite:", "postgres:db", "ax.db"] {
            assert_eq!(Database::parse(url), None, "{url}");
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
        assert_eq!(without_password("mysql://ax:s3cret@db/plans"), "mysql://ax@db/plans");
    }
}
