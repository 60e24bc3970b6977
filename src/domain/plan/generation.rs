//! A plan that PlanExe makes: where it is on its way here.

use crate::event::plan::{
    GenerationFault, GenerationTrouble, GenerationWishes, PlanGenerationAsked,
    PlanGenerationFailed, PlanGenerationProgressed,
};
use crate::{Actor, AgentId, PlanId, Text, Timestamp, Title};
use serde::{Deserialize, Serialize};

/// A plan that PlanExe makes, or has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The plan.
    pub plan_id: PlanId,
    /// One line for people, until the plan has its own.
    pub title: Title,
    /// What PlanExe is asked.
    pub prompt: Text,
    /// The models that it is to use.
    pub profile: Option<Title>,
    /// What is wished of the import.
    pub wishes: GenerationWishes,
    /// The agent that the plan is meant for.
    pub assigned_to: Option<AgentId>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Who asked for it.
    pub asked_by: Actor,
    /// When something was last heard of it.
    pub heard_at: Timestamp,
    /// The run, by PlanExe's name for it; none before it was taken up.
    pub run_id: Option<Title>,
    /// When PlanExe took it up last.
    pub started_at: Option<Timestamp>,
    /// How much is done, 0 to 100.
    pub percent: u8,
    /// What PlanExe works on.
    pub step: Option<Title>,
    /// Where it is.
    pub stage: GenerationStage,
}

/// Where a plan that PlanExe makes is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GenerationStage {
    /// PlanExe is to be asked; where there is a run, to go on with it.
    Asked,
    /// PlanExe works on it.
    Running {
        /// What is in the way.
        trouble: Option<GenerationTrouble>,
    },
    /// It was given up: PlanExe is to be told.
    Cancelled,
    /// It was given up.
    Stopped,
    /// There is no plan.
    Failed {
        /// Why.
        fault: GenerationFault,
        /// Whether another try goes on where this one ended.
        is_resumable: bool,
        /// What was said of it.
        message: Option<Text>,
    },
    /// The plan is here.
    Done,
}

impl Generation {
    pub(super) fn of(event: &PlanGenerationAsked) -> Self {
        let event = event.clone();
        Self {
            plan_id: event.plan_id,
            title: event.title,
            prompt: event.prompt,
            profile: event.profile,
            wishes: event.wishes,
            assigned_to: event.assigned_to,
            asked_at: event.at,
            asked_by: event.by,
            heard_at: event.at,
            run_id: None,
            started_at: None,
            percent: 0,
            step: None,
            stage: GenerationStage::Asked,
        }
    }

    /// Whether something is still to be done for it.
    pub fn is_open(&self) -> bool {
        match self.stage {
            GenerationStage::Asked
            | GenerationStage::Running { .. }
            | GenerationStage::Cancelled => true,
            GenerationStage::Stopped | GenerationStage::Failed { .. } | GenerationStage::Done => {
                false
            }
        }
    }

    /// The word for where the plan is meanwhile.
    pub fn status(&self) -> &'static str {
        match self.stage {
            GenerationStage::Asked
            | GenerationStage::Running { .. }
            | GenerationStage::Cancelled => "generating",
            GenerationStage::Stopped => "stopped",
            GenerationStage::Failed { .. } => "failed",
            GenerationStage::Done => "ready",
        }
    }

    /// The word for where it is itself.
    pub fn stage_word(&self) -> &'static str {
        match self.stage {
            GenerationStage::Asked => "asked",
            GenerationStage::Running { .. } => "running",
            GenerationStage::Cancelled => "stopping",
            GenerationStage::Stopped => "stopped",
            GenerationStage::Failed { .. } => "failed",
            GenerationStage::Done => "done",
        }
    }

    pub(super) fn started(&mut self, run_id: &Title, at: Timestamp) -> Option<()> {
        let stage = match self.stage {
            GenerationStage::Asked => GenerationStage::Running { trouble: None },
            GenerationStage::Cancelled => GenerationStage::Cancelled,
            GenerationStage::Running { .. }
            | GenerationStage::Stopped
            | GenerationStage::Failed { .. }
            | GenerationStage::Done => return None,
        };
        (self.run_id, self.started_at, self.stage) = (Some(run_id.clone()), Some(at), stage);
        Some(())
    }

    pub(super) fn progressed(&mut self, event: &PlanGenerationProgressed) -> Option<()> {
        let GenerationStage::Running { trouble } = &mut self.stage else { return None };
        *trouble = event.trouble;
        (self.percent, self.step) = (event.percent, event.step.clone());
        Some(())
    }

    pub(super) fn failed(&mut self, event: &PlanGenerationFailed) -> Option<()> {
        match self.stage {
            GenerationStage::Asked | GenerationStage::Running { .. } => {}
            GenerationStage::Cancelled
            | GenerationStage::Stopped
            | GenerationStage::Failed { .. }
            | GenerationStage::Done => return None,
        }
        let PlanGenerationFailed { fault, is_resumable, message, .. } = event.clone();
        self.stage = GenerationStage::Failed { fault, is_resumable, message };
        Some(())
    }

    pub(super) fn cancelled(&mut self) -> Option<()> {
        match self.stage {
            GenerationStage::Asked | GenerationStage::Running { .. } => {}
            GenerationStage::Cancelled
            | GenerationStage::Stopped
            | GenerationStage::Failed { .. }
            | GenerationStage::Done => return None,
        }
        self.stage = GenerationStage::Cancelled;
        Some(())
    }

    pub(super) fn stopped(&mut self) -> Option<()> {
        if self.stage != GenerationStage::Cancelled {
            return None;
        }
        self.stage = GenerationStage::Stopped;
        Some(())
    }

    /// Begins again; where the last try cannot be gone on with, from nothing.
    pub(super) fn retried(&mut self) -> Option<()> {
        let goes_on = match &self.stage {
            GenerationStage::Stopped => true,
            GenerationStage::Failed { is_resumable, .. } => *is_resumable,
            GenerationStage::Asked
            | GenerationStage::Running { .. }
            | GenerationStage::Cancelled
            | GenerationStage::Done => return None,
        };
        if !goes_on {
            (self.run_id, self.percent, self.step) = (None, 0, None);
        }
        self.stage = GenerationStage::Asked;
        Some(())
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, GenerationStage::Running { .. })
    }
}
