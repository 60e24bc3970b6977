//! What happens to the prospecting plan.

use super::{
    OldShape, at, by_larry, calling_all, calling_carol, documenting_responses,
    documents_after_call, json, larry, mark, phase, phases_in_turn, plan_id, task_id, text, title,
    usage,
};
use planexe_ax_domain::event::lifecycle::TaskChange;
use planexe_ax_domain::event::plan::{
    GenerationFault, GenerationTrouble, GenerationWishes, PlanAmended, PlanArchived, PlanAssigned,
    PlanDecompositionReviewed, PlanDeleted, PlanDependenciesAdded, PlanEvent, PlanGenerationAsked,
    PlanGenerationCancelled, PlanGenerationFailed, PlanGenerationProgressed, PlanGenerationRetried,
    PlanGenerationStarted, PlanGenerationStopped, PlanImported, PlanSource, PlanTaskDecomposed,
    PlanTasksAdded, Risk,
};
use planexe_ax_domain::event::work::DecompositionSource;

pub(super) fn events() -> Vec<PlanEvent> {
    vec![
        imported().into(),
        PlanTasksAdded { tasks: vec![phase(), calling_all(), calling_carol()], at: at("15:00:00") }
            .into(),
        PlanDependenciesAdded { dependencies: vec![documents_after_call()], at: at("15:00:00") }
            .into(),
        amended().into(),
    ]
    .into_iter()
    .chain(generation())
    .chain(later())
    .collect()
}

/// What happens once the plan is there.
fn later() -> Vec<PlanEvent> {
    vec![
        decomposed().into(),
        PlanDecompositionReviewed {
            task_id: task_id("task_2_1"),
            is_approved: true,
            note: Some(text("Ask about the puppies first")),
            at: at("15:20:00"),
            by: mark(),
        }
        .into(),
        PlanAssigned { agent_id: Some(larry()), at: at("15:21:00"), by: mark() }.into(),
        PlanArchived { at: at("19:00:00"), by: mark() }.into(),
        PlanDeleted { at: at("19:01:00"), by: mark() }.into(),
    ]
}

/// A plan that PlanExe makes, with all that may happen on the way.
fn generation() -> Vec<PlanEvent> {
    vec![
        PlanGenerationAsked {
            plan_id: plan_id(),
            title: title("Prospect dog breeders in New England"),
            prompt: text("Prospect dog breeders in New England.\nClose three paid deals by March."),
            profile: Some(title("baseline")),
            wishes: GenerationWishes {
                documents: true,
                gates: false,
                sequencing: Some(title("phases")),
            },
            assigned_to: Some(larry()),
            at: at("14:30:00"),
            by: mark(),
        }
        .into(),
        PlanGenerationStarted {
            run_id: title("2f0d9c1e-7a55-4d0b-9c6e-0b8d1c5f4a21"),
            at: at("14:30:02"),
        }
        .into(),
        PlanGenerationProgressed {
            percent: 21,
            step: Some(title("Select Scenario")),
            trouble: Some(GenerationTrouble::Stalled),
            at: at("14:36:00"),
        }
        .into(),
        PlanGenerationFailed {
            fault: GenerationFault::Failed,
            is_resumable: true,
            message: Some(text("The model gave no answer that could be used")),
            at: at("14:40:00"),
        }
        .into(),
        PlanGenerationCancelled { at: at("14:42:00"), by: mark() }.into(),
        PlanGenerationStopped { at: at("14:42:01") }.into(),
        PlanGenerationRetried { at: at("14:45:00"), by: mark() }.into(),
    ]
}

fn imported() -> PlanImported {
    PlanImported {
        plan_id: plan_id(),
        title: title("Prospect dog breeders in Connecticut"),
        goal: Some(text("Approach 10 hot leads, close 3 custom website deals in Q1 2026")),
        source: PlanSource {
            format: title("planexe"),
            content_hash: Some(title(&super::hash())),
            source_id: Some(title("20260211_breeder_prospecting")),
        },
        roles: vec![title("Business Analyst"), title("Full-Stack Developer")],
        risks: vec![Risk {
            risk_id: task_id("risk_1"),
            description: text("Carol unavailable for interviews"),
            mitigation: Some(text("Async survey as backup")),
        }],
        assigned_to: Some(larry()),
        tasks_total: 3,
        report: Some(json(r#"{"dropped":[],"read":3,"repaired":["task_2_1: no role"]}"#)),
        metadata: Some(json(r#"{"duration_weeks":5}"#)),
        at: at("15:00:00"),
        by: mark(),
    }
}

fn amended() -> PlanAmended {
    PlanAmended {
        added: vec![documenting_responses()],
        changed: vec![TaskChange { definition: calling_carol() }],
        removed: vec![task_id("task_2_1_2")],
        dependencies_added: vec![documents_after_call()],
        dependencies_removed: vec![phases_in_turn()],
        reason: Some(text("No pitch before Carol has answered")),
        at: at("15:10:00"),
        by: mark(),
    }
}

fn decomposed() -> PlanTaskDecomposed {
    PlanTaskDecomposed {
        task_id: task_id("task_2_1"),
        subtasks: vec![calling_carol(), documenting_responses()],
        dependencies: vec![documents_after_call()],
        confidence_permille: 640,
        source: DecompositionSource::Agent { agent_id: larry() },
        needs_review: true,
        notes: Some(text("Calls need somebody to pick up")),
        usage: Some(usage()),
        at: at("15:15:00"),
        by: by_larry(),
    }
}

/// As it was stored before it could say what language models used up.
pub(super) fn decomposed_v1() -> OldShape {
    OldShape {
        kind: "plan_task_decomposed",
        schema_version: 1,
        payload: concat!(
            r#"{"task_id":"task_2_1","subtasks":[{"task_id":"task_2_1_1","#,
            r#""parent_id":"task_2_1","kind":"subtask","#,
            r#""title":"Verify current business model and pain points","#,
            r#""description":"Call Carol Campion of Bittersweet Farm.\nAsk what she pays for.","#,
            r#""action":"make_phone_call","params":{"phone":"860-455-9416","record":true,"#,
            r#""script":"hello_carol"},"role":"Business Analyst","#,
            r#""agent_id":"agent_larry_001","priority":"high","estimated_ms":1080000,"#,
            r#""timeout_ms":86400000,"retry":{"attempts_max":3,"backoff":"exponential","#,
            r#""backoff_ms":300000},"success_criteria":["Interest level documented","#,
            r#""Call transcribed"],"approval":"Calling a stranger"},"#,
            r#"{"task_id":"task_2_1_3","parent_id":"task_2_1","kind":"subtask","#,
            r#""title":"Document responses and interest level","priority":"normal"}],"#,
            r#""dependencies":[{"from":"task_2_1_1","to":"task_2_1_3","#,
            r#""type":"finish_to_start"}],"confidence_permille":640,"#,
            r#""source":{"agent":{"agent_id":"agent_larry_001"}},"needs_review":true,"#,
            r#""notes":"Calls need somebody to pick up","at":"2026-02-11T15:15:00.250Z","#,
            r#""by":{"kind":"agent","id":"agent_larry_001"}}"#,
        ),
        means: PlanEvent::from(PlanTaskDecomposed { usage: None, ..decomposed() }).into(),
    }
}
