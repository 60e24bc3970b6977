//! One look at one plan in the making: what PlanExe is asked, and what that leads to. Whatever is
//! learnt goes into the log before anything else is done with it, so that whoever goes on, goes on
//! from there; what two servers learn twice, the law takes once.

use super::fault::Fault;
use super::{Order, Planexe, Standing};
use crate::domain::event::plan::{GenerationFault, GenerationTrouble, GenerationWishes};
use crate::domain::plan::{Generation, GenerationCommand, GenerationStage, PlanCommand};
use crate::domain::{Actor, Command, PlanId, Timestamp, Title, WorkspaceId};
use crate::engine::{Engine, EngineError, Request, StreamKey};
use crate::plans::{Input, Kind, Options, PlanError, Reading, Sequencing};
use hyper::body::Bytes;

/// How long it is tried to ask for a plan.
const ASK_MS_MAX: u64 = 60_000;
/// What an archive of PlanExe is called in the report.
const NAME: &str = "the run";

/// A plan in the making, and the hands that are needed for it.
pub(super) struct Drive<'a> {
    pub(super) engine: &'a Engine,
    pub(super) planexe: &'a Planexe,
    pub(super) key: &'a StreamKey,
    pub(super) generation: Generation,
}

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// It goes on: look again after a while.
    GoesOn,
    /// It goes on: look again at once.
    AtOnce,
}

impl Drive<'_> {
    /// Looks once.
    pub(super) async fn look(&self) -> Result<Looked, EngineError> {
        let run_id = self.generation.run_id.as_ref().map(Title::as_str);
        match (&self.generation.stage, run_id) {
            (GenerationStage::Asked, run_id) => self.ask(run_id).await,
            (GenerationStage::Running { .. }, Some(run_id)) => self.follow(run_id).await,
            (GenerationStage::Cancelled, Some(run_id)) => self.stop(run_id).await,
            (GenerationStage::Cancelled, None) => self.tell(GenerationCommand::Stop).await,
            (
                GenerationStage::Running { .. }
                | GenerationStage::Stopped
                | GenerationStage::Failed { .. }
                | GenerationStage::Done,
                _,
            ) => Ok(Looked::GoesOn),
        }
    }

    fn now(&self) -> Timestamp {
        self.engine.clock().now()
    }

    /// How long nothing was written to the log of this plan.
    fn silent_ms(&self) -> u64 {
        self.now().ms_since(self.generation.heard_at)
    }

    async fn ask(&self, run_id: Option<&str>) -> Result<Looked, EngineError> {
        let profile = self.generation.profile.as_ref().map(Title::as_str);
        let order = Order { prompt: self.generation.prompt.as_str(), profile };
        match self.planexe.order(&order, run_id).await {
            Ok(run_id) => self.started(&run_id).await,
            Err(fault) if fault.is_passing && self.silent_ms() < ASK_MS_MAX => {
                let plan_id = &self.generation.plan_id;
                tracing::info!(plan.id = %plan_id, %fault, "PlanExe is asked again");
                Ok(Looked::GoesOn)
            }
            Err(fault) => self.fail(&fault).await,
        }
    }

    /// Keeps the run; where another one was faster, or the plan was given up, this one is stopped.
    async fn started(&self, run_id: &str) -> Result<Looked, EngineError> {
        let Ok(title) = Title::parse(run_id) else {
            return self.fail(&Fault::bad_answer("no name of a run")).await;
        };
        match self.order(GenerationCommand::Start { run_id: title }, Actor::system()).await {
            Err(EngineError::Rejected(_)) => {
                let stopped = self.planexe.stop(run_id).await;
                let is_stopped = stopped.is_ok();
                tracing::warn!(run.id = run_id, is_stopped, "a run that nobody waits for");
                Ok(Looked::GoesOn)
            }
            told => told.map(|()| Looked::GoesOn),
        }
    }

    async fn follow(&self, run_id: &str) -> Result<Looked, EngineError> {
        let config = self.planexe.config();
        let now = self.now();
        let started_at = self.generation.started_at.unwrap_or(self.generation.asked_at);
        match self.planexe.standing(run_id).await {
            Ok(Standing::Finished) => self.finish(run_id).await,
            Ok(Standing::Working { .. }) if now.ms_since(started_at) > config.run_ms_max => {
                let stopped = self.planexe.stop(run_id).await;
                let is_stopped = stopped.is_ok();
                tracing::warn!(run.id = run_id, is_stopped, "a run took too long");
                let message = "the run took longer than it may (planexe.run_ms_max)";
                self.fail(&Fault::resumable(GenerationFault::TimedOut, message)).await
            }
            Ok(Standing::Working { percent, step, silent_ms }) => {
                let is_stalled = silent_ms.is_some_and(|ms| ms > config.stall_ms_max);
                let trouble = is_stalled.then_some(GenerationTrouble::Stalled);
                self.tell(GenerationCommand::Note { percent, step, trouble }).await
            }
            Err(fault) => self.in_trouble(&fault).await,
        }
    }

    /// What may pass is waited for, as long as that is sensible.
    async fn in_trouble(&self, fault: &Fault) -> Result<Looked, EngineError> {
        let unreachable = Some(GenerationTrouble::Unreachable);
        let is_known = self.generation.stage == GenerationStage::Running { trouble: unreachable };
        let is_over = is_known && self.silent_ms() > self.planexe.config().unreachable_ms_max;
        if !fault.is_passing || is_over {
            return self.fail(fault).await;
        }
        let percent = self.generation.percent;
        self.tell(GenerationCommand::Note { percent, step: None, trouble: unreachable }).await
    }

    /// Fetches what was made, and brings the plan in.
    async fn finish(&self, run_id: &str) -> Result<Looked, EngineError> {
        let bytes = match self.planexe.fetch(run_id).await {
            Ok(bytes) => bytes,
            Err(fault) => return self.in_trouble(&fault).await,
        };
        let reading = match read(bytes, options(&self.generation)).await {
            Ok(reading) => reading,
            Err(fault) => return self.fail(&fault).await,
        };
        let command = GenerationCommand::Finish(Box::new(reading.import));
        match self.order(command, self.generation.asked_by.clone()).await {
            Err(EngineError::Rejected(rejection)) => {
                let message = format!("the plan that PlanExe made is refused: {rejection}");
                self.fail(&Fault::lasting(GenerationFault::NoPlan, message)).await
            }
            told => told.map(|()| Looked::AtOnce),
        }
    }

    async fn stop(&self, run_id: &str) -> Result<Looked, EngineError> {
        match self.planexe.stop(run_id).await {
            Err(fault) if fault.is_passing && self.silent_ms() < ASK_MS_MAX => Ok(Looked::GoesOn),
            Err(fault) => {
                tracing::warn!(run.id = run_id, %fault, "a run could not be stopped");
                self.tell(GenerationCommand::Stop).await
            }
            Ok(()) => self.tell(GenerationCommand::Stop).await,
        }
    }

    async fn fail(&self, fault: &Fault) -> Result<Looked, EngineError> {
        self.tell(GenerationCommand::Fail {
            fault: fault.kind,
            is_resumable: fault.is_resumable && self.generation.run_id.is_some(),
            message: fault.text(),
        })
        .await
    }

    /// Records what was learnt; that somebody was faster, or decided otherwise, is no failure.
    async fn tell(&self, command: GenerationCommand) -> Result<Looked, EngineError> {
        match self.order(command, Actor::system()).await {
            Ok(()) => Ok(Looked::GoesOn),
            Err(EngineError::Rejected(_)) => Ok(Looked::AtOnce),
            Err(error) => Err(error),
        }
    }

    async fn order(&self, command: GenerationCommand, by: Actor) -> Result<(), EngineError> {
        let StreamKey { workspace, stream } = self.key;
        let command = Command::Plan(PlanCommand::Generate(command));
        let request = Request::new(workspace, stream.clone(), command, by);
        self.engine.execute(request).await.map(|_| ())
    }
}

/// What the import is to be like.
fn options(generation: &Generation) -> Options {
    let GenerationWishes { documents, gates, sequencing } = &generation.wishes;
    let sequencing = sequencing.as_ref().and_then(|word| Sequencing::parse(word.as_str()));
    let plan_id: PlanId = generation.plan_id.clone();
    Options {
        plan_id: Some(plan_id.clone()),
        assigned_to: generation.assigned_to.clone(),
        documents: *documents,
        gates: *gates,
        sequencing: sequencing.unwrap_or_default(),
        ..Options::new(plan_id)
    }
}

/// Reads it beside what waits for nothing: a large plan takes a while.
async fn read(bytes: Bytes, options: Options) -> Result<Reading, Fault> {
    let reading = tokio::task::spawn_blocking(move || {
        let input = Input { bytes: &bytes, name: NAME, kind: Some(Kind::Zip) };
        crate::plans::read(input, &options)
    });
    match reading.await {
        Ok(Ok(reading)) => Ok(reading),
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(_) => Err(Fault::lasting(GenerationFault::BadArchive, "the archive could not be read")),
    }
}

/// What is wrong with an archive that came whole.
fn unreadable(error: &PlanError) -> Fault {
    let kind = match error {
        PlanError::NoWorkBreakdown { .. } | PlanError::NotAPlan { .. } | PlanError::Law(_) => {
            GenerationFault::NoPlan
        }
        PlanError::Empty
        | PlanError::TooLarge { .. }
        | PlanError::NotText { .. }
        | PlanError::BadJson { .. }
        | PlanError::WrongShape { .. }
        | PlanError::Damaged { .. }
        | PlanError::Archive { .. } => GenerationFault::BadArchive,
    };
    Fault::lasting(kind, super::fault::quoted(&error.to_string()))
}

/// The stream of a plan in a workspace.
pub(super) fn key_of(workspace: &WorkspaceId, plan_id: &PlanId) -> StreamKey {
    let stream = crate::domain::StreamName::plan(plan_id);
    StreamKey { workspace: workspace.clone(), stream }
}
