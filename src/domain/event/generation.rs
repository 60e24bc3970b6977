//! Words of the events that say how PlanExe makes a plan.

use crate::Title;
use serde::{Deserialize, Serialize};

/// What is wished of the import of a plan that PlanExe makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationWishes {
    /// Whether the documents that it wants found or written become tasks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub documents: bool,
    /// Whether open decisions become approvals.
    pub gates: bool,
    /// In what order tasks stand that do not depend on each other; none: as the plan says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequencing: Option<Title>,
}

impl GenerationWishes {
    /// Whether nothing was wished.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for GenerationWishes {
    fn default() -> Self {
        Self { documents: false, gates: true, sequencing: None }
    }
}

/// What is in the way of a plan in the making, without having ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerationTrouble {
    /// PlanExe has written nothing for a long time.
    Stalled,
    /// PlanExe does not answer.
    Unreachable,
}

impl GenerationTrouble {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stalled => "stalled",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Why PlanExe made no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerationFault {
    /// It did not answer for too long.
    Unreachable,
    /// It does not take the key, or wants one.
    Unauthorized,
    /// The account has no credits left.
    Credits,
    /// It does not take what was asked.
    Refused,
    /// Its work failed.
    Failed,
    /// It does not know the run any more, or lost it when it was started anew.
    Lost,
    /// It took too long.
    TimedOut,
    /// It was made by another version than the one that should go on with it.
    VersionMismatch,
    /// What it answered is not what it should answer.
    BadAnswer,
    /// Its archive was refused, or did not come whole.
    BadArchive,
    /// Its archive holds no plan.
    NoPlan,
    /// Somebody stopped it there.
    StoppedThere,
}

impl GenerationFault {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unauthorized => "unauthorized",
            Self::Credits => "credits",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::TimedOut => "timed_out",
            Self::VersionMismatch => "version_mismatch",
            Self::BadAnswer => "bad_answer",
            Self::BadArchive => "bad_archive",
            Self::NoPlan => "no_plan",
            Self::StoppedThere => "stopped_there",
        }
    }
}
