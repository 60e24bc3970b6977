//! A plan in the making, as the door shows it.

use crate::domain::plan::{Generation, GenerationStage};
use crate::domain::{Event, State, Title};
use crate::http::schemas::{Id, Moment};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a plan is that PlanExe makes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Generation)]
pub(in crate::http) struct GenerationShown {
    #[schema(value_type = Id)]
    plan_id: String,
    /// `asked`, `running`, `stopping`, `stopped`, `failed` or `done`.
    status: &'static str,
    title: String,
    progress_percent: u8,
    /// What PlanExe works on, in its words.
    step: Option<String>,
    /// What is in the way, without having ended it: `stalled` or `unreachable`.
    trouble: Option<&'static str>,
    /// The run, by PlanExe's name for it.
    run_id: Option<String>,
    /// Why it failed: a word that never changes.
    fault: Option<&'static str>,
    /// Why it failed, and what to do.
    message: Option<String>,
    /// Whether another try goes on where this one ended.
    resumable: bool,
    model_profile: Option<String>,
    #[schema(value_type = Moment)]
    asked_at: String,
    asked_by: String,
    #[schema(value_type = Option<Moment>)]
    started_at: Option<String>,
    /// When something was last heard of it.
    #[schema(value_type = Moment)]
    heard_at: String,
    /// Where to follow it.
    stream: String,
}

impl From<&Generation> for GenerationShown {
    fn from(generation: &Generation) -> Self {
        let text = |title: &Option<Title>| title.as_ref().map(|title| title.as_str().to_owned());
        let (mut trouble, mut fault, mut message, mut resumable) = (None, None, None, false);
        match &generation.stage {
            GenerationStage::Running { trouble: known } => trouble = known.map(|it| it.as_str()),
            GenerationStage::Failed { fault: kind, is_resumable, message: said } => {
                (fault, resumable) = (Some(kind.as_str()), *is_resumable);
                message = said.as_ref().map(|said| said.as_str().to_owned());
            }
            GenerationStage::Stopped => resumable = generation.run_id.is_some(),
            GenerationStage::Asked | GenerationStage::Cancelled | GenerationStage::Done => {}
        }
        Self {
            plan_id: generation.plan_id.to_string(),
            status: generation.stage_word(),
            title: generation.title.to_string(),
            progress_percent: match generation.stage {
                GenerationStage::Done => 100,
                GenerationStage::Asked
                | GenerationStage::Running { .. }
                | GenerationStage::Cancelled
                | GenerationStage::Stopped
                | GenerationStage::Failed { .. } => generation.percent,
            },
            step: text(&generation.step),
            trouble,
            run_id: text(&generation.run_id),
            fault,
            message,
            resumable,
            model_profile: text(&generation.profile),
            asked_at: generation.asked_at.to_string(),
            asked_by: generation.asked_by.to_string(),
            started_at: generation.started_at.map(|at| at.to_string()),
            heard_at: generation.heard_at.to_string(),
            stream: format!("/api/plans/{}/stream", generation.plan_id),
        }
    }
}

/// What a command about a plan in the making is answered.
pub(super) fn describe(state: &State, _: &[Event]) -> Vec<u8> {
    let generation = state.plan().and_then(|plan| plan.generation());
    generation.map_or_else(Vec::new, |generation| {
        let shown = GenerationShown::from(generation);
        serde_json::to_vec(&shown).expect("texts and numbers always become JSON")
    })
}
