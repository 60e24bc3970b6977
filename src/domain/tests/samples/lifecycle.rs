//! What happens to Larry's execution as a whole.

use super::{
    at, calling_all, calling_carol, documenting_responses, documents_after_call, execution, json,
    larry, mark, phase, phases_in_turn, plan_id, policy, task_id, text, title,
};
use planexe_ax_domain::event::lifecycle::{
    BudgetChanged, CarriedOutcome, DependenciesAdded, ExecutionAmended, ExecutionBlocked,
    ExecutionCancelled, ExecutionCompleted, ExecutionCreated, ExecutionExtended, ExecutionFailed,
    ExecutionForked, ExecutionPaused, ExecutionPriorityChanged, ExecutionQueued,
    ExecutionReassigned, ExecutionResumed, ExecutionStarted, ExecutionUnblocked, ForkOrigin,
    LabelsChanged, LifecycleEvent, OutcomesCarried, PolicyChanged, TaskChange, TasksAdded,
};
use planexe_ax_domain::{Budget, ExecutionId, Label, Priority};

pub(super) fn events() -> Vec<LifecycleEvent> {
    [beginning(), changes(), ends(), settings()].concat()
}

fn beginning() -> Vec<LifecycleEvent> {
    vec![
        created().into(),
        TasksAdded { tasks: vec![phase(), calling_all(), calling_carol()], at: at("15:35:00") }
            .into(),
        DependenciesAdded {
            dependencies: vec![documents_after_call()],
            left_out: vec![phases_in_turn()],
            at: at("15:35:00"),
        }
        .into(),
        OutcomesCarried {
            outcomes: vec![
                CarriedOutcome {
                    task_id: task_id("task_1_1_1"),
                    is_skipped: false,
                    output: Some(json(r#"{"results":23,"file":"raw_search_results.json"}"#)),
                },
                CarriedOutcome { task_id: task_id("task_1_2_1"), is_skipped: true, output: None },
            ],
            at: at("15:35:00"),
        }
        .into(),
        ExecutionQueued { at: at("15:35:01"), by: mark() }.into(),
        ExecutionStarted { at: at("15:35:02") }.into(),
    ]
}

fn created() -> ExecutionCreated {
    ExecutionCreated {
        execution_id: execution(),
        plan_id: plan_id(),
        plan_version: 3,
        title: title("Prospect dog breeders in Connecticut"),
        goal: Some(text("Approach 10 hot leads, close 3 custom website deals in Q1 2026")),
        agent_id: Some(larry()),
        parameters: Some(json(r#"{"state":"CT","terms":15}"#)),
        budget: budget(),
        labels: vec![label("prospecting")],
        priority: Priority::High,
        policy: policy(),
        tasks_total: 25,
        forked_from: Some(ForkOrigin { execution_id: earlier(), version: 42 }),
        at: at("15:35:00"),
        by: mark(),
    }
}

fn changes() -> Vec<LifecycleEvent> {
    vec![
        ExecutionPaused {
            reason: Some(text("Mark calls Carol himself")),
            at: at("16:25:00"),
            by: mark(),
        }
        .into(),
        ExecutionResumed { paused_ms: 300_000, at: at("16:30:00"), by: mark() }.into(),
        ExecutionBlocked { at: at("17:00:00") }.into(),
        ExecutionUnblocked { at: at("17:20:00") }.into(),
        ExecutionReassigned {
            agent_id: Some(larry()),
            reason: Some(text("Larry knows the prospects")),
            at: at("17:21:00"),
            by: mark(),
        }
        .into(),
        amended().into(),
        ExecutionForked { into: earlier(), at_version: 40, at: at("17:30:00"), by: mark() }.into(),
    ]
}

fn amended() -> ExecutionAmended {
    ExecutionAmended {
        added: vec![documenting_responses()],
        changed: vec![TaskChange { definition: calling_carol() }],
        removed: vec![task_id("task_2_1_2")],
        dependencies_added: vec![documents_after_call()],
        dependencies_removed: vec![phases_in_turn()],
        reason: Some(text("No pitch before Carol has answered")),
        at: at("17:25:00"),
        by: mark(),
    }
}

fn ends() -> Vec<LifecycleEvent> {
    vec![
        ExecutionCompleted { at: at("18:00:00") }.into(),
        ExecutionFailed {
            task_id: Some(task_id("task_2_1_1")),
            reason: text("No breeder can be reached"),
            at: at("18:00:00"),
        }
        .into(),
        ExecutionCancelled {
            reason: Some(text("Carol signed with somebody else")),
            grace_ends_at: at("18:01:00"),
            at: at("18:00:00"),
            by: mark(),
        }
        .into(),
    ]
}

fn settings() -> Vec<LifecycleEvent> {
    let labels = vec![label("prospecting"), label("q1-2026")];
    vec![
        PolicyChanged { policy: policy(), at: at("16:00:00"), by: mark() }.into(),
        ExecutionPriorityChanged { priority: Priority::Critical, at: at("16:01:00"), by: mark() }
            .into(),
        LabelsChanged { labels, at: at("16:02:00"), by: mark() }.into(),
        ExecutionExtended { until: at("23:59:59"), at: at("16:03:00"), by: mark() }.into(),
        BudgetChanged { budget: budget(), at: at("16:04:00"), by: mark() }.into(),
    ]
}

fn budget() -> Budget {
    Budget { cost_microusd_max: Some(25_000_000), tokens_max: Some(2_000_000) }
}

fn label(text: &str) -> Label {
    Label::parse(text).expect("a label")
}

fn earlier() -> ExecutionId {
    ExecutionId::parse("exec_larry_prospect_20260204_001").expect("an id")
}
