//! How old the windows are, and how to wait for what is not in them yet.

use super::{Age, ReadError, Reader};
use crate::store::views::Phase;
use crate::store::{LogFilter, Position, StoreError};
use std::time::Duration;

/// How long a reader waits for what it asks for at most.
const WAIT_MS_MAX: u64 = 5_000;
/// How long one waits for what one has just written, without having asked for it.
const MOMENT_MS: u64 = 2_000;
/// How often the windows are looked at meanwhile, where another server writes them.
const LOOK_MS: u64 = 25;

impl Reader {
    /// Waits until a window has taken in everything up to a position, a few seconds at most.
    pub async fn wait_for(&self, window: &str, wanted: Position) -> Result<(), ReadError> {
        let waited = tokio::time::timeout(Duration::from_millis(WAIT_MS_MAX), async {
            let mut reached = self.reached.clone();
            loop {
                let at = self.position_of(window).await?;
                if at.is_some_and(|at| at >= wanted) {
                    return Ok(());
                }
                let look = tokio::time::sleep(Duration::from_millis(LOOK_MS));
                tokio::select! {
                    changed = reached.changed() => {
                        if changed.is_err() {
                            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
                        }
                    }
                    () = look => {}
                }
            }
        });
        match waited.await {
            Ok(waited) => waited,
            Err(_) => {
                let reached = self.position_of(window).await?.unwrap_or_default();
                Err(ReadError::NotYetVisible { wanted, reached })
            }
        }
    }

    /// Waits a moment for a window to show what this server has stored so far, so that whoever
    /// reads after a write finds it; where the window is far behind, its age tells.
    pub async fn wait_a_moment_for(&self, window: &str) {
        let head = *self.store.wake().borrow();
        let waited = self.wait_for(window, head);
        drop(tokio::time::timeout(Duration::from_millis(MOMENT_MS), waited).await);
    }

    /// How old a window is.
    pub async fn age_of(&self, window: &str) -> Result<Age, ReadError> {
        let known = self.views.generations().await?;
        let live = known.iter().find(|it| it.name == window && it.phase == Phase::Live);
        let not_built = || ReadError::NotBuilt { window: window.to_owned() };
        let live = live.filter(|live| !live.fingerprint.is_empty()).ok_or_else(not_built)?;
        let (position, is_stopped) = (live.position, live.stopped.is_some());
        Ok(Age { position, lag_ms: self.lag_ms(position).await?, is_stopped })
    }

    /// The last event that a window has taken in; none while it is made for the first time.
    async fn position_of(&self, window: &str) -> Result<Option<Position>, StoreError> {
        let known = self.views.generations().await?;
        let live = known.iter().find(|it| it.name == window && it.phase == Phase::Live);
        Ok(live.map(|live| live.position))
    }

    /// For how long there has been an event after that position; 0 when there is none.
    pub(super) async fn lag_ms(&self, position: Position) -> Result<u64, StoreError> {
        if *self.store.wake().borrow() <= position {
            return Ok(0);
        }
        let next = self.store.read_log(position, &LogFilter::default(), 1).await?;
        let now = self.clock.now();
        Ok(next.first().map_or(0, |event| now.ms_since(event.recorded_at)))
    }
}
