//! Following the log: what other servers write reaches the states that are cached here and the
//! index, and what an agent's going and coming means for executions is passed on to them.

use super::cell::Job;
use super::request::{EngineError, Request};
use super::state::Command;
use super::{Engine, StreamKey};
use crate::domain::execution::ExecutionCommand;
use crate::domain::{Actor, AgentId, StreamKind, WorkspaceId};
use crate::store::{LogFilter, Position, RecordedEvent, TailError, Tailer};
use std::collections::BTreeMap;

/// How many events are read at once when catching up.
const PAGE_EVENTS: usize = 1000;

/// The events after which an execution is alive, or not any more.
const LIVES: [&str; 4] =
    ["execution_created", "execution_completed", "execution_failed", "execution_cancelled"];

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
        let agent_turns = agent_turns(key, &events);
        let is_known = self.cached(key).is_some_and(|cell| cell.seen() >= last);
        let matters = key.stream.kind() == StreamKind::Execution || self.cached(key).is_some();
        if !is_known && matters {
            self.push(key, Job::Take { events })?;
        }
        for turn in agent_turns {
            self.pass_on(&key.workspace, &turn).await?;
        }
        Ok(())
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

/// What the events of an agent's stream mean for executions.
fn agent_turns(key: &StreamKey, events: &[RecordedEvent]) -> Vec<ExecutionCommand> {
    let Ok(agent_id) = AgentId::parse(key.stream.id()) else {
        return Vec::new();
    };
    let turn = |event: &RecordedEvent| {
        let agent_id = agent_id.clone();
        match event.kind.as_str() {
            "agent_lost" => Some(ExecutionCommand::AgentLost {
                agent_id,
                last_seen_at: lost_since(event).unwrap_or(event.recorded_at),
            }),
            "agent_returned" => Some(ExecutionCommand::AgentReturned { agent_id }),
            "agent_retired" => Some(ExecutionCommand::AgentRetired { agent_id }),
            _ => None,
        }
    };
    match key.stream.kind() {
        StreamKind::Agent => events.iter().filter_map(turn).collect(),
        StreamKind::Execution | StreamKind::Plan | StreamKind::Workspace => Vec::new(),
    }
}

fn lost_since(event: &RecordedEvent) -> Option<crate::domain::Timestamp> {
    let lost: crate::domain::event::agent::AgentLost =
        serde_json::from_slice(&event.payload).ok()?;
    Some(lost.last_seen_at)
}
