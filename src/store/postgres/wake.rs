//! Who tells other servers of a commit, and who hears it: only ever a hint. `NOTIFY` is sent after
//! the commit, from another connection, at most twenty times a second; the head is polled anyway.

use super::read;
use crate::store::types::Position;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

const CHANNEL: &str = "planexe_ax_log";
/// The least time between two notifications.
const NOTIFY_PAUSE_MS: u64 = 50;
/// How often the head is looked at, whatever is heard.
const POLL_MS: u64 = 1_000;

/// Tells the other servers of what this one committed, until the store is gone.
pub(super) async fn tell(pool: PgPool, mut committed: watch::Receiver<Position>) {
    while committed.changed().await.is_ok() {
        let position = committed.borrow_and_update().to_string();
        let query = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(position);
        if let Err(error) = super::connect::within(query.execute(&pool)).await {
            tracing::debug!(%error, "other servers were not told of a commit; they poll");
        }
        tokio::time::sleep(Duration::from_millis(NOTIFY_PAUSE_MS)).await;
    }
}

/// Hears of what other servers committed, until the store is gone. Each turn of the loop may be
/// cancelled at any await: it holds no state but the connection that listens.
pub(super) async fn listen(
    listening: PgPool,
    reads: PgPool,
    committed: Arc<watch::Sender<Position>>,
) {
    let mut listener = None;
    loop {
        if listener.is_none() {
            listener = connect(&listening).await;
        }
        let heard = tokio::time::timeout(Duration::from_millis(POLL_MS), hear(&mut listener));
        match heard.await {
            Ok(Some(position)) => advance(&committed, position),
            Ok(None) | Err(_) => match read::head(&reads).await {
                Ok(head) => advance(&committed, head.position),
                Err(error) => tracing::debug!(%error, "the head could not be polled"),
            },
        }
    }
}

async fn connect(pool: &PgPool) -> Option<PgListener> {
    let limit = Duration::from_millis(POLL_MS);
    let connect = async {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    match tokio::time::timeout(limit, connect).await {
        Ok(Ok(listener)) => Some(listener),
        Ok(Err(error)) => {
            tracing::debug!(%error, "not listening for other servers; the head is polled");
            tokio::time::sleep(limit).await;
            None
        }
        Err(_) => None,
    }
}

/// The next position heard; none when what was said may have been missed.
async fn hear(listener: &mut Option<PgListener>) -> Option<Position> {
    let Some(listening) = listener else { return std::future::pending().await };
    match listening.try_recv().await {
        Ok(Some(notification)) => notification.payload().parse().ok().map(Position::new),
        Ok(None) => None,
        Err(_) => {
            *listener = None;
            None
        }
    }
}

fn advance(committed: &watch::Sender<Position>, heard: Position) {
    committed.send_if_modified(|position| {
        let advanced = heard > *position;
        *position = heard.max(*position);
        advanced
    });
}
