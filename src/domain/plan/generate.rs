//! What follows from commands about a plan that PlanExe makes.

use super::decide::{Decision, one};
use super::generation::{Generation, GenerationStage};
use super::{AskGeneration, GenerationCommand, ImportPlan, Plan, PlanPhase};
use crate::event::plan::{
    GenerationFault, GenerationTrouble, PlanGenerationAsked, PlanGenerationCancelled,
    PlanGenerationFailed, PlanGenerationProgressed, PlanGenerationRetried, PlanGenerationStarted,
    PlanGenerationStopped,
};
use crate::{Moment, Rejection, Text, Title};

/// The most that can be done, in hundredths.
const PERCENT_MAX: u8 = 100;

impl Plan {
    pub(super) fn generate(&self, command: &GenerationCommand, moment: &Moment) -> Decision {
        let making = || self.in_the_making();
        match command {
            GenerationCommand::Ask(ask) => self.ask(ask, moment),
            GenerationCommand::Start { run_id } => making()?.start(run_id, moment),
            GenerationCommand::Note { percent, step, trouble } => {
                making()?.note((*percent, step.as_ref(), *trouble), moment)
            }
            GenerationCommand::Fail { fault, is_resumable, message } => {
                making()?.fail((*fault, *is_resumable, message.as_ref()), moment)
            }
            GenerationCommand::Cancel => making()?.cancel(moment),
            GenerationCommand::Stop => making()?.stop(moment),
            GenerationCommand::Retry => making()?.retry(moment),
            GenerationCommand::Finish(import) => self.finish(import, moment),
        }
    }

    /// The plan that was made comes in, once.
    fn finish(&self, import: &ImportPlan, moment: &Moment) -> Decision {
        if self.generation().is_some_and(|made| made.stage == GenerationStage::Done) {
            return self.import(import, moment);
        }
        let generation = self.in_the_making()?;
        if !generation.is_running() || import.plan_id != generation.plan_id {
            return Err(generation.wrong_state());
        }
        self.imported_by(import, moment)
    }

    fn ask(&self, ask: &AskGeneration, moment: &Moment) -> Decision {
        if self.generation().is_some_and(|known| known.came_from(ask)) {
            return Ok(Vec::new());
        }
        if let Some(plan_id) = self.plan_id() {
            return Err(Rejection::AlreadyExists { what: "plan", id: plan_id.to_string() });
        }
        let ask = ask.clone();
        one(PlanGenerationAsked {
            plan_id: ask.plan_id,
            title: ask.title,
            prompt: ask.prompt,
            profile: ask.profile,
            wishes: ask.wishes,
            assigned_to: ask.assigned_to,
            at: moment.at,
            by: moment.by.clone(),
        })
    }

    fn in_the_making(&self) -> Result<&Generation, Rejection> {
        match &self.phase {
            PlanPhase::Generating(generation) => Ok(generation),
            PlanPhase::Absent
            | PlanPhase::Imported(_)
            | PlanPhase::Archived { .. }
            | PlanPhase::Deleted { .. } => Err(self.wrong_state()),
        }
    }
}

impl Generation {
    /// Whether it was asked for so.
    fn came_from(&self, ask: &AskGeneration) -> bool {
        self.plan_id == ask.plan_id
            && self.prompt == ask.prompt
            && self.profile == ask.profile
            && self.wishes == ask.wishes
            && self.assigned_to == ask.assigned_to
    }

    fn wrong_state(&self) -> Rejection {
        let (id, state) = (self.plan_id.to_string(), self.stage_word());
        Rejection::WrongState { what: "generation of plan", id, state }
    }

    fn start(&self, run_id: &Title, moment: &Moment) -> Decision {
        let started = PlanGenerationStarted { run_id: run_id.clone(), at: moment.at };
        match self.stage {
            GenerationStage::Asked => one(started),
            GenerationStage::Running { .. } | GenerationStage::Cancelled
                if self.run_id.as_ref() == Some(run_id) =>
            {
                Ok(Vec::new())
            }
            GenerationStage::Cancelled if self.run_id.is_none() => one(started),
            GenerationStage::Running { .. }
            | GenerationStage::Cancelled
            | GenerationStage::Stopped
            | GenerationStage::Failed { .. }
            | GenerationStage::Done => Err(self.wrong_state()),
        }
    }

    /// Progress never goes back.
    fn note(
        &self,
        (percent, step, trouble): (u8, Option<&Title>, Option<GenerationTrouble>),
        moment: &Moment,
    ) -> Decision {
        let GenerationStage::Running { trouble: known } = &self.stage else {
            return Err(self.wrong_state());
        };
        let percent = percent.min(PERCENT_MAX).max(self.percent);
        let step = step.or(self.step.as_ref());
        if percent == self.percent && step == self.step.as_ref() && trouble == *known {
            return Ok(Vec::new());
        }
        one(PlanGenerationProgressed { percent, step: step.cloned(), trouble, at: moment.at })
    }

    fn fail(
        &self,
        (fault, is_resumable, message): (GenerationFault, bool, Option<&Text>),
        moment: &Moment,
    ) -> Decision {
        match self.stage {
            GenerationStage::Asked | GenerationStage::Running { .. } => {
                let (message, at) = (message.cloned(), moment.at);
                one(PlanGenerationFailed { fault, is_resumable, message, at })
            }
            GenerationStage::Failed { .. } => Ok(Vec::new()),
            GenerationStage::Cancelled | GenerationStage::Stopped | GenerationStage::Done => {
                Err(self.wrong_state())
            }
        }
    }

    fn cancel(&self, moment: &Moment) -> Decision {
        match self.stage {
            GenerationStage::Asked | GenerationStage::Running { .. } => {
                one(PlanGenerationCancelled { at: moment.at, by: moment.by.clone() })
            }
            GenerationStage::Cancelled | GenerationStage::Stopped => Ok(Vec::new()),
            GenerationStage::Failed { .. } | GenerationStage::Done => Err(self.wrong_state()),
        }
    }

    fn stop(&self, moment: &Moment) -> Decision {
        match self.stage {
            GenerationStage::Cancelled => one(PlanGenerationStopped { at: moment.at }),
            GenerationStage::Stopped => Ok(Vec::new()),
            GenerationStage::Asked
            | GenerationStage::Running { .. }
            | GenerationStage::Failed { .. }
            | GenerationStage::Done => Err(self.wrong_state()),
        }
    }

    fn retry(&self, moment: &Moment) -> Decision {
        match self.stage {
            GenerationStage::Stopped | GenerationStage::Failed { .. } => {
                one(PlanGenerationRetried { at: moment.at, by: moment.by.clone() })
            }
            GenerationStage::Asked => Ok(Vec::new()),
            GenerationStage::Running { .. }
            | GenerationStage::Cancelled
            | GenerationStage::Done => Err(self.wrong_state()),
        }
    }
}
