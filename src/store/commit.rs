//! One batch, from the lock to the commit: tried again where that is safe, settled by looking
//! where it is unclear what happened, never guessed.

use super::error::{AppendError, CommitError, StoreError};
use super::plan::{Outcome, Prepared, plan_batch};
use super::types::{Appended, Hash};
use super::write_tx::Writer;
use crate::planted::is_planted;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often a batch is tried.
const APPEND_RETRIES_MAX: u32 = 5;
/// How often it is tried again at once: after a guess, and where another server was faster.
const QUICK_TRIES: u32 = 2;
/// How often an unclear commit is looked up.
const SETTLE_TRIES_MAX: u32 = 3;
/// The pause after the first failure; it doubles with each one that follows.
const PAUSE_MS: u64 = 50;
/// The pause before an unclear commit is looked up again.
const SETTLE_PAUSE_MS: u64 = 400;

enum Failure {
    /// Certainly not stored.
    Before(StoreError),
    /// Stored, if the log holds this batch.
    Unclear(Unclear),
}

struct Unclear {
    error: StoreError,
    batch_no: u64,
    hash: Hash,
    outcomes: Vec<Outcome>,
}

/// Commits a batch and says what each request is answered. `early` is only for the planted bug
/// that answers before the commit.
pub(super) async fn commit_batch(
    writer: &mut Writer,
    requests: &[Prepared],
    mut early: impl FnMut(Vec<Outcome>),
) -> Vec<Outcome> {
    match try_often(writer, requests, &mut early).await {
        Ok(outcomes) => outcomes,
        Err(AppendError::Store(StoreError::Database { source })) if requests.len() > 1 => {
            tracing::warn!(error = %source, "a batch was refused: its requests are tried alone");
            one_by_one(writer, requests, &mut early).await
        }
        Err(error) => {
            tell(&error);
            vec![Err(error); requests.len()]
        }
    }
}

/// Says what does not go away by itself.
fn tell(error: &AppendError) {
    if let AppendError::Store(error) = error
        && !error.is_transient()
    {
        tracing::error!(%error, "nothing can be stored: {error}");
    }
}

/// What the database refuses in one request must not hurt the others.
async fn one_by_one(
    writer: &mut Writer,
    requests: &[Prepared],
    early: &mut impl FnMut(Vec<Outcome>),
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(requests.len());
    for alone in requests.chunks(1) {
        let is_new = matches!(outcomes.last(), Some(Ok(Appended::New(_))));
        if let [request] = alone
            && request.follows
            && !is_new
        {
            outcomes.push(Err(request.uncoupled()));
            continue;
        }
        match try_often(writer, alone, early).await {
            Ok(outcome) => outcomes.extend(outcome),
            Err(error) => outcomes.push(Err(error)),
        }
    }
    outcomes
}

async fn try_often(
    writer: &mut Writer,
    requests: &[Prepared],
    early: &mut impl FnMut(Vec<Outcome>),
) -> Result<Vec<Outcome>, AppendError> {
    let mut last = StoreError::timed_out();
    for tried in 0..APPEND_RETRIES_MAX {
        match attempt(writer, requests, early).await {
            Ok(outcomes) => return Ok(outcomes),
            Err(Failure::Before(error)) if error.is_transient() => last = error,
            Err(Failure::Before(error)) => return Err(error.into()),
            Err(Failure::Unclear(unclear)) => match settle(writer, &unclear).await? {
                true => return Ok(unclear.outcomes),
                false if unclear.error.is_transient() => last = StoreError::NotCommitted,
                false => return Err(unclear.error.into()),
            },
        }
        if tried < QUICK_TRIES && matches!(last, StoreError::NotCommitted) {
            continue;
        }
        tracing::warn!(error = %last, tried = tried + 1, "a batch is tried again");
        pause(PAUSE_MS << tried).await;
    }
    Err(last.into())
}

async fn attempt(
    writer: &mut Writer,
    requests: &[Prepared],
    early: &mut impl FnMut(Vec<Outcome>),
) -> Result<Vec<Outcome>, Failure> {
    let mut tx = writer.begin().await.map_err(Failure::Before)?;
    let guessed = tx.guess(requests).map(|known| plan_batch(known, requests));
    let plan = match guessed.filter(|plan| plan.outcomes.iter().all(Result::is_ok)) {
        Some(plan) => plan,
        None => plan_batch(tx.read(requests).await.map_err(Failure::Before)?, requests),
    };
    if plan.is_empty() {
        tx.rollback().await.map_err(Failure::Before)?;
        return Ok(plan.outcomes);
    }
    tx.write(&plan).await.map_err(Failure::Before)?;
    if is_planted("ack_before_commit") {
        early(plan.outcomes.clone());
        // The bug is wide enough that a kill which follows an answer falls into it.
        pause(PAUSE_MS).await;
    }
    match tx.commit(&plan).await {
        Ok(()) => Ok(plan.outcomes),
        Err(CommitError::Refused(error)) => Err(Failure::Before(error)),
        Err(CommitError::Unclear(error)) => {
            tracing::warn!(%error, batch_no = plan.batch.batch_no, "a commit is unclear");
            let (batch_no, hash) = (plan.batch.batch_no, plan.batch.hash);
            Err(Failure::Unclear(Unclear { error, batch_no, hash, outcomes: plan.outcomes }))
        }
    }
}

/// Whether an unclear commit happened, as the log itself says, read on a fresh connection under
/// the lock on the head: whoever holds that lock knows that no commit is still on its way.
async fn settle(writer: &mut Writer, unclear: &Unclear) -> Result<bool, AppendError> {
    if is_planted("unclear_commit_guessed") {
        return Ok(false);
    }
    for tried in 0..SETTLE_TRIES_MAX {
        match writer.find_batch(unclear.batch_no).await {
            Ok(found) => return Ok(found == Some(unclear.hash)),
            Err(error) => tracing::warn!(%error, "an unclear commit could not be looked up"),
        }
        pause(SETTLE_PAUSE_MS << tried).await;
    }
    Err(AppendError::OutcomeUnknown)
}

/// Waits about so long: between half and the whole of it, so that servers do not march in step.
async fn pause(ms: u64) {
    let random = RandomState::new().hash_one(ms) % (ms / 2 + 1);
    tokio::time::sleep(Duration::from_millis(ms / 2 + random)).await;
}
