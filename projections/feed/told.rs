//! What the feed says of an event, and the words that all its sentences share.

use planexe_ax_domain::event::work::{Remarks, TaskError};
use planexe_ax_domain::execution::Execution;
use planexe_ax_domain::execution::tree::Node;
use planexe_ax_domain::{Actor, ActorKind, AgentId, BlockerId, TaskId, Text, Title};

/// How much of a text that somebody wrote stands in a sentence.
const QUOTED_CHARS_MAX: usize = 160;

/// What sort of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// An execution went from one status to another, or got its tasks.
    Lifecycle,
    /// Somebody worked on a task.
    Work,
    /// Something went wrong, or stands in the way.
    Problem,
    /// A person decided something.
    Decision,
    /// Something was written down beside the work.
    Record,
    /// To an agent.
    Agent,
    /// To a plan.
    Plan,
    /// To the workspace.
    Workspace,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 8] = [
        Self::Lifecycle,
        Self::Work,
        Self::Problem,
        Self::Decision,
        Self::Record,
        Self::Agent,
        Self::Plan,
        Self::Workspace,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lifecycle => "lifecycle",
            Self::Work => "work",
            Self::Problem => "problem",
            Self::Decision => "decision",
            Self::Record => "record",
            Self::Agent => "agent",
            Self::Plan => "plan",
            Self::Workspace => "workspace",
        }
    }
}

/// What the feed says of an event.
pub(super) struct Told<'a> {
    pub(super) group: Group,
    pub(super) actor: Actor,
    pub(super) task: Option<TaskId>,
    pub(super) agent: Option<AgentId>,
    pub(super) sentence: String,
    pub(super) message: Option<&'a Text>,
}

impl<'a> Told<'a> {
    /// The engine did it by itself.
    pub(super) fn engine(group: Group, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self { group, actor: Actor::system(), task: None, agent: None, sentence, message: None }
    }

    /// Somebody did it.
    pub(super) fn by(group: Group, actor: &Actor, what: &str) -> Self {
        let told = Self::engine(group, format!("{} {what}", name(actor)));
        let agent = (actor.kind() == ActorKind::Agent).then(|| AgentId::parse(actor.id()).ok());
        Self { actor: actor.clone(), agent: agent.flatten(), ..told }
    }

    /// An agent did it.
    pub(super) fn agent(group: Group, agent: Option<AgentId>, what: &str) -> Self {
        match agent {
            Some(agent_id) => Self::by(group, &Actor::agent(&agent_id), what),
            None => Self::engine(group, format!("An agent {what}")),
        }
    }

    /// It is about that task.
    pub(super) fn on(self, task: &TaskId) -> Self {
        self.on_any(Some(task))
    }

    /// It is about that task, if any.
    pub(super) fn on_any(self, task: Option<&TaskId>) -> Self {
        Self { task: task.cloned(), ..self }
    }

    /// It is about that agent.
    pub(super) fn about(self, agent: Option<&AgentId>) -> Self {
        let agent = agent.cloned().or(self.agent);
        Self { agent, ..self }
    }

    /// The agent said something to it.
    pub(super) fn saying(self, remarks: &'a Remarks) -> Self {
        let message = remarks.message.as_ref().or(remarks.notes.as_ref());
        Self { message, ..self }
    }
}

/// Who, in a sentence.
pub(super) fn name(actor: &Actor) -> &str {
    match actor.kind() {
        ActorKind::User | ActorKind::Agent => actor.id(),
        ActorKind::System => "The engine",
    }
}

/// A text that somebody wrote, on one line and not too long.
pub(super) fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A title in a sentence.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", short(text))
}

/// A reason behind a sentence, if there is one.
pub(super) fn because(reason: Option<&Text>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {}", short(reason.as_str())))
}

/// What the sentences take from the state of an execution.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a>(pub(super) Option<&'a Execution>);

impl Scene<'_> {
    fn node(&self, task_id: &TaskId) -> Option<&Node> {
        let tree = self.0?.tree();
        tree.find(task_id).map(|spot| tree.node(spot))
    }

    /// A task by its title, as long as it is there.
    pub(super) fn task(&self, task_id: &TaskId) -> String {
        let node = self.node(task_id);
        node.map_or_else(|| task_id.to_string(), |node| quoted(node.definition.title.as_str()))
    }

    /// A task by its title, or the whole execution.
    pub(super) fn task_or_whole(&self, task_id: Option<&TaskId>) -> String {
        task_id.map_or_else(|| "the execution".to_owned(), |task_id| self.task(task_id))
    }

    /// What was written down. What is written beside an agent's own plan goes when the plan is
    /// deleted, and the feed stays: so it does not stand there.
    pub(super) fn unless_own(&self, words: &str) -> String {
        if self.is_own() { String::new() } else { format!(": {}", short(words)) }
    }

    /// What is remembered, by its name; of an agent's own plan, by its type alone.
    pub(super) fn remembered(&self, key: &Title, kind: &Title) -> String {
        if self.is_own() { kind.to_string() } else { format!("{} ({kind})", short(key.as_str())) }
    }

    fn is_own(&self) -> bool {
        self.0.is_some_and(|it| it.own_plan().is_some() || it.is_own_plan_deleted())
    }

    /// The agent that has a task, or had it last.
    pub(super) fn holder(&self, task_id: &TaskId) -> Option<AgentId> {
        let leaf = &self.node(task_id)?.leaf;
        let last = leaf.closing.as_ref().map(|closing| &closing.agent_id);
        leaf.lease().map(|lease| &lease.agent_id).or(last).cloned()
    }

    /// What went wrong last with a task.
    pub(super) fn last_error(&self, task_id: &TaskId) -> Option<&TaskError> {
        self.node(task_id)?.history.as_ref()?.last_error.as_ref()
    }

    /// The task that a blocker stands on.
    pub(super) fn blocked_task(&self, blocker_id: &BlockerId) -> Option<TaskId> {
        self.0?.blocker(blocker_id)?.task_id.clone()
    }
}

/// So many things.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Whom something was given to.
pub(super) fn receiver(agent_id: Option<&AgentId>) -> String {
    agent_id.map_or_else(|| "any capable agent".to_owned(), ToString::to_string)
}

/// A stretch of time.
pub(super) fn span(ms: u64) -> String {
    let (days, hours, minutes) = (ms / 86_400_000, ms / 3_600_000 % 24, ms / 60_000 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", ms / 1_000),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
