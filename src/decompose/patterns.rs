//! The table of patterns, checked: the one that is built in, and what a user adds to it.

use crate::facts::Fact;
use crate::fill::names_in;
use crate::table::{ActionRule, Caution, Filling, Pattern, Table};
use crate::words::stems;
use planexe_ax_domain::ActionName;
use std::collections::{BTreeMap, BTreeSet};

/// The table that is built in.
const BUILT_IN: &str = include_str!("patterns.toml");
/// How large a table may be.
pub const TABLE_BYTES_MAX: usize = 1 << 20;
/// How many patterns there may be.
const PATTERNS_MAX: usize = 2_000;
/// How many parts a pattern may have.
const STEPS_MAX: usize = 20;
/// Confidence is counted in thousandths.
const PERMILLE_MAX: u16 = 1_000;

/// Why a table of patterns is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPatterns {
    /// It is larger than a table may be.
    #[error("a table of patterns has at most {TABLE_BYTES_MAX} bytes")]
    TooLarge,
    /// It is no TOML of that form.
    #[error("{0}")]
    Unreadable(String),
    /// Something in it makes no sense.
    #[error("{place}: {what}")]
    Wrong {
        /// Where: the pattern, action or caution.
        place: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

/// A pattern with its words ready to be compared.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    pub(crate) pattern: Pattern,
    pub(crate) verbs: Vec<Vec<String>>,
    pub(crate) objects: Vec<Vec<String>>,
    /// Whether the user wrote it.
    pub(crate) is_own: bool,
}

/// A caution with its words ready to be compared.
#[derive(Debug, Clone)]
pub(crate) struct ReadyCaution {
    pub(crate) caution: Caution,
    pub(crate) words: Vec<Vec<String>>,
}

/// The table of patterns.
#[derive(Debug, Clone)]
pub struct Patterns {
    pub(crate) ready: Vec<Ready>,
    pub(crate) cautions: Vec<ReadyCaution>,
    pub(crate) params: BTreeMap<String, Filling>,
    pub(crate) actions: BTreeMap<String, ActionRule>,
}

impl Default for Patterns {
    fn default() -> Self {
        Self::built_in()
    }
}

impl Patterns {
    /// The table that is built in.
    pub fn built_in() -> Self {
        let mut patterns = Self::empty();
        let taken = patterns.take(BUILT_IN, false);
        taken.expect("a test reads the table that is built in");
        patterns
    }

    /// The table that is built in, with what a user adds: patterns, actions and parameters of the
    /// same name are replaced, and the user's go first.
    pub fn extended_by(text: &str) -> Result<Self, BadPatterns> {
        let mut patterns = Self::built_in();
        patterns.take(text, true)?;
        Ok(patterns)
    }

    fn empty() -> Self {
        let (ready, cautions) = (Vec::new(), Vec::new());
        Self { ready, cautions, params: BTreeMap::new(), actions: BTreeMap::new() }
    }

    fn take(&mut self, text: &str, is_own: bool) -> Result<(), BadPatterns> {
        if text.len() > TABLE_BYTES_MAX {
            return Err(BadPatterns::TooLarge);
        }
        let table: Table = toml::from_str(text)
            .map_err(|error| BadPatterns::Unreadable(error.to_string().trim_end().to_owned()))?;
        let mut names = BTreeSet::new();
        for pattern in table.pattern {
            if !names.insert(pattern.name.clone()) {
                return Err(wrong(&pattern, "another pattern has this name too"));
            }
            check_pattern(&pattern)?;
            self.ready.retain(|known| known.pattern.name != pattern.name);
            let (verbs, objects) = (all_stems(&pattern.verbs), all_stems(&pattern.objects));
            self.ready.push(Ready { pattern, verbs, objects, is_own });
        }
        if self.ready.len() > PATTERNS_MAX {
            let what = format!("there may be {PATTERNS_MAX} patterns at most");
            return Err(BadPatterns::Wrong { place: "pattern".to_owned(), what });
        }
        for action in table.action {
            check_action(&action)?;
            self.actions.insert(action.name.clone(), action);
        }
        for caution in table.caution {
            let place = || format!("caution `{}`", caution.words.join(", "));
            check_permille(place, caution.confidence_permille_max)?;
            let words = all_stems(&caution.words);
            self.cautions.push(ReadyCaution { caution, words });
        }
        for (name, filling) in &table.params {
            check_filling(&format!("params.{name}"), filling)?;
        }
        self.params.extend(table.params);
        Ok(())
    }

    /// Whether a task can begin with this word.
    pub(crate) fn is_verb(&self, stem: &str) -> bool {
        let first = |verb: &Vec<String>| verb.first().is_some_and(|first| first == stem);
        self.ready.iter().any(|known| known.verbs.iter().any(first))
    }
}

fn all_stems(words: &[String]) -> Vec<Vec<String>> {
    words.iter().map(|words| stems(words)).filter(|stems| !stems.is_empty()).collect()
}

fn wrong(pattern: &Pattern, what: &str) -> BadPatterns {
    BadPatterns::Wrong { place: format!("pattern `{}`", pattern.name), what: what.to_owned() }
}

fn check_pattern(pattern: &Pattern) -> Result<(), BadPatterns> {
    let place = || format!("pattern `{}`", pattern.name);
    check_permille(place, pattern.confidence_permille)?;
    if all_stems(&pattern.verbs).is_empty() {
        return Err(wrong(pattern, "it needs verbs, such as [\"interview\", \"talk to\"]"));
    }
    if pattern.step.is_empty() || pattern.step.len() > STEPS_MAX {
        return Err(wrong(pattern, &format!("it has 1 to {STEPS_MAX} steps")));
    }
    for (at, step) in pattern.step.iter().enumerate() {
        let place = format!("pattern `{}`, step {}", pattern.name, at + 1);
        check_actions(&place, &step.actions)?;
        check_text(&place, &step.title)?;
        let texts = step.description.iter().chain(&step.success);
        texts.into_iter().try_for_each(|text| check_text(&place, text))?;
        step.params.values().try_for_each(|filling| check_filling(&place, filling))?;
    }
    let place = place();
    pattern.notes.iter().try_for_each(|text| check_text(&place, text))
}

fn check_action(action: &ActionRule) -> Result<(), BadPatterns> {
    let place = format!("action `{}`", action.name);
    check_actions(&place, std::slice::from_ref(&action.name))?;
    let is_zero = |number: Option<u32>| number == Some(0);
    if is_zero(action.timeout_hours) || is_zero(action.attempts) {
        let what = "timeout_hours and attempts are 1 at least".to_owned();
        return Err(BadPatterns::Wrong { place, what });
    }
    let texts = action.success.iter().chain(&action.failure);
    texts.into_iter().try_for_each(|text| check_text(&place, text))?;
    action.params.values().try_for_each(|filling| check_filling(&place, filling))
}

fn check_actions(place: &str, actions: &[String]) -> Result<(), BadPatterns> {
    if actions.is_empty() {
        let what = "it needs actions, such as [\"send_email\"]".to_owned();
        return Err(BadPatterns::Wrong { place: place.to_owned(), what });
    }
    actions.iter().try_for_each(|action| {
        let what = |error: planexe_ax_domain::TextError| error.to_string();
        let refuse = |error| BadPatterns::Wrong { place: place.to_owned(), what: what(error) };
        ActionName::parse(action).map(drop).map_err(refuse)
    })
}

fn check_permille(place: impl Fn() -> String, permille: u16) -> Result<(), BadPatterns> {
    if permille <= PERMILLE_MAX {
        return Ok(());
    }
    let what = format!("confidence is told in thousandths, {PERMILLE_MAX} at most");
    Err(BadPatterns::Wrong { place: place(), what })
}

fn check_filling(place: &str, filling: &Filling) -> Result<(), BadPatterns> {
    match filling {
        Filling::Template(text) => check_text(place, text),
        Filling::Flag(_) | Filling::Number(_) => Ok(()),
    }
}

/// A template names facts that there are.
fn check_text(place: &str, text: &str) -> Result<(), BadPatterns> {
    let unknown = names_in(text).find(|name| Fact::parse(name).is_none());
    let Some(unknown) = unknown else { return Ok(()) };
    let known: Vec<&str> = Fact::ALL.iter().map(|fact| fact.name()).collect();
    let what = format!("there is no fact `{unknown}`; there are: {}", known.join(", "));
    Err(BadPatterns::Wrong { place: place.to_owned(), what })
}
