//! Breaks a task down by the table of patterns.

use crate::clause::clauses;
use crate::draft::{Chosen, draft};
use crate::patterns::Patterns;
use crate::proposal::{Part, Proposal};
use crate::table::After;
use crate::words::{find, stems};
use crate::{PARTS_MAX, Question};
use planexe_ax_domain::{TaskId, Text, Title};
use std::collections::BTreeSet;

/// The surest that the rules ever are, in thousandths.
const SURE_PERMILLE_MAX: u16 = 980;
/// What it costs, in thousandths, when a task is several things to be done.
const LOSS_OF_CLAUSE: u16 = 20;
/// The surest when a part of the task is left undone.
const UNDONE_PERMILLE_MAX: u16 = 400;

/// Proposes parts with actions out of the agent's capabilities; none when nothing fits.
pub fn decompose(question: &Question, patterns: &Patterns) -> Proposal {
    let clauses = clauses(question.task.title.as_str(), |stem| patterns.is_verb(stem));
    let drafts = clauses.iter().map(|clause| (clause, draft(question, patterns, clause)));
    let drafts: Vec<_> = drafts.collect();
    let mut proposal = Proposal { confidence_permille: SURE_PERMILLE_MAX, ..Proposal::default() };
    let mut chosen = Vec::new();
    for (clause, draft) in drafts {
        let Some(draft) = draft else {
            let what = &clause.text;
            proposal.warnings.push(format!("the agent has no action that fits \"{what}\""));
            proposal.lower(UNDONE_PERMILLE_MAX);
            continue;
        };
        proposal.lower(draft.confidence_permille);
        proposal.notes.extend(draft.notes);
        proposal.warnings.extend(draft.warnings);
        chosen.push(draft.chosen);
    }
    let more = u16::try_from(chosen.len().saturating_sub(1)).unwrap_or(u16::MAX);
    proposal.lose(more.saturating_mul(LOSS_OF_CLAUSE));
    settle(question, patterns, chosen, &mut proposal);
    proposal
}

impl Proposal {
    fn lower(&mut self, max: u16) {
        self.confidence_permille = self.confidence_permille.min(max);
    }

    fn lose(&mut self, permille: u16) {
        self.confidence_permille = self.confidence_permille.saturating_sub(permille);
    }
}

/// Gives the parts their ids and their order, and says what a person must look at.
fn settle(
    question: &Question,
    patterns: &Patterns,
    chosen: Vec<Vec<Chosen>>,
    proposal: &mut Proposal,
) {
    let wanted: usize = chosen.iter().map(Vec::len).sum();
    let ids = question.part_ids(wanted.min(PARTS_MAX));
    if ids.len() < wanted {
        proposal.warnings.push(format!("only {} of {wanted} parts fit", ids.len()));
        proposal.lower(UNDONE_PERMILLE_MAX);
    }
    proposal.parts = in_order(chosen, &ids);
    let stems = stems(question.task.title.as_str());
    for known in &patterns.cautions {
        if known.words.iter().any(|words| find(&stems, words).is_some()) {
            proposal.lower(known.caution.confidence_permille_max);
            proposal.warnings.push(format!("a person should look at this: {}", known.caution.why));
        }
    }
    if proposal.parts.is_empty() {
        proposal.confidence_permille = 0;
        proposal.warnings.push(nothing_fits(question));
    }
    dedupe(&mut proposal.notes);
    dedupe(&mut proposal.warnings);
}

fn nothing_fits(question: &Question) -> String {
    let actions: Vec<&str> =
        question.capabilities.iter().map(|able| able.action.as_str()).take(PARTS_MAX).collect();
    if actions.is_empty() {
        return "the agent names no action that it is capable of".to_owned();
    }
    format!("none of the agent's actions fits this task: {}", actions.join(", "))
}

fn dedupe(lines: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    lines.retain(|line| seen.insert(line.clone()));
}

/// Each thing to be done begins when the one before it is done.
fn in_order(chosen: Vec<Vec<Chosen>>, ids: &[TaskId]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut ids = ids.iter();
    for of_clause in chosen {
        let begin = parts.len();
        for step in of_clause {
            let Some(task_id) = ids.next() else { return parts };
            let within = parts.get(begin..).unwrap_or_default();
            let depends_on: Vec<TaskId> = match step.after {
                After::Previous => parts.last().into_iter().map(|it| it.task_id.clone()).collect(),
                After::All if !within.is_empty() => ends(within),
                After::All | After::Nothing => {
                    let before = begin.checked_sub(1).and_then(|at| parts.get(at));
                    before.into_iter().map(|it| it.task_id.clone()).collect()
                }
            };
            parts.extend(step.into_part(task_id.clone(), depends_on));
        }
    }
    parts
}

/// The parts that no other of them waits for.
fn ends(parts: &[Part]) -> Vec<TaskId> {
    let is_waited_for = |id: &TaskId| parts.iter().any(|part| part.depends_on.contains(id));
    let ends = parts.iter().map(|part| &part.task_id).filter(|id| !is_waited_for(id));
    ends.cloned().collect()
}

impl Chosen {
    fn into_part(self, task_id: TaskId, depends_on: Vec<TaskId>) -> Option<Part> {
        Some(Part {
            task_id,
            title: title(&self.title).or_else(|| title(self.capability.action.as_str()))?,
            description: self.description.and_then(|text| Text::parse(&text).ok()),
            action: self.capability.action,
            params: self.params,
            depends_on,
            timeout_ms: self.timeout_ms,
            retry: self.retry,
            success_criteria: self.success.iter().filter_map(|it| Text::parse(it).ok()).collect(),
            failure_handling: self.failure.and_then(|text| Text::parse(&text).ok()),
        })
    }
}

/// One line, as far as it fits in a title.
pub(crate) fn title(text: &str) -> Option<Title> {
    let mut line = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if line.len() + c.len_utf8() > Title::BYTES_MAX {
            break;
        }
        line.push(c);
    }
    Title::parse(&line).ok()
}
