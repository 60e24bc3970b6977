//! Reads the numbered steps of an agent's own plan, strictly: a step that another one waits for
//! must be there.

use crate::draft::{Draft, Edge, Node, Repairs, assemble};
use crate::error::PlanError;
use crate::read::{Options, Reading, source};
use crate::report::Report;
use crate::sniff::Format;
use crate::structured::{lasting_ms, typed};
use crate::words;
use planexe_ax_domain::{ActionName, Text, Title};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const MINUTE_SECONDS: u32 = 60;

/// The steps, as agents send them or as they are stored.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepsForm {
    task_id: Option<Title>,
    #[serde(default)]
    plan_type: Option<Title>,
    steps: Option<Vec<StepForm>>,
    plan_json: Option<InnerForm>,
    reasoning: Option<Text>,
    metadata: Option<Map<String, Value>>,
}

/// The steps, as they are stored.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InnerForm {
    steps: Vec<StepForm>,
    reasoning: Option<Text>,
}

/// A step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepForm {
    step: u32,
    action: Option<ActionName>,
    description: Option<Text>,
    estimated_duration: Option<f64>,
    dependencies: Option<Vec<u32>>,
    metadata: Option<Map<String, Value>>,
}

/// Reads the steps from JSON that was looked at; its bytes name it.
pub(crate) fn read(
    text: &str,
    (bytes, name): (&[u8], &str),
    mut report: Report,
    options: &Options,
) -> Result<Reading, PlanError> {
    let form: StepsForm = typed(text)?;
    let (steps, inner_reasoning, prefix) = match (form.steps, form.plan_json) {
        (Some(steps), None) => (steps, None, "/steps"),
        (None, Some(inner)) => (inner.steps, inner.reasoning, "/plan_json/steps"),
        (Some(_), Some(_)) => {
            return Err(refuse("/plan_json", "the steps stand here, or in /steps, not in both"));
        }
        (None, None) => return Err(refuse("", "a plan of steps needs a list: steps")),
    };
    if steps.is_empty() {
        return Err(refuse(prefix, "a plan has one step at least"));
    }
    let mut draft = Draft { goal: form.reasoning.or(inner_reasoning), ..Draft::default() };
    let kind = form.plan_type.unwrap_or_else(|| Title::parse("steps").expect("it is a title"));
    draft.title = draft.goal.as_ref().and_then(|goal| words::first_line(goal.as_str()));
    if draft.title.is_none() {
        draft.title = Some(kind.clone());
    }
    let phase = draft.add(Node::new(None, kind.clone(), name.to_owned()))?;
    add_steps(&mut draft, phase, steps, prefix, &mut report)?;
    draft.metadata = form.metadata.unwrap_or_default();
    draft.metadata.insert("plan_type".to_owned(), kind.as_str().into());
    let source_id = form.task_id;
    let from = source(Format::Steps, &[bytes], source_id, options);
    assemble(draft, from, Repairs::Refused, options, report)
}

fn refuse(pointer: &str, message: impl Into<String>) -> PlanError {
    PlanError::WrongShape { pointer: pointer.to_owned(), message: message.into() }
}

fn add_steps(
    draft: &mut Draft,
    phase: usize,
    steps: Vec<StepForm>,
    prefix: &str,
    report: &mut Report,
) -> Result<(), PlanError> {
    let mut known = BTreeMap::new();
    let mut waits = Vec::new();
    let is_in_order = steps.iter().all(|step| step.dependencies.is_none());
    for (place, step) in steps.into_iter().enumerate() {
        let pointer = format!("{prefix}/{place}");
        let number = step.step;
        waits.push((number, step.dependencies.clone().unwrap_or_default()));
        let node = node(phase, step, &pointer, report)?;
        let spot = draft.add(node)?;
        if known.insert(number, spot).is_some() {
            let message = format!("step {number} stands twice: number each step once");
            return Err(refuse(&format!("{pointer}/step"), message));
        }
    }
    for (place, (number, before)) in waits.iter().enumerate() {
        for (at, from) in before.iter().enumerate() {
            let pointer = format!("{prefix}/{place}/dependencies/{at}");
            let Some(&from_spot) = known.get(from) else {
                return Err(refuse(&pointer, format!("there is no step {from}")));
            };
            if from == number {
                return Err(refuse(&pointer, format!("step {from} cannot wait for itself")));
            }
            let edge = Edge::new(from_spot, known[number], pointer.clone());
            if draft
                .edges
                .iter()
                .rev()
                .take(before.len())
                .any(|it| (it.from, it.to) == (edge.from, edge.to))
            {
                report.dropped(&pointer, || format!("step {from} stands twice"));
                continue;
            }
            draft.edges.push(edge);
        }
    }
    if is_in_order {
        follow_each_other(draft, &known, report);
    }
    Ok(())
}

/// Steps that name nothing they wait for follow each other, by their numbers.
fn follow_each_other(draft: &mut Draft, known: &BTreeMap<u32, usize>, report: &mut Report) {
    let order: Vec<usize> = known.values().copied().collect();
    for pair in order.windows(2) {
        let edge = Edge::new(pair[0], pair[1], "the order of the steps");
        draft.edges.push(Edge { is_implied: true, ..edge });
    }
    report.derived("the steps", || {
        "none says what it waits for: they follow each other by their numbers".to_owned()
    });
}

fn node(
    phase: usize,
    step: StepForm,
    pointer: &str,
    report: &mut Report,
) -> Result<Node, PlanError> {
    let StepForm { step: number, action, description, estimated_duration, metadata, .. } = step;
    let line = description.as_ref().and_then(|text| words::first_line(text.as_str()));
    let named = || action.as_ref().and_then(|action| words::title(action.as_str()));
    let title = line
        .or_else(named)
        .ok_or_else(|| refuse(pointer, "a step needs a description, or at least an action"))?;
    let estimated_ms = match estimated_duration {
        None | Some(0.0) => None,
        Some(minutes) => Some(lasting_ms(minutes, MINUTE_SECONDS).ok_or_else(|| {
            let pointer = format!("{pointer}/estimated_duration");
            refuse(&pointer, "this is in minutes, from 0 to a hundred years")
        })?),
    };
    if estimated_duration == Some(0.0) {
        report.repaired(pointer, || "it takes no time: it has no estimate".to_owned());
    }
    let mut node = Node::new(Some(phase), title, pointer.to_owned());
    node.description = description;
    node.action = action;
    node.estimated_ms = estimated_ms;
    node.params = metadata.unwrap_or_default();
    node.source_id = Some(number.to_string());
    Ok(node)
}
