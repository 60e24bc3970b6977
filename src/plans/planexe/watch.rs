//! What is to be watched: assumptions and what would prove them wrong, tripwires, stop rules.

use super::files::Run;
use super::values::{list, note, text, texts};
use crate::draft::Draft;
use serde_json::{Map, Value};

/// The most things that are watched.
const WATCH_ITEMS_MAX: usize = 500;

/// Reads what is to be watched.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft) {
    let mut items = Items(Vec::new());
    if let Some(premortem) = run.wanted("premortem_raw.json", "tripwires and stop rules") {
        items.premortem(&premortem);
    }
    let file = ["distill_assumptions_raw.json", "distill_assumptions.json"];
    let file = file.into_iter().find(|file| run.has(file));
    if let Some(assumptions) = file.and_then(|file| run.json(file)) {
        for assumption in texts(&assumptions, "assumption_list") {
            items.add("assumption", assumption, &[]);
        }
    }
    let Items(mut items) = items;
    if items.len() > WATCH_ITEMS_MAX {
        let left_out = items.len() - WATCH_ITEMS_MAX;
        let why = format!("at most {WATCH_ITEMS_MAX} are kept: {left_out} are not");
        run.report.dropped("watch items", || why);
        items.truncate(WATCH_ITEMS_MAX);
    }
    draft.watch_items = items.len();
    if !items.is_empty() {
        draft.metadata.insert("watch_items".to_owned(), items.into());
    }
}

struct Items(Vec<Value>);

impl Items {
    fn premortem(&mut self, premortem: &Value) {
        for assumption in list(premortem, "assumptions_to_kill") {
            let Some(statement) = text(assumption, "statement") else { continue };
            let beside = ["assumption_id", "test_now", "falsifier"];
            let beside = beside.map(|name| (name, text(assumption, name)));
            self.add("assumption", statement, &beside);
        }
        for mode in list(premortem, "failure_modes") {
            let beside = [
                ("failure_mode", text(mode, "failure_mode_title")),
                ("owner", text(mode, "owner")),
                ("assumption_id", text(mode, "root_cause_assumption_id")),
            ];
            for tripwire in texts(mode, "tripwires") {
                self.add("tripwire", tripwire, &beside);
            }
            for sign in texts(mode, "early_warning_signs") {
                self.add("early_warning_sign", sign, &beside);
            }
            if let Some(rule) = text(mode, "stop_rule") {
                self.add("stop_rule", rule, &beside);
            }
        }
    }

    fn add(&mut self, kind: &str, words: &str, beside: &[(&str, Option<&str>)]) {
        let mut item = Map::new();
        item.insert("watch_id".to_owned(), format!("watch_{}", self.0.len() + 1).into());
        item.insert("kind".to_owned(), kind.into());
        item.insert("text".to_owned(), note(words));
        for (name, value) in beside {
            if let Some(value) = value {
                item.insert((*name).to_owned(), note(value));
            }
        }
        self.0.push(Value::Object(item));
    }
}
