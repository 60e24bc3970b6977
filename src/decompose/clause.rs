//! What a title says: what is done, to what or whom, and about what.

use crate::words::{Word, stem, stems, words};

/// The words that end what something is done to.
const STOPS: [&str; 17] = [
    "about",
    "regarding",
    "concerning",
    "on",
    "for",
    "in",
    "at",
    "near",
    "from",
    "to",
    "with",
    "via",
    "by",
    "using",
    "into",
    "until",
    "across",
];
/// Words that lead to those whom something is done with.
const TOWARDS: [&str; 2] = ["to", "with"];
/// Words that lead to what something is about.
const ABOUT: [&str; 4] = ["about", "regarding", "concerning", "on"];
/// Words that lead to a place.
const PLACES: [&str; 3] = ["in", "near", "at"];
/// Words between two things that are done.
const JOINTS: [&str; 3] = ["and", "then", "&"];

/// One thing that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// The text, without what stands in brackets.
    pub(crate) text: String,
    /// The stems of its words.
    pub(crate) stems: Vec<String>,
}

/// A title without what stands in brackets, and that.
pub(crate) fn without_brackets(title: &str) -> (String, Vec<String>) {
    let (mut outside, mut inside, mut depth) = (String::new(), Vec::new(), 0_usize);
    for c in title.chars() {
        match c {
            '(' | '[' => {
                depth += 1;
                inside.push(String::new());
            }
            ')' | ']' if depth > 0 => depth -= 1,
            _ if depth > 0 => inside.last_mut().into_iter().for_each(|text| text.push(c)),
            _ => outside.push(c),
        }
    }
    let squeezed = outside.split_whitespace().collect::<Vec<_>>().join(" ");
    (squeezed, inside)
}

/// The things that a title says are to be done: cut where a word that can begin a task follows on
/// `and`, `then`, `&` or a semicolon.
pub(crate) fn clauses(title: &str, is_verb: impl Fn(&str) -> bool) -> Vec<Clause> {
    let (text, _) = without_brackets(title);
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let mut cuts = vec![Vec::new()];
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).and_then(|next| words(next).first().map(|w| stem(w.text)));
        let begins = next.is_some_and(|next| is_verb(&next)) && at > 0;
        let is_joint = JOINTS.contains(&token.to_lowercase().trim_end_matches(','));
        if is_joint && begins {
            cuts.push(Vec::new());
            continue;
        }
        let bare = token.trim_end_matches(';');
        cuts.last_mut()
            .into_iter()
            .for_each(|cut| cut.extend(Some(bare).filter(|it| !it.is_empty())));
        if bare.len() < token.len() && begins {
            cuts.push(Vec::new());
        }
    }
    let cuts = cuts.into_iter().filter(|cut| !cut.is_empty());
    cuts.map(|cut| Clause::of(cut.join(" ").trim_end_matches(','))).collect()
}

impl Clause {
    fn of(text: &str) -> Self {
        Self { text: text.to_owned(), stems: stems(text) }
    }

    /// What stands behind the first `skipped` words, up to a word that ends it.
    pub(crate) fn object(&self, skipped: usize) -> Option<&str> {
        let all = words(&self.text);
        let rest = all.get(skipped..)?;
        let end = rest.iter().position(|word| is_one_of(word, &STOPS)).unwrap_or(rest.len());
        self.span(rest.get(..end)?)
    }

    /// Those whom it is done with or to.
    pub(crate) fn towards(&self) -> Option<&str> {
        self.behind(&TOWARDS)
    }

    /// What it is about.
    pub(crate) fn about(&self) -> Option<&str> {
        self.behind(&ABOUT)
    }

    /// Where it is done.
    pub(crate) fn place(&self) -> Option<&str> {
        self.behind(&PLACES)
    }

    /// What stands behind one of these words.
    fn behind(&self, leads: &[&str]) -> Option<&str> {
        let all = words(&self.text);
        let lead = all.iter().position(|word| is_one_of(word, leads))?;
        let rest = all.get(lead + 1..)?;
        let end = rest.iter().position(|word| is_one_of(word, &STOPS)).unwrap_or(rest.len());
        self.span(rest.get(..end)?)
    }

    /// The text from the first to the last of these words, with a number's plus behind it.
    fn span(&self, words: &[Word<'_>]) -> Option<&str> {
        let (first, last) = (words.first()?, words.last()?);
        self.text.get(first.start..last.end)
    }
}

fn is_one_of(word: &Word<'_>, known: &[&str]) -> bool {
    known.iter().any(|it| word.text.eq_ignore_ascii_case(it))
}

/// The names in a phrase: words that begin with a capital and are not all capitals.
pub(crate) fn names(phrase: &str) -> Vec<&str> {
    let is_name = |text: &&str| {
        let mut letters = text.chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_some_and(char::is_lowercase)
    };
    words(phrase).into_iter().map(|word| word.text).filter(is_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(title: &str) -> Vec<String> {
        let is_verb = |stem: &str| ["present", "negotiat", "call", "score"].contains(&stem);
        clauses(title, is_verb).into_iter().map(|clause| clause.text).collect()
    }

    #[test]
    fn a_title_is_cut_where_another_thing_to_do_begins() {
        assert_eq!(cut("Present & negotiate"), ["Present", "negotiate"]);
        assert_eq!(cut("Present offers, then call Carol"), ["Present offers", "call Carol"]);
        assert_eq!(cut("Present ; call Carol"), ["Present", "call Carol"]);
        assert_eq!(cut("Call Carol and Marie (& present)"), ["Call Carol and Marie"]);
        assert_eq!(cut("and"), ["and"]);
        assert!(cut("()").is_empty());
    }

    #[test]
    fn a_clause_says_what_is_done_to_whom_and_about_what() {
        let all = clauses("Interview Carol about current workflow in Hampton CT", |_| false);
        let clause = &all[0];
        assert_eq!(clause.object(1), Some("Carol"));
        assert_eq!(clause.about(), Some("current workflow"));
        assert_eq!(clause.place(), Some("Hampton CT"));
        let all = clauses("Send follow-up emails to interested parties", |_| false);
        assert_eq!(all[0].towards(), Some("interested parties"));
        assert_eq!(all[0].object(1), Some("follow-up emails"));
    }

    #[test]
    fn names_begin_with_a_capital() {
        assert_eq!(names("Carol Campion of the CT/RI farm"), ["Carol", "Campion"]);
        assert!(names("top 5 prospects").is_empty());
    }
}
