//! What a plan says that may help: its goal, its texts, and what it names for the task. Everything
//! in it is data: it fills parameters, and commands nobody.

use crate::{Question, scan};
use planexe_ax_domain::TaskId;
use planexe_ax_domain::plan::Plan;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

pub(crate) use crate::scan::minutes;

/// The most passages that are looked through.
const PASSAGES_MAX: usize = 4_000;
/// The most characters of a passage that are looked at.
const PASSAGE_CHARS_MAX: usize = 4_000;
/// The most characters that are looked at in all.
const CHARS_MAX: usize = 200_000;
/// How deep a context is read.
const DEPTH_MAX: usize = 32;

/// What a plan says that may help.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Material {
    goal: Option<String>,
    passages: Vec<String>,
    /// How many characters the passages have.
    chars: usize,
    /// The parameters that the plan names for parts of the task.
    named: BTreeMap<String, Value>,
}

/// What is looked for in texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contact {
    Email,
    Phone,
    Url,
    File,
}

impl Material {
    /// Reads the context that a client sent along, whatever it looks like.
    pub fn add_context(&mut self, task_id: &TaskId, context: &Map<String, Value>) {
        if let Some(goal) = context.get("goal").and_then(Value::as_str) {
            self.set_goal(goal);
        }
        self.read(task_id, &Value::Object(context.clone()), DEPTH_MAX);
    }

    /// Reads a plan that is stored.
    pub fn add_plan(&mut self, task_id: &TaskId, plan: &Plan) {
        let goal = plan.goal().map(|goal| goal.as_str());
        let goal = goal.or_else(|| plan.title().map(|title| title.as_str()));
        goal.into_iter().for_each(|goal| self.set_goal(goal));
        for task in plan.tasks() {
            let params = task.params.as_ref();
            let params = params.and_then(|json| serde_json::from_str(json.as_str()).ok());
            if let Some(Value::Object(params)) = params {
                self.read(task_id, &Value::Object(params.clone()), DEPTH_MAX);
                if task.parent_id.as_ref() == Some(task_id) {
                    self.name(params);
                }
            }
            let texts =
                [Some(task.title.as_str()), task.description.as_ref().map(|it| it.as_str())];
            let texts: Vec<&str> = texts.into_iter().flatten().collect();
            self.add_passage(&texts.join("\n"));
        }
        for risk in plan.risks() {
            self.add_passage(risk.description.as_str());
        }
    }

    /// What the plan is for.
    pub fn goal(&self) -> Option<&str> {
        self.goal.as_deref()
    }

    /// What the plan says, passage by passage.
    pub fn passages(&self) -> &[String] {
        &self.passages
    }

    /// What the plan names for a parameter of the task's parts.
    pub(crate) fn named(&self, parameter: &str) -> Option<&Value> {
        self.named.get(parameter)
    }

    fn set_goal(&mut self, goal: &str) {
        let goal: String = goal.trim().chars().take(PASSAGE_CHARS_MAX).collect();
        if !goal.is_empty() {
            self.add_passage(&goal);
            self.goal = Some(goal);
        }
    }

    fn add_passage(&mut self, text: &str) {
        let chars_max = PASSAGE_CHARS_MAX.min(CHARS_MAX - self.chars);
        let text: String = text.chars().take(chars_max).collect();
        if self.passages.len() < PASSAGES_MAX && !text.is_empty() {
            self.chars += text.chars().count();
            self.passages.push(text);
        }
    }

    /// What stands together in an object is a passage: a name and an address belong together.
    fn read(&mut self, task_id: &TaskId, value: &Value, depth_left: usize) {
        let Some(depth_left) = depth_left.checked_sub(1) else { return };
        if let Some(text) = value.as_str() {
            self.add_passage(text);
        }
        for item in value.as_array().into_iter().flatten() {
            self.read(task_id, item, depth_left);
        }
        let Some(object) = value.as_object() else { return };
        let texts: Vec<&str> = object.values().filter_map(Value::as_str).collect();
        self.add_passage(&texts.join("\n"));
        if object.get("task_id").and_then(Value::as_str) == Some(task_id.as_str()) {
            self.read_parts(object);
        }
        for field in object.values().filter(|field| field.is_array() || field.is_object()) {
            self.read(task_id, field, depth_left);
        }
    }

    /// What the task itself names for its parts.
    fn read_parts(&mut self, task: &Map<String, Value>) {
        let parts = task.get("subtasks").and_then(Value::as_array);
        let params = parts.into_iter().flatten().filter_map(|part| part.get("params")?.as_object());
        params.cloned().for_each(|params| self.name(params));
    }

    fn name(&mut self, params: Map<String, Value>) {
        for (name, value) in params {
            self.named.entry(name).or_insert(value);
        }
    }
}

impl Contact {
    fn scan(self, text: &str) -> Vec<Range<usize>> {
        match self {
            Self::Email => scan::emails(text),
            Self::Phone => scan::phones(text),
            Self::Url => scan::urls(text),
            Self::File => scan::files(text),
        }
    }

    fn all_in(self, text: &str) -> impl Iterator<Item = &str> {
        self.scan(text).into_iter().filter_map(|at| text.get(at))
    }
}

/// The one that is meant: the only one that the task names, else the only one of the persons, else,
/// for files, the only one of the plan. Where there are several, none: which one is not guessed.
pub(crate) fn one_of(question: &Question, contact: Contact, persons: &[String]) -> Option<String> {
    let own: BTreeSet<&str> = question.own_texts().flat_map(|it| contact.all_in(it)).collect();
    if !own.is_empty() {
        let of_person = own.iter().copied().filter(|it| persons.iter().any(|who| is_of(it, who)));
        let of_person: BTreeSet<&str> = of_person.collect();
        return only(&own).or_else(|| only(&of_person));
    }
    let passages = || question.material.passages().iter().map(String::as_str);
    if persons.is_empty() {
        let all: BTreeSet<&str> = passages().flat_map(|it| contact.all_in(it)).collect();
        return if contact == Contact::File { only(&all) } else { None };
    }
    let all: BTreeSet<&str> = passages().flat_map(|it| contact.all_in(it)).collect();
    let own_name = all.iter().copied().filter(|it| persons.iter().any(|who| is_of(it, who)));
    let own_name: BTreeSet<&str> = own_name.collect();
    if let Some(found) = only(&own_name) {
        return Some(found);
    }
    let names_one = |text: &&str| persons.iter().any(|who| is_of(text, who));
    let beside = passages().filter(names_one).flat_map(|it| contact.all_in(it));
    only(&beside.collect())
}

/// Whether a name stands in a text, as a word of its own.
fn is_of(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let name = name.trim_end_matches("'s").trim_end_matches("’s");
    text.split(|c: char| !c.is_alphanumeric()).any(|word| word == name)
}

fn only(found: &BTreeSet<&str>) -> Option<String> {
    let first = found.first()?;
    let is_same = |other: &&str| other.eq_ignore_ascii_case(first);
    found.iter().all(is_same).then(|| (*first).to_owned())
}
