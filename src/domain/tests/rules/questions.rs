//! Pure questions: why, what is allowed, how far, in what order.

use crate::support::*;
use planexe_ax_domain::DependencyType::FinishToFinish;
use planexe_ax_domain::event::record::BlockerKind;
use planexe_ax_domain::execution::{ExecutionCommand, ExecutionStatus as Status, TaskStatus};

#[test]
fn why_names_every_cause_of_waiting() {
    let says = |story: &Story, task: &str, words: &str| {
        let why = story.why_words(task);
        assert!(why.contains(words), "{task}: {why:?} does not say {words:?}");
    };
    let mut story = given(plan("p p/a b c d e f").after("b", "p").tied("b", "c", FinishToFinish));
    says(&story, "a", "p, which it is part of, waits for b");
    says(&story, "p", "its parts run, 1 of them are open");
    says(&story, "b", "it is ready since");
    story.when(grant("c", "larry"));
    says(&story, "c", "agent larry has it since");
    story.when(completed("c", "larry"));
    says(&story, "c", "finishes when b does");
    story.when(raise(Some("d"), BlockerKind::Incident));
    says(&story, "d", "blocker blk_1 stands on d");
    story.when(raise(None, BlockerKind::Incident));
    says(&story, "e", "blocker blk_2 stands on the whole execution");
    story.when(decompose("f", &["x"], 100));
    says(&story, "x", "the parts of f await a review");
    story.when(skip("e"));
    says(&story, "e", "it is SKIPPED");
    story.when(pause());
    says(&story, "b", "user:ann paused the execution at");
    assert!(story.state.why(&task_id("zzz")).is_none());
}

#[test]
fn why_names_rest_approval_tie_and_status() {
    let tied = plan("a b c").after("b", "c").approval("c").task("a", |task| {
        task.agent_id = Some(agent_id("sue"));
    });
    let mut story = given(tied.clone());
    assert!(story.why_words("a").contains("for agent sue only"));
    assert!(story.why_words("c").contains("c needs approval"));
    assert!(story.why_words("c").contains("waits for b, which is QUEUED"));
    story.when(grant("b", "moe")).when(failed("b", "moe"));
    assert!(story.why_words("b").contains("it rests until"));
    let story = given(tied.not_started());
    assert!(story.why_words("a").contains("the execution is CREATED"));
}

#[test]
fn allowed_commands_follow_the_table() {
    let allowed = |story: &Story, word: &str| story.state.allowed_commands().contains(&word);
    let mut story = given(plan("a").not_started());
    assert!(allowed(&story, "start") && allowed(&story, "cancel") && !allowed(&story, "pause"));
    story.when(ExecutionCommand::Resume);
    assert!(allowed(&story, "pause") && !allowed(&story, "start") && !allowed(&story, "resume"));
    story.when(pause());
    assert!(allowed(&story, "resume") && !allowed(&story, "pause"));
    story.when(cancel());
    assert_eq!(story.state.allowed_commands(), ["fork"]);
    let story = given(plan("a").approval("a"));
    assert!(allowed(&story, "resolve_blocker") && allowed(&story, "pause"));
    assert!(!allowed(&story, "start"));
}

#[test]
fn progress_counts_leaves_and_work_in_hand() {
    let mut story = given(plan("p p/a p/b c d"));
    let progress = story.state.progress();
    assert_eq!((progress.tasks_completed, progress.tasks_total, progress.percent), (0, 4, 0));
    story.when(grant("a", "larry")).when(progressed("a", "larry", 100)).when(skip("c"));
    let progress = story.state.progress();
    assert_eq!((progress.tasks_completed, progress.percent), (1, 49));
    assert_eq!(progress.current_task_id, Some(task_id("a")));
    let of = |status| progress.counts.iter().find(|(s, _)| *s == status).map(|(_, n)| *n);
    assert_eq!(of(TaskStatus::Running), Some(1));
    assert_eq!(of(TaskStatus::Queued), Some(2));
    story.when(completed("a", "larry")).when(skip("b")).when(skip("d"));
    assert_eq!(story.state.progress().percent, 100);
    story.then_status(Status::Completed);
}

#[test]
fn the_critical_path_has_no_slack() {
    let hours = |n: u64| {
        move |task: &mut planexe_ax_domain::TaskDefinition| {
            task.estimated_ms = Some(n * HOUR);
        }
    };
    let story = given(
        plan("a b c d")
            .task("a", hours(2))
            .task("b", hours(3))
            .task("c", hours(1))
            .task("d", hours(1))
            .after("a", "b")
            .after("a", "c")
            .after("b", "d")
            .after("c", "d"),
    );
    let path: Vec<_> =
        story.state.critical_path().iter().map(|task| task.task_id.to_string()).collect();
    assert_eq!(path, ["a", "b", "d"]);
    let schedule = story.state.schedule();
    let c = schedule.iter().find(|task| task.task_id.as_str() == "c").expect("c is there");
    assert_eq!((c.starts_ms, c.slack_ms), (2 * HOUR, 2 * HOUR));
}
