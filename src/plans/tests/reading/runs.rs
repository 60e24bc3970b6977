//! Runs of PlanExe of all four generations, in our own words.

use crate::house::{edges, fixture, fixtures, folder, metadata, options, tells, tree};
use planexe_ax_domain::plan::ImportPlan;
use planexe_ax_domain::{Priority, TaskDefinition};
use planexe_ax_plans::{Bundle, Input, Options, PlanError, Reading, Sequencing, read, read_bundle};
use serde_json::{Value, json};

const DAY_MS: u64 = 86_400_000;

fn run(name: &str, options: &Options) -> Reading {
    fixture(name, options).expect("it is a run")
}

fn task<'a>(import: &'a ImportPlan, id: &str) -> &'a TaskDefinition {
    import.tasks.iter().find(|task| task.task_id.as_str() == id).expect("it is there")
}

fn param(import: &ImportPlan, id: &str, name: &str) -> Value {
    let params = task(import, id).params.as_ref().map_or("{}", |it| it.as_str());
    serde_json::from_str::<Value>(params).expect("it is JSON")[name].take()
}

fn days(import: &ImportPlan, id: &str) -> Option<u64> {
    task(import, id).estimated_ms.map(|ms| ms / DAY_MS)
}

#[test]
fn the_first_generation_has_its_own_names_and_few_files() {
    let Reading { import, report } = run("g0", &options());
    assert_eq!(report.generation, Some("G0"), "{report}");
    assert_eq!(
        tree(&import),
        [
            "phase_1 Prepare the orchard",
            "  task_1_1 Test the soil",
            "    task_1_1_a Take samples",
            "    task_1_1_b Send samples to the laboratory",
            "  task_1_2 Negotiate the lease",
            "    task_1_2_a Ask the owner",
            "    task_1_2_b Sign the lease",
            "phase_2 Plant the trees",
            "  task_2_1 Buy saplings",
            "    task_2_1_a Compare nurseries",
            "    task_2_1_b Order saplings",
            "  task_2_2 Dig the holes",
            "    task_2_2_a Mark the rows",
            "    task_2_2_b Dig",
        ]
    );
    assert_eq!(edges(&import), ["task_1_1 → task_2_2"]);
    assert_eq!(import.title.as_str(), "Village Orchard");
    assert!(import.goal.as_ref().is_some_and(|goal| goal.as_str().starts_with("Forty fruit")));
    assert_eq!(days(&import, "task_1_1"), Some(4));
    assert_eq!(days(&import, "task_1_1_a"), Some(2));
    assert_eq!(param(&import, "task_1_1_a", "is_estimate_derived"), true);
    assert_eq!(param(&import, "phase_1", "days_of_parts"), 14);
    let gate = task(&import, "phase_1").approval.as_ref().map(|it| it.as_str());
    assert_eq!(gate, Some("go or no-go: Go, once the soil was tested."));
    assert_eq!(metadata(&import)["watch_items"][0]["kind"], "assumption");
    assert!(tells(&report.warnings, "the run", "may be incomplete"), "{report}");
    assert!(!import.metadata.as_ref().is_some_and(|it| it.as_str().contains("never kept")));
}

#[test]
fn the_tree_is_put_together_where_the_whole_is_missing_or_broken() {
    let whole = run("g0", &options()).import.tasks;
    let mut levels = Bundle::new();
    for (name, bytes) in folder(&fixtures().join("g0")).files() {
        let is_whole = name.starts_with("025-");
        let bytes = if is_whole { b"{\"wbs_project\":".to_vec() } else { bytes.to_vec() };
        levels.insert(name, bytes).expect("it fits");
    }
    let Reading { import, report } = read_bundle(levels, &options()).expect("it has its levels");
    assert_eq!(import.tasks, whole);
    assert!(tells(&report.repaired, "025-wbs_project", "from its levels"), "{report}");
}

#[test]
fn what_a_language_model_got_wrong_is_repaired_or_dropped_and_told() {
    let Reading { import, report } = run("g1", &options());
    assert_eq!(report.generation, Some("G1"), "{report}");
    let wanted = ["task_1_1 → task_2_2", "task_2_1 → task_2_2", "task_1_2 → task_2_1"];
    assert_eq!(edges(&import), wanted);
    let at = "021-task_dependencies_raw.json";
    assert!(tells(&report.repaired, at, "read as"), "{report}");
    for why in [
        "there is no task \"11111111",
        "cannot wait for phase_1, which it is a part of",
        "cannot wait for itself",
        "closes a circle (task_1_1 → task_2_2)",
        "stands twice",
    ] {
        assert!(tells(&report.dropped, at, why), "{why}: {report}");
    }
    assert!(tells(&report.warnings, at, "2 ids with 1 explanations"), "{report}");
    assert_eq!(days(&import, "task_1_1"), Some(4));
    assert_eq!(param(&import, "task_1_1", "days"), json!({"min": 2, "realistic": 4, "max": 8}));
    assert_eq!(days(&import, "task_1_2"), None);
    assert_eq!(param(&import, "task_1_2", "is_ongoing"), true);
    assert_eq!(param(&import, "task_2_1", "days"), json!({"min": 6, "realistic": 6, "max": 6}));
    assert_eq!(days(&import, "phase_2"), Some(6));
    let file = "022-2-task_durations.json";
    assert!(tells(&report.repaired, file, "days 8, 4, 2: read as 2, 4, 8"), "{report}");
    assert!(tells(&report.dropped, file, "a second estimate"), "{report}");
    assert!(tells(&report.dropped, file, "there is no task \"nobody\""), "{report}");
}

#[test]
fn roles_are_matched_by_any_spelling_and_human_work_is_marked() {
    let Reading { import, .. } = run("g1", &options());
    let role = |id: &str| task(&import, id).role.as_ref().map(|role| role.as_str().to_owned());
    assert_eq!(role("task_1_1_a").as_deref(), Some("Gardener"));
    assert_eq!(role("task_2_1_b").as_deref(), Some("Orchard Lead"));
    assert_eq!(role("task_2_2_a"), None);
    assert_eq!(param(&import, "task_1_1_a", "resources"), json!(["Gardeners", "Spade"]));
    assert_eq!(param(&import, "task_1_2_b", "tier"), "human_led");
    assert_eq!(param(&import, "task_1_2_b", "tier_because_of"), "sign");
    assert_eq!(param(&import, "task_2_2_a", "tier"), Value::Null);
}

#[test]
fn decisions_become_approvals_only_where_the_run_says_of_what() {
    let Reading { import, report } = run("g1", &options());
    let held = task(&import, "task_2_1").approval.as_ref().map(|it| it.as_str());
    assert_eq!(held, Some("Deadlock on the saplings to buy: The village council decides"));
    let matrix = "decision_escalation_matrix/1";
    assert!(tells(&report.warnings, matrix, "kept as a decision only"), "{report}");
    assert_eq!(metadata(&import)["escalations"][0]["task_ids"], json!(["task_2_1"]));
    assert_eq!(report.counts.gates, 3, "{report}");
    let free = run("g1", &Options { gates: false, ..options() });
    assert_eq!(free.report.counts.gates, 0, "{}", free.report);
    assert_eq!(metadata(&free.import)["escalations"], metadata(&import)["escalations"]);
    assert_ne!(free.import.plan_id, import.plan_id, "another wish makes another plan");
}

#[test]
fn documents_are_tasks_where_they_are_wished_for() {
    let Reading { import, report } = run("g1", &Options { documents: true, ..options() });
    let lines = tree(&import);
    let last = [
        "phase_3 Documents",
        "  task_3_1 Find: Map of the pipes",
        "  task_3_2 Write: Rota of helpers",
    ];
    assert_eq!(lines[lines.len() - 3..], last);
    let found = task(&import, "task_3_1");
    assert_eq!(found.priority, Priority::Low);
    assert_eq!(found.role.as_ref().map(|role| role.as_str()), Some("Gardener"));
    let about = found.description.as_ref().map(|it| it.as_str());
    assert_eq!(about, Some("Where water runs.\n\n1. Ask the council\n2. Copy it"));
    assert!(tells(&report.derived, "Documents", "2 documents"), "{report}");
    let without = run("g1", &options()).report;
    assert!(tells(&without.dropped, "documents to find", "documents=true"), "{without}");
}

#[test]
fn risks_schedule_and_source_come_along() {
    let Reading { import, report } = run("g1", &options());
    assert_eq!(import.risks[0].risk_id.as_str(), "risk_1");
    let kept = metadata(&import);
    assert_eq!(kept["risk_levels"]["risk_1"]["severity"], "high");
    assert_eq!(kept["baseline"]["task_1_1"], json!(["2026-01-05", "2026-01-09"]));
    assert_eq!(kept["source"]["started_at"], "2026-01-05T10:00:00Z");
    assert_eq!(kept["source"]["model"], "example/model-1");
    assert_eq!(kept["source"]["root_id"], json!(import.source.source_id));
    assert_eq!(kept["files"]["plan.txt"].as_str().map(str::len), Some(64));
    assert!(kept["files"].get("wbs_level3_raw.json").is_none(), "pieces are not counted");
    let reasons = kept["dependency_reasons"].to_string();
    assert!(reasons.contains("Stones must be known."), "{reasons}");
    assert!(kept["prompt"].as_str().is_some_and(|it| it.starts_with("Plant an orchard")));
    let told = report.json();
    assert!(told.as_str().contains("\"generation\":\"G1\""), "{told:?}");
}

#[test]
fn names_without_numbers_leaves_at_two_levels_and_watch_items_are_read() {
    let Reading { import, report } = run("g2", &options());
    assert_eq!(report.generation, Some("G2"), "{report}");
    assert_eq!(tree(&import).len(), 10, "{report}");
    assert_eq!(report.counts.leaves, 6, "{report}");
    let items = metadata(&import)["watch_items"].clone();
    let kinds: Vec<_> = (0..4).map(|at| items[at]["kind"].as_str()).collect();
    let wanted = ["assumption", "tripwire", "early_warning_sign", "stop_rule"];
    assert_eq!(kinds, wanted.map(Some));
    assert_eq!(items[0]["falsifier"], "A written no.");
    assert_eq!(items[3]["owner"], "Orchard Lead");
}

#[test]
fn open_decisions_of_the_newest_line_hold_up_what_they_block() {
    let Reading { import, report } = run("g3", &options());
    assert_eq!(report.generation, Some("G3"), "{report}");
    let held = task(&import, "task_2_1_b").approval.as_ref().map(|it| it.as_str());
    let wanted = "decide: Which trees (owner: Orchard Lead; by: Month 1; if undecided: Apples)";
    assert_eq!(held, Some(wanted));
    let kept = metadata(&import);
    assert_eq!(kept["decisions"][0]["task_ids"], json!(["task_2_1_b"]));
    assert_eq!(kept["decisions"][1]["task_ids"], json!([]));
    assert_eq!(kept["to_ratify"][0]["chosen"], "Forty");
    assert!(tells(&report.warnings, "decisions/1", "no task is named"), "{report}");
}

#[test]
fn an_order_that_is_asked_for_is_added_where_it_closes_no_circle() {
    let phases = run("g0", &Options { sequencing: Sequencing::Phases, ..options() });
    assert_eq!(edges(&phases.import), ["task_1_1 → task_2_2", "phase_1 → phase_2 *"]);
    let waterfall = run("g1", &Options { sequencing: Sequencing::Waterfall, ..options() });
    let implied = waterfall.import.dependencies.iter().filter(|it| it.is_implied).count();
    assert_eq!(implied, 6, "{:?}", edges(&waterfall.import));
}

#[test]
fn a_run_in_one_json_text_is_the_same_run() {
    let bundle = folder(&fixtures().join("g2"));
    let files = bundle.files().map(|(name, bytes)| {
        (name.to_owned(), Value::from(String::from_utf8_lossy(bytes).into_owned()))
    });
    let text = json!({"files": Value::Object(files.collect())}).to_string();
    let input = Input { bytes: text.as_bytes(), name: "it", kind: None };
    let one = read(input, &options()).expect("it is a run");
    assert_eq!(one.import.source, run("g2", &options()).import.source);
    let alone = bundle.files().find(|(name, _)| name.starts_with("wbs_project"));
    let (_, bytes) = alone.expect("it is there");
    let lone = read(Input { bytes, name: "wbs.json", kind: None }, &options());
    assert_eq!(lone.expect("the tree alone is a plan").report.counts.leaves, 6);
}

#[test]
fn of_two_files_with_one_name_the_newer_one_is_read() {
    let mut bundle = folder(&fixtures().join("g0"));
    bundle
        .insert("026-wbs_project_level1_and_level2_and_level3.json", b"{}".to_vec())
        .expect("fits");
    bundle.insert("notes/other.json", b"{}".to_vec()).expect("it fits");
    let error = read_bundle(bundle.clone(), &options());
    assert!(error.is_ok(), "the levels are there: {error:?}");
    let report = error.expect("it is a run").report;
    assert!(tells(&report.warnings, "025-wbs", "it is there twice"), "{report}");
    assert!(tells(&report.dropped, "folders", "1 files"), "{report}");
}

#[test]
fn a_tree_that_cannot_be_read_is_named() {
    let mut bundle = Bundle::new();
    let file = "018-wbs_project_level1_and_level2_and_level3.json";
    bundle.insert(file, br#"{"wbs_project":{"id":"a","id":"b"}}"#.to_vec()).expect("it fits");
    let error = read_bundle(bundle, &options()).expect_err("an id stands twice");
    let PlanError::Damaged { file: named, message } = &error else { panic!("{error}") };
    assert!(named == file && message.contains("stands twice"), "{error}");
}
