//! How the archive is to be opened.

use std::path::PathBuf;

/// How many requests may wait to be stored, unless it is said otherwise.
pub const QUEUE_REQUESTS_MAX: usize = 4096;

/// Where the archive is, and what it may do.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `postgres://…`, `sqlite:path` or `memory:`.
    pub url: String,
    /// Goes on with settings under which a power cut loses what was acknowledged.
    pub allow_unsafe_durability: bool,
    /// How many requests may wait to be stored.
    pub queue_requests_max: usize,
    /// How many connections read at once.
    pub read_connections_max: u32,
}

impl StoreConfig {
    /// The archive at this address, with everything else as usual.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            allow_unsafe_durability: false,
            queue_requests_max: QUEUE_REQUESTS_MAX,
            read_connections_max: 8,
        }
    }
}

/// Which database an address means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location<'a> {
    Postgres(&'a str),
    Sqlite(PathBuf),
    Memory,
}

impl<'a> Location<'a> {
    /// Reads an address; none when it is of no known kind.
    pub(super) fn parse(url: &'a str) -> Option<Self> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(Self::Postgres(url));
        }
        if url == "memory:" {
            return Some(Self::Memory);
        }
        let path = url.strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        (!path.is_empty()).then(|| Self::Sqlite(path.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_database() {
        assert_eq!(Location::parse("sqlite:a/b.db"), Some(Location::Sqlite("a/b.db".into())));
        assert_eq!(Location::parse("sqlite:///a.db"), Some(Location::Sqlite("/a.db".into())));
        assert_eq!(Location::parse("memory:"), Some(Location::Memory));
        assert!(matches!(Location::parse("postgresql://h/d"), Some(Location::Postgres(_))));
        assert_eq!(Location::parse("sqlite:"), None);
        assert_eq!(Location::parse("mysql://h/d"), None);
    }
}
