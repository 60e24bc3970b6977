//! How an execution as a whole changes.

use super::{Applied, bad};
use crate::event::lifecycle::{
    ExecutionCreated, ExecutionResumed, LifecycleEvent, OutcomesCarried,
};
use crate::execution::tree::Stage;
use crate::execution::{Execution, Header, Phase};
use crate::{Actor, IllegalTransition, Text, Timestamp};

impl Execution {
    pub(super) fn apply_lifecycle(&mut self, event: &LifecycleEvent) -> Applied {
        let kind = event.kind();
        match event {
            LifecycleEvent::ExecutionCreated(event) => self.create(kind, event),
            LifecycleEvent::TasksAdded(event) => self.add_tasks(kind, &event.tasks, event.at),
            LifecycleEvent::DependenciesAdded(event) => {
                self.tie(kind, &event.dependencies, event.at)
            }
            LifecycleEvent::OutcomesCarried(event) => self.carry(kind, event),
            LifecycleEvent::ExecutionQueued(event) => {
                self.move_to(kind, Phase::Queued { since: event.at })
            }
            LifecycleEvent::ExecutionStarted(event) => self.start(kind, event.at),
            LifecycleEvent::ExecutionPaused(event) => {
                let (since, by) = (event.at, event.by.clone());
                self.move_to(kind, Phase::Paused { since, by, reason: event.reason.clone() })
            }
            LifecycleEvent::ExecutionResumed(event) => self.resume(kind, event),
            LifecycleEvent::ExecutionBlocked(event) => {
                self.move_to(kind, Phase::Blocked { since: event.at })
            }
            LifecycleEvent::ExecutionUnblocked(_) => self.unblock(kind),
            LifecycleEvent::ExecutionReassigned(event) => {
                self.header_mut(kind)?.agent_id.clone_from(&event.agent_id);
                Ok(())
            }
            LifecycleEvent::ExecutionAmended(event) => self.amend(kind, event),
            LifecycleEvent::ExecutionForked(event) => {
                self.made(kind)?;
                self.forks.push(event.into.clone());
                Ok(())
            }
            LifecycleEvent::ExecutionCompleted(event) => self.end(kind, Phase::Completed, event.at),
            LifecycleEvent::ExecutionFailed(event) => {
                let (task_id, reason) = (event.task_id.clone(), event.reason.clone());
                self.end(kind, Phase::Failed { task_id, reason }, event.at)
            }
            LifecycleEvent::ExecutionCancelled(event) => {
                self.cancel(kind, event.at, &event.by, event.reason.clone(), event.grace_ends_at)
            }
            LifecycleEvent::PolicyChanged(_)
            | LifecycleEvent::ExecutionPriorityChanged(_)
            | LifecycleEvent::LabelsChanged(_)
            | LifecycleEvent::ExecutionExtended(_)
            | LifecycleEvent::BudgetChanged(_) => self.set(kind, event),
        }
    }

    fn set(&mut self, kind: &'static str, event: &LifecycleEvent) -> Applied {
        let header = self.header_mut(kind)?;
        if let LifecycleEvent::PolicyChanged(event) = event {
            header.policy = event.policy;
        }
        if let LifecycleEvent::ExecutionPriorityChanged(event) = event {
            header.priority = event.priority;
        }
        if let LifecycleEvent::LabelsChanged(event) = event {
            header.labels.clone_from(&event.labels);
        }
        if let LifecycleEvent::BudgetChanged(event) = event {
            header.budget = event.budget;
        }
        if let LifecycleEvent::ExecutionExtended(event) = event {
            self.times_out_at = Some(event.until);
            self.redate();
        }
        Ok(())
    }

    fn create(&mut self, kind: &'static str, event: &ExecutionCreated) -> Applied {
        if self.header.is_some() {
            let why = "the execution was made before";
            return Err(IllegalTransition::OutOfPlace { kind, why });
        }
        self.header = Some(Box::new(Header {
            execution_id: event.execution_id.clone(),
            plan_id: event.plan_id.clone(),
            plan_version: event.plan_version,
            title: event.title.clone(),
            goal: event.goal.clone(),
            agent_id: event.agent_id.clone(),
            parameters: event.parameters.clone(),
            budget: event.budget,
            labels: event.labels.clone(),
            priority: event.priority,
            policy: event.policy,
            forked_from: event.forked_from.clone(),
            created_at: event.at,
        }));
        Ok(())
    }

    fn carry(&mut self, kind: &'static str, event: &OutcomesCarried) -> Applied {
        for outcome in &event.outcomes {
            let spot = self.spot(kind, &outcome.task_id)?;
            self.tree.note(spot, |node| node.output.clone_from(&outcome.output));
            if !self.tree.node(spot).is_leaf() {
                continue;
            }
            if self.tree.node(spot).leaf.stage != Stage::Waiting {
                return Err(bad(kind, &outcome.task_id, "it is under way"));
            }
            let is_skipped = outcome.is_skipped;
            self.change_leaf(spot, event.at, |node| {
                node.leaf.stage = if is_skipped { Stage::Skipped } else { Stage::Complete };
                node.leaf.progress_percent = 100;
                node.has_begun = !is_skipped;
            });
        }
        Ok(())
    }

    fn start(&mut self, kind: &'static str, at: Timestamp) -> Applied {
        if !matches!(self.phase, Phase::Queued { .. }) {
            let (from, to) = (self.phase.status(), Phase::Running.status());
            return Err(IllegalTransition::IllegalMove { kind, from, to });
        }
        self.times_out_at = Some(at.plus_ms(self.policy().execution_timeout_ms));
        self.started_at = Some(at);
        self.move_to(kind, Phase::Running)
    }

    fn resume(&mut self, kind: &'static str, event: &ExecutionResumed) -> Applied {
        let Phase::Paused { since, .. } = self.phase else {
            let (from, to) = (self.phase.status(), Phase::Running.status());
            return Err(IllegalTransition::IllegalMove { kind, from, to });
        };
        self.tree.shift(since, event.at);
        for blocker in self.blockers.values_mut() {
            let stood_ms = event.at.ms_since(since.max(blocker.raised_at));
            blocker.limit_at = blocker.limit_at.map(|limit| limit.plus_ms(stood_ms));
        }
        let paused_ms = event.at.ms_since(since);
        self.times_out_at = self.times_out_at.map(|limit| limit.plus_ms(paused_ms));
        self.move_to(kind, Phase::Running)
    }

    fn unblock(&mut self, kind: &'static str) -> Applied {
        if !matches!(self.phase, Phase::Blocked { .. }) {
            let (from, to) = (self.phase.status(), Phase::Running.status());
            return Err(IllegalTransition::IllegalMove { kind, from, to });
        }
        self.move_to(kind, Phase::Running)
    }

    /// Completed or failed: nobody holds a task any more.
    fn end(&mut self, kind: &'static str, phase: Phase, at: Timestamp) -> Applied {
        if self.tree.held().next().is_some() {
            let why = "an agent still holds a task";
            return Err(IllegalTransition::OutOfPlace { kind, why });
        }
        let is_complete = phase == Phase::Completed;
        if is_complete && self.tree.census().finished() != self.tree.census().total() {
            let why = "not every task is complete or skipped";
            return Err(IllegalTransition::OutOfPlace { kind, why });
        }
        self.move_to(kind, phase)?;
        self.close(at);
        Ok(())
    }

    fn cancel(
        &mut self,
        kind: &'static str,
        at: Timestamp,
        by: &Actor,
        reason: Option<Text>,
        grace_ends_at: Timestamp,
    ) -> Applied {
        self.move_to(kind, Phase::Cancelled { by: by.clone(), reason, grace_ends_at })?;
        self.close(at);
        Ok(())
    }

    fn close(&mut self, at: Timestamp) {
        self.clear_blockers(at);
        self.cancel_open_leaves(at);
        self.ended_at.get_or_insert(at);
        self.redate();
    }
}
