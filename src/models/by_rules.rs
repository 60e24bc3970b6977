//! Breaks tasks down by the table of patterns.

use super::{Decomposed, Decomposer, Unanswered};
use crate::decompose::{Patterns, Question, decompose};
use crate::domain::event::work::DecompositionSource;

/// The table of patterns.
#[derive(Debug, Clone, Default)]
pub struct ByRules(pub Patterns);

impl ByRules {
    pub(super) fn answer(&self, question: &Question) -> Decomposed {
        let proposal = decompose(question, &self.0);
        Decomposed { proposal, source: DecompositionSource::Rules, usage: None }
    }
}

impl Decomposer for ByRules {
    async fn decompose(&self, question: &Question) -> Result<Decomposed, Unanswered> {
        Ok(self.answer(question))
    }
}
