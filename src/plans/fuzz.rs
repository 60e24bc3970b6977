//! What must hold of any bytes, as ordinary functions: tests and fuzzers drive the same ones. A
//! broken promise panics; nothing else does.

use crate::{Input, Kind, Options, Reading, export, read};
use planexe_ax_domain::plan::{ImportPlan, Plan, PlanCommand};
use planexe_ax_domain::{Actor, Moment, PlanId, Timestamp};

/// Reads bytes as whatever they look like.
pub fn any_plan(bytes: &[u8]) {
    hold(bytes, None);
}

/// Reads bytes as an archive.
pub fn archive(bytes: &[u8]) {
    hold(bytes, Some(Kind::Zip));
}

/// Reads bytes as JSON: a plan, steps, or the files of a run.
pub fn json(bytes: &[u8]) {
    hold(bytes, Some(Kind::Json));
}

/// Reads bytes as Markdown.
pub fn markdown(bytes: &[u8]) {
    hold(bytes, Some(Kind::Markdown));
}

/// Reads bytes as a tree that is drawn with lines.
pub fn outline(bytes: &[u8]) {
    hold(bytes, Some(Kind::Text));
}

fn options() -> Options {
    Options::new(PlanId::parse("plan_new").expect("it is an id"))
}

fn hold(bytes: &[u8], kind: Option<Kind>) {
    let input = Input { bytes, name: "it", kind };
    for documents in [false, true] {
        let options = Options { documents, ..options() };
        if let Ok(reading) = read(input, &options) {
            assert_eq!(
                Ok(&reading),
                read(input, &options).as_ref(),
                "read twice, read differently"
            );
            promises(reading);
        }
    }
}

/// What is read is taken by the law, and comes back the same when it is written and read again.
pub fn promises(reading: Reading) {
    let Reading { import, report } = reading;
    assert_eq!(report.counts.leaves > 0, !import.tasks.is_empty(), "{report}");
    let plan = imported(&import);
    assert!(plan.is_ready(), "a plan that is read is a whole plan");
    let written = export(&plan).expect("it is there").to_string();
    let input = Input { bytes: written.as_bytes(), name: "it", kind: Some(Kind::Json) };
    let again = read(input, &options()).expect("what is written can be read").import;
    assert_eq!(again.tasks, import.tasks);
    let sorted = |mut import: ImportPlan| {
        import.dependencies.sort();
        import.dependencies
    };
    assert_eq!(
        (again.title.clone(), again.goal.clone()),
        (import.title.clone(), import.goal.clone())
    );
    assert_eq!((&again.roles, &again.risks), (&import.roles, &import.risks));
    assert_eq!(sorted(again), sorted(import));
}

/// The plan as it is after the import.
pub fn imported(import: &ImportPlan) -> Plan {
    let by = Actor::user("reader").expect("it is a name");
    let moment = Moment { at: Timestamp::default(), by, random: 0 };
    let mut plan = Plan::default();
    let command = PlanCommand::Import(Box::new(import.clone()));
    let events = plan.decide(&command, &moment).expect("the law takes what was read");
    for event in events {
        plan.apply(&event).expect("what is decided applies");
    }
    plan
}
