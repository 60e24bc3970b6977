//! What machines may do to the parts of a task, and what is a person's word.

use super::tests::{LAW, breakdown, decompose, decomposed, id, import, imported, review, task};
use super::{DecomposeTask, PlanCommand};
use crate::event::work::DecompositionSource;
use crate::given::{larry, moment};
use crate::{Actor, Budget, Moment, Text, Usage};

fn one(command: DecomposeTask) -> PlanCommand {
    PlanCommand::Decompose(Box::new(command))
}

/// Another breakdown of the same task than the usual one.
fn other(source: DecompositionSource) -> DecomposeTask {
    let mut command = breakdown(900);
    command.subtasks.pop();
    command.dependencies.clear();
    DecomposeTask { source, ..command }
}

fn model(name: &str) -> DecompositionSource {
    let text = |text| Text::parse(text).expect("a text");
    DecompositionSource::Model { name: text(name), prompt_hash: text("00") }
}

#[test]
fn a_machine_replaces_what_a_machine_made_and_never_what_a_person_said() {
    let by_rules = || one(other(DecompositionSource::Rules));
    decomposed(900).when(by_rules()).then_kinds(&["plan_task_decomposed"]);
    decomposed(100).when(by_rules()).then_kinds(&["plan_task_decomposed"]);
    let approved = decomposed(100).after(review(true));
    approved.when(by_rules()).then_rejected("wrong_state", "broken down already");
    let by_hand = imported().after(one(other(DecompositionSource::Person)));
    by_hand.when(decompose(900)).then_rejected("wrong_state", "broken down already");
    let rejected = decomposed(100).after(review(false));
    rejected.when(by_rules()).then_kinds(&["plan_task_decomposed"]);
    let mut own = breakdown(900);
    own.task_id = id("task_1_1");
    own.subtasks.truncate(1);
    own.subtasks[0].parent_id = Some(id("task_1_1"));
    own.dependencies.clear();
    imported().when(one(own)).then_rejected("wrong_state", "broken down already");
}

#[test]
fn an_agent_breaks_nothing_down_by_hand() {
    let as_larry = Moment { by: Actor::agent(&larry()), ..moment() };
    let by_hand = one(other(DecompositionSource::Person));
    imported().when_at(by_hand, as_larry).then_rejected("person_needed", "by hand");
}

#[test]
fn what_models_used_up_is_counted_and_ends_at_the_budget() {
    let spending = |tokens| DecomposeTask {
        usage: Some(Usage { input_tokens: tokens, ..Usage::default() }),
        budget: Budget { tokens_max: Some(1_000), ..Budget::default() },
        ..other(model("m"))
    };
    let given = || imported().after(one(spending(1_001)));
    let again = DecomposeTask { source: model("n"), ..spending(1) };
    given().when(one(again)).then_rejected("wrong_state", "budget for language models");
    let state = given().when(one(breakdown(900))).then_kinds(&["plan_task_decomposed"]);
    assert_eq!(state.spent().tokens(), 1_001, "the rules cost nothing");
}

#[test]
fn several_tasks_are_broken_down_all_or_none() {
    let leaf = |parent: &str, name: &str| DecomposeTask {
        task_id: id(parent),
        subtasks: vec![task(name, Some(parent))],
        dependencies: Vec::new(),
        ..breakdown(600)
    };
    let all = |commands: Vec<DecomposeTask>| PlanCommand::DecomposeAll(commands);
    let both = || all(vec![leaf("task_1_1_1", "x"), leaf("task_1_2", "y")]);
    let state = imported().when(both()).then_kinds(&["plan_task_decomposed"; 2]);
    assert_eq!(state.pending_reviews().count(), 2);
    assert_eq!(state.decomposition_notes(&id("task_1_2")), None);
    let twice = all(vec![leaf("task_1_2", "x"), leaf("task_1_2", "y")]);
    imported().when(twice).then_rejected("invalid", "stands twice");
    let within = all(vec![leaf("task_1_1", "x"), leaf("task_1_1_1", "y")]);
    imported().when(within).then_rejected("invalid", "a part of it");
    let unknown = all(vec![leaf("task_1_2", "x"), leaf("nobody", "y")]);
    imported().when(unknown).then_rejected("not_found", "nobody");
    let taken = all(vec![leaf("task_1_2", "x"), leaf("task_1_1_1", "x")]);
    imported().when(taken).then_rejected("already_exists", "x");
    let import = PlanCommand::Import(Box::new(import()));
    LAW.given([]).after(import).when(all(Vec::new())).then_nothing();
}
