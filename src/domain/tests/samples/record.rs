//! Blockers, and what is kept beside Larry's work.

use super::{
    OldShape, at, blocker_id, by_larry, json, larry, mark, suggestions, task_id, text, title, usage,
};
use planexe_ax_domain::event::record::{
    ActionLogged, BlockerEscalated, BlockerKind, BlockerRaised, BlockerResolved, ContextRemoved,
    ContextSet, NoteAdded, OwnPlanDeleted, OwnPlanDescribed, RecordEvent, Resolution,
    UsageRecorded,
};
use planexe_ax_domain::execution::PlanType;
use planexe_ax_domain::{Event, TaskId};

pub(super) fn events() -> Vec<RecordEvent> {
    [blockers(), memory(), records(), own_plan()].concat()
}

/// Shape 1 had room for one suggestion.
pub(super) fn blocker_raised_v1() -> OldShape {
    OldShape {
        kind: "blocker_raised",
        schema_version: 1,
        payload: concat!(
            r#"{"blocker_id":"blk_task_2_1_1_3","task_id":"task_2_1_1","kind":"human_review","#,
            r#""message":"Carol's email bounced. Contact info appears invalid.","#,
            r#""suggestion":"Verify contact via Google Maps listing or call directly","#,
            r#""limit_at":"2026-02-11T23:00:00.250Z","at":"2026-02-11T17:00:00.250Z","#,
            r#""by":{"kind":"agent","id":"agent_larry_001"}}"#,
        ),
        means: Event::Record(raised().into()),
    }
}

fn calling() -> Option<TaskId> {
    Some(task_id("task_2_1_1"))
}

fn raised() -> BlockerRaised {
    BlockerRaised {
        blocker_id: blocker_id(),
        task_id: calling(),
        kind: BlockerKind::HumanReview,
        message: text("Carol's email bounced. Contact info appears invalid."),
        suggestions: suggestions(),
        limit_at: Some(at("23:00:00")),
        at: at("17:00:00"),
        by: by_larry(),
    }
}

fn blockers() -> Vec<RecordEvent> {
    vec![
        raised().into(),
        BlockerEscalated { blocker_id: blocker_id(), at: at("23:00:00") }.into(),
        BlockerResolved {
            blocker_id: blocker_id(),
            resolution: Resolution::ProvideInput,
            option: Some(text("Verify contact via Google Maps listing or call directly")),
            input: Some(json(r#"{"phone":"860-455-9416"}"#)),
            agent_id: Some(larry()),
            note: Some(text("The listing has her number")),
            at: at("17:20:00"),
            by: mark(),
        }
        .into(),
    ]
}

fn memory() -> Vec<RecordEvent> {
    let (context_type, context_key) = (title("research"), title("carol_campion"));
    vec![
        ContextSet {
            task_id: calling(),
            context_type: context_type.clone(),
            context_key: context_key.clone(),
            context_value: text("Bittersweet Farm, Hampton CT: no website, 5/5"),
            metadata: Some(json(r#"{"source":"google_maps"}"#)),
            at: at("16:05:00"),
            by: by_larry(),
        }
        .into(),
        ContextRemoved {
            task_id: calling(),
            context_type,
            context_key,
            at: at("16:06:00"),
            by: by_larry(),
        }
        .into(),
    ]
}

fn records() -> Vec<RecordEvent> {
    vec![
        ActionLogged {
            task_id: calling(),
            step_number: Some(4),
            action_type: title("complete_step"),
            entity_type: Some(title("prospect")),
            entity_id: Some(title("carol_campion")),
            description: text("Scored the lead"),
            before_state: Some(json(r#"{"score":null}"#)),
            after_state: Some(json(r#"{"score":5}"#)),
            confidence_permille: Some(920),
            error_message: Some(text("The first screenshot was empty")),
            at: at("16:10:00"),
            by: by_larry(),
        }
        .into(),
        NoteAdded {
            task_id: calling(),
            text: text("She prefers Thursdays at 2 PM"),
            at: at("16:53:00"),
            by: mark(),
        }
        .into(),
        UsageRecorded { task_id: calling(), usage: usage(), at: at("16:54:00"), by: by_larry() }
            .into(),
    ]
}

fn own_plan() -> Vec<RecordEvent> {
    vec![
        OwnPlanDescribed {
            outside_task: Some(task_id("deep-1765060407236")),
            plan_type: PlanType::Research,
            reasoning: Some(text("Nobody knows yet which breeders keep records")),
            metadata: Some(json(r#"{"source":"mark"}"#)),
            at: at("15:40:00"),
            by: by_larry(),
        }
        .into(),
        OwnPlanDeleted { at: at("18:20:00"), by: mark() }.into(),
    ]
}
