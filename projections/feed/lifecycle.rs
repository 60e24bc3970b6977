//! What happened to an execution as a whole, in sentences.

use super::told::{Group, Told, because, count, quoted, receiver, short, span};
use crate::value::word;
use planexe_ax_domain::event::lifecycle::{ExecutionAmended, ExecutionCreated, LifecycleEvent};
use planexe_ax_domain::{Actor, Label};

use Group::{Decision, Lifecycle, Problem};

pub(super) fn tell(event: &LifecycleEvent) -> Told<'_> {
    let engine = |sentence: String| Told::engine(Lifecycle, sentence);
    match event {
        LifecycleEvent::ExecutionCreated(e) => created(e),
        LifecycleEvent::TasksAdded(e) => {
            engine(count(e.tasks.len(), "task was added", "tasks were added"))
        }
        LifecycleEvent::DependenciesAdded(e) => {
            let number = e.dependencies.len();
            engine(count(number, "dependency was added", "dependencies were added"))
        }
        LifecycleEvent::OutcomesCarried(e) => {
            let tasks = count(e.outcomes.len(), "task was", "tasks were");
            engine(format!("What came out of {tasks} taken over"))
        }
        LifecycleEvent::ExecutionQueued(e) => Told::by(Lifecycle, &e.by, "queued the execution"),
        LifecycleEvent::ExecutionStarted(_) => Told::engine(Lifecycle, "The execution started"),
        LifecycleEvent::ExecutionPaused(e) => {
            let what = format!("paused the execution{}", because(e.reason.as_ref()));
            Told::by(Lifecycle, &e.by, &what)
        }
        LifecycleEvent::ExecutionResumed(e) => {
            let what = format!("resumed the execution after {}", span(e.paused_ms));
            Told::by(Lifecycle, &e.by, &what)
        }
        LifecycleEvent::ExecutionBlocked(_) => Told::engine(Problem, "The execution is blocked"),
        LifecycleEvent::ExecutionUnblocked(_) => Told::engine(Lifecycle, "The execution can go on"),
        LifecycleEvent::ExecutionReassigned(e) => {
            let (to, why) = (receiver(e.agent_id.as_ref()), because(e.reason.as_ref()));
            let told = Told::by(Decision, &e.by, &format!("gave the execution to {to}{why}"));
            told.about(e.agent_id.as_ref())
        }
        LifecycleEvent::ExecutionAmended(e) => amended(e),
        LifecycleEvent::ExecutionForked(e) => {
            Told::by(Lifecycle, &e.by, &format!("forked the execution into {}", e.into))
        }
        LifecycleEvent::ExecutionCompleted(_) => {
            Told::engine(Lifecycle, "The execution is complete")
        }
        LifecycleEvent::ExecutionFailed(e) => {
            let sentence = format!("The execution failed{}", because(Some(&e.reason)));
            Told::engine(Problem, sentence).on_any(e.task_id.as_ref())
        }
        LifecycleEvent::ExecutionCancelled(e) => {
            let what = format!("cancelled the execution{}", because(e.reason.as_ref()));
            Told::by(Lifecycle, &e.by, &what)
        }
        LifecycleEvent::PolicyChanged(e) => decided(&e.by, "changed the rules of the execution"),
        LifecycleEvent::ExecutionPriorityChanged(e) => {
            decided(&e.by, &format!("set the priority of the execution to {}", word(&e.priority)))
        }
        LifecycleEvent::LabelsChanged(e) => {
            decided(&e.by, &format!("set the labels to {}", labels_in_words(&e.labels)))
        }
        LifecycleEvent::ExecutionExtended(e) => {
            decided(&e.by, &format!("gave the execution until {}", e.until))
        }
        LifecycleEvent::BudgetChanged(e) => decided(&e.by, "changed the budget of the execution"),
    }
}

fn decided<'a>(by: &Actor, what: &str) -> Told<'a> {
    Told::by(Decision, by, what)
}

fn labels_in_words(labels: &[Label]) -> String {
    let labels: Vec<&str> = labels.iter().map(Label::as_str).collect();
    if labels.is_empty() { "none".to_owned() } else { short(&labels.join(", ")) }
}

fn created(event: &ExecutionCreated) -> Told<'_> {
    let title = quoted(event.title.as_str());
    let what = match &event.forked_from {
        Some(origin) => format!("made the execution {title} from {}", origin.execution_id),
        None => format!("made the execution {title}"),
    };
    Told::by(Lifecycle, &event.by, &what).about(event.agent_id.as_ref())
}

fn amended(event: &ExecutionAmended) -> Told<'_> {
    let why = because(event.reason.as_ref());
    let what = changes_in_words([
        (event.added.len(), "added"),
        (event.changed.len(), "changed"),
        (event.removed.len(), "removed"),
    ]);
    Told::by(Decision, &event.by, &format!("amended the execution ({what}){why}"))
}

/// What an amendment does, in words.
pub(super) fn changes_in_words(changes: [(usize, &str); 3]) -> String {
    let some = changes.into_iter().filter(|(number, _)| *number > 0);
    let some = some.map(|(number, how)| format!("{} {how}", count(number, "task", "tasks")));
    let some: Vec<String> = some.collect();
    if some.is_empty() { "dependencies changed".to_owned() } else { some.join(", ") }
}
