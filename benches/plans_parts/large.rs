//! What is brought in: a run of the usual size, and a plan as large as one may be.

use anyhow::Result;
use planexe_ax::plans::Bundle;
use serde_json::{Value, json};

/// How many nodes the run has: phases, tasks in each, leaves in each of those.
pub(crate) const NODES: usize = PHASES + PHASES * TASKS + PHASES * TASKS * LEAVES;
const PHASES: usize = 6;
const TASKS: usize = 7;
const LEAVES: usize = 6;
/// How many tasks one phase of the large plan has.
const TASKS_OF_A_PHASE: usize = 100;
/// How many parts one of its tasks has.
const PARTS: usize = 4;

/// A source's own id.
fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The files of a run.
pub(crate) fn run() -> Result<Bundle> {
    let mut number = 0;
    let mut next = || {
        number += 1;
        id(number)
    };
    let brief = "Objective: agree on what is needed. Scope: the orchard and its neighbours. \
                 Steps: ask, write down, confirm. Deliverables: a signed list.";
    let (mut durations, mut waits) = (Vec::new(), Vec::new());
    let mut phases = Vec::new();
    for phase in 0..PHASES {
        let mut tasks: Vec<Value> = Vec::new();
        for task in 0..TASKS {
            let leaves = (0..LEAVES).map(|leaf| {
                json!({"id": next(), "description": format!("Leaf {phase}.{task}.{leaf}"),
                    "extra_fields": {"detailed_description": brief,
                        "resources_needed": ["Project manager", "Arborist", "Volunteers"]}})
            });
            let leaves: Vec<Value> = leaves.collect();
            let own = next();
            durations.push(json!({"task_id": own, "days_min": 2, "days_realistic": 5,
                "days_max": 9, "delay_risks": "weather", "mitigation_strategy": "time"}));
            if let Some(before) = tasks.last() {
                waits.push(json!({"dependent_task_id": own,
                    "depends_on_task_id_list": [before["id"]],
                    "depends_on_task_explanation_list": ["it needs its result"]}));
            }
            tasks.push(json!({"id": own, "description": format!("Task {phase}.{task}"),
                "task_children": leaves}));
        }
        phases.push(json!({"id": next(), "description": format!("Phase {phase}"),
            "task_children": tasks}));
    }
    let tree = json!({"wbs_project": {"id": id(999_999), "description": "Orchard",
        "task_children": phases}});
    let mut bundle = Bundle::new();
    for (name, content) in [
        ("wbs_project_level1_and_level2_and_level3.json", tree),
        ("task_durations.json", json!(durations)),
        ("task_dependencies_raw.json", json!({"task_dependency_details": waits})),
        ("pipeline_complete.txt", json!("done")),
    ] {
        bundle.insert(name, content.to_string().into_bytes())?;
    }
    Ok(bundle)
}

/// A structured plan of about so many nodes, as JSON.
pub(crate) fn plan(nodes: usize) -> Vec<u8> {
    let of_a_phase = 1 + TASKS_OF_A_PHASE * (1 + PARTS);
    let phases = (0..nodes.div_ceil(of_a_phase)).map(|phase| {
        let left = nodes.saturating_sub(phase * of_a_phase + 1) / (1 + PARTS);
        let tasks = (0..left.min(TASKS_OF_A_PHASE)).map(|task| {
            let parts = (0..PARTS).map(|part| {
                json!({"subtask_id": format!("s_{phase}_{task}_{part}"),
                    "title": "Write to a breeder", "action": "send_email",
                    "params": {"to": "carol@bittersweet-farm.example", "subject": "A question"},
                    "timeout_hours": 24})
            });
            let before = task.checked_sub(1).map(|before| format!("t_{phase}_{before}"));
            json!({"task_id": format!("t_{phase}_{task}"), "title": "Ask the breeders of a county",
                "description": "Find out what they use today, and what it costs them.",
                "prerequisites": before.into_iter().collect::<Vec<_>>(),
                "estimated_hours": 4, "subtasks": parts.collect::<Vec<_>>()})
        });
        json!({"phase_id": format!("p_{phase}"), "name": format!("County {phase}"),
            "tasks": tasks.collect::<Vec<_>>()})
    });
    let phases: Vec<Value> = phases.collect();
    json!({"goal": "Ask every breeder", "phases": phases}).to_string().into_bytes()
}
