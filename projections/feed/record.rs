//! Blockers, and what was written down beside the work, in sentences.

use super::told::{Group, Scene, Told, because, quoted};
use planexe_ax_domain::Usage;
use planexe_ax_domain::event::record::{
    BlockerKind, BlockerRaised, BlockerResolved, RecordEvent, Resolution,
};

use Group::{Decision, Problem, Record};

pub(super) fn tell<'a>(event: &'a RecordEvent, scene: Scene<'_>) -> Told<'a> {
    match event {
        RecordEvent::BlockerRaised(e) => raised(e, scene),
        RecordEvent::BlockerEscalated(e) => {
            let task_id = scene.blocked_task(&e.blocker_id);
            let on = scene.task_or_whole(task_id.as_ref());
            let sentence = format!("The blocker on {on} has stood too long");
            Told::engine(Problem, sentence).on_any(task_id.as_ref())
        }
        RecordEvent::BlockerResolved(e) => resolved(e, scene),
        RecordEvent::ContextSet(e) => {
            let what = format!("remembered {}", scene.remembered(&e.context_key, &e.context_type));
            Told::by(Record, &e.by, &what).on_any(e.task_id.as_ref())
        }
        RecordEvent::ContextRemoved(e) => {
            let what = format!("forgot {}", scene.remembered(&e.context_key, &e.context_type));
            Told::by(Record, &e.by, &what).on_any(e.task_id.as_ref())
        }
        RecordEvent::ActionLogged(e) => {
            let said = scene.unless_own(e.description.as_str());
            let what = format!("logged {}{said}", e.action_type);
            Told::by(Record, &e.by, &what).on_any(e.task_id.as_ref())
        }
        RecordEvent::NoteAdded(e) => {
            let on = scene.task_or_whole(e.task_id.as_ref());
            let what = format!("noted on {on}{}", scene.unless_own(e.text.as_str()));
            Told::by(Record, &e.by, &what).on_any(e.task_id.as_ref())
        }
        RecordEvent::UsageRecorded(e) => {
            let on = scene.task_or_whole(e.task_id.as_ref());
            let what = format!("recorded {} for {on}", cost(e.usage));
            Told::by(Record, &e.by, &what).on_any(e.task_id.as_ref())
        }
        RecordEvent::OwnPlanDescribed(e) => {
            let what = format!("described a plan of their own ({})", e.plan_type.as_str());
            Told::by(Record, &e.by, &what)
        }
        RecordEvent::OwnPlanDeleted(e) => {
            Told::by(Record, &e.by, "deleted a plan of an agent's own")
        }
    }
}

fn raised<'a>(event: &BlockerRaised, scene: Scene<'_>) -> Told<'a> {
    let on = scene.task_or_whole(event.task_id.as_ref());
    let what = match event.kind {
        BlockerKind::Approval => format!("asked for approval of {on}"),
        BlockerKind::DecompositionReview => format!("asked for a review of the parts of {on}"),
        BlockerKind::HumanReview => format!("asked for a person on {on}"),
        BlockerKind::Incident
        | BlockerKind::ExternalDependency
        | BlockerKind::Quarantined
        | BlockerKind::AgentUnreachable
        | BlockerKind::ExecutionTimeout
        | BlockerKind::BudgetExceeded => format!("blocked {on}"),
    };
    let what = format!("{what}{}", because(Some(&event.message)));
    Told::by(Problem, &event.by, &what).on_any(event.task_id.as_ref())
}

fn resolved<'a>(event: &BlockerResolved, scene: Scene<'_>) -> Told<'a> {
    let task_id = scene.blocked_task(&event.blocker_id);
    let on = scene.task_or_whole(task_id.as_ref());
    let how = match (event.resolution, &event.option) {
        (Resolution::CauseGone, _) => {
            let sentence = format!("What blocked {on} is gone");
            return Told::engine(Decision, sentence).on_any(task_id.as_ref());
        }
        (Resolution::ApproveAlternative, Some(option)) => quoted(option.as_str()),
        (Resolution::ApproveAlternative, None) => "approved".to_owned(),
        (Resolution::Retry, _) => "try again".to_owned(),
        (Resolution::ProvideInput, _) => "gave what was missing".to_owned(),
        (Resolution::SkipTask, _) => "skip the task".to_owned(),
        (Resolution::Reassign, _) => "another agent does it".to_owned(),
        (Resolution::FailTask, _) => "give the task up".to_owned(),
        (Resolution::CancelExecution, _) => "cancel the execution".to_owned(),
    };
    let note = because(event.note.as_ref());
    let what = format!("resolved the blocker on {on}: {how}{note}");
    let told = Told::by(Decision, &event.by, &what).on_any(task_id.as_ref());
    told.about(event.agent_id.as_ref())
}

fn cost(usage: Usage) -> String {
    let (dollars, millionths) = (usage.cost_microusd / 1_000_000, usage.cost_microusd % 1_000_000);
    format!("{} tokens and ${dollars}.{millionths:06}", usage.tokens())
}
