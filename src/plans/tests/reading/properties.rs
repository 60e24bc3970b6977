//! What holds of plans that are drawn at random: every task and every possible dependency is kept,
//! and what is written comes back the same.

use crate::house::{metadata, options};
use planexe_ax_domain::TaskId;
use planexe_ax_domain::plan::ImportPlan;
use planexe_ax_plans::fuzz::{self, promises};
use planexe_ax_plans::{Bundle, Options, Sequencing, read_bundle};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A tree: for each phase its tasks, for each task how many leaves it has.
type Shape = Vec<Vec<usize>>;

fn shapes() -> impl Strategy<Value = Shape> {
    prop::collection::vec(prop::collection::vec(0_usize..4, 0..5), 1..6)
}

/// The ids of a run of that shape, each with the id that the plan gives it.
fn ids(shape: &Shape) -> Vec<(String, String)> {
    let mut ids = Vec::new();
    for (phase, tasks) in (1..).zip(shape) {
        ids.push((format!("p{phase}-source"), format!("phase_{phase}")));
        for (task, leaves) in (1..).zip(tasks) {
            ids.push((format!("t{phase}x{task}-source"), format!("task_{phase}_{task}")));
            for letter in ["a", "b", "c"].into_iter().take(*leaves) {
                let (source, own) = (
                    format!("l{phase}x{task}x{letter}-source"),
                    format!("task_{phase}_{task}_{letter}"),
                );
                ids.push((source, own));
            }
        }
    }
    ids
}

fn tree(shape: &Shape) -> Value {
    let leaf = |phase: usize, task: usize, letter: &str| {
        let id = format!("l{phase}x{task}x{letter}-source");
        json!({"id": id, "description": "Leaf"})
    };
    let phases = (1..).zip(shape).map(|(phase, tasks)| {
        let tasks = (1..).zip(tasks).map(|(task, leaves)| {
            let leaves = ["a", "b", "c"].into_iter().take(*leaves);
            let leaves: Vec<_> = leaves.map(|letter| leaf(phase, task, letter)).collect();
            let id = format!("t{phase}x{task}-source");
            json!({"id": id, "description": "Task", "task_children": leaves})
        });
        let tasks: Vec<_> = tasks.collect();
        json!({"id": format!("p{phase}-source"), "description": "Phase", "task_children": tasks})
    });
    let phases: Vec<_> = phases.collect();
    json!({"wbs_project": {"id": "root", "description": "Drawn", "task_children": phases}})
}

fn bundle(shape: &Shape, edges: &[(usize, usize)]) -> Bundle {
    let ids = ids(shape);
    let source = |at: usize| ids[at % ids.len()].0.clone();
    let details = edges.iter().map(|(from, to)| {
        json!({"dependent_task_id": source(*to), "depends_on_task_id_list": [source(*from)],
            "depends_on_task_explanation_list": ["because"]})
    });
    let details: Vec<_> = details.collect();
    let mut bundle = Bundle::new();
    for (name, value) in [
        ("wbs_project_level1_and_level2_and_level3.json", tree(shape)),
        ("task_dependencies_raw.json", json!({"task_dependency_details": details})),
    ] {
        bundle.insert(name, value.to_string().into_bytes()).expect("it fits");
    }
    bundle
}

/// What a pair of nodes may be: in order, backward, or one in the other.
fn kept(import: &ImportPlan) -> BTreeSet<(String, String)> {
    let pair = |it: &planexe_ax_domain::Dependency| (it.from.to_string(), it.to.to_string());
    import.dependencies.iter().filter(|it| !it.is_implied).map(pair).collect()
}

fn is_in(import: &ImportPlan, inner: &str, outer: &str) -> bool {
    let parents: BTreeMap<&str, &TaskId> = import
        .tasks
        .iter()
        .filter_map(|task| Some((task.task_id.as_str(), task.parent_id.as_ref()?)))
        .collect();
    let mut at = inner;
    while let Some(parent) = parents.get(at) {
        at = parent.as_str();
        if at == outer {
            return true;
        }
    }
    inner == outer
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_run_keeps_every_task_and_every_dependency_that_can_be(
        shape in shapes(),
        edges in prop::collection::vec((0_usize..99, 0_usize..99), 0..24),
    ) {
        let reading = read_bundle(bundle(&shape, &edges), &options()).expect("it is a run");
        let ids = ids(&shape);
        let own: Vec<_> = reading.import.tasks.iter().map(|it| it.task_id.to_string()).collect();
        let wanted: Vec<_> = ids.iter().map(|(_, own)| own.clone()).collect();
        prop_assert_eq!(&own, &wanted);
        for (source, own) in &ids {
            prop_assert_eq!(&metadata(&reading.import)["source_ids"][own], source);
        }
        let kept = kept(&reading.import);
        for (from, to) in &edges {
            let place = |at: usize| at % wanted.len();
            let (from, to) = (&wanted[place(*from)], &wanted[place(*to)]);
            let is_inside = is_in(&reading.import, from, to) || is_in(&reading.import, to, from);
            let place = |wanted: &String| own.iter().position(|id| id == wanted);
            let is_kept = kept.contains(&(from.clone(), to.clone()));
            if !is_inside && place(from) < place(to) {
                prop_assert!(is_kept, "{} to {} is lost", from, to);
            }
            prop_assert!(!(is_inside && is_kept), "{} to {} cannot be", from, to);
        }
        promises(reading);
    }

    #[test]
    fn a_dependency_is_dropped_only_where_it_closes_a_circle(
        shape in shapes(),
        edge in (0_usize..99, 0_usize..99),
    ) {
        let reading = read_bundle(bundle(&shape, &[edge]), &options()).expect("it is a run");
        let ids = ids(&shape);
        let name = |at: usize| ids[at % ids.len()].1.as_str();
        let (from, to) = (name(edge.0), name(edge.1));
        let is_inside = is_in(&reading.import, from, to) || is_in(&reading.import, to, from);
        prop_assert_eq!(reading.import.dependencies.len(), usize::from(!is_inside));
    }

    #[test]
    fn every_order_that_can_be_asked_for_makes_a_plan(
        shape in shapes(),
        edges in prop::collection::vec((0_usize..99, 0_usize..99), 0..12),
    ) {
        for sequencing in [Sequencing::Phases, Sequencing::Waterfall] {
            let options = Options { sequencing, ..options() };
            let reading = read_bundle(bundle(&shape, &edges), &options).expect("it is a run");
            promises(reading);
        }
    }

    #[test]
    fn no_bytes_break_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz::any_plan(&bytes);
        fuzz::archive(&bytes);
        fuzz::json(&bytes);
    }

    #[test]
    fn no_text_breaks_a_reader(
        lines in prop::collection::vec(
            "( {0,6})(- |[0-9]\\. |#{1,4} |├─ |│  └─ |\\|-- |\\| |```|> )?(\\[[ x]\\] )?\
             (Task|Phase|Owner:|After|Done)? ?[0-9.]{0,4}:? ?[a-cA-C|(),*_`: -]{0,12}",
            0..24,
        ),
    ) {
        let text = lines.join("\n");
        fuzz::markdown(text.as_bytes());
        fuzz::outline(text.as_bytes());
    }
}
