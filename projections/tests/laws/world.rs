//! Random logs of every kind of stream, interleaved into one.

use planexe_ax_domain::agent::AgentCommand;
use planexe_ax_domain::event::agent::{AgentProfile, Capability};
use planexe_ax_domain::event::lifecycle::{CarriedOutcome, ForkOrigin, TaskChange};
use planexe_ax_domain::event::plan::{GenerationFault, GenerationWishes, PlanSource};
use planexe_ax_domain::event::work::DecompositionSource;
use planexe_ax_domain::event::workspace::{Role, WebhookSettings};
use planexe_ax_domain::execution::{ContextEntry, CreateExecution, Execution, ExecutionCommand};
use planexe_ax_domain::harness::{Bytes, COMMANDS_MAX, Program};
use planexe_ax_domain::plan::{
    AmendPlan, AskGeneration, DecomposeTask, GenerationCommand, ImportPlan, PlanCommand,
};
use planexe_ax_domain::workspace::{CreateKey, WorkspaceCommand};
use planexe_ax_domain::{
    ActionName, Actor, AgentId, Command, Dependency, DependencyType, Event, ExecutionId, KeyId,
    Label, MemberId, Moment, PlanId, Priority, State, StreamKind, StreamName, TaskDefinition,
    TaskId, Text, Timestamp, Title, WebhookId, WorkspaceId,
};

/// An event, where it stands, and when it happened.
pub(crate) struct Line {
    pub(crate) position: u64,
    pub(crate) stream: StreamName,
    pub(crate) version: u64,
    pub(crate) at: Timestamp,
    pub(crate) event: Event,
}

/// Moments between two events of a log: the days and hours of the sums go by.
const STEP_MS: u64 = 1_300_000;

/// The log that the bytes spell: two executions, an agent's own plan, a plan, an agent and a
/// workspace.
pub(crate) fn log_of(first: &[u8], second: &[u8], beside: &[u8]) -> Vec<Line> {
    let mut bytes = Bytes::new(beside);
    let mut streams = [
        ("execution/e1", execution(first, false)),
        ("execution/e2", execution(second, true)),
        ("plan/p1", stream(StreamKind::Plan, &mut bytes, plan)),
        ("agent/a0", stream(StreamKind::Agent, &mut bytes, agent)),
        ("workspace/default", stream(StreamKind::Workspace, &mut bytes, workspace)),
        ("execution/own", own_plan(beside)),
    ];
    streams.iter_mut().for_each(|(_, events)| events.reverse());
    let mut log = Vec::new();
    let mut versions = [0; 6];
    for position in 1.. {
        let open = (0..streams.len()).filter(|at| !streams[*at].1.is_empty());
        let Some(at) = bytes.one_of(&open.collect::<Vec<_>>()) else { break };
        let (name, events) = &mut streams[at];
        let Some(event) = events.pop() else { break };
        versions[at] += 1;
        log.push(Line {
            position,
            stream: StreamName::parse(name).expect("a name"),
            version: versions[at],
            at: Timestamp::from_unix_ms(1_700_000_000_000).plus_ms(position * STEP_MS),
            event,
        });
    }
    log
}

/// Steps of an execution after which it has other labels.
const LABELLED: [(usize, &str); 2] = [(5, "urgent"), (12, "later")];

fn execution(bytes: &[u8], is_fork: bool) -> Vec<Event> {
    let mut program = Program::of(bytes);
    let (creation, moment) = program.creation();
    let mut state = Execution::default();
    let mut log = Vec::new();
    for creation in variants(creation, is_fork) {
        if log.is_empty() {
            let create = ExecutionCommand::Create(Box::new(creation));
            log.extend(state.handle(&create, &moment).unwrap_or_default());
        }
    }
    for step in 0..COMMANDS_MAX {
        if program.is_over() {
            break;
        }
        let (command, moment) = program.next_command(&state);
        log.extend(state.handle(&command, &moment).unwrap_or_default());
        for (_, label) in LABELLED.iter().filter(|(at, _)| *at == step) {
            let labels = vec![Label::parse(label).expect("a label")];
            let command = ExecutionCommand::ChangeLabels(labels);
            log.extend(state.handle(&command, &moment).unwrap_or_default());
        }
    }
    log
}

/// A plan that an agent brought.
fn own_plan(bytes: &[u8]) -> Vec<Event> {
    let mut program = Program::of(bytes);
    let (creation, own, moment) = program.own_creation();
    let (mut state, mut log) = (Execution::default(), Vec::new());
    let plain = CreateExecution { dependencies: Vec::new(), ..creation.clone() };
    for creation in [creation, plain] {
        if log.is_empty() {
            let own = Box::new(own.clone());
            let create = ExecutionCommand::CreateOwn(Box::new(creation), own);
            log.extend(state.handle(&create, &moment).unwrap_or_default());
        }
    }
    for _ in 0..COMMANDS_MAX {
        if program.is_over() {
            break;
        }
        let (command, moment) = program.next_own_command(&state);
        log.extend(state.handle(&command, &moment).unwrap_or_default());
    }
    log
}

/// The ways to make an execution, the last of which is always accepted.
fn variants(creation: CreateExecution, is_fork: bool) -> [CreateExecution; 3] {
    let task_id = creation.tasks[0].task_id.clone();
    let outcome = CarriedOutcome { task_id, is_skipped: false, output: None };
    let execution_id = ExecutionId::parse("e0").expect("an id");
    let origin = ForkOrigin { execution_id, version: 3 };
    let fork = is_fork.then(|| (origin, vec![outcome]));
    let plain = CreateExecution { dependencies: Vec::new(), ..creation.clone() };
    [CreateExecution { fork, ..creation.clone() }, creation, plain]
}

/// A stream to which random commands were given, as far as they were accepted.
fn stream(
    kind: StreamKind,
    bytes: &mut Bytes<'_>,
    next: fn(&mut Bytes<'_>, u8) -> Command,
) -> Vec<Event> {
    let mut state = State::new(kind);
    let mut log = Vec::new();
    for step in 0..24 {
        let at = Timestamp::from_unix_ms(1_700_000_000_000).plus_ms(u64::from(step) * 60_000);
        let by = Actor::user("mark").expect("a name");
        let command = next(bytes, step);
        let moment = Moment { at, by, random: 7 };
        log.extend(state.handle(&command, &moment).unwrap_or_default());
    }
    log
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}

fn title(text: &str) -> Title {
    Title::parse(text).expect("a title")
}

const TASKS: [&str; 6] = ["phase", "list", "call", "p", "q", "r"];

fn task_id(bytes: &mut Bytes<'_>) -> TaskId {
    TaskId::parse(bytes.one_of(&TASKS).expect("a task")).expect("an id")
}

fn task(name: &str, parent: Option<TaskId>) -> TaskDefinition {
    let id = TaskId::parse(name).expect("an id");
    TaskDefinition { parent_id: parent, ..TaskDefinition::new(id, title(name)) }
}

fn dependency(bytes: &mut Bytes<'_>) -> Dependency {
    let (from, to) = (task_id(bytes), task_id(bytes));
    Dependency { from, to, kind: DependencyType::FinishToStart, is_implied: false }
}

fn plan(bytes: &mut Bytes<'_>, step: u8) -> Command {
    if step == 0 {
        let is_asked_for = bytes.once_in(2);
        return Command::Plan(match is_asked_for {
            true => PlanCommand::Generate(ask()),
            false => PlanCommand::Import(Box::new(imported())),
        });
    }
    Command::Plan(match bytes.below(13) {
        9..=12 => PlanCommand::Generate(generation(bytes)),
        0..=2 => PlanCommand::Amend(Box::new(amendment(bytes))),
        3..=5 => PlanCommand::Decompose(Box::new(breakdown(bytes))),
        6 => {
            let (task_id, is_approved) = (task_id(bytes), bytes.once_in(2));
            PlanCommand::Review { task_id, is_approved, note: None }
        }
        7 if bytes.once_in(8) => PlanCommand::Delete,
        7 => PlanCommand::Assign { agent_id: None },
        _rest if bytes.once_in(8) => PlanCommand::Archive,
        _rest => PlanCommand::Assign { agent_id: Some(AgentId::parse("a0").expect("an id")) },
    })
}

fn ask() -> GenerationCommand {
    let ImportPlan { plan_id, title, .. } = imported();
    GenerationCommand::Ask(Box::new(AskGeneration {
        plan_id,
        title,
        prompt: text("Find breeders"),
        profile: None,
        wishes: GenerationWishes::default(),
        assigned_to: None,
    }))
}

fn generation(bytes: &mut Bytes<'_>) -> GenerationCommand {
    match bytes.below(10) {
        0..=2 => GenerationCommand::Start { run_id: title("run-1") },
        3 | 4 => {
            let percent = u8::try_from(bytes.below(101)).unwrap_or_default();
            GenerationCommand::Note { percent, step: None, trouble: None }
        }
        5 => {
            let (fault, is_resumable) = (GenerationFault::Failed, bytes.once_in(2));
            GenerationCommand::Fail { fault, is_resumable, message: None }
        }
        6 => GenerationCommand::Cancel,
        7 => GenerationCommand::Stop,
        8 => GenerationCommand::Retry,
        _rest => GenerationCommand::Finish(Box::new(imported())),
    }
}

fn imported() -> ImportPlan {
    let phase = TaskId::parse("phase").expect("an id");
    let tasks =
        vec![task("phase", None), task("list", Some(phase.clone())), task("call", Some(phase))];
    ImportPlan {
        plan_id: PlanId::parse("p1").expect("an id"),
        title: title("Prospecting"),
        goal: Some(text("find breeders")),
        source: PlanSource { format: title("json"), content_hash: None, source_id: None },
        roles: vec![title("caller")],
        risks: Vec::new(),
        assigned_to: None,
        tasks,
        dependencies: vec![Dependency {
            from: TaskId::parse("list").expect("an id"),
            to: TaskId::parse("call").expect("an id"),
            kind: DependencyType::FinishToStart,
            is_implied: false,
        }],
        report: None,
        metadata: None,
    }
}

fn amendment(bytes: &mut Bytes<'_>) -> AmendPlan {
    let name = bytes.one_of(&TASKS).expect("a task");
    let parent = bytes.perhaps(2, task_id);
    let mut amendment = AmendPlan::default();
    match bytes.below(4) {
        0 => amendment.removed.push(task_id(bytes)),
        1 => amendment.changed.push(TaskChange { definition: task(name, parent) }),
        2 => amendment.dependencies_added.push(dependency(bytes)),
        _rest => amendment.added.push(task(name, parent)),
    }
    amendment
}

fn breakdown(bytes: &mut Bytes<'_>) -> DecomposeTask {
    let whole = task_id(bytes);
    let parts = ["p", "q", "r"].into_iter().take(1 + bytes.below(3));
    DecomposeTask {
        subtasks: parts.map(|part| task(part, Some(whole.clone()))).collect(),
        task_id: whole,
        dependencies: Vec::new(),
        confidence_permille: u16::from(bytes.byte()) * 4,
        source: DecompositionSource::Rules,
        notes: bytes.perhaps(2, |_| text("a guess")),
        threshold_permille: 700,
        usage: None,
        budget: Default::default(),
    }
}

fn agent(bytes: &mut Bytes<'_>, step: u8) -> Command {
    let profile = AgentProfile {
        name: title("Larry"),
        role: bytes.perhaps(2, |_| title("caller")),
        kind: Default::default(),
        capabilities: vec![Capability {
            action: ActionName::parse("phone").expect("an action"),
            params: Vec::new(),
        }],
        integration_endpoints: None,
        webhook_url: None,
        concurrent_tasks_max: 2,
    };
    let agent_id = AgentId::parse("a0").expect("an id");
    if step == 0 {
        return Command::Agent(AgentCommand::Register { agent_id, profile });
    }
    let last_seen_at = Timestamp::from_unix_ms(1_700_000_000_000);
    let (key, value) = (bytes.below(2), bytes.below(3));
    let entry = ContextEntry {
        task_id: None,
        context_type: title("notes"),
        context_key: title(["goal", "door"][key]),
        context_value: text(["green", "red", "blue"][value]),
        metadata: None,
    };
    Command::Agent(match bytes.below(13) {
        10 => AgentCommand::RemoveContext { key: entry.key() },
        11 | 12 => AgentCommand::SetContext(Box::new(entry)),
        0 => AgentCommand::Register { agent_id, profile },
        1 => AgentCommand::Change { profile },
        2 => AgentCommand::SetPriority { priority: Priority::High },
        3 => AgentCommand::Pause { reason: bytes.perhaps(2, |_| text("rest")) },
        4 => AgentCommand::Resume,
        5 => AgentCommand::Drain,
        6 if bytes.once_in(6) => AgentCommand::Retire { reason: None },
        6 => AgentCommand::SignOfLife,
        7 => AgentCommand::CheckPresence { last_seen_at, silence_ms: 1 },
        _rest => AgentCommand::TakeTask {
            execution_id: ExecutionId::parse("e1").expect("an id"),
            task_id: task_id(bytes),
            epoch: u64::from(bytes.byte()),
        },
    })
}

fn workspace(bytes: &mut Bytes<'_>, step: u8) -> Command {
    let workspace_id = WorkspaceId::parse("default").expect("an id");
    if step == 0 {
        let name = title("The farm");
        return Command::Workspace(WorkspaceCommand::Create { workspace_id, name });
    }
    let key_id = KeyId::parse("k1").expect("an id");
    let members = ["carol", "marie"];
    let member_id = MemberId::parse(members[bytes.below(2)]).expect("an id");
    let webhook_id = WebhookId::parse("w1").expect("an id");
    let settings = WebhookSettings {
        url: text("https://example.com"),
        events: vec![title("*")],
        agent_id: None,
        description: None,
        is_enabled: bytes.once_in(2),
    };
    let name = title("Carol");
    let sealed_secret = text(if bytes.once_in(2) { "sealed" } else { "sealed again" });
    let old_until = Timestamp::from_unix_ms(1_700_003_600_000);
    Command::Workspace(match bytes.below(10) {
        0 => WorkspaceCommand::ChangePolicy { policy: Box::default() },
        1 => WorkspaceCommand::CreateKey(Box::new(CreateKey {
            key_id,
            name,
            role: Role::Auditor,
            agent_id: None,
            member_id: None,
            secret_hash: title(&"0f".repeat(32)),
            expires_at: None,
        })),
        2 => WorkspaceCommand::RevokeKey { key_id, reason: None },
        3 => WorkspaceCommand::RegisterWebhook { webhook_id, settings, sealed_secret },
        4 => WorkspaceCommand::ChangeWebhook { webhook_id, settings },
        5 if bytes.once_in(2) => WorkspaceCommand::ConfirmWebhook { webhook_id, url: settings.url },
        5 => WorkspaceCommand::RotateWebhookSecret { webhook_id, sealed_secret, old_until },
        9 => WorkspaceCommand::SkipProjectionEvent {
            projection: title("progress"),
            position: u64::from(bytes.byte()),
            reason: bytes.perhaps(2, |_| text("it was written by hand")),
        },
        6 if bytes.once_in(2) => WorkspaceCommand::RemoveWebhook { webhook_id, reason: None },
        6 | 7 => WorkspaceCommand::AddMember { member_id, name, role: Role::Owner },
        _rest if bytes.once_in(2) => WorkspaceCommand::RemoveMember { member_id },
        _rest => WorkspaceCommand::ChangeMemberRole { member_id, role: Role::Member },
    })
}
