//! Commands that wait together for one stream: each is decided on what those before it lead to, and
//! all are stored with one commit. Where one is not stored, those behind it are decided anew.

use super::answer::{Landed, discard};
use super::cell::Job;
use super::driver::{Decided, Drive};
use super::lives::Reported;
use super::request::{EngineError, Outcome, Request};
use super::{Engine, StreamKey, load};
use crate::domain::execution::HandleError;
use crate::store::{AppendError, AppendRequest, Appended};
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// How many commands are stored with one commit at most.
const COUPLED_MAX: usize = 100;
/// How many events they may have together, but for the last one's.
const COUPLED_EVENTS_MAX: usize = 400;

/// A command that was decided, and is not stored yet.
struct Coupled {
    job: Job,
    append: AppendRequest,
    landed: Landed,
}

impl Engine {
    /// Carries out commands in their order, each whatever became of those before it. Those on one
    /// stream, one after the other, are stored together where they can be.
    pub async fn execute_all(&self, requests: Vec<Request>) -> Vec<Result<Outcome, EngineError>> {
        let mut stretches: Vec<(StreamKey, Vec<Job>)> = Vec::new();
        let mut waiting = Vec::with_capacity(requests.len());
        for request in requests {
            let (reply, answer) = oneshot::channel();
            waiting.push((answer, Reported::of(&request)));
            if let Err(error) = self.note_actor(&request).await {
                discard(reply.send(Err(error)));
                continue;
            }
            let key =
                StreamKey { workspace: request.workspace.clone(), stream: request.stream.clone() };
            let job = Job::Execute { request: Box::new(request), reply, attempts: 0 };
            match stretches.last_mut() {
                Some((last, jobs)) if *last == key => jobs.push(job),
                Some(_) | None => stretches.push((key, vec![job])),
            }
        }
        for (key, jobs) in stretches {
            self.push_all(&key, jobs);
        }
        let mut outcomes = Vec::with_capacity(waiting.len());
        for (answer, reported) in waiting {
            let outcome = answer.await.unwrap_or(Err(EngineError::OutcomeUnknown));
            if let (Ok(outcome), Some(reported)) = (&outcome, reported) {
                self.note_report(reported, outcome.events.is_empty()).await;
            }
            outcomes.push(outcome);
        }
        outcomes
    }
}

impl Drive {
    /// Does a job: with those behind it where they are plain commands, else alone.
    pub(super) async fn start_coupled(&mut self, first: Job, behind: &mut VecDeque<Job>) {
        let mut coupled = Vec::new();
        let mut events = 0;
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match self.couple(job) {
                Ok(None) => {}
                Ok(Some(it)) => {
                    events += it.landed.events.len();
                    coupled.push(it);
                }
                Err(job) => {
                    behind.push_front(job);
                    break;
                }
            }
            if coupled.len() < COUPLED_MAX && events < COUPLED_EVENTS_MAX {
                next = behind.pop_front();
            }
        }
        if coupled.len() > 1 {
            return self.store_coupled(coupled).await;
        }
        match coupled.pop() {
            Some(Coupled { job, append, landed }) => self.store(append, job, landed).await,
            None if self.loaded.is_none() => {}
            None => {
                if let Some(job) = behind.pop_front() {
                    self.start(job).await;
                }
            }
        }
    }

    /// Decides a plain command that leads to something; hands back what has to be done alone. None
    /// when what was decided does not follow: that is answered.
    fn couple(&mut self, job: Job) -> Result<Option<Coupled>, Job> {
        let Some(loaded) = &mut self.loaded else { return Err(job) };
        let (request, reply, attempts) = match job {
            Job::Execute { request, reply, attempts } if request.is_plain() => {
                (request, reply, attempts)
            }
            Job::Execute { .. }
            | Job::DryRun { .. }
            | Job::Look { .. }
            | Job::Offer { .. }
            | Job::Beside { .. }
            | Job::Take { .. } => return Err(job),
        };
        let moment = self.engine.moment(&request.metadata.actor);
        let events = match loaded.state.handle(&request.command, &moment) {
            Ok(events) if !events.is_empty() || request.key.is_some() => events,
            Ok(_) | Err(HandleError::Rejected(_)) => {
                return Err(Job::Execute { request, reply, attempts });
            }
            Err(HandleError::Illegal(illegal)) => {
                self.broken(reply, &illegal);
                return Ok(None);
            }
        };
        let decided = Decided { events, beside: Vec::new(), moment };
        let Some((append, landed)) = self.written(&request, decided) else {
            return Err(Job::Execute { request, reply, attempts });
        };
        Ok(Some(Coupled { job: Job::Execute { request, reply, attempts }, append, landed }))
    }

    async fn store_coupled(&mut self, coupled: Vec<Coupled>) {
        let mut appends = Vec::with_capacity(coupled.len());
        let mut waiting = Vec::with_capacity(coupled.len());
        for Coupled { job, append, landed } in coupled {
            appends.push(append);
            waiting.push((job, landed));
        }
        let outcomes = self.engine.store.append_coupled(appends).await;
        let is_new =
            |outcome: &Result<Appended, AppendError>| matches!(outcome, Ok(Appended::New(_)));
        let stored = outcomes.iter().take_while(|outcome| is_new(outcome)).count();
        if stored < waiting.len() {
            self.reload(stored > 0).await;
        }
        for (at, ((job, landed), outcome)) in waiting.into_iter().zip(outcomes).enumerate() {
            match outcome {
                Ok(Appended::New(receipt)) if self.loaded.is_none() => {
                    landed.answer(job, receipt.last_position, None);
                }
                Err(AppendError::Conflict { .. }) if at > stored => self.again.push_back(job),
                outcome => self.settle(job, outcome, landed),
            }
        }
    }

    /// Throws away a state that is ahead of the log. What was stored of it has to be in the index
    /// before anybody is told; where that cannot be, it is brought there when the log is followed.
    async fn reload(&mut self, is_partly_stored: bool) {
        self.loaded = None;
        if is_partly_stored && let Ok(loaded) = load::load(&self.engine, &self.cell.key).await {
            self.loaded = Some(loaded);
            self.note_state();
            self.loaded = None;
        }
    }
}
