//! Giving work to agents: what an agent holds already, or the best that is ready and suits it.

use super::answer::{Landed, discard};
use super::cell::{Job, Newness};
use super::driver::Drive;
use super::request::{EngineError, KeptAnswer, Metadata};
use super::{Engine, StreamKey, encode};
use crate::domain::agent::{Agent, AgentCommand, AgentStatus};
use crate::domain::event::work::{TaskGranted, WorkEvent};
use crate::domain::execution::{Execution, ExecutionCommand, HandleError};
use crate::domain::{
    ActionName, Actor, AgentId, Event, ExecutionId, Json, LeaseToken, PlanId, TaskDefinition,
    TaskId, Timestamp, WorkspaceId,
};
use crate::planted::is_planted;
use crate::store::{AppendRequest, StreamWrite, Version};
use tokio::sync::oneshot;

/// An agent asks for work.
#[derive(Debug, Clone)]
pub struct WorkRequest {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The agent.
    pub agent_id: AgentId,
    /// How many tasks it wants at most.
    pub tasks_max: u32,
    /// How long a lease it wants, when not the usual.
    pub lease_ms: Option<u64>,
    /// The actions that it takes now; all that it is capable of when nothing is said.
    pub actions: Option<Vec<ActionName>>,
}

/// A task that was given to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedTask {
    /// The execution.
    pub execution_id: ExecutionId,
    /// The plan that it carries out.
    pub plan_id: PlanId,
    /// The task.
    pub definition: TaskDefinition,
    /// The token to report under.
    pub lease: LeaseToken,
    /// The attempt, from 1.
    pub attempt: u32,
    /// When the lease ends without a sign of life.
    pub lease_expires_at: Timestamp,
    /// When the attempt times out.
    pub times_out_at: Timestamp,
    /// Where the attempt before got to.
    pub checkpoint: Option<Json>,
}

/// What an agent gets when it asks for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// These tasks: those that it held already, and new ones.
    Tasks(Vec<GrantedTask>),
    /// Nothing is ready that suits it.
    Nothing,
    /// It gets nothing as it is.
    NotNow {
        /// What it is: paused, draining, retired, unknown.
        status: &'static str,
    },
}

/// What an agent wants of one execution.
pub(super) struct Offer {
    agent: Agent,
    agent_id: AgentId,
    agent_version: Version,
    lease_ms: Option<u64>,
    reply: oneshot::Sender<Offered>,
}

/// What came of an offer.
enum Offered {
    Granted(Box<GrantedTask>),
    Nothing,
    AgentChanged,
    Failed(EngineError),
}

/// How often an agent's poll starts over when its stream was changed meanwhile.
const POLL_RETRIES_MAX: u32 = 8;

impl Engine {
    /// Gives an agent what it holds already, or something new that is ready and suits it.
    pub async fn work(&self, request: &WorkRequest) -> Result<Work, EngineError> {
        if self.is_paused() {
            return Ok(Work::Nothing);
        }
        let (workspace, agent_id) = (&request.workspace, &request.agent_id);
        for _ in 0..POLL_RETRIES_MAX {
            let Some((agent, version)) = self.followed_agent(workspace, agent_id).await? else {
                continue;
            };
            let agent = match &request.actions {
                Some(actions) => agent.doing_only(actions),
                None => agent,
            };
            match agent.status() {
                AgentStatus::Active => {}
                AgentStatus::Lost => continue,
                AgentStatus::Absent
                | AgentStatus::Paused
                | AgentStatus::Draining
                | AgentStatus::Retired => {
                    return Ok(Work::NotNow { status: agent.status().as_str() });
                }
            }
            if let Some(work) = self.try_work(request, &agent, version).await? {
                return Ok(work);
            }
        }
        Err(EngineError::Contended { attempts: POLL_RETRIES_MAX })
    }

    /// Whether asking for work now may bring another answer than nothing: told from memory alone,
    /// for the many that wait.
    pub async fn may_have_work(&self, request: &WorkRequest) -> Result<bool, EngineError> {
        let (workspace, agent_id) = (&request.workspace, &request.agent_id);
        let (agent, _) = self.agent_at(workspace, agent_id, Newness::Followed).await?;
        if !agent.may_take_work() {
            return Ok(true);
        }
        let agent = match &request.actions {
            Some(actions) => agent.doing_only(actions),
            None => agent,
        };
        let index = &self.inner.index;
        let is_ready = index.next_for(workspace, &agent, None).is_some();
        Ok(is_ready || !index.held_by(workspace, agent_id).is_empty())
    }

    /// Whether a poll of an agent would probably bring it something that it does not hold yet.
    pub async fn has_work(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<bool, EngineError> {
        let (agent, _) = self.agent(workspace, agent_id).await?;
        let slots = agent.profile().map_or(0, |profile| profile.concurrent_tasks_max);
        let held = self.inner.index.held_by(workspace, agent_id).len();
        let has_room = u32::try_from(held).is_ok_and(|held| held < slots);
        let is_there = agent.status() == AgentStatus::Active && has_room;
        Ok(is_there && self.inner.index.next_for(workspace, &agent, None).is_some())
    }

    /// None when the agent's own stream moved meanwhile.
    async fn try_work(
        &self,
        request: &WorkRequest,
        agent: &Agent,
        mut version: Version,
    ) -> Result<Option<Work>, EngineError> {
        let (workspace, agent_id) = (&request.workspace, &request.agent_id);
        let mut tasks = self.held_tasks(workspace, agent_id).await?;
        let wanted = wanted(request, agent);
        let mut behind = None;
        while self.inner.config.gives_work && tasks.len() < wanted {
            let next = self.inner.index.next_for(workspace, agent, behind.as_ref());
            let Some((execution_id, place)) = next else {
                break;
            };
            match self.offer(request, agent, version, &execution_id).await? {
                Offered::Granted(task) => {
                    tasks.push(*task);
                    version = version.next();
                }
                Offered::Nothing => behind = Some(place),
                Offered::AgentChanged => return Ok(None),
                Offered::Failed(EngineError::BrokenStream { stream, why }) => {
                    tracing::error!(%stream, why, "{stream} is broken; it gives nothing out");
                    let workspace = workspace.clone();
                    self.inner.index.drop_broken(&StreamKey { workspace, stream });
                }
                Offered::Failed(error) => return Err(error),
            }
        }
        tasks.truncate(wanted.max(1));
        Ok(Some(if tasks.is_empty() { Work::Nothing } else { Work::Tasks(tasks) }))
    }

    async fn offer(
        &self,
        request: &WorkRequest,
        agent: &Agent,
        agent_version: Version,
        execution_id: &ExecutionId,
    ) -> Result<Offered, EngineError> {
        let key = StreamKey::execution(&request.workspace, execution_id);
        let (reply, offered) = oneshot::channel();
        let offer = Box::new(Offer {
            agent: agent.clone(),
            agent_id: request.agent_id.clone(),
            agent_version,
            lease_ms: request.lease_ms,
            reply,
        });
        self.push(&key, Job::Offer { offer, attempts: 0 })?;
        offered.await.map_err(|_| EngineError::Stopping)
    }

    async fn held_tasks(
        &self,
        workspace: &WorkspaceId,
        agent_id: &AgentId,
    ) -> Result<Vec<GrantedTask>, EngineError> {
        let mut tasks = Vec::new();
        for held in self.inner.index.held_by(workspace, agent_id) {
            let key = StreamKey::execution(workspace, &held.execution_id);
            let agent_id = agent_id.clone();
            let task = self
                .look_at(&key, Newness::Followed, move |state, _| {
                    granted_task(state.execution()?, &held.task_id, &agent_id)
                })
                .await?;
            tasks.extend(task);
        }
        Ok(tasks)
    }
}

/// How many tasks an agent is to hold after its poll at most.
fn wanted(request: &WorkRequest, agent: &Agent) -> usize {
    let room = agent.profile().map_or(0, |profile| profile.concurrent_tasks_max);
    let room = if is_planted("slots_not_checked") { u32::MAX } else { room };
    usize::try_from(request.tasks_max.min(room)).unwrap_or(usize::MAX)
}

/// Gives the agent the first leaf of the execution that suits it.
pub(super) async fn offer(drive: &mut Drive, offer: Box<Offer>, attempts: u32) {
    if let Err(error) = drive.freshen(Newness::Followed).await {
        return offer.refuse(&error);
    }
    let Some(loaded) = &mut drive.loaded else {
        return offer.refuse(&EngineError::Stopping);
    };
    let Some(execution) = loaded.state.execution() else {
        return offer.nothing();
    };
    let Some(task_id) = best_for(execution, &offer) else {
        return offer.nothing();
    };
    let actor = Actor::agent(&offer.agent_id);
    let moment = drive.engine.moment(&actor);
    let (agent_id, lease_ms) = (offer.agent_id.clone(), offer.lease_ms);
    let command = ExecutionCommand::Grant { agent_id, task_id, lease_ms };
    let before = loaded.version;
    let events = match loaded.state.handle(&super::Command::Execution(command), &moment) {
        Ok(events) if !events.is_empty() => events,
        Ok(_) | Err(HandleError::Rejected(_)) => return offer.nothing(),
        Err(HandleError::Illegal(illegal)) => {
            drive.loaded = None;
            let (stream, why) = (drive.cell.key.stream.clone(), illegal.to_string());
            return offer.refuse(&EngineError::BrokenStream { stream, why });
        }
    };
    let written = u64::try_from(events.len()).unwrap_or(u64::MAX);
    loaded.version = loaded.version.plus(written);
    let Some(taken) = took(execution_id_of(&loaded.state), &offer, &events, &moment) else {
        drive.loaded = None;
        return offer.agent_changed();
    };
    let metadata = Metadata::by(actor);
    let engine = &drive.engine;
    let append = AppendRequest {
        workspace: drive.cell.key.workspace.clone(),
        writes: vec![
            StreamWrite {
                stream: drive.cell.key.stream.clone(),
                expected: encode::expected(before),
                events: encode::new_events(engine, &events, &metadata, moment.at),
            },
            StreamWrite {
                stream: crate::domain::StreamName::agent(&offer.agent_id),
                expected: encode::expected(offer.agent_version),
                events: encode::new_events(engine, &taken, &metadata, moment.at),
            },
        ],
        conditions: Vec::new(),
        key: None,
        answer: Vec::new(),
    };
    let beside = vec![(crate::domain::StreamName::agent(&offer.agent_id), taken)];
    let (version, at) = (loaded.version, moment.at);
    let kept = KeptAnswer { recorded: Vec::new(), version, at, description: Vec::new() };
    drive.store(append, Job::Offer { offer, attempts }, Landed { events, beside, kept }).await;
}

fn execution_id_of(state: &super::State) -> Option<(ExecutionId, &Execution)> {
    let execution = state.execution()?;
    Some((execution.header()?.execution_id.clone(), execution))
}

/// The first ready leaf that suits the agent; one whose siblings it did goes before its equals.
fn best_for(execution: &Execution, offer: &Offer) -> Option<TaskId> {
    let mut suitable =
        execution.grantable().filter(|leaf| execution.suits(leaf.spot, &offer.agent)).peekable();
    let first = suitable.peek()?.clone();
    let first_priority = execution.tree().node(first.spot).definition.priority;
    let equals = suitable.take(SUITABLE_ASKED_MAX).take_while(|leaf| {
        let priority = execution.tree().node(leaf.spot).definition.priority;
        priority == first_priority && leaf.since == first.since
    });
    let mut own = equals.filter(|leaf| leaf.preferred.as_ref() == Some(&offer.agent_id));
    Some(own.next().map_or(first.task_id, |leaf| leaf.task_id))
}

/// Among how many equals an agent's own siblings are looked for.
const SUITABLE_ASKED_MAX: usize = 64;

/// What the grant is in the agent's own stream; none when the agent may not take it.
fn took(
    execution: Option<(ExecutionId, &Execution)>,
    offer: &Offer,
    events: &[Event],
    moment: &crate::domain::Moment,
) -> Option<Vec<Event>> {
    let (execution_id, _) = execution?;
    let granted = granted_in(events)?;
    let (task_id, epoch) = (granted.task_id.clone(), granted.epoch);
    let command = AgentCommand::TakeTask { execution_id, task_id, epoch };
    offer.agent.decide(&command, moment).ok().filter(|taken| !taken.is_empty())
}

impl Offer {
    fn send(self, offered: Offered) {
        discard(self.reply.send(offered));
    }

    fn nothing(self) {
        self.send(Offered::Nothing);
    }

    /// The agent's stream moved: whoever asks must look at it anew.
    pub(super) fn agent_changed(self) {
        self.send(Offered::AgentChanged);
    }

    pub(super) fn refuse(self, error: &EngineError) {
        self.send(Offered::Failed(error.clone()));
    }

    /// The grant is stored.
    pub(super) fn answer(self, execution: Option<&Execution>, events: &[Event]) {
        let task = granted_in(events).zip(execution).and_then(|(granted, execution)| {
            granted_task(execution, &granted.task_id, &self.agent_id)
        });
        self.send(match task {
            Some(task) => Offered::Granted(Box::new(task)),
            None => Offered::Nothing,
        });
    }
}

fn granted_in(events: &[Event]) -> Option<&TaskGranted> {
    events.iter().find_map(|event| match event {
        Event::Work(WorkEvent::TaskGranted(granted)) => Some(granted),
        Event::Work(_)
        | Event::Lifecycle(_)
        | Event::Record(_)
        | Event::Agent(_)
        | Event::Plan(_)
        | Event::Workspace(_) => None,
    })
}

/// What is told of a task that the agent holds.
fn granted_task(
    execution: &Execution,
    task_id: &TaskId,
    agent_id: &AgentId,
) -> Option<GrantedTask> {
    let header = execution.header()?;
    let node = execution.tree().node(execution.tree().find(task_id)?);
    let lease = node.leaf.lease().filter(|lease| &lease.agent_id == agent_id)?;
    Some(GrantedTask {
        execution_id: header.execution_id.clone(),
        plan_id: header.plan_id.clone(),
        definition: (*node.definition).clone(),
        lease: execution.lease_of(task_id)?,
        attempt: lease.attempt,
        lease_expires_at: lease.expires_at(),
        times_out_at: lease.times_out_at,
        checkpoint: node.history.as_ref().and_then(|history| history.checkpoint.clone()),
    })
}
