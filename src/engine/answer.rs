//! What is answered: now, when an append landed, or again, when it had landed before.

use super::EngineInner;
use super::cell::Job;
use super::request::{EngineError, KeptAnswer, Outcome, Request};
use crate::domain::execution::Execution;
use crate::domain::{Event, Rejection, StreamName};
use crate::store::{AppendError, Position, StoredAnswer};
use std::collections::VecDeque;

/// What an equal request was answered before, if there was one.
pub(super) async fn stored(
    engine: &EngineInner,
    request: &Request,
) -> Result<Option<Result<Outcome, EngineError>>, EngineError> {
    let Some(key) = &request.key else {
        return Ok(None);
    };
    let actor = request.metadata.actor.to_string();
    let stored = engine.store.stored_answer(&request.workspace, &actor, &key.key).await?;
    Ok(stored.map(|stored| {
        if stored.request_hash != key.request_hash {
            return Err(EngineError::KeyReused);
        }
        repeated(&request.stream, &stored)
    }))
}

/// What is answered when an append landed.
pub(super) struct Landed {
    pub(super) events: Vec<Event>,
    /// What was stored in other streams with it.
    pub(super) beside: Vec<(StreamName, Vec<Event>)>,
    pub(super) kept: KeptAnswer,
}

impl Landed {
    pub(super) fn answer(self, job: Job, position: Position, execution: Option<&Execution>) {
        let Self { events, kept, .. } = self;
        let KeptAnswer { recorded, version, at, description } = kept;
        match job {
            Job::Execute { reply, .. } => discard(reply.send(Ok(Outcome {
                recorded,
                events,
                position,
                version,
                at,
                is_repeat: false,
                description,
            }))),
            Job::Offer { offer, .. } => offer.answer(execution, &events),
            Job::DryRun { .. } | Job::Look { .. } | Job::Beside { .. } | Job::Take { .. } => {}
        }
    }
}

/// The answer to an equal request before this one.
pub(super) fn repeated(
    stream: &crate::domain::StreamName,
    stored: &StoredAnswer,
) -> Result<Outcome, EngineError> {
    let kept: KeptAnswer = serde_json::from_slice(&stored.answer).map_err(|error| {
        EngineError::BrokenStream { stream: stream.clone(), why: format!("a kept answer: {error}") }
    })?;
    Ok(Outcome {
        recorded: kept.recorded,
        events: Vec::new(),
        position: stored.receipt.last_position,
        version: kept.version,
        at: kept.at,
        is_repeat: true,
        description: kept.description,
    })
}

/// A stream that holds nothing does not know its own name: the refusal is told it here.
pub(super) fn named(rejection: Rejection, stream: &StreamName) -> Rejection {
    if let Rejection::NotFound { what, id } = &rejection
        && id.is_empty()
    {
        return Rejection::NotFound { what, id: stream.id().to_owned() };
    }
    rejection
}

pub(super) fn append_error(error: AppendError) -> EngineError {
    match error {
        AppendError::KeyReused => EngineError::KeyReused,
        AppendError::Busy => EngineError::Busy,
        AppendError::OutcomeUnknown => EngineError::OutcomeUnknown,
        AppendError::Closed => EngineError::Stopping,
        error @ (AppendError::Conflict { .. }
        | AppendError::TooLarge { .. }
        | AppendError::BadText(_)
        | AppendError::Store(_)) => EngineError::Append(error),
    }
}

/// Answers that it was not done.
pub(super) fn refuse(job: Job, error: &EngineError) {
    match job {
        Job::Execute { reply, .. } | Job::DryRun { reply, .. } => {
            discard(reply.send(Err(error.clone())));
        }
        Job::Look { failed, .. } => discard(failed.send(error.clone())),
        Job::Offer { offer, .. } => offer.refuse(error),
        Job::Beside { .. } => {}
        Job::Take { done, .. } => discard(done.send(Err(error.clone()))),
    }
}

pub(super) fn fail_all(jobs: VecDeque<Job>, error: &EngineError) {
    for job in jobs {
        refuse(job, error);
    }
}

/// Whoever waited for the answer may be gone; the work is done all the same.
pub(super) fn discard<T>(sent: Result<(), T>) {
    drop(sent);
}
