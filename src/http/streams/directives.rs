//! What an agent that listens is told at once: what to do about each task that it holds, as soon
//! as that is committed, and that there is work to ask for.

use crate::clock::Clock;
use crate::domain::{AgentId, ExecutionId, TaskId, Timestamp, WorkspaceId};
use crate::engine::{Engine, EngineError, HeldTask, Looked, Lookout};
use crate::http::heartbeat::verdict_word;
use serde::Serialize;
use std::collections::VecDeque;
use tokio::sync::watch;

/// How often an agent is told that there is work at most.
const HINT_MS_MIN: u64 = 1_000;
/// How long to wait before what could not be found out is asked again.
const RETRY_MS: u64 = 200;

/// What an agent is told beside the feed. It has no position: whoever connects again is told anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Directive {
    /// What to do about a task that it holds, or held: the word that a heartbeat is answered with.
    Directive {
        execution_id: ExecutionId,
        task_id: TaskId,
        verdict: &'static str,
        grace_ends_at: Option<String>,
        timestamp: Timestamp,
    },
    /// A poll would probably bring work.
    WorkAvailable { timestamp: Timestamp },
}

/// Watches the tasks of one agent.
pub(super) struct Directives {
    lookout: Lookout,
    clock: Clock,
    queue: VecDeque<Directive>,
    held: watch::Receiver<u64>,
    ready: watch::Receiver<u64>,
    /// When to look next, if nothing happens before.
    look_at: Option<Timestamp>,
    hint_at: Timestamp,
}

impl Directives {
    pub(super) fn new(engine: &Engine, workspace: &WorkspaceId, agent_id: &AgentId) -> Self {
        let now = engine.clock().now();
        Self {
            lookout: Lookout::new(engine, workspace, agent_id),
            clock: engine.clock().clone(),
            queue: VecDeque::new(),
            held: engine.index().watch_holder(workspace, agent_id),
            ready: engine.index().changed(),
            look_at: Some(now),
            hint_at: now,
        }
    }

    /// The next one. Safe to cancel: what was seen to change is looked at the next time.
    pub(super) async fn next(&mut self) -> Directive {
        loop {
            if let Some(directive) = self.queue.pop_front() {
                return directive;
            }
            let now = self.now();
            if self.look_at.is_some_and(|at| at <= now) {
                let looked = self.look().await;
                self.look_at = self.look_again(looked);
                continue;
            }
            self.wait().await;
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn wait(&mut self) {
        let clock = &self.clock;
        let later = async {
            match self.look_at {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Ok(()) = self.held.changed() => self.look_at = Some(clock.now()),
            Ok(()) = self.ready.changed() => {
                let at = clock.now().max(self.hint_at);
                self.look_at = Some(self.look_at.map_or(at, |known| known.min(at)));
            }
            () = later => {}
        }
    }

    /// When to look again.
    fn look_again(&self, looked: Result<bool, EngineError>) -> Option<Timestamp> {
        match looked {
            Ok(is_hint_due) => is_hint_due.then_some(self.hint_at),
            Err(error) => {
                tracing::debug!(%error, "the tasks of an agent could not be looked at");
                Some(self.now().plus_ms(RETRY_MS))
            }
        }
    }

    /// Finds out what changed; says whether the agent is still to be told that there is work.
    async fn look(&mut self) -> Result<bool, EngineError> {
        let Looked { verdicts, has_work } = self.lookout.look().await?;
        let timestamp = self.now();
        self.queue.extend(verdicts.into_iter().map(|(task, verdict)| {
            let (verdict, grace_ends_at) = verdict_word(&verdict);
            let HeldTask { execution_id, task_id, .. } = task;
            Directive::Directive { execution_id, task_id, verdict, grace_ends_at, timestamp }
        }));
        if !has_work || timestamp < self.hint_at {
            return Ok(has_work);
        }
        self.hint_at = timestamp.plus_ms(HINT_MS_MIN);
        self.queue.push_back(Directive::WorkAvailable { timestamp });
        Ok(false)
    }
}
