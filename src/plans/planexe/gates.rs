//! What people decide: whether to go at all, the decisions that are open, what is escalated. Each
//! becomes an approval of the tasks that it blocks, where the run says which; all are kept.

use super::files::Run;
use super::values::{all_picked, list, note, picked, text};
use crate::draft::{Draft, Spot, TaskIds};
use crate::words;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The most tasks that one decision holds up.
const BLOCKED_MAX: usize = 12;
/// The most decisions of a kind that are looked at.
const DECISIONS_MAX: usize = 200;
/// How many words a title and an issue must share.
const SHARED_WORDS_MIN: usize = 2;
/// The longest text of an approval.
const APPROVAL_BYTES_MAX: usize = 480;
/// Words of governance that name no matter.
const EMPTY_WORDS: [&str; 32] = [
    "and",
    "approval",
    "authority",
    "body",
    "budget",
    "change",
    "committee",
    "concern",
    "conflict",
    "critical",
    "deadlock",
    "decision",
    "exceeding",
    "failure",
    "for",
    "issue",
    "major",
    "material",
    "over",
    "pmo",
    "project",
    "proposed",
    "reported",
    "request",
    "requiring",
    "risk",
    "scope",
    "the",
    "unresolved",
    "with",
    "to",
    "of",
];

/// Reads what people decide.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft, ids: &TaskIds, is_wanted: bool) {
    let words = Words::of(draft);
    let mut gates = Gates { run, draft, ids, words, is_wanted };
    gates.go_or_no_go();
    gates.decisions();
    gates.escalations();
}

struct Gates<'a, 'b> {
    run: &'a mut Run<'b>,
    draft: &'a mut Draft,
    ids: &'a TaskIds,
    words: Words,
    is_wanted: bool,
}

impl Gates<'_, '_> {
    /// Whether to go at all holds up every phase that waits for no other phase.
    fn go_or_no_go(&mut self) {
        const FILE: &str = "pre_project_assessment.json";
        let Some(assessment) = self.run.wanted(FILE, "recommendation whether to go") else {
            return;
        };
        let Some(recommendation) = text(&assessment, "go_no_go_recommendation") else { return };
        let mut kept = picked(&assessment, &["go_no_go_recommendation", "combined_summary"]);
        let steps = all_picked(list(&assessment, "feedback"), &["title", "description"]);
        kept.insert("to_do_first".to_owned(), steps.into());
        self.draft.metadata.insert("go_no_go".to_owned(), Value::Object(kept));
        let waiting: BTreeSet<Spot> = self
            .draft
            .edges
            .iter()
            .filter(|edge| self.draft.nodes[edge.from].parent.is_none() && edge.from < edge.to)
            .map(|edge| edge.to)
            .collect();
        let first: Vec<Spot> = (0..self.draft.nodes.len())
            .filter(|spot| self.draft.nodes[*spot].parent.is_none() && !waiting.contains(spot))
            .collect();
        self.hold(&first, &format!("go or no-go: {recommendation}"));
        let (name, count) = (self.run.name(FILE), first.len());
        if self.is_wanted {
            self.run.report.derived(&name, || {
                format!("whether to go at all is asked before each of {count} phases")
            });
        }
    }

    /// Open decisions, as the newest runs list them.
    fn decisions(&mut self) {
        const FILE: &str = "decision_register_raw.json";
        let Some(register) = self.run.json(FILE) else { return };
        let name = self.run.name(FILE);
        let mut kept = Vec::new();
        let decisions = list(&register, "decisions");
        self.say_left_out(&name, decisions.len());
        for (place, decision) in decisions.iter().take(DECISIONS_MAX).enumerate() {
            let place = format!("{name}/decisions/{place}");
            let Some(title) = text(decision, "title").or_else(|| text(decision, "question")) else {
                self.run.report.dropped(&place, || "it has neither title nor question".to_owned());
                continue;
            };
            let blocked = self.blocked_by(text(decision, "blocks").unwrap_or_default());
            let fields = [
                "title",
                "question",
                "why_open",
                "severity",
                "options",
                "default_if_undecided",
                "owner",
                "decide_by",
                "blocks",
                "covers",
            ];
            kept.push(self.decision(picked(decision, &fields), &blocked));
            self.hold(&blocked, &format!("decide: {title}{}", terms(decision)));
            self.tell(&place, &blocked, title);
        }
        self.draft.metadata.insert("decisions".to_owned(), kept.into());
        let ratify = ["lever", "chosen", "main_alternative", "why_it_matters", "revisit_by"];
        let ratify = all_picked(list(&register, "ratify"), &ratify);
        if !ratify.is_empty() {
            self.draft.metadata.insert("to_ratify".to_owned(), ratify.into());
        }
    }

    /// What is taken to a higher level, and by whom it is decided there.
    fn escalations(&mut self) {
        const FILE: &str = "governance_phase4_decision_escalation_matrix_raw.json";
        let Some(matrix) = self.run.wanted(FILE, "decisions that are escalated") else { return };
        let name = self.run.name(FILE);
        let mut kept = Vec::new();
        let rows = list(&matrix, "decision_escalation_matrix");
        self.say_left_out(&name, rows.len());
        for (place, row) in rows.iter().take(DECISIONS_MAX).enumerate() {
            let place = format!("{name}/decision_escalation_matrix/{place}");
            let Some(issue) = text(row, "issue_type") else { continue };
            let blocked = self.words.sharing(issue);
            let fields = [
                "issue_type",
                "escalation_level",
                "approval_process",
                "rationale",
                "negative_consequences",
            ];
            kept.push(self.decision(picked(row, &fields), &blocked));
            let level = text(row, "escalation_level").unwrap_or("a higher level");
            self.hold(&blocked, &format!("{issue}: {level} decides"));
            self.tell(&place, &blocked, issue);
        }
        self.draft.metadata.insert("escalations".to_owned(), kept.into());
    }

    fn say_left_out(&mut self, name: &str, count: usize) {
        if count > DECISIONS_MAX {
            self.run.report.dropped(name, || {
                format!("{count} decisions: no more than {DECISIONS_MAX} are looked at")
            });
        }
    }

    fn decision(&self, mut fields: Map<String, Value>, blocked: &[Spot]) -> Value {
        let tasks: Vec<_> = blocked.iter().map(|&spot| self.ids.get(spot)).collect();
        fields.insert("task_ids".to_owned(), json!(tasks));
        Value::Object(fields)
    }

    fn hold(&mut self, blocked: &[Spot], what: &str) {
        if !self.is_wanted {
            return;
        }
        for &spot in blocked {
            self.draft.nodes[spot].approvals.push(words::line(what, APPROVAL_BYTES_MAX));
        }
    }

    fn tell(&mut self, place: &str, blocked: &[Spot], what: &str) {
        if blocked.is_empty() {
            self.run.report.warning(place, || {
                format!("no task is named that it blocks: {what:?} is kept as a decision only")
            });
            return;
        }
        if self.is_wanted {
            let ids: Vec<_> = blocked.iter().map(|&spot| self.ids.get(spot).as_str()).collect();
            let ids = ids.join(", ");
            self.run.report.derived(place, || format!("{what:?} is asked before {ids}"));
        }
    }

    /// The tasks that a text names: by their ids, by their titles, else by what words they share.
    fn blocked_by(&self, named: &str) -> Vec<Spot> {
        let lower = named.to_lowercase();
        if lower.trim().is_empty() {
            return Vec::new();
        }
        let is_named = |spot: &Spot| {
            let node = &self.draft.nodes[*spot];
            let title = node.title.as_str().to_lowercase();
            let by_id = node.source_id.as_ref().is_some_and(|id| lower.contains(id.as_str()));
            by_id || (title.contains(' ') && lower.contains(&title))
        };
        let exact: Vec<Spot> =
            (0..self.draft.nodes.len()).filter(is_named).take(BLOCKED_MAX).collect();
        if exact.is_empty() { self.words.sharing(named) } else { exact }
    }
}

fn terms(decision: &Value) -> String {
    let told = [("owner", "owner"), ("by", "decide_by"), ("if undecided", "default_if_undecided")];
    let told = told.iter().filter_map(|(word, name)| {
        let value = text(decision, name).map(note)?;
        Some(format!("{word}: {}", value.as_str().unwrap_or_default()))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) }
}

/// The words of each title that name a matter.
struct Words(Vec<BTreeSet<String>>);

impl Words {
    fn of(draft: &Draft) -> Self {
        Self(draft.nodes.iter().map(|node| stems(node.title.as_str())).collect())
    }

    /// The nodes whose titles share most words with a text, and enough.
    fn sharing(&self, text: &str) -> Vec<Spot> {
        let wanted = stems(text);
        let shared = |words: &BTreeSet<String>| words.intersection(&wanted).count();
        let most = self.0.iter().map(shared).max().unwrap_or(0);
        if most < SHARED_WORDS_MIN {
            return Vec::new();
        }
        let spots = self.0.iter().enumerate();
        let best = spots.filter(|(_, words)| shared(words) == most).map(|(spot, _)| spot);
        best.take(BLOCKED_MAX).collect()
    }
}

/// The stems of the words that name a matter.
fn stems(text: &str) -> BTreeSet<String> {
    let normal = words::normalised(text);
    let words = normal.split(' ').filter(|word| word.len() > 2 && !EMPTY_WORDS.contains(word));
    words.map(stem).collect()
}

fn stem(word: &str) -> String {
    let endings = ["ation", "ition", "ing", "ion", "ment", "ed", "e", "y"];
    let cut = endings.iter().find_map(|ending| word.strip_suffix(ending));
    cut.filter(|stem| stem.len() > 3).unwrap_or(word).to_owned()
}
