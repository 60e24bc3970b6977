//! The law of plans, case by case.

use super::{AmendPlan, DecomposeTask, ImportPlan, Plan, PlanCommand};
use crate::event::lifecycle::TaskChange;
use crate::event::plan::{PlanEvent, PlanSource, Risk};
use crate::event::work::DecompositionSource;
use crate::given::{Given, Law, larry, moment, moment_at};
use crate::{
    Actor, Budget, Dependency, DependencyType, Event, Moment, PlanId, TaskDefinition, TaskId, Text,
    Title,
};

pub(super) const LAW: Law<Plan, PlanCommand> = Law { decide: Plan::decide, apply: Plan::apply };

#[test]
fn an_import_brings_the_plan_its_tasks_and_its_dependencies() {
    let state = LAW.given([]).when(PlanCommand::Import(Box::new(import()))).then_kinds(&[
        "plan_imported",
        "plan_tasks_added",
        "plan_dependencies_added",
    ]);
    assert!(state.is_ready());
    assert!(state.tasks().eq(&import().tasks));
    assert!(state.dependencies().eq(&import().dependencies));
    assert_eq!(state.goal(), import().goal.as_ref());
}

#[test]
fn a_long_import_goes_into_events_of_500_tasks() {
    let tasks: Vec<TaskDefinition> = (0..1_001).map(|n| task(&format!("task_{n}"), None)).collect();
    let import = ImportPlan { tasks, dependencies: Vec::new(), ..import() };
    let then = LAW.given([]).when(PlanCommand::Import(Box::new(import)));
    let sizes: Vec<usize> = then.decision.expect("it fits").iter().filter_map(tasks_in).collect();
    assert_eq!(sizes, [500, 500, 1]);
}

#[test]
fn a_bulky_import_goes_into_more_events() {
    let long = Text::parse(&"Breeding records, puppy tracking. ".repeat(2_000)).expect("a text");
    let bulky = |n| TaskDefinition { description: Some(long.clone()), ..task(n, None) };
    let tasks = vec![bulky("a"), bulky("b"), bulky("c")];
    let import = ImportPlan { tasks, dependencies: Vec::new(), ..import() };
    let then = LAW.given([]).when(PlanCommand::Import(Box::new(import)));
    let sizes: Vec<usize> = then.decision.expect("it fits").iter().filter_map(tasks_in).collect();
    assert_eq!(sizes, [1, 1, 1]);
}

#[test]
fn a_plan_is_ready_only_when_all_its_tasks_are_there() {
    let events = LAW.given([]).when(PlanCommand::Import(Box::new(import()))).decision;
    let first = events.expect("it fits").into_iter().take(1);
    let given = LAW.given(first);
    assert!(!given.state.is_ready());
    given.when(PlanCommand::Archive).then_rejected("wrong_state", "importing");
}

#[test]
fn the_same_import_again_is_recognised_and_another_is_refused() {
    imported().when(PlanCommand::Import(Box::new(import()))).then_nothing();
    let renamed = ImportPlan { title: title("Something else"), ..import() };
    let again = PlanCommand::Import(Box::new(renamed));
    imported().when(again).then_rejected("already_exists", "plan_larry_prospect");
    let hashed = |title_text: &str| {
        let mut import = ImportPlan { title: title(title_text), ..import() };
        import.source.content_hash = Some(title(&"ab".repeat(32)));
        PlanCommand::Import(Box::new(import))
    };
    let events = LAW.given([]).when(hashed("Prospecting")).decision.expect("it fits");
    LAW.given(events).when(hashed("Breeder prospecting")).then_nothing();
}

#[test]
fn an_import_keeps_its_rules() {
    let refused = |change: fn(&mut ImportPlan), part: &str| {
        let mut import = import();
        change(&mut import);
        let command = PlanCommand::Import(Box::new(import));
        LAW.given([]).when(command).then_rejected("invalid", part);
    };
    refused(|import| import.tasks.clear(), "/tasks");
    refused(|import| import.tasks.push(task("phase_1", None)), "phase_1 stands twice");
    refused(|import| import.tasks.push(task("x", Some("y"))), "/tasks/4/parent_id");
    refused(|import| import.tasks.reverse(), "does not stand before it");
    refused(|import| import.tasks[0].timeout_ms = Some(0), "timeout_ms");
    refused(|import| import.dependencies.push(after("task_1_1", "x")), "/dependencies/1/to");
    refused(|import| import.dependencies.push(after("x", "task_1_1")), "no task x");
    refused(|import| import.dependencies.push(after("task_1_1", "task_1_1")), "for itself");
    refused(|import| import.dependencies.push(after("phase_1", "task_1_1_1")), "is a part of");
    refused(|import| import.dependencies.push(after("task_1_1_1", "phase_1")), "is a part of");
    refused(|import| import.dependencies.push(after("task_1_1", "task_1_2")), "stands twice");
    refused(|import| import.risks.push(import.risks[0].clone()), "/risks/1/risk_id");
}

#[test]
fn a_tree_has_ten_levels_at_most() {
    let chain = |levels: usize| {
        let name = |level| format!("level_{level}");
        let level = |n: usize| task(&name(n), n.checked_sub(1).map(name).as_deref());
        let tasks = (0..levels).map(level).collect();
        let import = ImportPlan { tasks, dependencies: Vec::new(), ..import() };
        LAW.given([]).when(PlanCommand::Import(Box::new(import)))
    };
    chain(10).then_kinds(&["plan_imported", "plan_tasks_added"]);
    chain(11).then_rejected("invalid", "deeper than 10 levels");
}

#[test]
fn a_circle_is_refused_and_named() {
    let closed = |from: &str, to: &str, circle: &str| {
        let mut import = import();
        import.dependencies.push(after(from, to));
        let command = PlanCommand::Import(Box::new(import));
        LAW.given([]).when(command).then_rejected("dependency_circle", circle);
    };
    closed("task_1_2", "task_1_1", "circle: task_1_1 → task_1_2 → task_1_1");
    closed("task_1_2", "task_1_1_1", "circle: task_1_1 → task_1_2 → task_1_1_1 → task_1_1");
}

#[test]
fn an_amendment_says_what_differs_and_nothing_else() {
    let amendment = AmendPlan {
        added: vec![task("task_1_3", Some("phase_1")), task("phase_1", None)],
        changed: vec![change(TaskDefinition { timeout_ms: Some(5), ..task_1_2() })],
        removed: vec![id("task_1_1"), id("task_9")],
        dependencies_added: vec![after("task_1_2", "task_1_3")],
        ..AmendPlan::default()
    };
    let then = imported().when(amend(amendment));
    let events = then.decision.expect("it fits");
    let [Event::Plan(PlanEvent::PlanAmended(event))] = &events[..] else {
        panic!("one amendment, not {events:?}")
    };
    assert_eq!(event.added, [task("task_1_3", Some("phase_1"))]);
    assert_eq!(event.removed, [id("task_1_1")]);
    let names: Vec<&str> = then.state.tasks().map(|task| task.task_id.as_str()).collect();
    assert_eq!(names, ["phase_1", "task_1_2", "task_1_3"]);
    assert!(then.state.dependencies().eq(&[after("task_1_2", "task_1_3")]));
    assert_eq!(then.state.task(&id("task_1_2")).and_then(|task| task.timeout_ms), Some(5));
}

#[test]
fn an_amendment_keeps_the_rules_of_a_plan() {
    let refused = |amendment: AmendPlan, code: &str, part: &str| {
        imported().when(amend(amendment)).then_rejected(code, part);
    };
    let with = |change: fn(&mut AmendPlan)| {
        let mut amendment = AmendPlan::default();
        change(&mut amendment);
        amendment
    };
    refused(with(|a| a.removed.push(id("phase_1"))), "invalid", "one task at least");
    refused(with(|a| a.added.push(task("task_1_1", None))), "already_exists", "task_1_1");
    refused(with(|a| a.changed.push(change(task("task_1_1", None)))), "invalid", "its parent");
    refused(with(|a| a.changed.push(change(task("x", None)))), "not_found", "x");
    refused(with(|a| a.removed = vec![id("x"), id("x")]), "invalid", "stands twice");
    let back = after("task_1_2", "task_1_1");
    let circle = AmendPlan { dependencies_added: vec![back], ..AmendPlan::default() };
    refused(circle, "dependency_circle", "task_1_1");
    let both = AmendPlan {
        added: vec![task("task_1_1_1", Some("task_1_1"))],
        removed: vec![id("task_1_1")],
        ..AmendPlan::default()
    };
    refused(both, "invalid", "goes with a task that is removed");
}

#[test]
fn a_confident_breakdown_is_in_force_at_once() {
    let state = imported().when(decompose(700)).then_kinds(&["plan_task_decomposed"]);
    assert_eq!(state.pending_reviews().count(), 0);
    let names: Vec<&str> = state.tasks().map(|task| task.task_id.as_str()).collect();
    assert_eq!(names, ["phase_1", "task_1_1", "task_1_1_1", "task_1_2", "call", "note"]);
}

#[test]
fn an_unsure_breakdown_waits_for_a_person() {
    let given = || decomposed(699);
    assert!(given().state.pending_reviews().eq([&id("task_1_2")]));
    let agent = Moment { by: Actor::agent(&larry()), ..moment() };
    given().when_at(review(true), agent).then_rejected("person_needed", "review");
    let state = given().when(review(true)).then_kinds(&["plan_decomposition_reviewed"]);
    assert_eq!(state.pending_reviews().count(), 0);
    assert_eq!(state.tasks().count(), 6);
    let state = given().when(review(false)).then_kinds(&["plan_decomposition_reviewed"]);
    assert_eq!(state.tasks().count(), 4);
}

#[test]
fn a_review_is_not_turned_round() {
    let reviewed = |is_approved| decomposed(1).after(review(is_approved));
    reviewed(true).when(review(false)).then_rejected("wrong_state", "approved");
    reviewed(false).when(review(true)).then_rejected("wrong_state", "rejected");
    reviewed(false).when(decompose(1)).then_kinds(&["plan_task_decomposed"]);
    decomposed(900).when(review(false)).then_rejected("wrong_state", "without a review");
    imported().when(review(true)).then_rejected("not_found", "decomposition");
}

#[test]
fn a_person_needs_no_review_and_overrides_the_machine() {
    let by_hand = || {
        let mut command = breakdown(100);
        command.source = DecompositionSource::Person;
        command.subtasks.pop();
        command.dependencies.clear();
        PlanCommand::Decompose(Box::new(command))
    };
    let state = decomposed(100).when(by_hand()).then_kinds(&["plan_task_decomposed"]);
    assert_eq!(state.pending_reviews().count(), 0);
    assert_eq!(state.tasks().count(), 5);
    assert_eq!(state.dependencies().count(), 1);
}

#[test]
fn what_waits_for_a_part_that_stays_goes_on_waiting() {
    let waits = AmendPlan {
        dependencies_added: vec![after("task_1_1_1", "call"), after("task_1_1", "note")],
        ..AmendPlan::default()
    };
    let waiting = decomposed(900).after(amend(waits));
    let mut command = breakdown(950);
    command.subtasks.pop();
    command.dependencies.clear();
    let state = waiting.when(PlanCommand::Decompose(Box::new(command)));
    let state = state.then_kinds(&["plan_task_decomposed"]);
    let kept = [after("task_1_1", "task_1_2"), after("task_1_1_1", "call")];
    assert!(state.dependencies().eq(&kept));
}

#[test]
fn a_breakdown_keeps_its_rules() {
    let refused = |change: fn(&mut DecomposeTask), code: &str, part: &str| {
        let mut command = breakdown(900);
        change(&mut command);
        let command = PlanCommand::Decompose(Box::new(command));
        imported().when(command).then_rejected(code, part);
    };
    refused(|command| command.task_id = id("x"), "not_found", "x");
    refused(|command| command.subtasks.clear(), "invalid", "one part at least");
    refused(|command| command.confidence_permille = 1_001, "invalid", "1000");
    refused(|command| command.subtasks[0].parent_id = None, "invalid", "/subtasks/0/parent_id");
    refused(|command| command.subtasks[0].task_id = id("task_1_1"), "invalid", "among the parts");
    refused(
        |command| command.subtasks.push(task("task_1_1", Some("call"))),
        "already_exists",
        "task_1_1",
    );
    refused(
        |command| command.dependencies.push(after("note", "call")),
        "dependency_circle",
        "call → note",
    );
}

#[test]
fn a_plan_is_meant_for_an_agent_or_for_any() {
    let to = |agent_id| PlanCommand::Assign { agent_id };
    imported().when(to(None)).then_nothing();
    let state = imported().when(to(Some(larry()))).then_kinds(&["plan_assigned"]);
    assert_eq!(state.assigned_to(), Some(&larry()));
}

#[test]
fn an_archived_plan_changes_no_more() {
    let archived = || imported().after(PlanCommand::Archive);
    assert!(!archived().state.is_ready());
    assert_eq!(archived().state.tasks().count(), 4);
    archived().when(decompose(900)).then_rejected("wrong_state", "archived");
    archived().when(PlanCommand::Assign { agent_id: None }).then_rejected("wrong_state", "arch");
    archived().when(PlanCommand::Import(Box::new(import()))).then_nothing();
    archived().when(PlanCommand::Delete).then_kinds(&["plan_deleted"]);
}

#[test]
fn a_deleted_plan_holds_nothing_and_never_comes_back() {
    let deleted = || imported().after(PlanCommand::Delete);
    assert_eq!(deleted().state.tasks().count(), 0);
    assert_eq!(deleted().state.title(), None);
    let again = PlanCommand::Import(Box::new(import()));
    deleted().when(again).then_rejected("wrong_state", "deleted");
    deleted().when_at(PlanCommand::Delete, moment_at(5)).then_nothing();
    LAW.given([]).when(PlanCommand::Delete).then_rejected("not_found", "plan");
    LAW.given([]).when(PlanCommand::Archive).then_rejected("not_found", "plan");
}

#[test]
fn an_event_out_of_place_changes_nothing() {
    let events = LAW.given([]).when(PlanCommand::Import(Box::new(import()))).decision;
    let events = events.expect("it fits");
    events.iter().for_each(|event| imported().refuses_unless_dependencies(event));
    LAW.given([]).refuses(events[1].clone());
    LAW.given(events[..1].to_vec()).refuses(events[2].clone());
    let broken = decomposed(100).when(review(true)).decision.expect("it waits").remove(0);
    imported().refuses(broken);
    let unknown = imported().when(decompose(100)).decision.expect("it fits").remove(0);
    LAW.given([]).refuses(unknown);
}

impl Given<'_, Plan, PlanCommand> {
    /// Dependencies that are there already may be read again: they are a set.
    #[track_caller]
    fn refuses_unless_dependencies(self, event: &Event) {
        if event.kind() != "plan_dependencies_added" {
            self.refuses(event.clone());
        }
    }
}

pub(super) fn import() -> ImportPlan {
    ImportPlan {
        plan_id: PlanId::parse("plan_larry_prospect_20260211").expect("an id"),
        title: title("Prospect dog breeders"),
        goal: Text::parse("Close 3 custom website deals in Q1 2026").ok(),
        source: PlanSource { format: title("json"), content_hash: None, source_id: None },
        roles: vec![title("Business Analyst")],
        risks: vec![Risk {
            risk_id: id("risk_1"),
            description: Text::parse("Carol unavailable for interviews").expect("a text"),
            mitigation: None,
        }],
        assigned_to: None,
        tasks: vec![
            task("phase_1", None),
            task("task_1_1", Some("phase_1")),
            task("task_1_1_1", Some("task_1_1")),
            task_1_2(),
        ],
        dependencies: vec![after("task_1_1", "task_1_2")],
        report: None,
        metadata: None,
    }
}

pub(super) fn imported() -> Given<'static, Plan, PlanCommand> {
    const { &LAW }.given([]).after(PlanCommand::Import(Box::new(import())))
}

pub(super) fn decomposed(confidence_permille: u16) -> Given<'static, Plan, PlanCommand> {
    imported().after(decompose(confidence_permille))
}

pub(super) fn breakdown(confidence_permille: u16) -> DecomposeTask {
    DecomposeTask {
        task_id: id("task_1_2"),
        subtasks: vec![task("call", Some("task_1_2")), task("note", Some("task_1_2"))],
        dependencies: vec![after("call", "note")],
        confidence_permille,
        source: DecompositionSource::Rules,
        notes: None,
        threshold_permille: 700,
        usage: None,
        budget: Budget::default(),
    }
}

pub(super) fn decompose(confidence_permille: u16) -> PlanCommand {
    PlanCommand::Decompose(Box::new(breakdown(confidence_permille)))
}

pub(super) fn review(is_approved: bool) -> PlanCommand {
    PlanCommand::Review { task_id: id("task_1_2"), is_approved, note: None }
}

fn amend(amendment: AmendPlan) -> PlanCommand {
    PlanCommand::Amend(Box::new(amendment))
}

fn change(definition: TaskDefinition) -> TaskChange {
    TaskChange { definition }
}

fn task_1_2() -> TaskDefinition {
    task("task_1_2", Some("phase_1"))
}

fn tasks_in(event: &Event) -> Option<usize> {
    let Event::Plan(PlanEvent::PlanTasksAdded(added)) = event else { return None };
    Some(added.tasks.len())
}

pub(super) fn task(task_id: &str, parent_id: Option<&str>) -> TaskDefinition {
    let parent_id = parent_id.map(id);
    TaskDefinition { parent_id, ..TaskDefinition::new(id(task_id), title(task_id)) }
}

pub(super) fn after(from: &str, to: &str) -> Dependency {
    let kind = DependencyType::FinishToStart;
    Dependency { from: id(from), to: id(to), kind, is_implied: false }
}

pub(super) fn id(text: &str) -> TaskId {
    TaskId::parse(text).expect("an id")
}

pub(super) fn title(text: &str) -> Title {
    Title::parse(text).expect("a title")
}
