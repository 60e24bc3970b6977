//! Carries a stream's jobs out, one after the other: load, decide, append, answer. The next job is
//! decided only when the one before is stored: a version alone does not tell whether what stands
//! there is what this engine wrote, or what another one did.

use super::cell::{Cell, Job, Loaded, Reply};
use super::request::{EngineError, KeptAnswer, Outcome, Recorded, Request};
use super::state::Command;
use super::{EngineInner, encode, grants, load};
use crate::domain::execution::{Execution, HandleError};
use crate::domain::{Event, Moment, Rejection, Timestamp};
use crate::store::{
    AppendError, AppendRequest, Appended, IdempotencyKey, Position, RecordedEvent, StoredAnswer,
    StreamWrite, Version,
};
use std::collections::VecDeque;
use std::sync::Arc;

/// How often a command is decided anew when others changed the stream meanwhile.
pub const APPEND_RETRIES_MAX: u32 = 8;

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
            self.start(job).await;
        }
        self.again.append(&mut jobs);
        if let Some(loaded) = &mut self.loaded {
            self.cell.set_seen(loaded.version);
            load::snapshot_if_due(&self.engine, &self.cell.key, loaded);
            let presence = &self.engine.presence;
            self.engine.index.update(&self.cell.key, &loaded.state, presence);
        }
    }

    async fn start(&mut self, job: Job) {
        match job {
            Job::Execute { request, reply, attempts } => {
                self.execute(request, reply, attempts).await;
            }
            Job::DryRun { request, reply } => {
                self.dry_run(&request, reply).await;
            }
            Job::Look { look, failed } => match self.freshen().await {
                Err(error) => discard(failed.send(error)),
                Ok(_) => {
                    if let Some(loaded) = &self.loaded {
                        look(&loaded.state, loaded.version);
                    }
                }
            },
            Job::Offer { offer, attempts } => grants::offer(self, offer, attempts).await,
            Job::Take { events } => self.take(&events).await,
        }
    }

    async fn take(&mut self, events: &[RecordedEvent]) {
        let (Some(loaded), key) = (&mut self.loaded, &self.cell.key) else {
            return;
        };
        let is_next = |event: &RecordedEvent| event.version <= loaded.version.next();
        if events.first().is_none_or(is_next) {
            let taken = events.iter().try_for_each(|event| load::take(key, loaded, event));
            if taken.is_ok() {
                return;
            }
        }
        self.loaded = None;
        if let Ok(loaded) = load::load(&self.engine, &self.cell.key).await {
            self.loaded = Some(loaded);
        }
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
        match loaded.state.handle(&request.command, &moment) {
            Ok(events) if !events.is_empty() => {
                self.launch(request, reply, attempts, events, &moment).await;
            }
            Ok(_) => {
                self.answer_without_events(request, reply, attempts, Ok(())).await;
            }
            Err(HandleError::Rejected(rejection)) => {
                self.answer_without_events(request, reply, attempts, Err(rejection)).await;
            }
            Err(HandleError::Illegal(illegal)) => {
                self.loaded = None;
                let stream = self.cell.key.stream.clone();
                tracing::error!(%illegal, %stream, "a decided event does not apply: a bug");
                let why = format!("a decided event does not apply: {illegal}");
                discard(reply.send(Err(EngineError::BrokenStream { stream, why })));
            }
        }
    }

    /// Hands what was decided to the archive.
    async fn launch(
        &mut self,
        request: Box<Request>,
        reply: Reply,
        attempts: u32,
        events: Vec<Event>,
        moment: &Moment,
    ) {
        let Some(loaded) = &mut self.loaded else {
            return;
        };
        let engine = &self.engine;
        let new_events = encode::new_events(engine, &events, &request.metadata, moment.at);
        let recorded = encode::recorded(&new_events);
        let description =
            request.describe.map(|describe| describe(&loaded.state, &events)).unwrap_or_default();
        let expected = encode::expected(loaded.version);
        let written = u64::try_from(events.len()).unwrap_or(u64::MAX);
        loaded.version = loaded.version.plus(written);
        let key = request.key.as_ref().map(|key| IdempotencyKey {
            actor: request.metadata.actor.to_string(),
            key: key.key.clone(),
            request_hash: key.request_hash,
        });
        let kept = KeptAnswer { recorded, at: moment.at, description };
        let answer = key.as_ref().map(|_| encode::answer(&kept)).unwrap_or_default();
        let stream = self.cell.key.stream.clone();
        let append = AppendRequest {
            workspace: request.workspace.clone(),
            writes: vec![StreamWrite { stream, expected, events: new_events }],
            conditions: Vec::new(),
            key,
            answer,
        };
        let job = Job::Execute { request, reply, attempts };
        self.store(append, job, events, kept).await;
    }

    /// Stores what was decided, and answers; the state is ahead of the log until then.
    pub(super) async fn store(
        &mut self,
        append: AppendRequest,
        job: Job,
        events: Vec<Event>,
        kept: KeptAnswer,
    ) {
        let KeptAnswer { recorded, at, description } = kept;
        let version = self.loaded.as_ref().map_or(Version::ZERO, |loaded| loaded.version);
        let landed = self.engine.store.append(append).await;
        self.settle(job, landed, Landed { events, recorded, version, at, description });
    }

    fn settle(&mut self, job: Job, landed: Result<Appended, AppendError>, rest: Landed) {
        match landed {
            Ok(Appended::New(receipt)) => {
                let execution = self.loaded.as_ref().and_then(|loaded| loaded.state.execution());
                rest.answer(job, receipt.last_position, execution);
            }
            Ok(Appended::Repeated(stored)) => {
                self.loaded = None;
                if let Job::Execute { reply, .. } = job {
                    let repeated = repeated(&self.cell.key.stream, &stored);
                    discard(reply.send(repeated));
                }
            }
            Err(AppendError::Conflict { stream, .. }) => {
                self.loaded = None;
                match job {
                    Job::Offer { offer, .. } if offer.is_about_agent(&stream) => {
                        offer.agent_changed();
                    }
                    job => self.retry(job),
                }
            }
            Err(error) => {
                self.loaded = None;
                refuse(job, &append_error(error));
            }
        }
    }

    fn retry(&mut self, job: Job) {
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
            Job::DryRun { .. } | Job::Look { .. } | Job::Take { .. } => self.again.push_back(job),
        }
    }

    /// Reads what others have stored meanwhile; says whether there was anything.
    pub(super) async fn freshen(&mut self) -> Result<bool, EngineError> {
        let Some(loaded) = &mut self.loaded else {
            self.loaded = Some(load::load(&self.engine, &self.cell.key).await?);
            return Ok(true);
        };
        if !self.engine.is_shared {
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
        match self.freshen().await {
            Err(error) => discard(reply.send(Err(error))),
            Ok(true) => self.retry(Job::Execute { request, reply, attempts }),
            Ok(false) => discard(reply.send(self.plain_answer(&request, decided))),
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

    async fn dry_run(&mut self, request: &Request, reply: Reply) {
        if let Err(error) = self.freshen().await {
            return discard(reply.send(Err(error)));
        }
        let Some(loaded) = &self.loaded else {
            return;
        };
        let moment = self.engine.moment(&request.metadata.actor);
        let outcome =
            match (loaded.state.clone().handle(&request.command, &moment), &request.command) {
                (Ok(events), _) => Ok(Outcome {
                    recorded: Vec::new(),
                    events,
                    position: *self.engine.store.wake().borrow(),
                    version: loaded.version,
                    at: moment.at,
                    is_repeat: false,
                    description: Vec::new(),
                }),
                (Err(HandleError::Rejected(rejection)), _) => Err(rejection.into()),
                (
                    Err(HandleError::Illegal(illegal)),
                    Command::Execution(_)
                    | Command::Plan(_)
                    | Command::Agent(_)
                    | Command::Workspace(_),
                ) => {
                    let (stream, why) = (self.cell.key.stream.clone(), illegal.to_string());
                    Err(EngineError::BrokenStream { stream, why })
                }
            };
        discard(reply.send(outcome));
    }
}

/// What an equal request was answered before, if there was one.
async fn stored(
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
struct Landed {
    events: Vec<Event>,
    recorded: Vec<Recorded>,
    version: Version,
    at: Timestamp,
    description: Vec<u8>,
}

impl Landed {
    fn answer(self, job: Job, position: Position, execution: Option<&Execution>) {
        let Self { events, recorded, version, at, description } = self;
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
            Job::DryRun { .. } | Job::Look { .. } | Job::Take { .. } => {}
        }
    }
}

fn repeated(
    stream: &crate::domain::StreamName,
    stored: &StoredAnswer,
) -> Result<Outcome, EngineError> {
    let kept: KeptAnswer = serde_json::from_slice(&stored.answer).map_err(|error| {
        EngineError::BrokenStream { stream: stream.clone(), why: format!("a kept answer: {error}") }
    })?;
    let versions = &stored.receipt.versions;
    let version = versions.iter().find(|(name, _)| name == stream).map(|(_, version)| *version);
    Ok(Outcome {
        recorded: kept.recorded,
        events: Vec::new(),
        position: stored.receipt.last_position,
        version: version.unwrap_or_default(),
        at: kept.at,
        is_repeat: true,
        description: kept.description,
    })
}

fn append_error(error: AppendError) -> EngineError {
    match error {
        AppendError::KeyReused => EngineError::KeyReused,
        AppendError::Busy => EngineError::Busy,
        AppendError::OutcomeUnknown => EngineError::OutcomeUnknown,
        AppendError::Closed => EngineError::Stopping,
        error => EngineError::Append(error),
    }
}

pub(super) fn refuse(job: Job, error: &EngineError) {
    match job {
        Job::Execute { reply, .. } | Job::DryRun { reply, .. } => {
            discard(reply.send(Err(error.clone())));
        }
        Job::Look { failed, .. } => discard(failed.send(error.clone())),
        Job::Offer { offer, .. } => offer.refuse(error),
        Job::Take { .. } => {}
    }
}

fn fail_all(jobs: VecDeque<Job>, error: &EngineError) {
    for job in jobs {
        refuse(job, error);
    }
}

/// Whoever waited for the answer may be gone; the work is done all the same.
pub(super) fn discard<T>(sent: Result<(), T>) {
    drop(sent);
}
