//! How far the windows are, on every server: only one of several writes them, and only there the
//! projector knows by itself.

use crate::store::views::{Phase, Views};
use crate::store::{Position, Store, StoreError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long between two looks at windows that are behind the log.
const LOOK_MS: u64 = 20;
/// How long between two looks at windows that are not.
const IDLE_MS: u64 = 1_000;

/// Knows how far the windows are.
pub struct Reached {
    position: watch::Receiver<Position>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Reached {
    /// Follows what this server's projector says, and, where another one leads, what the windows
    /// themselves say. Must be called within a runtime.
    pub fn follow(store: &Store, views: Views, projector: watch::Receiver<Position>) -> Self {
        let (reached, stop) = (watch::Sender::new(Position::ZERO), watch::Sender::new(false));
        let position = reached.subscribe();
        let looking = look(store.wake(), views, projector, reached, stop.subscribe());
        Self { position, stop, task: tokio::spawn(looking) }
    }

    /// How far they are: what [`super::Feed::start`] takes.
    pub fn position(&self) -> watch::Receiver<Position> {
        self.position.clone()
    }

    /// Looks no more.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "following the windows did not end well");
        }
    }
}

/// Each wait may be cancelled: nothing is held between two turns but what was published.
async fn look(
    mut wake: watch::Receiver<Position>,
    views: Views,
    mut projector: watch::Receiver<Position>,
    reached: watch::Sender<Position>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let (hint, own) = (*wake.borrow_and_update(), *projector.borrow_and_update());
        publish(&reached, own);
        let is_behind = own < hint && {
            match shown(&views).await {
                Ok(shown) => publish(&reached, shown),
                Err(error) => tracing::debug!(%error, "the windows were not looked at"),
            }
            *reached.borrow() < hint
        };
        let pause = Duration::from_millis(if is_behind { LOOK_MS } else { IDLE_MS });
        tokio::select! {
            changed = wake.changed(), if !is_behind => if changed.is_err() { return },
            Ok(()) = projector.changed() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// The position of the live windows that goes for all that go on.
async fn shown(views: &Views) -> Result<Position, StoreError> {
    let generations = views.generations().await?;
    let live = generations.iter().filter(|it| it.phase == Phase::Live && it.stopped.is_none());
    Ok(live.map(|generation| generation.position).min().unwrap_or_default())
}

fn publish(reached: &watch::Sender<Position>, position: Position) {
    reached.send_if_modified(|known| {
        let is_further = position > *known;
        *known = position.max(*known);
        is_further
    });
}
