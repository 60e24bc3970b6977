//! Who breaks tasks down: the table of patterns, and, where one is set up, a language model, whose
//! answers are data that is checked and never an order. Where the model is of no use, the table
//! answers, and says so.

mod anthropic;
mod breaker;
mod budget;
mod by_model;
mod by_rules;
mod config;
mod openai;
mod plan;
mod wire;

pub use by_model::ByModel;
pub use by_rules::ByRules;
pub use config::{ApiKey, DecompositionConfig, ModelConfig, Provider};
pub use plan::{LeftAlone, PlanWish, Spread, as_command, plan_tasks_open, question_of, said_in};
pub(crate) use wire::Wire;

use crate::clock::Clock;
use crate::decompose::{Proposal, Question};
use crate::domain::event::work::DecompositionSource;
use crate::domain::{Budget, Text, Timestamp, Usage};
use crate::store::{Store, StoreError};
use std::sync::Arc;

/// Breaks tasks down.
pub trait Decomposer {
    /// Proposes parts for a task.
    fn decompose(
        &self,
        question: &Question,
    ) -> impl Future<Output = Result<Decomposed, Unanswered>> + Send;
}

/// How a task was broken down.
#[derive(Debug, Clone, PartialEq)]
pub struct Decomposed {
    /// The parts, and how sure the decomposer is.
    pub proposal: Proposal,
    /// Who it was.
    pub source: DecompositionSource,
    /// What language models used up for it, also where their answers were of no use.
    pub usage: Option<Usage>,
}

/// A decomposer has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// Why.
    pub why: NoAnswer,
    /// What was used up all the same.
    pub usage: Option<Usage>,
}

/// Why a language model has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Too many questions are under way.
    #[error("too many questions are under way")]
    Busy,
    /// It failed several times in a row, and is left alone for a while.
    #[error("it failed several times in a row and is left alone for a while")]
    Resting,
    /// The budget of the day is used up.
    #[error("the budget of the day is used up")]
    DayBudget,
    /// The budget of the plan is used up.
    #[error("the budget of the plan is used up")]
    PlanBudget,
    /// Its server cannot be reached, or has no valid certificate.
    #[error("its server cannot be reached")]
    Unreachable,
    /// The proxy is not there, or lets nothing through.
    #[error("its server cannot be reached through the proxy (outbound.proxy)")]
    Proxy,
    /// It did not answer in time.
    #[error("it did not answer in time")]
    TooSlow,
    /// It answered more than is read.
    #[error("it answered more than is read")]
    TooMuch,
    /// It answered with an error.
    #[error("its server answered {0}")]
    Status(u16),
    /// It answered something else than was asked for, twice.
    #[error("its answers could not be used")]
    Useless,
    /// It refused, or its answer was cut off.
    #[error("it refused, or its answer was cut off")]
    Refused,
}

/// The decomposers of a server; clones are the same ones.
#[derive(Clone)]
pub struct Decomposers {
    inner: Arc<Inner>,
}

struct Inner {
    rules: ByRules,
    model: Option<ByModel>,
    per_plan: Budget,
}

/// The kind of the events that say what language models used up.
const SPENDING: &str = "plan_task_decomposed";

impl Decomposers {
    /// Makes them ready: what the day has cost is read from the log.
    pub async fn start(
        store: &Store,
        clock: Clock,
        config: DecompositionConfig,
    ) -> Result<Self, StoreError> {
        let per_plan = Budget {
            tokens_max: Some(config.tokens_per_plan_max).filter(|&max| max > 0),
            ..Budget::default()
        };
        let model = match config.model {
            Some(model) => {
                let spent = budget::spent_today(store, clock.now()).await?;
                Some(ByModel::new(model, clock, spent))
            }
            None => None,
        };
        let rules = ByRules(config.patterns);
        Ok(Self { inner: Arc::new(Inner { rules, model, per_plan }) })
    }

    /// What language models may use up for one plan.
    pub fn per_plan(&self) -> Budget {
        self.inner.per_plan
    }

    /// Whether a language model is asked.
    pub fn has_model(&self) -> bool {
        self.inner.model.is_some()
    }

    /// Breaks a task down: by the model where there is one and the plan may still ask it, else by
    /// the rules.
    pub async fn decompose(&self, question: &Question, spent: Usage) -> Decomposed {
        let Some(model) = &self.inner.model else { return self.by_rules(question) };
        if question.capabilities.is_empty() {
            return self.by_rules(question);
        }
        let is_over = self.inner.per_plan.tokens_max.is_some_and(|max| spent.tokens() >= max);
        let asked = match is_over {
            true => Err(Unanswered { why: NoAnswer::PlanBudget, usage: None }),
            false => model.decompose(question).await,
        };
        asked.unwrap_or_else(|Unanswered { why, usage }| {
            tracing::warn!(model.name = model.name(), "no language model: {why}");
            let mut by_rules = self.by_rules(question);
            let line = format!(
                "the language model gave no answer that can be used ({why}): the rules broke the \
                 task down instead"
            );
            by_rules.proposal.warnings.insert(0, line);
            Decomposed { usage, ..by_rules }
        })
    }

    /// Breaks a task down by the rules alone.
    pub fn by_rules(&self, question: &Question) -> Decomposed {
        self.inner.rules.answer(question)
    }
}

/// A short text of ours.
fn text(text: &str) -> Text {
    Text::parse(text).expect("it is short, and holds no NUL")
}

/// How long it took.
fn lasted_ms(since: Timestamp, until: Timestamp) -> u64 {
    until.ms_since(since)
}
