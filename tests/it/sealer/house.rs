//! An archive with a sealer that works when it is asked to, under a clock that stands still.

use crate::store::backend::{Backend, write};
use anyhow::{Context, Result, ensure};
use planexe_ax::audit::{
    Checkpoint, Frontier, Hash, Verifier, leaf_hash, verify_consistency, verify_inclusion,
};
use planexe_ax::clock::{Clock, SimulatedClock};
use planexe_ax::domain::Timestamp;
use planexe_ax::engine::Random;
use planexe_ax::sealer::{Sealer, SealerConfig, SealerKey};
use planexe_ax::store::tree::StoredTree;
use planexe_ax::store::{Expected, LogFilter, Position, Store};
use planexe_ax_testkit::Folder;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

const BEGIN_MS: i64 = 1_700_000_000_000;
/// Longer than a lead lasts that nobody renews.
pub(super) const LEAD_MS: u64 = 60_000;

/// One archive, and a folder for keys and what is told outside.
pub(super) struct House {
    pub(super) backend: Backend,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) hands: Arc<SimulatedClock>,
    pub(super) folder: Folder,
}

impl House {
    pub(super) async fn on(backend: Backend) -> Result<Self> {
        let store = backend.open().await?;
        let (clock, hands) = Clock::simulated(Timestamp::from_unix_ms(BEGIN_MS));
        Ok(Self { backend, store, clock, hands, folder: Folder::new()? })
    }

    /// A sealer with the key of this house.
    pub(super) async fn sealer(&self) -> Result<Sealer> {
        self.sealer_with(config(self.folder.path())).await
    }

    pub(super) async fn sealer_with(&self, config: SealerConfig) -> Result<Sealer> {
        let tree = self.tree().await?;
        let of = (self.clock.clone(), Random::from_system());
        Ok(Sealer::start(self.store.clone(), tree, of, config))
    }

    pub(super) async fn tree(&self) -> Result<StoredTree> {
        Ok(StoredTree::open(&self.backend.config()).await?)
    }

    /// Appends events with these numbers, one after the other.
    pub(super) async fn append(&self, numbers: std::ops::Range<u64>) -> Result<()> {
        for number in numbers {
            let stream = format!("s{}", number % 5);
            self.store.append(write(&stream, Expected::Any, number)).await?;
        }
        Ok(())
    }

    pub(super) async fn leaves(&self) -> Result<Vec<Hash>> {
        let (mut leaves, all) = (Vec::new(), LogFilter::default());
        loop {
            let after = Position::new(u64::try_from(leaves.len())?);
            let page = self.store.read_log(after, &all, 1_000).await?;
            if page.is_empty() {
                return Ok(leaves);
            }
            leaves.extend(page.iter().map(|event| leaf_hash(&event.audited().leaf)));
        }
    }

    pub(super) async fn close(self) -> Result<()> {
        self.store.close().await;
        Ok(())
    }
}

/// Signs with a key that is made in a folder, whenever it is asked to and there is something new.
pub(super) fn config(folder: &Path) -> SealerConfig {
    let key = SealerKey::MadeIn(folder.join("audit.key"));
    SealerConfig { runs_by_itself: false, ..SealerConfig::new(key) }
}

/// A sealer beside a server of another test.
pub(crate) async fn beside(backend: &Backend, store: &Store, folder: &Folder) -> Result<Sealer> {
    let tree = StoredTree::open(&backend.config()).await?;
    let of = (Clock::System, Random::from_system());
    Ok(Sealer::start(store.clone(), tree, of, config(folder.path())))
}

/// The root over leaves.
pub(super) fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// The newest checkpoint, opened with the key of the log.
pub(super) async fn newest(sealer: &Sealer) -> Result<(Checkpoint, Verifier)> {
    let signed = sealer.tree().newest_checkpoint().await?.context("nothing is signed")?;
    let key = sealer.key().await?.context("there is no key")?;
    Ok((Checkpoint::open(&signed.note, &key)?, key))
}

/// The tree is that over the log, every event is proved to be in it, and every size to follow from
/// every smaller one, as far as these steps go.
pub(super) async fn check(house: &House, sealer: &Sealer, step: usize) -> Result<()> {
    let leaves = house.leaves().await?;
    let size = u64::try_from(leaves.len())?;
    ensure!(sealer.tree().size().await?.get() == size, "the tree has not all {size} events");
    let whole = root(&leaves);
    for index in (0..leaves.len()).step_by(step) {
        let at = u64::try_from(index)?;
        let proof = sealer.inclusion(Position::new(at + 1), size).await?;
        ensure!(proof.leaf == leaves[index] && proof.root == whole, "at {at}");
        verify_inclusion(&proof.leaf, at, size, &proof.path, &whole)?;
        let proof = sealer.consistency(at + 1, size).await?;
        let old = root(&leaves[..=index]);
        ensure!(proof.from == (at + 1, old), "at {at}");
        verify_consistency((at + 1, &old), (size, &whole), &proof.path)?;
    }
    Ok(())
}

/// Runs a test on each database.
pub(super) async fn on_every<F: Future<Output = Result<()>>>(
    test: impl Fn(House) -> F,
) -> Result<()> {
    for backend in Backend::every().await? {
        if !matches!(backend, Backend::Memory(_)) {
            test(House::on(backend).await?).await?;
        }
    }
    Ok(())
}
