//! What work cost: tokens, money, time. Whole numbers, so that sums are exact.

use serde::{Deserialize, Serialize};

/// What one report, or a sum of reports, used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Tokens that went into language models.
    pub input_tokens: u64,
    /// Tokens that came out of language models.
    pub output_tokens: u64,
    /// Money, in millionths of a US dollar.
    pub cost_microusd: u64,
    /// Working time.
    pub duration_ms: u64,
}

impl Usage {
    /// Both together; sums stop at the largest number there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cost_microusd: self.cost_microusd.saturating_add(other.cost_microusd),
            duration_ms: self.duration_ms.saturating_add(other.duration_ms),
        }
    }

    /// Tokens in and out together.
    pub fn tokens(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// What an execution may use up before a person is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// The most money, in millionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_microusd_max: Option<u64>,
    /// The most tokens, in and out together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_max: Option<u64>,
}

impl Budget {
    /// Whether that much is over the budget.
    pub fn is_exceeded_by(self, used: Usage) -> bool {
        self.cost_microusd_max.is_some_and(|max| used.cost_microusd > max)
            || self.tokens_max.is_some_and(|max| used.tokens() > max)
    }

    /// The budget with the same amounts once more, on top of what is used already.
    #[must_use]
    pub fn extended_beyond(self, used: Usage) -> Self {
        Self {
            cost_microusd_max: self.cost_microusd_max.map(|m| m.saturating_add(used.cost_microusd)),
            tokens_max: self.tokens_max.map(|m| m.saturating_add(used.tokens())),
        }
    }
}
