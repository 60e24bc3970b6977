//! One representative event of every kind, all fields filled, from the documents' story: Larry
//! prospects dog breeders for Mark, and Carol of Bittersweet Farm is the first to be called.

mod agent;
mod lifecycle;
mod plan;
mod record;
mod work;
mod workspace;

use planexe_ax_domain::{
    ActionName, Actor, AgentId, BlockerId, Dependency, DependencyType, Event, ExecutionId, Json,
    PlanId, Policy, Priority, RetryPolicy, TaskDefinition, TaskId, TaskKind, Text, Timestamp,
    Title, Usage, WorkspaceId,
    event::work::{Remarks, TaskError},
};

/// A payload as an older program stored it, and what it means today.
pub(crate) struct OldShape {
    pub(crate) kind: &'static str,
    pub(crate) schema_version: u16,
    pub(crate) payload: &'static str,
    pub(crate) means: Event,
}

/// One event of every kind.
pub(crate) fn events() -> Vec<Event> {
    let mut events = Vec::new();
    events.extend(lifecycle::events().into_iter().map(Event::from));
    events.extend(work::events().into_iter().map(Event::from));
    events.extend(record::events().into_iter().map(Event::from));
    events.extend(agent::events().into_iter().map(Event::from));
    events.extend(plan::events().into_iter().map(Event::from));
    events.extend(workspace::events().into_iter().map(Event::from));
    events
}

/// One payload of every shape that is no longer written.
pub(crate) fn old_shapes() -> Vec<OldShape> {
    vec![record::blocker_raised_v1(), plan::decomposed_v1()]
}

/// A time on the day of the story.
fn at(time: &str) -> Timestamp {
    let text = format!("2026-02-11T{time}.250Z");
    Timestamp::parse(&text).expect("a time with a zone")
}

fn mark() -> Actor {
    Actor::user("mark").expect("a name")
}

fn larry() -> AgentId {
    AgentId::parse("agent_larry_001").expect("an id")
}

fn by_larry() -> Actor {
    Actor::agent(&larry())
}

fn execution() -> ExecutionId {
    ExecutionId::parse("exec_larry_prospect_20260211_001").expect("an id")
}

fn plan_id() -> PlanId {
    PlanId::parse("plan_larry_prospect_20260211").expect("an id")
}

fn workspace_id() -> WorkspaceId {
    WorkspaceId::parse("default").expect("an id")
}

fn task_id(text: &str) -> TaskId {
    TaskId::parse(text).expect("an id")
}

fn blocker_id() -> BlockerId {
    BlockerId::parse("blk_task_2_1_1_3").expect("an id")
}

fn title(text: &str) -> Title {
    Title::parse(text).expect("a title")
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

fn action(name: &str) -> ActionName {
    ActionName::parse(name).expect("an action")
}

fn json(text: &str) -> Json {
    Json::parse(text).expect("JSON")
}

/// A hash as it is written.
fn hash() -> String {
    "6f1ed002ab5595859014ebf0951522d9".repeat(2)
}

fn policy() -> Policy {
    Policy { lease_ms: 1_200_000, ..Policy::default() }
}

fn calling_carol() -> TaskDefinition {
    TaskDefinition {
        task_id: task_id("task_2_1_1"),
        parent_id: Some(task_id("task_2_1")),
        kind: TaskKind::Subtask,
        title: title("Verify current business model and pain points"),
        description: Some(text("Call Carol Campion of Bittersweet Farm.\nAsk what she pays for.")),
        action: Some(action("make_phone_call")),
        params: Some(json(r#"{"phone":"860-455-9416","record":true,"script":"hello_carol"}"#)),
        role: Some(title("Business Analyst")),
        agent_id: Some(larry()),
        priority: Priority::High,
        estimated_ms: Some(1_080_000),
        timeout_ms: Some(86_400_000),
        retry: Some(RetryPolicy::default()),
        success_criteria: vec![text("Interest level documented"), text("Call transcribed")],
        approval: Some(title("Calling a stranger")),
    }
}

fn documenting_responses() -> TaskDefinition {
    TaskDefinition {
        parent_id: Some(task_id("task_2_1")),
        kind: TaskKind::Subtask,
        ..TaskDefinition::new(task_id("task_2_1_3"), title("Document responses and interest level"))
    }
}

fn phase() -> TaskDefinition {
    let title = title("Cold Outreach & Discovery");
    TaskDefinition { kind: TaskKind::Phase, ..TaskDefinition::new(task_id("phase_2"), title) }
}

fn calling_all() -> TaskDefinition {
    let title = title("Call top 5 prospects");
    let parent_id = Some(task_id("phase_2"));
    TaskDefinition { parent_id, ..TaskDefinition::new(task_id("task_2_1"), title) }
}

fn documents_after_call() -> Dependency {
    Dependency {
        from: task_id("task_2_1_1"),
        to: task_id("task_2_1_3"),
        kind: DependencyType::FinishToStart,
        is_implied: false,
    }
}

fn phases_in_turn() -> Dependency {
    Dependency {
        from: task_id("phase_1"),
        to: task_id("phase_2"),
        kind: DependencyType::FinishToFinish,
        is_implied: true,
    }
}

fn usage() -> Usage {
    Usage { input_tokens: 4_211, output_tokens: 912, cost_microusd: 38_450, duration_ms: 1_080_000 }
}

fn remarks() -> Remarks {
    Remarks {
        message: Some(text("Carol is interested: 8/10")),
        notes: Some(text("Tired of paying Squarespace; keeps records in Google Sheets.")),
        usage: Some(usage()),
        agent_at: Some(at("16:52:00")),
    }
}

fn bounced() -> TaskError {
    TaskError {
        error_type: text("external_dependency_blocked"),
        message: Some(text("Carol's email bounced. Contact info appears invalid.")),
        is_retryable: Some(false),
        needs_person: true,
        suggestions: suggestions(),
        status_code: Some(406),
        retry_after_ms: Some(600_000),
    }
}

fn suggestions() -> Vec<Text> {
    vec![text("Verify contact via Google Maps listing or call directly")]
}
