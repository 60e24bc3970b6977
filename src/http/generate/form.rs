//! What is sent to ask PlanExe for a plan.

use crate::domain::event::plan::GenerationWishes;
use crate::domain::plan::AskGeneration;
use crate::domain::{AgentId, PlanId, Text, Title};
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::Id;
use crate::plans::{Sequencing, first_line};
use serde::Deserialize;
use utoipa::ToSchema;

/// What PlanExe is asked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanWish)]
pub(in crate::http) struct GenerateForm {
    /// What the plan is to be for: the prompt, as PlanExe takes it; some hundred words are best.
    #[schema(value_type = String, min_length = 1, max_length = 65_536)]
    goal: Text,
    /// The id that the plan is to have.
    #[schema(value_type = Option<Id>)]
    plan_id: Option<PlanId>,
    /// What it is called until it is there; the first line of the goal when nothing is said.
    #[schema(value_type = Option<String>)]
    title: Option<Title>,
    /// The models that PlanExe is to use, by its name for them, such as `baseline`.
    #[schema(value_type = Option<String>)]
    model_profile: Option<Title>,
    /// The agent that the plan is meant for.
    #[schema(value_type = Option<Id>)]
    assigned_to: Option<AgentId>,
    /// Whether the documents that it wants found or written become tasks.
    #[serde(default)]
    documents: bool,
    /// Whether open decisions become approvals: yes when nothing is said.
    gates: Option<bool>,
    /// `explicit`, `phases` or `waterfall`.
    sequencing: Option<String>,
    /// The documents name it. Whatever it says, the plan comes as tasks.
    #[expect(dead_code, reason = "every plan comes as tasks")]
    agent_capable: Option<bool>,
    /// The documents name it. Whatever it says, the plan comes as tasks.
    #[schema(value_type = Option<String>)]
    #[expect(dead_code, reason = "every plan comes as tasks")]
    output_format: Option<Title>,
    /// The documents name it. Whatever it says, the plan comes as tasks.
    #[schema(value_type = Option<String>)]
    #[expect(dead_code, reason = "every plan comes as tasks")]
    target_audience: Option<Title>,
}

impl GenerateForm {
    /// The command that asks for it.
    pub(super) fn asked(self, new_id: PlanId) -> Result<AskGeneration, Problem> {
        let empty = || Problem::at(Code::Invalid, "/goal", "say what the plan is to be for");
        let title = self.title.or_else(|| first_line(self.goal.as_str())).ok_or_else(empty)?;
        let sequencing = match self.sequencing.as_deref() {
            None => None,
            Some(word) if Sequencing::parse(word).is_some() => Title::parse(word).ok(),
            Some(_) => {
                let words = Sequencing::WORDS.join(", ");
                let message = format!("sequencing is one of {words}");
                return Err(Problem::at(Code::Invalid, "/sequencing", message));
            }
        };
        let (documents, gates) = (self.documents, self.gates.unwrap_or(true));
        Ok(AskGeneration {
            plan_id: self.plan_id.unwrap_or(new_id),
            title,
            prompt: self.goal,
            profile: self.model_profile,
            wishes: GenerationWishes { documents, gates, sequencing },
            assigned_to: self.assigned_to,
        })
    }
}
