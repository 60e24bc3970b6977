//! The log straight in a database, with a sealer of its own that works when it is asked to.

use super::Piece;
use crate::audit::{Hash, Verifier};
use crate::cli::house;
use crate::cli::open::{open_tree, refusal};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::Random;
use crate::exit::{Exit, Failure};
use crate::sealer::{ProveError, Sealer, SealerConfig, SealerError};
use crate::store::tree::{CHECKPOINTS_MAX, SignedCheckpoint};
use crate::store::{LogFilter, OpenError, RecordedEvent, Store, StoreError};
use anyhow::anyhow;

/// What a server is asked for instead, where it has the file.
const INSTEAD: &str = "--server http://127.0.0.1:8000, the key in AX_KEY";
/// How many events are read at once.
const PAGE_EVENTS: u64 = 2_000;

/// The log in a database.
pub(in crate::cli) struct House {
    pub(in crate::cli) store: Store,
    pub(in crate::cli) sealer: Sealer,
}

impl House {
    pub(in crate::cli) async fn open(config: &Config) -> Result<Self, Failure> {
        let store = house::open(config, INSTEAD).await?;
        let tree = open_tree(&config.database).await?;
        let quiet = SealerConfig { runs_by_itself: false, ..config.audit.clone() };
        let of = (Clock::System, Random::from_system());
        let sealer = Sealer::start(store.clone(), tree, of, quiet);
        Ok(Self { store, sealer })
    }

    pub(in crate::cli) async fn close(self) {
        self.sealer.stop().await;
        self.store.close().await;
    }

    pub(super) async fn newest(&self) -> Result<SignedCheckpoint, Failure> {
        self.sealer.seal().await.map_err(unsealed)?;
        let newest = self.sealer.tree().newest_checkpoint().await.map_err(failed)?;
        newest.ok_or_else(nothing_signed)
    }

    pub(super) async fn checkpoint(&self, size: u64) -> Result<SignedCheckpoint, Failure> {
        let found = self.sealer.tree().checkpoints_up(size, 1).await.map_err(failed)?.pop();
        found.filter(|found| found.size == size).ok_or_else(|| {
            Exit::NotPossible.because(anyhow!("no checkpoint was signed at {size} events"))
        })
    }

    pub(super) async fn checkpoints(&self, after: u64) -> Result<Vec<SignedCheckpoint>, Failure> {
        let tree = self.sealer.tree();
        tree.checkpoints_up(after.saturating_add(1), CHECKPOINTS_MAX).await.map_err(failed)
    }

    pub(super) async fn key(&self) -> Result<Verifier, Failure> {
        self.sealer.key().await.map_err(failed)?.ok_or_else(nothing_signed)
    }

    pub(super) async fn pieces(&self, after: u64, to: u64) -> Result<Vec<Piece>, Failure> {
        let count = to.saturating_sub(after).min(PAGE_EVENTS);
        let found = self.events(after, usize::try_from(count).unwrap_or(usize::MAX)).await?;
        if found.is_empty() && count > 0 {
            let told = anyhow!("position {}: the event is missing", after + 1);
            return Err(Exit::Tampered.because(told));
        }
        Ok(found.into_iter().map(|event| Piece::Event(Box::new(event))).collect())
    }

    pub(super) async fn events(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, Failure> {
        let all = LogFilter::default();
        self.store.read_log(after.into(), &all, limit).await.map_err(failed)
    }

    pub(super) async fn wanted(
        &self,
        filter: &LogFilter,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<RecordedEvent>, Option<u64>), Failure> {
        let page = self.store.read_log(after.into(), filter, limit).await.map_err(failed)?;
        let last = page.last().map(|event| event.position.get());
        let has_more = page.len() == limit;
        Ok((page, last.filter(|_| has_more)))
    }

    pub(super) async fn head(&self) -> Result<u64, Failure> {
        Ok(self.store.head().await.map_err(failed)?.position.get())
    }

    pub(super) async fn inclusion(&self, position: u64, size: u64) -> Result<Vec<Hash>, Failure> {
        let proof = self.sealer.inclusion(position.into(), size).await;
        Ok(proof.map_err(unproved)?.path)
    }

    pub(super) async fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, Failure> {
        Ok(self.sealer.consistency(from, to).await.map_err(unproved)?.path)
    }
}

fn failed(error: StoreError) -> Failure {
    refusal(OpenError::from(error))
}

fn unproved(error: ProveError) -> Failure {
    match error {
        ProveError::Store(error) => failed(error),
        ProveError::Tile(_) => Exit::Tampered.because(error),
        ProveError::Beyond { .. } | ProveError::Within { .. } => Exit::NotPossible.because(error),
    }
}

fn unsealed(error: SealerError) -> Failure {
    match error {
        SealerError::Store(error) => failed(error),
        SealerError::Changed(_)
        | SealerError::Missing(_)
        | SealerError::Replaced(_)
        | SealerError::Tile(_)
        | SealerError::Anchor(_) => Exit::Tampered.because(error),
        SealerError::Key(_) | SealerError::OtherKey { .. } => Exit::Usage.because(error),
        SealerError::Overtaken => Exit::NotPossible.because(error),
    }
}

fn nothing_signed() -> Failure {
    Exit::NotPossible.because(anyhow!(
        "nothing is signed yet: the log is empty, or there is no key to sign with (set \
         AX_AUDIT_KEY_FILE)"
    ))
}
