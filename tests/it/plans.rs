//! `ax plan`, straight on a database of its own.

use crate::program::ax;
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::Folder;
use serde_json::Value;
use std::io::Write;
use std::process::{Output, Stdio};

const MARKDOWN: &str = "# Shop\n\n## Prepare\n- Find a room\n- Sign (after Find a room)\n";

fn fixture(name: &str) -> String {
    format!("{}/src/plans/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run(dir: &Folder, words: &[&str]) -> Result<String> {
    let output = ax(words, dir).output()?;
    ensure!(output.status.success(), "{words:?}: {}", said(&output));
    Ok(String::from_utf8(output.stdout)?)
}

fn piped(dir: &Folder, words: &[&str], text: &[u8]) -> Result<Output> {
    let mut command = ax(words, dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    child.stdin.take().context("it is piped")?.write_all(text)?;
    Ok(child.wait_with_output()?)
}

#[test]
fn a_run_is_imported_listed_shown_and_written_again() -> Result<()> {
    let dir = Folder::new()?;
    let told = run(&dir, &["plan", "import", &fixture("g1")])?;
    for part in ["is read in: Village Orchard", "generation G1", "2 phases, 4 tasks, 8 subtasks"] {
        ensure!(told.contains(part), "{part}: {told}");
    }
    ensure!(told.contains("dropped:\n") && told.contains("closes a circle"), "{told}");
    let id = told.split(' ').next().context("no id")?;
    ensure!(run(&dir, &["plan", "import", &fixture("g1")])?.contains("was read in before"));
    let listed = run(&dir, &["plan", "list"])?;
    ensure!(listed == format!("{id}\tready\tplanexe\t14\tVillage Orchard\n"), "{listed}");
    let shown = run(&dir, &["plan", "show", id])?;
    ensure!(shown.contains("\n  task_2_1 Buy saplings (waits for task_1_2)"), "{shown}");
    let written = run(&dir, &["plan", "export", id])?;
    let copy = piped(&dir, &["plan", "import", "-", "--plan-id", "copy"], written.as_bytes())?;
    ensure!(copy.status.success(), "{}", said(&copy));
    let again: Value = serde_json::from_str(&run(&dir, &["plan", "export", "copy"])?)?;
    let first: Value = serde_json::from_str(&written)?;
    for same in ["title", "goal", "phases", "dependencies", "roles_required", "risks", "metadata"] {
        ensure!(again[same] == first[same], "{same}: {again} for {first}");
    }
    let listed = run(&dir, &["plan", "list", "--json"])?;
    ensure!(listed.lines().count() == 2, "{listed}");
    Ok(())
}

#[test]
fn a_plan_is_validated_without_a_database() -> Result<()> {
    let dir = Folder::new()?;
    let output = piped(&dir, &["plan", "validate", "-", "--json"], MARKDOWN.as_bytes())?;
    ensure!(output.status.success(), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(told["report"]["counts"]["leaves"] == 2 && told["is_new"].is_null(), "{told}");
    ensure!(!dir.path().join("data").exists(), "something was stored");
    Ok(())
}

#[test]
fn what_is_no_plan_ends_with_a_reason_and_its_exit_code() -> Result<()> {
    let dir = Folder::new()?;
    std::fs::write(dir.path().join("plan.txt"), "Plan:\nping\n")?;
    std::fs::write(dir.path().join("pipeline_complete.txt"), "done")?;
    let folder = dir.path().display().to_string();
    let output = ax(&["plan", "import", &folder], &dir).output()?;
    ensure!(output.status.code() == Some(12), "{}", said(&output));
    ensure!(said(&output).contains("no work breakdown"), "{}", said(&output));
    let output = ax(&["plan", "import", "/nowhere"], &dir).output()?;
    ensure!(output.status.code() == Some(2), "{}", said(&output));
    let output = ax(&["plan", "show", "nobody"], &dir).output()?;
    ensure!(output.status.code() == Some(12), "{}", said(&output));
    ensure!(said(&output).contains("ax plan list"), "{}", said(&output));
    Ok(())
}

#[test]
fn text_that_would_change_the_terminal_is_shown_escaped() -> Result<()> {
    let dir = Folder::new()?;
    let evil = "# Shop\n\nGoal: \u{1b}]0;owned\u{7} \u{202e}x\n\n- [ ] a\u{1b}[2Jb\n";
    let output = piped(&dir, &["plan", "import", "-", "--plan-id", "evil"], evil.as_bytes())?;
    ensure!(output.status.success(), "{}", said(&output));
    let shown = String::from_utf8(output.stdout)? + &run(&dir, &["plan", "show", "evil"])?;
    let is_bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    ensure!(!shown.contains(is_bad), "{shown:?}");
    Ok(())
}

#[test]
fn an_import_breaks_tasks_down_where_there_are_agents_and_says_where_there_are_none() -> Result<()>
{
    let dir = Folder::new()?;
    let told = run(&dir, &["plan", "import", &fixture("g1"), "--decompose"])?;
    ensure!(told.contains("no task was broken down: there is no agent yet"), "{told}");
    let words = ["plan", "import", &fixture("g1"), "--decompose", "--json"];
    let told: Value = serde_json::from_str(&run(&dir, &words)?)?;
    ensure!(told["is_new"] == false && told["decomposition"]["decomposed"] == 0, "{told}");
    Ok(())
}

#[test]
fn an_address_is_fetched_from_the_planexe_that_is_set_up_only() -> Result<()> {
    let dir = Folder::new()?;
    let address = "http://127.0.0.1:9/runs/2f0d9c1e";
    let refused = ax(&["plan", "import", address], &dir).output()?;
    ensure!(said(&refused).contains("AX_PLANEXE_URL"), "{}", said(&refused));
    let asked = |named: &[&str]| -> Result<String> {
        let mut command = ax(named, &dir);
        command.env("AX_PLANEXE_URL", "http://127.0.0.1:9");
        Ok(said(&command.output()?))
    };
    let elsewhere = asked(&["plan", "import", "http://127.0.0.1:8/runs/2f0d9c1e"])?;
    ensure!(elsewhere.contains("not an address of the PlanExe"), "{elsewhere}");
    for named in [&["plan", "import", address][..], &["plan", "import", "--planexe", "2f0d9c1e"]] {
        let away = asked(named)?;
        ensure!(away.contains("PlanExe cannot be reached"), "{away}");
    }
    Ok(())
}
