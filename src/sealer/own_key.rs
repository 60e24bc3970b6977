//! Where the private key comes from that signs checkpoints: given to the server, or made at the
//! first start beside a SQLite file.

use crate::audit::{BadKey, Signer, seed_of, seed_text};
use crate::engine::Random;
use crate::key_file;
use std::io;
use std::path::{Path, PathBuf};

/// Where the private key is.
#[derive(Debug, Clone)]
pub enum SealerKey {
    /// In this file, which must be there.
    In(PathBuf),
    /// In this file, which is made when it is not there.
    MadeIn(PathBuf),
    /// There is none: the tree grows, and nothing is signed.
    Nowhere,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SealerKeyError {
    /// The file cannot be read or made.
    #[error("the key in {path} that signs checkpoints cannot be read or made: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} holds no key that signs checkpoints: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What a key is.
        source: BadKey,
    },
}

impl SealerKey {
    /// The key of the log with this name; none where there is none. Reads files.
    pub(super) fn signer(
        &self,
        origin: &str,
        random: &Random,
    ) -> Result<Option<Signer>, SealerKeyError> {
        match self {
            Self::Nowhere => Ok(None),
            Self::In(path) => read(path, origin).map(Some),
            Self::MadeIn(path) => {
                if !path.exists() {
                    let made = key_file::make(path, &seed_text(&random.bytes()), random);
                    made.map_err(|source| SealerKeyError::File { path: path.clone(), source })?;
                    tracing::info!("the key that signs checkpoints is in {}", path.display());
                }
                read(path, origin).map(Some)
            }
        }
    }
}

fn read(path: &Path, origin: &str) -> Result<Signer, SealerKeyError> {
    let text = key_file::read(path);
    let text = text.map_err(|source| SealerKeyError::File { path: path.to_owned(), source })?;
    let signer = seed_of(&text).and_then(|seed| Signer::new(origin, &seed));
    signer.map_err(|source| SealerKeyError::Unreadable { path: path.to_owned(), source })
}
