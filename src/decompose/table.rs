//! The table of patterns as it is written: TOML, every name known.

use serde::Deserialize;
use std::collections::BTreeMap;

/// The whole table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Table {
    /// What a parameter of that name is filled with, whatever the action.
    pub(crate) params: BTreeMap<String, Filling>,
    /// What actions are like.
    pub(crate) action: Vec<ActionRule>,
    /// How kinds of tasks are broken down.
    pub(crate) pattern: Vec<Pattern>,
    /// What a person must look at in any case.
    pub(crate) caution: Vec<Caution>,
}

/// What a parameter is filled with: a template, or a value as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Filling {
    /// A text with the names of facts in braces: `{who}`.
    Template(String),
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(i64),
}

/// What an action is like.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionRule {
    /// Its name.
    pub(crate) name: String,
    /// What its parameters are filled with.
    #[serde(default)]
    pub(crate) params: BTreeMap<String, Filling>,
    /// The parameters without which it cannot be done.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// How long one attempt may take.
    pub(crate) timeout_hours: Option<u32>,
    /// How often it is tried.
    pub(crate) attempts: Option<u32>,
    /// The first wait before another attempt.
    pub(crate) backoff_seconds: Option<u32>,
    /// How one sees that it is done.
    #[serde(default)]
    pub(crate) success: Vec<String>,
    /// What to do when it fails.
    pub(crate) failure: Option<String>,
}

/// How a kind of task is broken down.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pattern {
    /// Its name, unique in the table: a table that extends another replaces by it.
    pub(crate) name: String,
    /// Words for what is to be done, one of which the task begins with, more or less.
    pub(crate) verbs: Vec<String>,
    /// Words for what it is done to, one of which the task must name; none: anything.
    #[serde(default)]
    pub(crate) objects: Vec<String>,
    /// How sure one can be when everything fits, in thousandths.
    pub(crate) confidence_permille: u16,
    /// What else is good to know.
    pub(crate) notes: Option<String>,
    /// The parts.
    pub(crate) step: Vec<Step>,
}

/// A part of a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Actions that can do it, the best first.
    pub(crate) actions: Vec<String>,
    /// What it is called.
    pub(crate) title: String,
    /// What is to be done.
    pub(crate) description: Option<String>,
    /// What it waits for.
    #[serde(default)]
    pub(crate) after: After,
    /// Whether the task can be done without it.
    #[serde(default)]
    pub(crate) optional: bool,
    /// What parameters are filled with here.
    #[serde(default)]
    pub(crate) params: BTreeMap<String, Filling>,
    /// How one sees that it is done.
    #[serde(default)]
    pub(crate) success: Vec<String>,
}

/// What a part waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum After {
    /// The part before it.
    #[default]
    Previous,
    /// Nothing within the task.
    Nothing,
    /// All parts before it.
    All,
}

/// What a person must look at in any case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Caution {
    /// Words of a task's title.
    pub(crate) words: Vec<String>,
    /// How sure one can be at most, in thousandths.
    pub(crate) confidence_permille_max: u16,
    /// Why.
    pub(crate) why: String,
}
