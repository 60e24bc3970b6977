//! What is known for a task: what its title says, and what the plan names. A fact that nobody names
//! is not there; nothing is made up.

use crate::clause::{Clause, names, without_brackets};
use crate::material::Contact;
use crate::words::stem;
use crate::{Question, material};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest text that a fact is, in characters.
const FACT_CHARS_MAX: usize = 400;
/// The most topics in a list.
const TOPICS_MAX: usize = 12;
/// Words at the beginning of a description that say what is done with the topics behind them.
const LEADS: [&str; 9] =
    ["understand", "learn", "clarify", "discuss", "cover", "explore", "ask", "gather", "capture"];

macro_rules! facts {
    ($($name:ident $word:literal;)+) => {
        /// Something that can be known for a task.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Fact { $($name,)+ }

        impl Fact {
            /// Every one.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name in a template.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

facts! {
    Title "title";
    Description "description";
    Goal "goal";
    Who "who";
    Greeting "greeting";
    Object "object";
    Topic "topic";
    Topics "topics";
    Email "email";
    Phone "phone";
    Url "url";
    File "file";
    Place "place";
    Minutes "minutes";
    Role "role";
}

impl Fact {
    /// The fact of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fact| fact.name() == name)
    }
}

/// What is known for one thing that is to be done.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    known: BTreeMap<Fact, Value>,
    /// Whether it is done with somebody who is named.
    pub(crate) is_about_a_person: bool,
}

impl Facts {
    /// Gathers what is known of a clause whose verb ends behind so many words.
    pub(crate) fn of(question: &Question, clause: &Clause, verb_end: usize) -> Self {
        let title = question.task.title.as_str();
        let description = question.task.description.as_ref().map(|text| text.as_str());
        let (_, inside) = without_brackets(title);
        let goal = question.material.goal().map(first_sentence);
        let object = clause.object(verb_end).filter(|it| !it.is_empty());
        let who = clause.towards().or(object);
        let persons: Vec<String> =
            who.map(names).unwrap_or_default().into_iter().map(str::to_owned).collect();
        let described = description.map(first_sentence).filter(|text| !text.is_empty());
        let bracket = inside.first().map(String::as_str).filter(|text| !text.trim().is_empty());
        let topic = clause.about().or(bracket).or(described).or(goal).unwrap_or(title);
        let mut facts = Self { known: BTreeMap::new(), is_about_a_person: !persons.is_empty() };
        facts.say(Fact::Title, Some(title));
        facts.say(Fact::Description, description.or(Some(title)));
        facts.say(Fact::Goal, goal.or(Some(title)));
        facts.say(Fact::Object, object.or(Some(title)));
        facts.say(Fact::Who, who.or(Some("those concerned")));
        let greeting = persons.first().map_or("Hello".to_owned(), |name| format!("Hello {name}"));
        facts.say(Fact::Greeting, Some(&greeting));
        facts.say(Fact::Topic, Some(topic));
        facts.say(Fact::Place, clause.place());
        facts.say(Fact::Role, question.task.role.as_ref().map(|role| role.as_str()));
        let topics = topics(description, bracket).unwrap_or_else(|| vec![topic.to_owned()]);
        facts.put(Fact::Topics, Some(topics.into()));
        facts.find(question, &persons);
        facts
    }

    /// What stands in the plan: addresses, numbers, documents.
    fn find(&mut self, question: &Question, persons: &[String]) {
        for (fact, contact) in [
            (Fact::Email, Contact::Email),
            (Fact::Phone, Contact::Phone),
            (Fact::Url, Contact::Url),
            (Fact::File, Contact::File),
        ] {
            self.say(fact, material::one_of(question, contact, persons).as_deref());
        }
        let minutes = question.own_texts().find_map(material::minutes);
        self.put(Fact::Minutes, minutes.map(Value::from));
    }

    fn say(&mut self, fact: Fact, text: Option<&str>) {
        let text = text.map(|text| text.trim().chars().take(FACT_CHARS_MAX).collect::<String>());
        self.put(fact, text.filter(|text| !text.is_empty()).map(Value::from));
    }

    fn put(&mut self, fact: Fact, value: Option<Value>) {
        self.known.extend(value.map(|value| (fact, value)));
    }

    /// What is known.
    pub(crate) fn get(&self, fact: Fact) -> Option<&Value> {
        self.known.get(&fact)
    }
}

/// Up to the first full stop that ends a sentence, or the first line.
pub(crate) fn first_sentence(text: &str) -> &str {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let end = line.find(". ").unwrap_or(line.len());
    line.get(..end).unwrap_or(line).trim_end_matches(['.', '…'])
}

/// What a description, or what stands in brackets, lists.
fn topics(description: Option<&str>, bracket: Option<&str>) -> Option<Vec<String>> {
    let listed = [bracket, description.map(first_sentence)];
    listed.into_iter().flatten().find_map(|text| {
        let items = text.split([',', ';']).flat_map(|item| item.split(" and "));
        let items = items.map(|item| without_lead(item.trim()).to_owned());
        let items: Vec<String> = items.filter(|item| !item.is_empty()).take(TOPICS_MAX).collect();
        (items.len() > 1).then_some(items)
    })
}

fn without_lead(item: &str) -> &str {
    let Some((first, rest)) = item.split_once(' ') else { return item };
    let is_lead = LEADS.iter().any(|lead| stem(lead) == stem(first));
    if is_lead { rest.trim_start_matches("about ") } else { item }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_description_lists_is_a_list_of_topics() {
        let text = "Understand breeding records, customer management, puppy tracking... And more.";
        let wanted = ["breeding records", "customer management", "puppy tracking"];
        assert_eq!(topics(Some(text), None).expect("a list"), wanted);
        assert_eq!(
            topics(Some("Ask"), Some("price and place")).expect("a list"),
            ["price", "place"]
        );
        assert_eq!(topics(Some("One thing only"), None), None);
    }
}
