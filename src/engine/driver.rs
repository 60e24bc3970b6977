//! Carries a stream's jobs out, one after the other: load, decide, append, answer. The next job is
//! decided only when the one before is stored: a version alone does not tell whether what stands
//! there is what this engine wrote, or what another one did.

use super::answer::{Landed, append_error, discard, fail_all, named, refuse, repeated, stored};
use super::cell::{Cell, Job, Loaded, Newness, Reply};
use super::request::{EngineError, KeptAnswer, Outcome, Request};
use super::{EngineInner, beside, encode, grants, load};
use crate::domain::execution::HandleError;
use crate::domain::{Event, IllegalTransition, Moment, Rejection, StreamName};
use crate::planted::is_planted;
use crate::store::{
    AppendError, AppendRequest, Appended, IdempotencyKey, RecordedEvent, StreamCondition,
    StreamWrite,
};
use crate::telemetry::metrics::COMMAND_RETRIES;
use std::collections::VecDeque;
use std::sync::Arc;

/// How often a command is decided anew when others changed the stream meanwhile. Whoever loses must
/// read before it can try again, and so loses more often than not while another engine is busy on
/// the same stream: a few retries are not enough.
pub const APPEND_RETRIES_MAX: u32 = 64;

/// What follows from a request, for its own stream and for those beside it.
pub(super) struct Decided {
    pub(super) events: Vec<Event>,
    pub(super) beside: Vec<Vec<Event>>,
    pub(super) moment: Moment,
}

/// What is at hand while a stream is driven.
pub(super) struct Drive {
    pub(super) engine: Arc<EngineInner>,
    pub(super) cell: Arc<Cell>,
    pub(super) loaded: Option<Loaded>,
    pub(super) again: VecDeque<Job>,
}

/// Does what waits for the stream until nothing does.
pub(super) async fn drive(engine: Arc<EngineInner>, cell: Arc<Cell>, loaded: Option<Loaded>) {
    let mut drive = Drive { engine, cell, loaded, again: VecDeque::new() };
    loop {
        let mut jobs = std::mem::take(&mut drive.again);
        if jobs.is_empty() {
            jobs = drive.cell.next_jobs(&mut drive.loaded);
        }
        if jobs.is_empty() {
            return;
        }
        drive.run(jobs).await;
    }
}

impl Drive {
    async fn run(&mut self, mut jobs: VecDeque<Job>) {
        if self.loaded.is_none() {
            match load::load(&self.engine, &self.cell.key).await {
                Ok(loaded) => self.loaded = Some(loaded),
                Err(error) => return fail_all(jobs, &error),
            }
        }
        while let Some(job) = jobs.pop_front() {
            if self.loaded.is_none() {
                jobs.push_front(job);
                break;
            }
            self.start_coupled(job, &mut jobs).await;
        }
        self.again.append(&mut jobs);
        if self.loaded.as_ref().is_some_and(|loaded| loaded.ready_noted.is_none()) {
            self.note_state();
        }
        if let Some(loaded) = &mut self.loaded {
            load::snapshot_if_due(&self.engine, &self.cell.key, loaded);
        }
    }

    pub(super) async fn start(&mut self, job: Job) {
        match job {
            Job::Execute { request, reply, attempts } => {
                self.execute(request, reply, attempts).await;
            }
            Job::DryRun { request, reply } => {
                self.dry_run(&request, reply).await;
            }
            Job::Look { look, failed, newness } => match self.freshen(newness).await {
                Err(error) => discard(failed.send(error)),
                Ok(_) => {
                    if let Some(loaded) = &mut self.loaded {
                        look(&loaded.state, loaded.version);
                        if newness == Newness::Newest {
                            loaded.ready_noted = None;
                        }
                    }
                }
            },
            Job::Beside { events, version } => self.take_beside(&events, version),
            Job::Offer { offer, attempts } => grants::offer(self, offer, attempts).await,
            Job::Take { events, done } => {
                let taken = self.take(&events).await;
                self.note_state();
                self.note_holders();
                discard(done.send(taken));
            }
        }
    }

    async fn take(&mut self, events: &[RecordedEvent]) -> Result<(), EngineError> {
        let (Some(loaded), key) = (&mut self.loaded, &self.cell.key) else {
            return Ok(());
        };
        let is_next = |event: &RecordedEvent| event.version <= loaded.version.next();
        if events.first().is_none_or(is_next) {
            let taken = events.iter().try_for_each(|event| load::take(key, loaded, event));
            if taken.is_ok() {
                return Ok(());
            }
        }
        self.loaded = None;
        self.loaded = Some(load::load(&self.engine, &self.cell.key).await?);
        Ok(())
    }

    async fn execute(&mut self, request: Box<Request>, reply: Reply, attempts: u32) {
        let Some(loaded) = &mut self.loaded else {
            return;
        };
        if let Some(expected) = request.expected
            && expected != loaded.version
        {
            return self.answer_without_events(request, reply, attempts, Ok(())).await;
        }
        let moment = self.engine.moment(&request.metadata.actor);
        let beside = beside::decided(&request, &moment);
        let decided = beside.and_then(|beside| {
            let events = loaded.state.handle(&request.command, &moment)?;
            Ok(Decided { events, beside, moment })
        });
        match decided {
            Ok(decided) if !decided.events.is_empty() || request.key.is_some() => {
                self.launch(request, reply, attempts, decided).await;
            }
            Ok(_) => {
                self.answer_without_events(request, reply, attempts, Ok(())).await;
            }
            Err(HandleError::Rejected(rejection)) => {
                let refused = Err(named(rejection, &self.cell.key.stream));
                self.answer_without_events(request, reply, attempts, refused).await;
            }
            Err(HandleError::Illegal(illegal)) => self.broken(reply, &illegal),
        }
    }

    /// What was decided does not follow: nothing is written, and the state is thrown away.
    pub(super) fn broken(&mut self, reply: Reply, illegal: &IllegalTransition) {
        self.loaded = None;
        let stream = self.cell.key.stream.clone();
        tracing::error!(%illegal, %stream, "a decided event does not apply: a bug");
        let why = format!("a decided event does not apply: {illegal}");
        discard(reply.send(Err(EngineError::BrokenStream { stream, why })));
    }

    /// Hands what was decided to the archive. That it was so already is kept too, when the request
    /// has a key: its repetition must not do anything later.
    async fn launch(
        &mut self,
        request: Box<Request>,
        reply: Reply,
        attempts: u32,
        decided: Decided,
    ) {
        if let Some((append, landed)) = self.written(&request, decided) {
            self.store(append, Job::Execute { request, reply, attempts }, landed).await;
        }
    }

    /// What is stored of what was decided, and what is answered then.
    pub(super) fn written(
        &mut self,
        request: &Request,
        decided: Decided,
    ) -> Option<(AppendRequest, Landed)> {
        let loaded = self.loaded.as_mut()?;
        let Decided { events, beside, moment } = decided;
        let new_events = encode::new_events(&self.engine, &events, &request.metadata, moment.at);
        let description =
            request.describe.map(|describe| describe(&loaded.state, &events)).unwrap_or_default();
        let expected = encode::expected(loaded.version);
        let written = u64::try_from(events.len()).unwrap_or(u64::MAX);
        loaded.version = loaded.version.plus(written);
        let (recorded, version) = (encode::recorded(&new_events), loaded.version);
        let kept = KeptAnswer { recorded, version, at: moment.at, description };
        let stream = self.cell.key.stream.clone();
        let mut append = AppendRequest {
            workspace: request.workspace.clone(),
            writes: beside::writes(&self.engine, request, beside, moment.at),
            conditions: request.conditions.clone(),
            key: key_of(request),
            answer: request.key.as_ref().map(|_| encode::answer(&kept)).unwrap_or_default(),
        };
        if events.is_empty() {
            append.conditions.push(StreamCondition { stream, expected });
        } else {
            append.writes.push(StreamWrite { stream, expected, events: new_events });
        }
        Some((append, Landed { events, beside: Vec::new(), kept }))
    }

    /// Stores what was decided, and answers; the state is ahead of the log until then.
    pub(super) async fn store(&mut self, append: AppendRequest, job: Job, landed: Landed) {
        if is_planted("ack_before_append") {
            landed.answer(job, self.engine.store.wake().borrow().next(), None);
            if self.engine.store.append(append).await.is_err() {
                self.loaded = None;
            }
            return;
        }
        let outcome = self.engine.store.append(append).await;
        self.settle(job, outcome, landed);
    }

    pub(super) fn settle(
        &mut self,
        job: Job,
        outcome: Result<Appended, AppendError>,
        landed: Landed,
    ) {
        match outcome {
            Ok(Appended::New(receipt)) => {
                self.note_events(&landed.events);
                self.engine.note_stored(&self.cell.key, &receipt, &landed.beside);
                let execution = self.loaded.as_ref().and_then(|loaded| loaded.state.execution());
                landed.answer(job, receipt.last_position, execution);
            }
            Ok(Appended::Repeated(stored)) => {
                self.loaded = None;
                if let Job::Execute { reply, .. } = job {
                    let repeated = repeated(&self.cell.key.stream, &stored);
                    discard(reply.send(repeated));
                }
            }
            Err(AppendError::Conflict { stream, .. }) => self.conflict(job, &stream),
            Err(error) => {
                self.loaded = None;
                refuse(job, &append_error(error));
            }
        }
    }

    fn conflict(&mut self, job: Job, stream: &StreamName) {
        if !is_planted("retry_without_reload") {
            self.loaded = None;
        }
        if *stream == self.cell.key.stream {
            return self.retry(job);
        }
        if let Job::Offer { offer, .. } = job {
            return offer.agent_changed();
        }
        refuse(job, &EngineError::Contended { attempts: 1 });
    }

    fn retry(&mut self, job: Job) {
        COMMAND_RETRIES.count();
        match job {
            Job::Execute { attempts, .. } | Job::Offer { attempts, .. }
                if attempts >= APPEND_RETRIES_MAX =>
            {
                refuse(job, &EngineError::Contended { attempts });
            }
            Job::Execute { request, reply, attempts } => {
                self.again.push_back(Job::Execute { request, reply, attempts: attempts + 1 });
            }
            Job::Offer { offer, attempts } => {
                self.again.push_back(Job::Offer { offer, attempts: attempts + 1 });
            }
            Job::DryRun { .. } | Job::Look { .. } | Job::Beside { .. } | Job::Take { .. } => {
                self.again.push_back(job);
            }
        }
    }

    /// Reads what others have stored meanwhile; says whether there was anything.
    pub(super) async fn freshen(&mut self, newness: Newness) -> Result<bool, EngineError> {
        let Some(loaded) = &mut self.loaded else {
            self.loaded = Some(load::load(&self.engine, &self.cell.key).await?);
            return Ok(true);
        };
        let is_alone = !self.engine.is_shared || newness == Newness::Followed;
        let is_newest = is_alone && self.cell.stored() <= loaded.version;
        if is_newest || is_planted("reject_from_stale_state") {
            return Ok(false);
        }
        let caught_up = load::catch_up(&self.engine, &self.cell.key, loaded).await;
        if caught_up.is_err() {
            self.loaded = None;
        }
        caught_up
    }

    /// A refusal, or that it was so already: said only when the state is the newest, and the same
    /// request was not answered otherwise before.
    async fn answer_without_events(
        &mut self,
        request: Box<Request>,
        reply: Reply,
        attempts: u32,
        decided: Result<(), Rejection>,
    ) {
        let stored = match stored(&self.engine, &request).await {
            Ok(stored) => stored,
            Err(error) => return discard(reply.send(Err(error))),
        };
        if let Some(stored) = stored {
            return discard(reply.send(stored));
        }
        match self.freshen(Newness::Newest).await {
            Err(error) => discard(reply.send(Err(error))),
            Ok(true) => self.retry(Job::Execute { request, reply, attempts }),
            Ok(false) => {
                self.note_state();
                discard(reply.send(self.plain_answer(&request, decided)));
            }
        }
    }

    fn plain_answer(
        &self,
        request: &Request,
        decided: Result<(), Rejection>,
    ) -> Result<Outcome, EngineError> {
        let Some(loaded) = &self.loaded else {
            return Err(EngineError::Stopping);
        };
        if let Some(expected) = request.expected
            && expected != loaded.version
        {
            let actual = loaded.version;
            return Err(EngineError::VersionMismatch { expected, actual });
        }
        decided?;
        let describe = request.describe.map(|describe| describe(&loaded.state, &[]));
        Ok(Outcome {
            recorded: Vec::new(),
            events: Vec::new(),
            position: *self.engine.store.wake().borrow(),
            version: loaded.version,
            at: self.engine.clock.now(),
            is_repeat: false,
            description: describe.unwrap_or_default(),
        })
    }
}

fn key_of(request: &Request) -> Option<IdempotencyKey> {
    let key = request.key.as_ref()?;
    Some(IdempotencyKey {
        actor: request.metadata.actor.to_string(),
        key: key.key.clone(),
        request_hash: key.request_hash,
    })
}
