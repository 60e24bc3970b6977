//! The documents that a run wants found or written: tasks of a phase of their own, where they are
//! wished for.

use super::files::Run;
use super::values::{note, text, texts};
use crate::draft::{Draft, Node, Spot};
use crate::error::PlanError;
use crate::words;
use planexe_ax_domain::plan::CRITERIA_MAX;
use planexe_ax_domain::{Priority, Title};
use serde_json::Value;

/// The files of the documents, those that say most first, and the word for what is done.
const KINDS: [(&str, [&str; 2]); 2] = [
    ("Find", ["draft_documents_to_find.json", "identified_documents_to_find.json"]),
    ("Write", ["draft_documents_to_create.json", "identified_documents_to_create.json"]),
];
/// The most documents that become tasks.
const DOCUMENTS_MAX: usize = 200;
const PHASE: &str = "Documents";

/// Makes tasks of the documents.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft) -> Result<(), PlanError> {
    let mut phase = None;
    for (verb, files) in KINDS {
        let Some(documents) = files.iter().find_map(|file| run.json(file)) else { continue };
        let documents = documents.as_array().map_or(&[][..], Vec::as_slice);
        for document in documents.iter().take(DOCUMENTS_MAX) {
            let Some(name) = text(document, "document_name") else { continue };
            let Some(title) = words::title(&format!("{verb}: {name}")) else { continue };
            let parent = match phase {
                Some(parent) => parent,
                None => add_phase(draft)?,
            };
            phase = Some(parent);
            let node = task(document, title, parent, draft);
            draft.add(node)?;
        }
        let left_out = documents.len().saturating_sub(DOCUMENTS_MAX);
        if left_out > 0 {
            run.report.dropped(PHASE, || format!("{left_out} more than {DOCUMENTS_MAX} documents"));
        }
    }
    if let Some(phase) = phase {
        let count = draft.nodes.len() - phase - 1;
        let why = format!("{count} documents became tasks of a phase of their own");
        run.report.derived(PHASE, || why);
    }
    Ok(())
}

fn add_phase(draft: &mut Draft) -> Result<Spot, PlanError> {
    let title = Title::parse(PHASE).expect("it is a title");
    draft.add(Node::new(None, title, PHASE.to_owned()))
}

fn task(document: &Value, title: Title, parent: Spot, draft: &Draft) -> Node {
    let source_id = text(document, "id").map(str::to_owned);
    let place = source_id.clone().unwrap_or_else(|| PHASE.to_owned());
    let mut node = Node::new(Some(parent), title, place);
    let steps = texts(document, "steps_to_find").chain(texts(document, "steps_to_create"));
    let steps = (1..).zip(steps).map(|(number, step)| format!("\n{number}. {step}"));
    let about = text(document, "description").unwrap_or_default();
    node.description = words::text(&format!("{about}\n{}", steps.collect::<String>()));
    let essential = texts(document, "essential_information").take(CRITERIA_MAX);
    node.success_criteria = essential.filter_map(words::text).collect();
    node.priority = Priority::Low;
    node.source_id = source_id;
    node.params.insert("is_optional".to_owned(), true.into());
    if let Some(role) = text(document, "responsible_role_type") {
        node.params.insert("resources".to_owned(), vec![note(role)].into());
        let wanted = words::normalised(role);
        let mut roles = draft.roles.iter();
        node.role = roles.find(|it| words::normalised(it.as_str()) == wanted).cloned();
    }
    node
}

/// Says how many documents could be tasks.
pub(super) fn say_left_out(run: &mut Run<'_>) {
    for (verb, files) in KINDS {
        let Some(documents) = files.iter().find_map(|file| run.json(file)) else { continue };
        let count = documents.as_array().map_or(0, Vec::len);
        let place = format!("documents to {}", verb.to_lowercase());
        run.report.dropped(&place, || {
            format!("{count} documents are no tasks: ask for them with documents=true")
        });
    }
}
