//! Following the log: what other servers write reaches the states that are cached here and the
//! index, and what an agent's going and coming means for executions is passed on to them.

use super::cell::Job;
use super::request::{EngineError, Request};
use super::state::Command;
use super::{Engine, StreamKey};
use crate::domain::agent::AgentStatus;
use crate::domain::execution::ExecutionCommand;
use crate::domain::{Actor, AgentId, StreamKind, WorkspaceId};
use crate::store::{LogFilter, Position, RecordedEvent, TailError, Tailer};
use std::collections::BTreeMap;

/// How many events are read at once when catching up.
const PAGE_EVENTS: usize = 1000;

/// The events after which an execution is alive, or not any more.
const LIVES: [&str; 4] =
    ["execution_created", "execution_completed", "execution_failed", "execution_cancelled"];

/// The events by which an agent goes or comes.
const TURNS: [&str; 3] = ["agent_lost", "agent_returned", "agent_retired"];

impl Engine {
    /// Fills the index from the log: every execution that is not over.
    pub(super) async fn rebuild(&self) -> Result<(), EngineError> {
        let head = self.inner.store.head().await?.position;
        let filter = LogFilter { kinds: LIVES.map(str::to_owned).to_vec(), ..LogFilter::default() };
        let mut alive: BTreeMap<StreamKey, bool> = BTreeMap::new();
        let mut after = Position::ZERO;
        loop {
            let page = self.inner.store.read_log(after, &filter, PAGE_EVENTS).await?;
            for event in &page {
                after = event.position;
                let key = StreamKey::of(event);
                alive.insert(key, event.kind == LIVES[0] || event.kind == LIVES[3]);
            }
            if page.len() < PAGE_EVENTS {
                break;
            }
        }
        for (key, _) in alive.into_iter().filter(|(_, is_alive)| *is_alive) {
            self.look(&key, |_, _| Some(())).await?;
        }
        self.set_followed(head);
        Ok(())
    }

    /// Takes in everything that is in the log by now.
    pub async fn catch_up(&self) -> Result<(), EngineError> {
        let guard = self.inner.following.lock().await;
        loop {
            let after = self.followed();
            let all = LogFilter::default();
            let page = self.inner.store.read_log(after, &all, PAGE_EVENTS).await?;
            self.take(&page).await?;
            if page.len() < PAGE_EVENTS {
                drop(guard);
                return Ok(());
            }
        }
    }

    /// Follows the log until the engine stops. Safe to cancel: what was not taken in is read
    /// again.
    pub(super) async fn follow(&self) {
        let mut tailer = Tailer::new(self.inner.store.clone(), self.followed());
        loop {
            match tailer.next().await {
                Ok(page) => {
                    let guard = self.inner.following.lock().await;
                    if let Err(error) = self.take(&page).await {
                        tracing::warn!(%error, "following the log stumbled; it goes on");
                    }
                    drop(guard);
                }
                Err(TailError::Closed) => return,
                Err(error @ TailError::Broken(_)) => {
                    tracing::error!(%error, "the log is not what a log can be; following stops");
                    return;
                }
                Err(error @ TailError::Store(_)) => {
                    tracing::warn!(%error, "the log cannot be read; it is tried again");
                    self.inner.clock.sleep_ms(FOLLOW_RETRY_MS).await;
                }
            }
        }
    }

    async fn take(&self, page: &[RecordedEvent]) -> Result<(), EngineError> {
        let after = self.followed();
        let mut streams: BTreeMap<StreamKey, Vec<RecordedEvent>> = BTreeMap::new();
        for event in page.iter().filter(|event| event.position > after) {
            streams.entry(StreamKey::of(event)).or_default().push(event.clone());
        }
        for (key, events) in streams {
            self.hand_over(&key, events).await?;
        }
        if let Some(last) = page.last() {
            self.set_followed(last.position.max(after));
        }
        Ok(())
    }

    async fn hand_over(
        &self,
        key: &StreamKey,
        events: Vec<RecordedEvent>,
    ) -> Result<(), EngineError> {
        let last = events.last().map(|event| event.version).unwrap_or_default();
        let has_turned = has_turned(key, &events);
        let is_known = self.cached(key).is_some_and(|cell| cell.seen() >= last);
        let matters = key.stream.kind() == StreamKind::Execution || self.cached(key).is_some();
        if !is_known && matters {
            self.push(key, Job::Take { events })?;
        }
        match AgentId::parse(key.stream.id()) {
            Ok(agent_id) if has_turned => self.pass_on_turn(&key.workspace, agent_id).await,
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Tells the executions concerned how an agent is now, which may be later than what was read.
    async fn pass_on_turn(
        &self,
        workspace: &WorkspaceId,
        agent_id: AgentId,
    ) -> Result<(), EngineError> {
        let (agent, _) = self.agent(workspace, &agent_id).await?;
        let turn = match agent.status() {
            AgentStatus::Lost => ExecutionCommand::AgentLost {
                last_seen_at: agent.last_seen_at().unwrap_or_default(),
                agent_id,
            },
            AgentStatus::Retired => ExecutionCommand::AgentRetired { agent_id },
            AgentStatus::Absent
            | AgentStatus::Active
            | AgentStatus::Paused
            | AgentStatus::Draining => ExecutionCommand::AgentReturned { agent_id },
        };
        self.pass_on(workspace, &turn).await
    }

    /// Tells the executions concerned that an agent went or came.
    pub(super) async fn pass_on(
        &self,
        workspace: &WorkspaceId,
        turn: &ExecutionCommand,
    ) -> Result<(), EngineError> {
        let Some(agent_id) = agent_of(turn) else {
            return Ok(());
        };
        for key in self.inner.index.concerned(workspace, agent_id) {
            let command = Command::Execution(turn.clone());
            let request = Request::new(workspace, key.stream.clone(), command, Actor::system());
            match self.execute(request).await {
                Ok(_) | Err(EngineError::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// How long to wait before the log is read again after a failure.
const FOLLOW_RETRY_MS: u64 = 500;

fn agent_of(turn: &ExecutionCommand) -> Option<&AgentId> {
    if let ExecutionCommand::AgentLost { agent_id, .. }
    | ExecutionCommand::AgentReturned { agent_id }
    | ExecutionCommand::AgentRetired { agent_id } = turn
    {
        return Some(agent_id);
    }
    None
}

/// Whether the events are about an agent that went or came.
fn has_turned(key: &StreamKey, events: &[RecordedEvent]) -> bool {
    key.stream.kind() == StreamKind::Agent
        && events.iter().any(|event| TURNS.contains(&event.kind.as_str()))
}
