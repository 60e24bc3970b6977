//! Breaks one thing that is to be done down: by the pattern that fits best, as far as the agent's
//! actions go, with parameters that the plan names.

use crate::clause::Clause;
use crate::facts::Facts;
use crate::guess::guess;
use crate::patterns::{Patterns, Ready};
use crate::table::{ActionRule, After, Filling, Step};
use crate::words::{find, stems};
use crate::{Question, fill};
use planexe_ax_domain::event::agent::Capability;
use planexe_ax_domain::{Backoff, RetryPolicy};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// How far from the beginning of a task its verb may stand.
const FRONT_WORDS: usize = 4;
const HOUR_MS: u64 = 3_600_000;
/// How long one attempt may take where the table does not say.
const TIMEOUT_HOURS: u32 = 24;
/// What it costs, in thousandths, when something is not as the pattern has it.
const LOSS_OF_PLACE: u16 = 40;
const LOSS_OF_OBJECT: u16 = 80;
const LOSS_OF_STEP: u16 = 40;
const LOSS_OF_NEEDED_STEP: u16 = 300;
const LOSS_OF_NAMED_PARAM: u16 = 50;
const LOSS_OF_PARAM: u16 = 20;

/// One thing that is to be done, broken down.
pub(crate) struct Draft {
    pub(crate) chosen: Vec<Chosen>,
    pub(crate) confidence_permille: u16,
    pub(crate) notes: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// A step, and what the agent says of the action that does it.
pub(crate) struct Chosen {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) capability: Capability,
    pub(crate) after: After,
    pub(crate) params: Map<String, Value>,
    pub(crate) timeout_ms: u64,
    pub(crate) retry: RetryPolicy,
    pub(crate) success: Vec<String>,
    pub(crate) failure: Option<String>,
    /// The parameters without which it cannot be done, and that nothing names.
    pub(crate) lacks: Vec<String>,
}

/// How well a pattern fits.
struct Fit<'a> {
    ready: &'a Ready,
    verb_at: usize,
    verb_end: usize,
    /// Whether the object stands in the title, or only in the description.
    is_object_near: bool,
    steps: Vec<(&'a Step, &'a Capability)>,
    steps_missing: Vec<&'a Step>,
}

/// What can be done for a clause; none when nothing fits.
pub(crate) fn draft(question: &Question, patterns: &Patterns, clause: &Clause) -> Option<Draft> {
    let fits = patterns.ready.iter().filter_map(|ready| Fit::of(question, ready, clause));
    let fits = fits.filter(|fit| !fit.steps.is_empty());
    match fits.max_by_key(Fit::score) {
        Some(fit) if !fit.lacks_a_needed_step() => Some(fit.draft(question, patterns, clause)),
        Some(fit) => {
            let guessed = guess(question, patterns, clause);
            let drafted = fit.draft(question, patterns, clause);
            let is_better = |guess: &Draft| guess.confidence_permille > drafted.confidence_permille;
            Some(guessed.filter(is_better).unwrap_or(drafted))
        }
        None => guess(question, patterns, clause),
    }
}

impl<'a> Fit<'a> {
    fn of(question: &'a Question, ready: &'a Ready, clause: &Clause) -> Option<Self> {
        let verbs = ready.verbs.iter().filter_map(|verb| Some((find(&clause.stems, verb)?, verb)));
        let verbs = verbs.filter(|(at, _)| *at < FRONT_WORDS);
        let (verb_at, verb) = verbs.min_by_key(|(at, verb)| (*at, usize::MAX - verb.len()))?;
        let is_named = |stems: &[String]| ready.objects.iter().any(|it| find(stems, it).is_some());
        let is_object_near = ready.objects.is_empty() || is_named(&clause.stems);
        let described = || question.task.description.as_ref().map(|it| stems(it.as_str()));
        if !is_object_near && !described().is_some_and(|stems| is_named(&stems)) {
            return None;
        }
        let able = |step: &'a Step| {
            let mut actions = step.actions.iter();
            actions.find_map(|it| question.capabilities.iter().find(|c| c.action.as_str() == it))
        };
        let all = || ready.pattern.step.iter();
        let steps = all().filter_map(|step| Some((step, able(step)?))).collect();
        let steps_missing = all().filter(|step| able(step).is_none()).collect();
        let verb_end = verb_at + verb.len();
        Some(Self { ready, verb_at, verb_end, is_object_near, steps, steps_missing })
    }

    fn lacks_a_needed_step(&self) -> bool {
        self.steps_missing.iter().any(|step| !step.optional)
    }

    /// The higher, the better: a verb at the front, an object in the title, nothing missing.
    fn score(&self) -> (usize, u16) {
        let place = [40, 30, 15, 15].get(self.verb_at).copied().unwrap_or_default();
        let object = match (self.ready.objects.is_empty(), self.is_object_near) {
            (true, _) => 20,
            (false, true) => 80,
            (false, false) => 25,
        };
        let words = 5 * (self.verb_end - self.verb_at) + 3 * usize::from(self.ready.is_own);
        let missing: usize =
            self.steps_missing.iter().map(|step| if step.optional { 5 } else { 40 }).sum();
        let score = (200 + place + object + words).saturating_sub(missing);
        (score, self.ready.pattern.confidence_permille)
    }

    fn draft(&self, question: &Question, patterns: &Patterns, clause: &Clause) -> Draft {
        let pattern = &self.ready.pattern;
        let facts = Facts::of(question, clause, self.verb_end);
        let steps = self.steps.iter();
        let chosen: Vec<Chosen> = steps
            .map(|(step, able)| {
                let words = Wording::of(step);
                chosen(question, patterns, &facts, (&words, able))
            })
            .collect();
        let mut draft = Draft {
            chosen,
            confidence_permille: pattern.confidence_permille,
            notes: pattern.notes.iter().filter_map(|it| fill::text(it, &facts)).collect(),
            warnings: Vec::new(),
        };
        draft.lose(if self.verb_at > 0 { LOSS_OF_PLACE } else { 0 });
        draft.lose(if self.is_object_near { 0 } else { LOSS_OF_OBJECT });
        for step in &self.steps_missing {
            let title = fill::text(&step.title, &facts).unwrap_or_else(|| step.title.clone());
            let actions = step.actions.join(", ");
            draft.lose(if step.optional { LOSS_OF_STEP } else { LOSS_OF_NEEDED_STEP });
            draft.warnings.push(format!("left out, for want of {actions}: {title}"));
        }
        draft.tell_what_lacks(facts.is_about_a_person);
        draft
    }
}

impl Draft {
    fn lose(&mut self, permille: u16) {
        self.confidence_permille = self.confidence_permille.saturating_sub(permille);
    }

    /// Warns of parameters that nothing names. Of somebody who is named the plan should know more;
    /// for a group, the details come with what was done before.
    pub(crate) fn tell_what_lacks(&mut self, is_about_a_person: bool) {
        let lacks = self.chosen.iter().flat_map(|chosen| {
            chosen.lacks.iter().map(|lack| (chosen.capability.action.to_string(), lack.clone()))
        });
        let lacks: BTreeSet<(String, String)> = lacks.collect();
        for (action, lack) in lacks {
            self.lose(if is_about_a_person { LOSS_OF_NAMED_PARAM } else { LOSS_OF_PARAM });
            let lines = format!("nothing in the plan names `{lack}` for {action}: fill it in");
            self.warnings.push(lines);
        }
    }
}

/// How a step is worded.
pub(crate) struct Wording<'a> {
    pub(crate) title: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) after: After,
    pub(crate) params: Option<&'a BTreeMap<String, Filling>>,
    pub(crate) success: &'a [String],
}

impl<'a> Wording<'a> {
    fn of(step: &'a Step) -> Self {
        Self {
            title: &step.title,
            description: step.description.as_deref(),
            after: step.after,
            params: Some(&step.params),
            success: &step.success,
        }
    }
}

/// A step done with an action.
pub(crate) fn chosen(
    question: &Question,
    patterns: &Patterns,
    facts: &Facts,
    (words, able): (&Wording<'_>, &Capability),
) -> Chosen {
    let rule = patterns.actions.get(able.action.as_str());
    let params = params(question, patterns, facts, (words, able));
    let takes = |name: &&String| {
        able.params.is_empty() || able.params.iter().any(|known| known.as_str() == name.as_str())
    };
    let needs = rule.map(|rule| rule.needs.as_slice()).unwrap_or_default();
    let lacks = needs.iter().filter(takes).filter(|name| !params.contains_key(*name));
    let own = rule.map(|rule| rule.success.as_slice()).unwrap_or_default();
    let success = if words.success.is_empty() { own } else { words.success };
    Chosen {
        title: fill::text(words.title, facts).unwrap_or_else(|| able.action.to_string()),
        description: words.description.and_then(|text| fill::text(text, facts)),
        capability: able.clone(),
        after: words.after,
        lacks: lacks.cloned().collect(),
        timeout_ms: u64::from(timeout_hours(rule)) * HOUR_MS,
        retry: retry(rule),
        success: success.iter().filter_map(|text| fill::text(text, facts)).collect(),
        failure: rule.and_then(|rule| fill::text(rule.failure.as_deref()?, facts)),
        params,
    }
}

fn timeout_hours(rule: Option<&ActionRule>) -> u32 {
    rule.and_then(|rule| rule.timeout_hours).unwrap_or(TIMEOUT_HOURS)
}

fn retry(rule: Option<&ActionRule>) -> RetryPolicy {
    let usual = RetryPolicy::default();
    let backoff_ms = rule.and_then(|rule| rule.backoff_seconds).map(|it| u64::from(it) * 1_000);
    RetryPolicy {
        attempts_max: rule.and_then(|rule| rule.attempts).unwrap_or(usual.attempts_max),
        backoff: Backoff::Exponential,
        backoff_ms: backoff_ms.unwrap_or(usual.backoff_ms),
    }
}

/// What is known for the parameters that the action takes: those that it declares, else those that
/// the table has for it.
fn params(
    question: &Question,
    patterns: &Patterns,
    facts: &Facts,
    (words, able): (&Wording<'_>, &Capability),
) -> Map<String, Value> {
    let rule = patterns.actions.get(able.action.as_str());
    let of_action = rule.map(|rule| &rule.params);
    let names: BTreeSet<&str> = if able.params.is_empty() {
        let known = words.params.into_iter().chain(of_action).flat_map(BTreeMap::keys);
        let needed = rule.into_iter().flat_map(|rule| &rule.needs);
        known.chain(needed).map(String::as_str).collect()
    } else {
        able.params.iter().map(|name| name.as_str()).collect()
    };
    let filled = names.into_iter().filter_map(|name| {
        let told = words.params.and_then(|it| it.get(name)).or_else(|| of_action?.get(name));
        let told = told.and_then(|filling| fill::value(filling, facts));
        let named = || question.material.named(name).cloned();
        let usual = || fill::value(patterns.params.get(name)?, facts);
        let value = told.or_else(named).or_else(usual)?;
        Some((name.to_owned(), value))
    });
    filled.collect()
}
