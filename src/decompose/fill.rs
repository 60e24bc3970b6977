//! Fills templates with facts: a template whose facts are not all known is not filled.

use crate::facts::{Fact, Facts};
use crate::table::Filling;
use serde_json::Value;

/// The names in braces of a template.
pub(crate) fn names_in(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

/// A template as text; none when a fact is not known.
pub(crate) fn text(template: &str, facts: &Facts) -> Option<String> {
    let mut pieces = template.split('{');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((name, rest)) = piece.split_once('}') else {
            filled.push('{');
            filled.push_str(piece);
            continue;
        };
        filled.push_str(&words_of(facts.get(Fact::parse(name)?)?));
        filled.push_str(rest);
    }
    Some(filled)
}

/// What a parameter is filled with: a lone fact keeps its kind, a list stays a list.
pub(crate) fn value(filling: &Filling, facts: &Facts) -> Option<Value> {
    match filling {
        Filling::Flag(flag) => Some((*flag).into()),
        Filling::Number(number) => Some((*number).into()),
        Filling::Template(template) => match lone(template) {
            Some(fact) => facts.get(fact).cloned(),
            None => text(template, facts).map(Value::from),
        },
    }
}

/// The fact that is all of a template.
fn lone(template: &str) -> Option<Fact> {
    Fact::parse(template.strip_prefix('{')?.strip_suffix('}')?)
}

fn words_of(value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    match value.as_array() {
        Some(items) => items.iter().map(words_of).collect::<Vec<_>>().join(", "),
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::names_in;

    #[test]
    fn a_template_names_facts_in_braces() {
        let names: Vec<&str> = names_in("Ask {who} about {topic} } {").collect();
        assert_eq!(names, ["who", "topic"]);
    }
}
