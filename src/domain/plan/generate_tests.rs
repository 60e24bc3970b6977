//! The law of plans that PlanExe makes, case by case.

use super::tests::{LAW, import, title};
use super::{AskGeneration, GenerationCommand, GenerationStage, Plan, PlanCommand};
use crate::event::plan::{GenerationFault, GenerationTrouble, GenerationWishes};
use crate::given::Given;
use crate::{Text, Title};

fn ask(prompt: &str) -> PlanCommand {
    PlanCommand::Generate(GenerationCommand::Ask(Box::new(AskGeneration {
        plan_id: import().plan_id,
        title: title("Prospect breeders"),
        prompt: Text::parse(prompt).expect("a text"),
        profile: None,
        wishes: GenerationWishes::default(),
        assigned_to: None,
    })))
}

fn start(run_id: &str) -> PlanCommand {
    PlanCommand::Generate(GenerationCommand::Start { run_id: title(run_id) })
}

fn note(percent: u8, trouble: Option<GenerationTrouble>) -> PlanCommand {
    PlanCommand::Generate(GenerationCommand::Note { percent, step: None, trouble })
}

fn fail(is_resumable: bool) -> PlanCommand {
    let fault = GenerationFault::Failed;
    PlanCommand::Generate(GenerationCommand::Fail { fault, is_resumable, message: None })
}

fn cancel() -> PlanCommand {
    PlanCommand::Generate(GenerationCommand::Cancel)
}

fn stop() -> PlanCommand {
    PlanCommand::Generate(GenerationCommand::Stop)
}

fn retry() -> PlanCommand {
    PlanCommand::Generate(GenerationCommand::Retry)
}

fn finish() -> PlanCommand {
    PlanCommand::Generate(GenerationCommand::Finish(Box::new(import())))
}

fn asked() -> Given<'static, Plan, PlanCommand> {
    const { &LAW }.given([]).after(ask("Prospect breeders"))
}

fn running() -> Given<'static, Plan, PlanCommand> {
    asked().after(start("run-1"))
}

fn run_of(plan: &Plan) -> Option<&str> {
    plan.generation().and_then(|it| it.run_id.as_ref()).map(Title::as_str)
}

#[test]
fn a_plan_that_planexe_makes_is_there_from_the_moment_it_is_asked_for() {
    let first = LAW.given([]).when(ask("Prospect breeders"));
    let plan = first.then_kinds(&["plan_generation_asked"]);
    assert_eq!((plan.status(), plan.plan_id()), ("generating", Some(&import().plan_id)));
    assert!(!plan.is_ready() && plan.imported().is_some());
    asked().when(ask("Sell puppies")).then_rejected("already_exists", "plan");
    let other = PlanCommand::Import(Box::new(import()));
    asked().when(other).then_rejected("already_exists", "plan");
    let kinds = ["plan_imported", "plan_tasks_added", "plan_dependencies_added"];
    let plan = running().when(finish()).then_kinds(&kinds);
    assert!(plan.is_ready() && plan.tasks().eq(&import().tasks));
    let made = plan.generation().expect("it is known how it was made");
    assert_eq!((made.stage_word(), run_of(&plan)), ("done", Some("run-1")));
    asked().when(finish()).then_rejected("wrong_state", "asked");
}

#[test]
fn progress_is_recorded_when_it_is_one_and_never_goes_back() {
    running().when(note(0, None)).then_nothing();
    let further = || running().after(note(40, None));
    further().when(note(40, None)).then_nothing();
    further().when(note(12, None)).then_nothing();
    let stalled = further().when(note(12, Some(GenerationTrouble::Stalled)));
    let plan = stalled.then_kinds(&["plan_generation_progressed"]);
    assert_eq!(plan.generation().map(|it| it.percent), Some(40));
    let plan = further().when(note(200, None)).then_kinds(&["plan_generation_progressed"]);
    assert_eq!(plan.generation().map(|it| it.percent), Some(100));
    asked().when(note(1, None)).then_rejected("wrong_state", "asked");
}

#[test]
fn what_failed_is_tried_again_where_it_ended_or_from_the_beginning() {
    let plan = running().when(fail(true)).then_kinds(&["plan_generation_failed"]);
    assert_eq!(plan.status(), "failed");
    running().after(fail(true)).when(fail(false)).then_nothing();
    let plan = running().after(fail(true)).when(retry()).then_kinds(&["plan_generation_retried"]);
    assert_eq!((plan.status(), run_of(&plan)), ("generating", Some("run-1")));
    let plan = running().after(fail(false)).when(retry()).then_kinds(&["plan_generation_retried"]);
    assert_eq!(run_of(&plan), None);
    running().when(retry()).then_rejected("wrong_state", "running");
    running().after(fail(true)).when(cancel()).then_rejected("wrong_state", "failed");
}

#[test]
fn what_is_given_up_is_stopped_even_when_it_was_only_being_taken_up() {
    let plan = running().when(cancel()).then_kinds(&["plan_generation_cancelled"]);
    assert_eq!(plan.generation().map(|it| it.stage.clone()), Some(GenerationStage::Cancelled));
    running().after(cancel()).when(cancel()).then_nothing();
    running().after(cancel()).when(finish()).then_rejected("wrong_state", "stopping");
    running().after(cancel()).when(note(5, None)).then_rejected("wrong_state", "stopping");
    let late = asked().after(cancel()).when(start("run-2"));
    let plan = late.then_kinds(&["plan_generation_started"]);
    assert_eq!((plan.status(), run_of(&plan)), ("generating", Some("run-2")));
    let plan = running().after(cancel()).when(stop()).then_kinds(&["plan_generation_stopped"]);
    assert_eq!(plan.status(), "stopped");
    running().when(stop()).then_rejected("wrong_state", "running");
}

#[test]
fn a_second_run_for_the_same_plan_is_refused() {
    running().when(start("run-1")).then_nothing();
    running().when(start("run-2")).then_rejected("wrong_state", "running");
}

#[test]
fn a_plan_that_is_not_made_any_more_can_be_deleted_and_one_in_the_making_cannot() {
    running().when(PlanCommand::Delete).then_rejected("wrong_state", "generating");
    running().when(PlanCommand::Archive).then_rejected("wrong_state", "generating");
    let plan = running().after(fail(true)).when(PlanCommand::Delete).then_kinds(&["plan_deleted"]);
    assert!(plan.generation().is_none() && plan.title().is_none());
}
