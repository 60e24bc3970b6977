//! Restoring a backup: it is read and checked to its end before anything is written, and once more
//! while it is written; then what was written is verified where it is.

use super::error::KeepingError;
use super::files::MANIFEST_FILE;
use super::lines::Reading;
use super::log::LogReader;
use super::manifest::{KEYS_FILE, Manifest, rows_file};
use super::rows::{KeyLine, row_of};
use crate::audit::{Hash, Span};
use crate::clock::Clock;
use crate::engine::Random;
use crate::projections::Row;
use crate::sealer::{Sealer, SealerConfig, SealerKey};
use crate::store::keep::{BesideTable, End, KeptKey, Loading, PAGE_ROWS, Target};
use crate::store::tree::StoredTree;
use crate::store::{Head, Store, StoreConfig};
use std::path::Path;

/// Reads a backup to its end, and says what it holds when everything in it fits.
pub fn check(folder: &Path) -> Result<Manifest, KeepingError> {
    let manifest = Manifest::read(folder)?;
    let mut log = LogReader::begin(folder, &manifest)?;
    while log.page()?.is_some() {}
    let mut keys = Keys::begin(folder, &manifest)?;
    while keys.page()?.is_some() {}
    for table in BesideTable::ALL {
        let mut rows = Rows::begin(folder, &manifest, table)?;
        while rows.page()?.is_some() {}
    }
    Ok(manifest)
}

/// Puts a backup into a database that holds nothing. Afterwards the log verifies, the tree over it
/// is grown, and work waits for a word.
pub async fn restore(
    config: &StoreConfig,
    folder: &Path,
    clock: &Clock,
) -> Result<Manifest, KeepingError> {
    let manifest = check(folder)?;
    let target = Target::open(config).await?;
    let loading = target.begin(manifest.schema.number).await?;
    let root = load(loading, folder, &manifest, clock).await;
    target.close().await;
    let root = root?;
    let config = StoreConfig { url: target.url().to_owned(), ..config.clone() };
    verify(&config, &manifest, &root, clock).await?;
    target.settle()?;
    Ok(manifest)
}

/// Answers the root of the tree over what was put into the database.
async fn load(
    mut loading: Loading<'_>,
    folder: &Path,
    manifest: &Manifest,
    clock: &Clock,
) -> Result<Hash, KeepingError> {
    let loaded = load_all(&mut loading, folder, manifest).await;
    let root = match loaded {
        Ok(root) => root,
        Err(error) => {
            if let Err(error) = loading.give_up().await {
                tracing::debug!(%error, "the transaction ends with its connection");
            }
            return Err(error);
        }
    };
    let end = End {
        head: head_of(manifest)?,
        webhooks_position: manifest.webhooks_position,
        verifier: manifest.verifier.as_deref(),
        taken_at: manifest.taken_at().unwrap_or_else(|| clock.now()),
        now: clock.now(),
    };
    loading.finish(&end).await?;
    Ok(root)
}

async fn load_all(
    loading: &mut Loading<'_>,
    folder: &Path,
    manifest: &Manifest,
) -> Result<Hash, KeepingError> {
    let mut log = LogReader::begin(folder, manifest)?;
    while let Some(page) = log.page()? {
        loading.log(page.events, &page.batches).await?;
    }
    let mut keys = Keys::begin(folder, manifest)?;
    while let Some(page) = keys.page()? {
        loading.keys(&page).await?;
    }
    for table in BesideTable::ALL {
        let mut rows = Rows::begin(folder, manifest, table)?;
        while let Some(page) = rows.page()? {
            loading.rows(table, &page).await?;
        }
    }
    Ok(log.root())
}

fn head_of(manifest: &Manifest) -> Result<Head, KeepingError> {
    let wrong = || KeepingError::wrong(MANIFEST_FILE, "its batch_hash is no hash");
    manifest.head().ok_or_else(wrong)
}

/// Reads back what was written: chain, streams, answers, and the tree.
async fn verify(
    config: &StoreConfig,
    manifest: &Manifest,
    root: &Hash,
    clock: &Clock,
) -> Result<(), KeepingError> {
    let store = Store::open(config).await?;
    let verified = async {
        store.verify_since(&head_of(manifest)?).await?;
        grow(&store, config, manifest, root, clock).await
    };
    let verified = verified.await;
    store.close().await;
    verified
}

async fn grow(
    store: &Store,
    config: &StoreConfig,
    manifest: &Manifest,
    root: &Hash,
    clock: &Clock,
) -> Result<(), KeepingError> {
    let tree = StoredTree::open(config).await?;
    let quiet = SealerConfig { runs_by_itself: false, ..SealerConfig::new(SealerKey::Nowhere) };
    let of = (clock.clone(), Random::from_system());
    let sealer = Sealer::start(store.clone(), tree, of, quiet);
    let grown = async {
        sealer.work_off().await?;
        let whole = Span { from: 0, to: manifest.position };
        let is_same =
            manifest.position == 0 || sealer.tree().tiles_of(&[whole]).await?.root(whole)? == *root;
        if is_same {
            return Ok(());
        }
        Err(KeepingError::wrong(MANIFEST_FILE, "the tree over the restored log is another one"))
    };
    let grown = grown.await;
    sealer.stop().await;
    grown
}

/// The answers that are kept for keys, page by page.
struct Keys {
    file: Reading,
    position: u64,
}

impl Keys {
    fn begin(folder: &Path, manifest: &Manifest) -> Result<Self, KeepingError> {
        let file = Reading::begin(folder, manifest.file(KEYS_FILE)?)?;
        Ok(Self { file, position: manifest.position })
    }

    fn page(&mut self) -> Result<Option<Vec<KeptKey>>, KeepingError> {
        let mut page = Vec::new();
        while page.len() < PAGE_ROWS {
            let Some(line) = self.file.next()? else { break };
            let kept = serde_json::from_slice::<KeyLine>(line).ok().and_then(KeyLine::kept);
            let position = kept.as_ref().and_then(KeptKey::last_position);
            match (kept, position) {
                (Some(kept), Some(position)) if position.get() <= self.position => page.push(kept),
                (Some(_), Some(_)) => {
                    let what = "the answer is about events that are not in the backup";
                    return Err(self.file.wrong(what));
                }
                (Some(_) | None, Some(_) | None) => {
                    return Err(self.file.wrong("it is no answer to a request"));
                }
            }
        }
        Ok(Some(page).filter(|page| !page.is_empty()))
    }
}

/// The rows of a table, page by page.
struct Rows {
    file: Reading,
    table: BesideTable,
}

impl Rows {
    fn begin(folder: &Path, manifest: &Manifest, table: BesideTable) -> Result<Self, KeepingError> {
        Ok(Self { file: Reading::begin(folder, manifest.file(&rows_file(table))?)?, table })
    }

    fn page(&mut self) -> Result<Option<Vec<Row>>, KeepingError> {
        let mut page = Vec::new();
        while page.len() < PAGE_ROWS {
            let Some(line) = self.file.next()? else { break };
            let row = row_of(self.table, line);
            page.push(row.ok_or_else(|| self.file.wrong("it is no row of its table"))?);
        }
        Ok(Some(page).filter(|page| !page.is_empty()))
    }
}
