//! Where the key comes from that seals the secrets: given to the server, or made on first need in
//! the folder of a single machine.

use super::seal::{BadKey, SealKey};
use crate::engine::Random;
use crate::key_file;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where the key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// It was given.
    Given(SealKey),
    /// It is in this file, and made there when it is first needed.
    MadeIn(PathBuf),
    /// There is none.
    Nowhere,
}

impl KeySource {
    /// The key in a file.
    pub fn of_file(path: &Path) -> Result<Self, KeyError> {
        read_file(path).map(Self::Given)
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// None was given.
    #[error(
        "this server has no key to seal secrets with: set AX_SECRET_KEY_FILE to a file with 32 \
         bytes in base64 (openssl rand -base64 32), the same for all servers on this database"
    )]
    Missing,
    /// The file cannot be read or made.
    #[error("the key in {path} cannot be read or made: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} holds no key: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What a key is.
        source: BadKey,
    },
}

/// The key of a server, read when it is first needed.
#[derive(Debug)]
pub(super) struct OwnKey {
    source: KeySource,
    known: Mutex<Option<SealKey>>,
}

impl OwnKey {
    pub(super) fn new(source: KeySource) -> Self {
        Self { source, known: Mutex::default() }
    }

    /// Whether there is no key, and will be none.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.source, KeySource::Nowhere)
    }

    /// The key to seal with; made where it may be. Reads files.
    pub(super) fn to_seal(&self, random: &Random) -> Result<SealKey, KeyError> {
        let source = &self.source;
        self.or_else(|| match source {
            KeySource::MadeIn(path) => make(path, random),
            KeySource::Given(_) | KeySource::Nowhere => read(source),
        })
    }

    /// The key to open with; none is made. Reads files.
    pub(super) fn to_open(&self) -> Result<SealKey, KeyError> {
        self.or_else(|| read(&self.source))
    }

    fn or_else(
        &self,
        find: impl FnOnce() -> Result<SealKey, KeyError>,
    ) -> Result<SealKey, KeyError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*known {
            return Ok(key.clone());
        }
        Ok(known.insert(find()?).clone())
    }
}

fn read(source: &KeySource) -> Result<SealKey, KeyError> {
    match source {
        KeySource::Given(key) => Ok(key.clone()),
        KeySource::MadeIn(path) => read_file(path),
        KeySource::Nowhere => Err(KeyError::Missing),
    }
}

fn read_file(path: &Path) -> Result<SealKey, KeyError> {
    let text = key_file::read(path);
    let text = text.map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    SealKey::parse(&text).map_err(|source| KeyError::Unreadable { path: path.to_owned(), source })
}

/// The key in a file; the first one who makes it makes it for all.
fn make(path: &Path, random: &Random) -> Result<SealKey, KeyError> {
    if path.exists() {
        return read_file(path);
    }
    let (_, text) = SealKey::draw(random);
    let made = key_file::make(path, &text, random);
    made.map_err(|source| KeyError::File { path: path.to_owned(), source })?;
    tracing::info!("the key that seals the secrets of webhooks is in {}", path.display());
    read_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use planexe_ax_testkit::Folder;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_readable_by_its_owner_only() {
        let folder = Folder::new().expect("a folder");
        let path = folder.path().join("secret.key");
        let random = Random::from_system();
        let source = KeySource::MadeIn(path.clone());
        assert!(matches!(OwnKey::new(source.clone()).to_open(), Err(KeyError::File { .. })));
        let made = OwnKey::new(source.clone()).to_seal(&random).expect("it is made");
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for source in [source, KeySource::of_file(&path).expect("it is there")] {
            let known = OwnKey::new(source).to_seal(&random).expect("it is there");
            assert_eq!(known.name(), made.name());
        }
        let files = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(files, 1, "a draft stayed behind");
    }

    #[test]
    fn a_server_without_a_key_says_what_to_set() {
        let missing = OwnKey::new(KeySource::Nowhere).to_seal(&Random::from_seed(1));
        let said = missing.expect_err("there is none").to_string();
        assert!(said.contains("AX_SECRET_KEY_FILE"), "{said}");
    }
}
