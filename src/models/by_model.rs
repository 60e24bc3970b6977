//! Breaks tasks down by asking a language model: within a time, a budget, and a number of questions
//! at once. Its answer is checked; one that cannot be used is shown to it with what is wrong, once.

use super::breaker::Breaker;
use super::budget::DayBudget;
use super::config::{ModelConfig, Provider};
use super::wire::Wire;
use super::{Decomposed, Decomposer, NoAnswer, Unanswered, anthropic, lasted_ms, openai, text};
use crate::clock::Clock;
use crate::decompose::{
    Masking, Prompt, Question, answer_schema, prompt, read_answer, retry_words,
};
use crate::domain::Usage;
use crate::domain::event::work::DecompositionSource;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

/// How many questions are under way at once.
const QUESTIONS_MAX: usize = 4;
/// How often a model is asked for one task.
const ATTEMPTS_MAX: usize = 2;
/// How many tokens an answer may have.
const ANSWER_TOKENS_MAX: u64 = 4_096;
/// The name of the form that the answer has.
const FORM: &str = "decompose_task";
/// About how many characters a token has, where the server does not count.
const TOKEN_CHARS: usize = 4;
/// How much of an answer a model is shown again.
const SHOWN_CHARS_MAX: usize = 8_000;

/// What a language model is asked.
pub(super) struct Ask<'a> {
    pub(super) system: &'a str,
    pub(super) user: &'a str,
    pub(super) schema: &'a Value,
    pub(super) name: &'static str,
    pub(super) tokens_max: u64,
}

/// What it said.
pub(super) struct Said {
    pub(super) text: Option<String>,
    /// Whether it neither refused nor was cut off.
    pub(super) is_whole: bool,
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
}

/// A language model.
pub struct ByModel {
    config: ModelConfig,
    wire: Wire,
    clock: Clock,
    breaker: Breaker,
    day: DayBudget,
    questions: Semaphore,
}

impl ByModel {
    pub(super) fn new(config: ModelConfig, clock: Clock, spent_today: (i64, Usage)) -> Self {
        let ModelConfig { endpoint, authorities, proxy, timeout_ms, .. } = &config;
        let wire = Wire::new(endpoint.clone(), authorities, proxy.clone(), *timeout_ms);
        let day = DayBudget::new(config.per_day, spent_today);
        let questions = Semaphore::new(QUESTIONS_MAX);
        Self { config, wire, clock, breaker: Breaker::default(), day, questions }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// Whether it may be asked now.
    fn admit(&self) -> Result<(), NoAnswer> {
        let now = self.clock.now();
        if !self.day.has_room(now) {
            return Err(NoAnswer::DayBudget);
        }
        if !self.breaker.admits(now) {
            return Err(NoAnswer::Resting);
        }
        Ok(())
    }

    /// Asks once, and counts what it used up.
    async fn ask(&self, ask: &Ask<'_>, used: &mut Usage) -> Result<String, NoAnswer> {
        let begun = self.clock.now();
        let (path, headers, body) = match self.config.provider {
            Provider::OpenAi => {
                (openai::PATH, openai::headers(&self.config), openai::body(&self.config, ask))
            }
            Provider::Anthropic => (
                anthropic::PATH,
                anthropic::headers(&self.config),
                anthropic::body(&self.config, ask),
            ),
        };
        // Whoever asks may go away in the middle: what is set aside stays spent then.
        let set_aside = self.usage(ask, None, 0);
        self.day.spend(begun, set_aside);
        let answered = self.wire.post(path, &headers, &body).await;
        let said = answered.and_then(|answer| match self.config.provider {
            Provider::OpenAi => openai::said(&answer),
            Provider::Anthropic => anthropic::said(&answer),
        });
        let ended = self.clock.now();
        let usage = self.usage(ask, said.as_ref().ok(), lasted_ms(begun, ended));
        self.day.settle(ended, set_aside, usage);
        *used = used.plus(usage);
        match said {
            Ok(Said { text: Some(text), is_whole: true, .. }) => Ok(text),
            Ok(_) => Err(NoAnswer::Refused),
            Err(why) => Err(why),
        }
    }

    /// What a question cost. What the server does not count is estimated by the characters.
    fn usage(&self, ask: &Ask<'_>, said: Option<&Said>, duration_ms: u64) -> Usage {
        let tokens = |chars: usize| u64::try_from(chars / TOKEN_CHARS).unwrap_or(u64::MAX);
        let asked = || tokens(ask.system.len() + ask.user.len());
        let answered = || tokens(said.and_then(|said| said.text.as_ref()).map_or(0, String::len));
        let input_tokens = said.and_then(|said| said.input_tokens).unwrap_or_else(asked);
        let output_tokens = said.and_then(|said| said.output_tokens).unwrap_or_else(answered);
        let cents = |tokens: u64, cents: u64| tokens.saturating_mul(cents) / 100;
        let cost_microusd = cents(input_tokens, self.config.input_cents)
            .saturating_add(cents(output_tokens, self.config.output_cents));
        Usage { input_tokens, output_tokens, cost_microusd, duration_ms }
    }

    async fn answer(&self, question: &Question, used: &mut Usage) -> Result<Decomposed, NoAnswer> {
        let mut masking = Masking::default();
        let Prompt { system, user } = prompt(question, &mut masking);
        let prompt_hash = hash(&system, &user);
        let schema = answer_schema(question);
        let mut words = user.clone();
        for _ in 0..ATTEMPTS_MAX {
            let (name, tokens_max) = (FORM, ANSWER_TOKENS_MAX);
            let ask = Ask { system: &system, user: &words, schema: &schema, name, tokens_max };
            let said = self.ask(&ask, used).await?;
            match read_answer(question, &masking, &said) {
                Ok(proposal) => {
                    let (name, prompt_hash) = (text(&self.config.name), text(&prompt_hash));
                    let source = DecompositionSource::Model { name, prompt_hash };
                    return Ok(Decomposed { proposal, source, usage: Some(*used) });
                }
                Err(faults) => {
                    let shown: String = said.chars().take(SHOWN_CHARS_MAX).collect();
                    let mended = retry_words(&faults);
                    words = format!("{user}\n\nYou answered:\n{shown}\n\n{mended}");
                }
            }
            if !self.day.has_room(self.clock.now()) {
                return Err(NoAnswer::DayBudget);
            }
        }
        Err(NoAnswer::Useless)
    }
}

/// Names what was asked, without saying it.
fn hash(system: &str, user: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(system.as_bytes());
    hash.update([0]);
    hash.update(user.as_bytes());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Decomposer for ByModel {
    async fn decompose(&self, question: &Question) -> Result<Decomposed, Unanswered> {
        let none = |why| Unanswered { why, usage: None };
        let _turn = self.questions.try_acquire().map_err(|_| none(NoAnswer::Busy))?;
        self.admit().map_err(none)?;
        let mut used = Usage::default();
        let answered = self.answer(question, &mut used).await;
        match &answered {
            Ok(_) => self.breaker.worked(),
            Err(_) => self.breaker.failed(self.clock.now()),
        }
        let Usage { input_tokens, output_tokens, duration_ms, .. } = used;
        tracing::info!(
            model.name = self.config.name,
            model.input_tokens = input_tokens,
            model.output_tokens = output_tokens,
            model.duration_ms = duration_ms,
            model.is_answered = answered.is_ok(),
            "a language model was asked to break a task down"
        );
        answered.map_err(|why| Unanswered { why, usage: Some(used) })
    }
}
