//! How language models are asked: where, as whom, and how much.

use crate::decompose::Patterns;
use crate::domain::Budget;
use crate::outbound::{Endpoint, Proxy};
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::sync::Arc;

/// How tasks are broken down.
#[derive(Debug, Clone, Default)]
pub struct DecompositionConfig {
    /// The table of patterns.
    pub patterns: Patterns,
    /// The language model; none: the rules alone.
    pub model: Option<ModelConfig>,
    /// The tokens that language models may use up for one plan; 0 for no limit.
    pub tokens_per_plan_max: u64,
}

/// A language model, and how it is asked.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Its name.
    pub name: String,
    /// The manner in which it is asked.
    pub provider: Provider,
    /// Where.
    pub endpoint: Endpoint,
    /// As whom.
    pub key: Option<ApiKey>,
    /// Authorities that are trusted beside the public ones.
    pub authorities: Vec<CertificateDer<'static>>,
    /// The proxy that it is asked through.
    pub proxy: Option<Proxy>,
    /// How long it may take to answer.
    pub timeout_ms: u64,
    /// What it may use up in a day.
    pub per_day: Budget,
    /// What tokens cost that go in, in cents for a million.
    pub input_cents: u64,
    /// What tokens cost that come out.
    pub output_cents: u64,
}

/// The manner in which a language model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Chat completions with a JSON schema.
    OpenAi,
    /// Messages with a tool that must be used.
    Anthropic,
}

impl Provider {
    /// The one that a model of that name is asked through, where nothing is said.
    pub fn of(model: &str) -> Self {
        let is_claude = model.to_lowercase().contains("claude");
        if is_claude { Self::Anthropic } else { Self::OpenAi }
    }

    /// Where it is asked, where nothing is said.
    pub fn usual_url(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com",
        }
    }
}

/// A key that is shown to nobody but the language model's server.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Arc<str>);

impl ApiKey {
    /// Takes a key; none when the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        is_plain.then(|| Self(text.into()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_to_nobody() {
        let key = ApiKey::parse(" k-123 ").expect("a key");
        assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
        assert!(ApiKey::parse("two words").is_none() && ApiKey::parse(" ").is_none());
    }
}
