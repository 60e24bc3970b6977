//! After a restore everything waits for a word: a log that went back would give out again what was
//! done since, and every deadline of that time would be over at once.

use super::request::EngineError;
use super::{Engine, EngineInner};
use crate::domain::Actor;
use crate::planted::is_planted;
use crate::store::{Restored, Store, StoreError};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether nothing is given out, falls due or is sent.
#[derive(Debug, Default)]
pub(super) struct Pause(AtomicBool);

impl Pause {
    /// As the archive says that it is.
    pub(super) async fn of(store: &Store) -> Result<Self, StoreError> {
        let waits = store.restored().await?.is_some_and(|restored| restored.resumed.is_none());
        Ok(Self(AtomicBool::new(waits && !is_planted("restored_log_goes_on"))))
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn lift(&self) {
        if self.0.swap(false, Ordering::AcqRel) {
            tracing::info!("work goes on after the restore");
        }
    }
}

impl EngineInner {
    pub(super) fn is_paused(&self) -> bool {
        self.pause.is_on()
    }

    /// Whether it still waits: another server, or the command line, may have said meanwhile that
    /// work goes on.
    pub(super) async fn waits(&self) -> Result<bool, StoreError> {
        if !self.pause.is_on() {
            return Ok(false);
        }
        let restored = self.store.restored().await?;
        if restored.is_none_or(|restored| restored.resumed.is_some()) {
            self.pause.lift();
        }
        Ok(self.pause.is_on())
    }
}

impl Engine {
    /// Whether the log was restored, and nobody has said yet that work goes on: nothing is given
    /// out, nothing falls due, and nobody outside is told anything.
    pub fn is_paused(&self) -> bool {
        self.inner.is_paused()
    }

    /// Lets work go on after a restore; what the archive says of it then. None when nothing was
    /// restored.
    pub async fn resume_after_restore(&self, by: &Actor) -> Result<Option<Restored>, EngineError> {
        let (store, now) = (&self.inner.store, self.inner.clock.now());
        store.resume_restored(now, &by.to_string()).await?;
        self.inner.waits().await?;
        Ok(store.restored().await?)
    }
}
