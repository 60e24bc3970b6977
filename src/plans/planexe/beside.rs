//! What stands beside the tasks: the goal and the prompt, risks, governance, stakeholders.

use super::files::Run;
use super::values::{all_picked, list, note, picked, text};
use crate::draft::{Draft, TaskIds};
use crate::words;
use planexe_ax_domain::TaskId;
use planexe_ax_domain::event::plan::Risk;
use planexe_ax_domain::plan::RISKS_MAX;
use serde_json::{Map, Value};

/// The longest prompt that is kept.
const PROMPT_BYTES_MAX: usize = 20_000;
/// What stands before and behind the prompt in `plan.txt`.
const PROMPT_BEGIN: &str = "Plan:\n";
const PROMPT_END: &str = "\n\nToday's date:";

/// Reads it all.
pub(super) fn read(run: &mut Run<'_>, draft: &mut Draft, ids: &TaskIds) {
    let prompt = prompt(run);
    if let Some(prompt) = &prompt {
        let cut = words::cut(prompt, PROMPT_BYTES_MAX);
        draft.metadata.insert("prompt".to_owned(), cut.into());
    }
    project(run, draft);
    if draft.goal.is_none() {
        draft.goal = prompt.as_deref().and_then(words::text);
    }
    risks(run, draft);
    governance(run, draft);
    repeated_titles(run, draft, ids);
}

/// What the plan was asked for with.
fn prompt(run: &mut Run<'_>) -> Option<String> {
    let raw = run.json("plan_raw.json");
    if let Some(prompt) = raw.as_ref().and_then(|raw| text(raw, "plan_prompt")) {
        return Some(prompt.to_owned());
    }
    let plan = run.text("plan.txt")?;
    let begun = plan.strip_prefix(PROMPT_BEGIN).unwrap_or(&plan);
    let ended = begun.split_once(PROMPT_END).map_or(begun, |(prompt, _)| prompt);
    Some(ended.trim().to_owned()).filter(|prompt| !prompt.is_empty())
}

fn project(run: &mut Run<'_>, draft: &mut Draft) {
    let file = ["project_plan_raw.json", "project_plan.json"].into_iter().find(|it| run.has(it));
    let Some(project) = file.and_then(|file| run.json(file)) else { return };
    draft.goal = text(&project, "goal_statement").and_then(words::text);
    for (section, name) in [
        ("stakeholders", "stakeholder_analysis"),
        ("smart_criteria", "smart_criteria"),
        ("regulatory", "regulatory_and_compliance_requirements"),
    ] {
        let kept = picked(&project, &[name]);
        draft.metadata.extend(kept.into_values().map(|value| (section.to_owned(), value)));
    }
}

fn risks(run: &mut Run<'_>, draft: &mut Draft) {
    let Some(file) = run.wanted("identify_risks_raw.json", "risks") else { return };
    let mut levels = Map::new();
    for risk in list(&file, "risks").iter().take(RISKS_MAX) {
        let described = text(risk, "risk_description").or_else(|| text(risk, "risk_area"));
        let Some(description) = described.and_then(words::text) else { continue };
        let id = format!("risk_{}", draft.risks.len() + 1);
        let names = ["risk_area", "potential_impact", "likelihood", "severity"];
        levels.insert(id.clone(), Value::Object(picked(risk, &names)));
        draft.risks.push(Risk {
            risk_id: TaskId::parse(&id).expect("a word and a number"),
            description,
            mitigation: text(risk, "action").and_then(words::text),
        });
    }
    let left_out = list(&file, "risks").len().saturating_sub(RISKS_MAX);
    if left_out > 0 {
        run.report.dropped("risks", || format!("at most {RISKS_MAX} fit: {left_out} are left out"));
    }
    if !levels.is_empty() {
        draft.metadata.insert("risk_levels".to_owned(), Value::Object(levels));
    }
}

fn governance(run: &mut Run<'_>, draft: &mut Draft) {
    let mut governance = Map::new();
    for (name, file, list_name, fields) in [
        (
            "bodies",
            "governance_phase2_bodies_raw.json",
            "internal_governance_bodies",
            &["name", "membership", "decision_rights", "escalation_path", "meeting_cadence"][..],
        ),
        (
            "monitoring",
            "governance_phase5_monitoring_progress_raw.json",
            "monitoring_progress",
            &["approach", "frequency", "responsible_role", "adaptation_trigger"][..],
        ),
    ] {
        let Some(value) = run.json(file) else { continue };
        governance.insert(name.to_owned(), all_picked(list(&value, list_name), fields).into());
    }
    if !governance.is_empty() {
        draft.metadata.insert("governance".to_owned(), Value::Object(governance));
    }
    let scenario = run.json("selected_scenario.json");
    let choice = scenario.as_ref().and_then(|scenario| scenario.get("final_choice"));
    if let Some(name) = choice.and_then(|choice| text(choice, "chosen_scenario_name")) {
        draft.metadata.insert("scenario".to_owned(), note(name));
    }
}

/// Titles that repeat are no fault: they only do not tell tasks apart.
fn repeated_titles(run: &mut Run<'_>, draft: &Draft, ids: &TaskIds) {
    let mut known = std::collections::BTreeMap::new();
    let mut repeated = 0;
    let mut first = None;
    for (spot, node) in draft.nodes.iter().enumerate() {
        if let Some(before) = known.insert(node.title.as_str(), spot) {
            repeated += 1;
            first = first.or(Some((before, spot)));
        }
    }
    let Some((one, other)) = first else { return };
    run.report.warning("titles", || {
        format!(
            "{repeated} titles stand there before, such as those of {} and {}: go by the ids",
            ids.get(one),
            ids.get(other)
        )
    });
}
