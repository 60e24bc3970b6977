//! Looks out for one agent: what it is to do about the tasks that it holds, and whether there is
//! work for it.

use super::index::HeldTask;
use super::{Engine, EngineError};
use crate::domain::execution::tree::Closure;
use crate::domain::execution::{Execution, Verdict};
use crate::domain::{AgentId, LeaseToken, WorkspaceId};
use std::collections::BTreeMap;

/// Looks out for one agent.
pub struct Lookout {
    engine: Engine,
    workspace: WorkspaceId,
    agent_id: AgentId,
    known: BTreeMap<HeldTask, Known>,
}

/// What was seen last of a task.
#[derive(Clone)]
struct Known {
    lease: LeaseToken,
    verdict: Verdict,
}

/// What is otherwise than it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What the agent is to do about tasks that it holds, or held.
    pub verdicts: Vec<(HeldTask, Verdict)>,
    /// Whether a poll would probably bring it work.
    pub has_work: bool,
}

impl Lookout {
    /// Nothing was seen yet.
    pub fn new(engine: &Engine, workspace: &WorkspaceId, agent_id: &AgentId) -> Self {
        let (workspace, agent_id) = (workspace.clone(), agent_id.clone());
        Self { engine: engine.clone(), workspace, agent_id, known: BTreeMap::new() }
    }

    /// Finds out what changed. Safe to cancel: what was seen to change is seen again.
    pub async fn look(&mut self) -> Result<Looked, EngineError> {
        let mut known = BTreeMap::new();
        let mut verdicts = Vec::new();
        for task in self.engine.index().held_by(&self.workspace, &self.agent_id) {
            let Some(now) = self.stands(&task).await? else { continue };
            let before = self.known.get(&task).map_or(&Verdict::Ok, |known| &known.verdict);
            if *before != now.verdict {
                verdicts.push((task.clone(), now.verdict));
            }
            known.insert(task, now);
        }
        for (task, before) in self.known.iter().filter(|(task, _)| !known.contains_key(task)) {
            verdicts.extend(self.ended(before).await?.map(|verdict| (task.clone(), verdict)));
        }
        let has_work = self.engine.has_work(&self.workspace, &self.agent_id).await?;
        self.known = known;
        Ok(Looked { verdicts, has_work })
    }

    /// How a task that the agent holds stands.
    async fn stands(&self, task: &HeldTask) -> Result<Option<Known>, EngineError> {
        let task_id = task.task_id.clone();
        let stands = move |execution: &Execution| {
            let lease = execution.lease_of(&task_id)?;
            let verdict = execution.verdict(&lease);
            Some(Known { lease, verdict })
        };
        Ok(self.engine.ask(&self.workspace, &task.execution_id, stands).await?.flatten())
    }

    /// What the agent is to be told of a task that it does not hold any more; nothing where it
    /// gave it out of its hands itself.
    async fn ended(&self, before: &Known) -> Result<Option<Verdict>, EngineError> {
        let lease = before.lease.clone();
        let ended = move |execution: &Execution| {
            let tree = execution.tree();
            let closing = tree.find(&lease.task_id).and_then(|spot| {
                let closing = tree.node(spot).leaf.closing.as_deref();
                closing.filter(|closing| closing.epoch == lease.epoch)
            });
            let by_itself = closing.is_some_and(|it| matches!(it.how, Closure::Reported(_)));
            (!by_itself).then(|| execution.verdict(&lease))
        };
        let asked = self.engine.ask(&self.workspace, &before.lease.execution_id, ended).await?;
        Ok(asked.unwrap_or(Some(Verdict::Lost)))
    }
}
