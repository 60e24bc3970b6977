//! Where no pattern fits: whether the name of an action says what is to be done. A guess, and told
//! as one.

use crate::Question;
use crate::clause::Clause;
use crate::draft::{Draft, Wording, chosen};
use crate::facts::Facts;
use crate::patterns::Patterns;
use crate::table::After;
use crate::words::stems;
use planexe_ax_domain::event::agent::Capability;

/// How sure one can be when all words of an action stand in the task.
const ALL_WORDS_PERMILLE: u16 = 760;
/// When the action is a single word, with which the task begins.
const ONE_WORD_PERMILLE: u16 = 700;
/// When the verb does, and not all of the rest.
const VERB_PERMILLE: u16 = 560;
/// When only other words do.
const SOME_WORDS_PERMILLE: u16 = 350;

/// Words that say nothing of what is done.
const SMALL: [&str; 12] =
    ["a", "an", "and", "at", "by", "for", "in", "of", "on", "the", "to", "with"];

/// The action whose name fits best; none when none does.
pub(crate) fn guess(question: &Question, patterns: &Patterns, clause: &Clause) -> Option<Draft> {
    let fits = question.capabilities.iter().filter_map(|able| Some((fit(able, clause)?, able)));
    let (confidence_permille, able) = fits.max_by_key(|(permille, able)| {
        let length = usize::MAX - able.action.as_str().len();
        (*permille, length)
    })?;
    let facts = Facts::of(question, clause, 1);
    let words = Wording {
        title: &clause.text.replace(['{', '}'], " "),
        description: Some("{description}"),
        after: After::Previous,
        params: None,
        success: &[],
    };
    let chosen = vec![chosen(question, patterns, &facts, (&words, able))];
    let notes = vec![format!("no pattern fits: {} was chosen by its name", able.action)];
    let mut draft = Draft { chosen, confidence_permille, notes, warnings: Vec::new() };
    draft.tell_what_lacks(facts.is_about_a_person);
    Some(draft)
}

fn fit(able: &Capability, clause: &Clause) -> Option<u16> {
    let mut words = stems(able.action.as_str());
    words.retain(|word| !SMALL.contains(&word.as_str()));
    let (verb, rest) = words.split_first()?;
    let stands = |word: &&String| clause.stems.contains(word);
    let has_verb = stands(&verb);
    let found = rest.iter().filter(stands).count();
    match (has_verb, rest.len()) {
        (true, 0) if clause.stems.first() == Some(verb) => Some(ONE_WORD_PERMILLE),
        (true, all) if all > 0 && found == all => Some(ALL_WORDS_PERMILLE),
        (true, _) => Some(VERB_PERMILLE),
        (false, _) if found > 0 => Some(SOME_WORDS_PERMILLE),
        (false, _) => None,
    }
}
