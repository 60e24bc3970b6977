//! Real runs of PlanExe, each with what is known of it. They are not in the repository: where they
//! are not beside it, these tests say so and look at nothing.

use crate::house::{bytes, files, folder, metadata, options, tells};
use planexe_ax_plans::fuzz::promises;
use planexe_ax_plans::{Counts, Input, Options, PlanError, Reading, Report, Sequencing, read};
use planexe_ax_plans::{export, fuzz, read_bundle};
use std::path::{Path, PathBuf};

/// A folder of samples, where it is present.
fn sample(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let path = root.parent()?.join("shared/planexe-samples").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

fn run(name: &str, options: &Options) -> Option<Reading> {
    let reading = read_bundle(folder(&sample(name)?), options).expect("it is a run");
    promises(reading.clone());
    Some(reading)
}

fn counts(counts: Counts) -> [usize; 6] {
    let Counts { phases, tasks, subtasks, leaves, dependencies, .. } = counts;
    [phases, tasks, subtasks, leaves, dependencies, counts.risks]
}

#[test]
fn the_oldest_run_is_read_without_a_team() {
    let Some(Reading { import, report }) = run("20250210_arxiv_distillation", &options()) else {
        return;
    };
    assert_eq!(report.generation, Some("G0"), "{report}");
    assert_eq!(counts(report.counts), [4, 16, 68, 68, 12, 0], "{report}");
    assert_eq!(import.title.as_str(), "Arxiv Distillation");
    assert!(import.goal.is_some() && import.roles.is_empty());
    assert!(tells(&report.warnings, "find_team_members", "no roles"), "{report}");
}

#[test]
fn dependencies_that_point_backward_are_kept_where_they_close_no_circle() {
    let Some(Reading { import, report }) = run("20250517_tea_eshop", &options()) else { return };
    assert_eq!(report.generation, Some("G1"), "{report}");
    assert_eq!(counts(report.counts), [5, 25, 122, 122, 20, 6], "{report}");
    assert_eq!(import.roles.len(), 8);
    assert!(tells(&report.warnings, "titles", "38 titles"), "{report}");
    let first = &import.tasks[2];
    assert_eq!(first.task_id.as_str(), "task_1_1_a");
    assert!(first.estimated_ms.is_some() && first.description.is_some());
    let kept = metadata(&import);
    assert_eq!(kept["source_ids"].as_object().map(serde_json::Map::len), Some(152));
    assert!(kept["prompt"].as_str().is_some_and(|it| it.starts_with("Establish and launch")));
    assert_eq!(kept["source"]["model"], "openai/gpt-4o-mini");
}

#[test]
fn a_task_that_waits_for_its_own_phase_waits_for_nothing() {
    let Some(Reading { report, .. }) = run("20250808_connectome_project", &options()) else {
        return;
    };
    assert_eq!(counts(report.counts), [8, 36, 155, 155, 11, 10], "{report}");
    let own = report.dropped.iter().filter(|line| line.reason.contains("which it is a part of"));
    assert_eq!(own.count(), 2, "{report}");
    let uneven = report.warnings.iter().filter(|line| line.reason.contains("explanations"));
    assert_eq!(uneven.count(), 2, "{report}");
}

#[test]
fn an_id_that_lost_a_digit_is_put_right() {
    let Some(Reading { import, report }) = run("20260303_crate_recovery_campaign", &options())
    else {
        return;
    };
    assert_eq!(counts(report.counts), [6, 25, 89, 89, 16, 7], "{report}");
    let lost = "47f7b204-bd2-4102-800c-0ba25703a213";
    assert!(tells(&report.repaired, "task_dependencies_raw", lost), "{report}");
    let items = metadata(&import)["watch_items"].as_array().cloned().unwrap_or_default();
    let of = |kind: &str| items.iter().filter(|item| item["kind"] == kind).count();
    assert!(of("stop_rule") == 9 && of("tripwire") > 9, "{items:?}");
    assert_eq!(report.counts.watch_items, items.len());
    assert!(metadata(&import)["baseline"]["phase_1"].is_array());
}

#[test]
fn the_newest_names_and_leaves_at_two_levels_are_read() {
    let Some(full) = run("stub_full_pipeline_v2", &options()) else { return };
    assert_eq!(full.report.generation, Some("G2"), "{}", full.report);
    assert_eq!(counts(full.report.counts), [3, 9, 27, 27, 8, 3], "{}", full.report);
    let fast = run("stub_fast_mode", &options()).expect("the other is there");
    assert_eq!(counts(fast.report.counts), [3, 9, 6, 13, 8, 3], "{}", fast.report);
    let estimated = fast.import.tasks.iter().filter(|task| task.estimated_ms.is_some());
    assert_eq!(estimated.count(), 12, "{}", fast.report);
}

#[test]
fn a_run_without_a_work_breakdown_is_refused_with_what_was_seen() {
    let Some(path) = sample("stub_ping_llm") else { return };
    let error = read_bundle(folder(&path), &options()).expect_err("there is no plan in it");
    let PlanError::NoWorkBreakdown { files, is_complete } = &error else { panic!("{error}") };
    assert!(*is_complete && files.contains(&"report.html".to_owned()), "{error}");
}

#[test]
fn archives_are_read_as_their_folders_are() {
    let Some(zips) = sample("zips") else { return };
    let mut seen = 0;
    for path in files(&zips) {
        let archive = bytes(&path);
        match read(Input { bytes: &archive, name: "run.zip", kind: None }, &options()) {
            Ok(reading) => promises(reading),
            Err(error) => assert!(error.to_string().contains("is incomplete"), "{error}"),
        }
        seen += 1;
    }
    assert!(seen >= 3);
}

#[test]
fn every_order_and_every_document_of_every_run_makes_a_plan() {
    for name in [
        "20250210_arxiv_distillation",
        "20250517_tea_eshop",
        "20250808_connectome_project",
        "20260303_crate_recovery_campaign",
        "stub_fast_mode",
        "stub_full_pipeline_v2",
    ] {
        for sequencing in [Sequencing::Phases, Sequencing::Waterfall] {
            let asked = Options { sequencing, documents: true, ..options() };
            let Some(Reading { import, report }) = run(name, &asked) else { return };
            let implied = import.dependencies.iter().filter(|it| it.is_implied).count();
            assert!(implied > 0, "{report}");
            let shown = Report::to_string(&report);
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
            assert!(export(&fuzz::imported(&import)).is_some());
        }
    }
}
