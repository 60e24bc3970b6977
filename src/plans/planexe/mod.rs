//! Reads the files that a PlanExe run leaves, of all generations: the work breakdown makes the
//! plan, everything else comes along as what it is.

mod baseline;
mod beside;
mod dependencies;
mod documents;
mod durations;
mod files;
mod gates;
mod people;
mod tree;
mod values;
mod watch;

pub(crate) use files::is_of_a_run;

use crate::bundle::{Bundle, sha256};
use crate::draft::{Draft, Repairs, TaskIds, assemble};
use crate::error::PlanError;
use crate::read::{Options, Reading, source};
use crate::report::Report;
use crate::sniff::Format;
use crate::words;
use files::Run;
use serde::Deserialize;
use serde_json::{Map, Value};
use tree::Tree;

/// Files of a run in one JSON text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilesForm {
    files: Map<String, Value>,
}

/// Reads the files that stand in one JSON text, each as a text or as the JSON that it holds.
pub(crate) fn from_json(text: &str) -> Result<Bundle, PlanError> {
    let form: FilesForm = crate::structured::typed(text)?;
    let mut bundle = Bundle::new();
    for (name, content) in form.files {
        let bytes = match content {
            Value::String(text) => text.into_bytes(),
            other @ (Value::Object(_) | Value::Array(_)) => other.to_string().into_bytes(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                let pointer = format!("/files/{}", name.replace('~', "~0").replace('/', "~1"));
                let message = "a file is a text, or the JSON that it holds".to_owned();
                return Err(PlanError::WrongShape { pointer, message });
            }
        };
        bundle.insert(&name, bytes)?;
    }
    Ok(bundle)
}

/// Reads a run.
pub(crate) fn read(bundle: &Bundle, options: &Options) -> Result<Reading, PlanError> {
    let mut run = Run::of(bundle, Report::new(Format::Planexe));
    let mut draft = Draft::default();
    let mut tree = tree::read(&mut run, &mut draft)?;
    run.report.generation = Some(run.generation());
    durations::read(&mut run, &mut draft, &mut tree);
    let reasons = dependencies::read(&mut run, &mut draft, &mut tree);
    people::read(&mut run, &mut draft);
    if options.documents {
        documents::read(&mut run, &mut draft)?;
    }
    let ids = TaskIds::of(&draft);
    beside::read(&mut run, &mut draft, &ids);
    watch::read(&mut run, &mut draft);
    gates::read(&mut run, &mut draft, &ids, options.gates);
    baseline::read(&mut run, &mut draft, (&tree, &ids));
    dependencies::keep_reasons(reasons, &mut draft, &ids);
    keep_source(&mut run, &mut draft, &tree);
    if !options.documents {
        documents::say_left_out(&mut run);
    }
    let root_id = tree.root_id.as_deref().and_then(words::title);
    let content = content_of(&run);
    run.tell();
    let from = source(Format::Planexe, &[content.as_bytes()], root_id.clone(), options);
    draft.source_id = root_id;
    assemble(draft, from, Repairs::Made, options, run.report)
}

/// What the files hold that were read, a line for each: the same for a folder and for an archive
/// of it, whatever else lies there.
fn content_of(run: &Run<'_>) -> String {
    let read = run.files().filter(|(key, _)| run.is_read(key));
    let files = read.map(|(name, bytes)| format!("{name} {}\n", sha256(&[bytes])));
    files.collect()
}

fn keep_source(run: &mut Run<'_>, draft: &mut Draft, tree: &Tree) {
    let mut about = Map::new();
    about.insert("generation".to_owned(), run.generation().into());
    about.insert("is_complete".to_owned(), run.is_complete().into());
    for (name, value) in [
        ("root_id", tree.root_id.clone().map(Value::from)),
        ("final_deliverable", tree.deliverable.clone().map(Value::from)),
        ("pipeline_version", run.pipeline_version()),
        ("model", run.model()),
        ("started_at", run.started_at()),
    ] {
        if let Some(value) = value {
            about.insert(name.to_owned(), value);
        }
    }
    draft.metadata.insert("source".to_owned(), Value::Object(about));
    let files = run.files().map(|(name, bytes)| (name.to_owned(), sha256(&[bytes]).into()));
    draft.metadata.insert("files".to_owned(), Value::Object(files.collect()));
}
