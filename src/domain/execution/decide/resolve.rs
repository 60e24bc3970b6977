//! How persons resolve blockers.

use super::shape::idle;
use super::{Decided, only_a_person};
use crate::event::lifecycle::{BudgetChanged, ExecutionExtended, LifecycleEvent};
use crate::event::record::{BlockerKind, BlockerResolved, RecordEvent, Resolution};
use crate::event::work::{
    DecompositionApproved, DecompositionRejected, RevokeReason, TaskGivenUp, TaskReassigned,
    TaskReset, TaskSkipped, WorkEvent,
};
use crate::execution::tree::{Spot, Stage};
use crate::execution::{Blocker, Execution, ResolveBlocker};
use crate::{Event, Moment, Rejection, TaskId};

impl Execution {
    pub(super) fn decide_resolve(&self, resolve: &ResolveBlocker, moment: &Moment) -> Decided {
        self.made_header()?;
        only_a_person(moment, "resolve a blocker")?;
        let Some(blocker) = self.blockers.get(&resolve.blocker_id) else {
            return Err(self.no_such_blocker(resolve));
        };
        let resolve = &self.complete_choice(blocker, resolve)?;
        if resolve.resolution == Resolution::CancelExecution {
            return self.decide_cancel(resolve.note.as_ref(), moment);
        }
        match &blocker.task_id {
            None => self.resolve_whole(blocker, resolve, moment),
            Some(task_id) => self.resolve_task(blocker, task_id, resolve, moment),
        }
    }

    fn no_such_blocker(&self, resolve: &ResolveBlocker) -> Rejection {
        let id = resolve.blocker_id.to_string();
        let number = id.strip_prefix("blk_").and_then(|number| number.parse::<u32>().ok());
        if number.is_some_and(|number| (1..=self.blockers_total).contains(&number)) {
            return Rejection::WrongState { what: "blocker", id, state: "resolved" };
        }
        Rejection::NotFound { what: "blocker", id }
    }

    /// Checks that the resolution has what it needs; takes the only suggestion as the choice.
    fn complete_choice(
        &self,
        blocker: &Blocker,
        resolve: &ResolveBlocker,
    ) -> Result<ResolveBlocker, Rejection> {
        let mut resolve = resolve.clone();
        let refuse = |message: &str| {
            let blocker_id = blocker.blocker_id.clone();
            Err(Rejection::ResolutionDoesNotFit { blocker_id, message: message.to_owned() })
        };
        match resolve.resolution {
            Resolution::CauseGone => return refuse("this is said by the engine alone"),
            Resolution::Retry | Resolution::ProvideInput | Resolution::Reassign
                if blocker.kind == BlockerKind::Approval =>
            {
                return refuse("approve it, skip the task, or fail it");
            }
            Resolution::ProvideInput | Resolution::Reassign if self.is_review(blocker) => {
                return refuse("approve the parts, retry to reject them, skip or fail the task");
            }
            Resolution::ProvideInput if resolve.input.is_none() => {
                return refuse("give the input");
            }
            Resolution::Reassign if resolve.agent_id.is_none() => {
                return refuse("name the agent");
            }
            Resolution::ApproveAlternative
                if resolve.option.is_none() && blocker.suggestions.len() == 1 =>
            {
                resolve.option = blocker.suggestions.first().cloned();
            }
            Resolution::Retry
            | Resolution::ApproveAlternative
            | Resolution::ProvideInput
            | Resolution::SkipTask
            | Resolution::Reassign
            | Resolution::FailTask
            | Resolution::CancelExecution => {}
        }
        let is_waiting_for_yes =
            matches!(blocker.kind, BlockerKind::Approval | BlockerKind::DecompositionReview);
        let is_open_choice = !is_waiting_for_yes
            && blocker.task_id.is_some()
            && resolve.resolution == Resolution::ApproveAlternative;
        if is_open_choice && resolve.option.is_none() {
            return refuse("name the option that is approved");
        }
        Ok(resolve)
    }

    /// Whether the blocker asks for a look at parts that wait for it.
    fn is_review(&self, blocker: &Blocker) -> bool {
        let spot = blocker.task_id.as_ref().and_then(|task_id| self.tree.find(task_id));
        blocker.kind == BlockerKind::DecompositionReview
            && spot.is_some_and(|spot| self.tree.node(spot).awaits_review)
    }

    fn resolve_whole(
        &self,
        blocker: &Blocker,
        resolve: &ResolveBlocker,
        moment: &Moment,
    ) -> Decided {
        let header = self.made_header()?;
        let (at, by) = (moment.at, moment.by.clone());
        let is_yes =
            matches!(resolve.resolution, Resolution::Retry | Resolution::ApproveAlternative);
        let first: LifecycleEvent = match blocker.kind {
            BlockerKind::AgentUnreachable
                if resolve.resolution == Resolution::Reassign
                    && resolve.agent_id != header.agent_id =>
            {
                return self.decide_reassign(
                    resolve.agent_id.as_ref(),
                    resolve.note.as_ref(),
                    moment,
                );
            }
            BlockerKind::ExecutionTimeout if is_yes => {
                let until = at.plus_ms(header.policy.execution_timeout_ms);
                ExecutionExtended { until, at, by }.into()
            }
            BlockerKind::BudgetExceeded if is_yes => {
                let budget = header.budget.extended_beyond(self.usage);
                BudgetChanged { budget, at, by }.into()
            }
            BlockerKind::AgentUnreachable
            | BlockerKind::ExecutionTimeout
            | BlockerKind::BudgetExceeded => {
                let message = "it stands on the whole execution: extend or reassign it, or cancel";
                let blocker_id = blocker.blocker_id.clone();
                let message = message.to_owned();
                return Err(Rejection::ResolutionDoesNotFit { blocker_id, message });
            }
            BlockerKind::Incident
            | BlockerKind::HumanReview
            | BlockerKind::ExternalDependency
            | BlockerKind::Approval
            | BlockerKind::DecompositionReview
            | BlockerKind::Quarantined => return Ok(vec![resolved(blocker, resolve, moment)]),
        };
        Ok(vec![first.into(), resolved(blocker, resolve, moment)])
    }

    fn resolve_task(
        &self,
        blocker: &Blocker,
        task_id: &TaskId,
        resolve: &ResolveBlocker,
        moment: &Moment,
    ) -> Decided {
        let (spot, _) = self.find_task(task_id)?;
        let (at, by) = (moment.at, moment.by.clone());
        let task_id = task_id.clone();
        let is_review = self.is_review(blocker);
        let mut events = match resolve.resolution {
            Resolution::SkipTask | Resolution::FailTask => self.overruled(spot, blocker, moment),
            Resolution::Retry if is_review => {
                idle(&self.tree, &task_id)?;
                Vec::new()
            }
            Resolution::Reassign => self.revoke_below(spot, RevokeReason::Reassigned, moment),
            Resolution::Retry
            | Resolution::ApproveAlternative
            | Resolution::ProvideInput
            | Resolution::CancelExecution
            | Resolution::CauseGone => Vec::new(),
        };
        events.push(resolved(blocker, resolve, moment));
        let follows: Option<WorkEvent> = match resolve.resolution {
            Resolution::SkipTask => {
                let reason = resolve.note.clone();
                Some(TaskSkipped { task_id, reason, at, by }.into())
            }
            Resolution::FailTask => {
                events.extend(self.give_up_below(spot, blocker, resolve, moment));
                None
            }
            Resolution::Reassign => {
                let agent_id = resolve.agent_id.clone();
                events.push(WorkEvent::from(TaskReassigned { task_id, agent_id, at, by }).into());
                self.reset(spot, moment)
            }
            Resolution::ApproveAlternative if is_review => {
                let note = resolve.note.clone();
                Some(DecompositionApproved { task_id, note, at, by }.into())
            }
            Resolution::Retry if is_review => {
                let note = resolve.note.clone();
                Some(DecompositionRejected { task_id, note, at, by }.into())
            }
            Resolution::ApproveAlternative if blocker.kind == BlockerKind::Approval => None,
            Resolution::Retry | Resolution::ApproveAlternative | Resolution::ProvideInput => {
                self.reset(spot, moment)
            }
            Resolution::CancelExecution | Resolution::CauseGone => None,
        };
        events.extend(follows.map(Event::from));
        Ok(events)
    }

    /// Takes back every lease at or below the task, and every other blocker.
    fn overruled(&self, spot: Spot, blocker: &Blocker, moment: &Moment) -> Vec<Event> {
        let mut events = self.revoke_below(spot, RevokeReason::Overruled, moment);
        let others = self.blockers_below(spot).filter(|b| b.blocker_id != blocker.blocker_id);
        events.extend(others.map(|b| gone(b, Resolution::SkipTask, moment)));
        events
    }

    /// Opens a leaf again, with all its attempts.
    fn reset(&self, spot: Spot, moment: &Moment) -> Option<WorkEvent> {
        let node = self.tree.node(spot);
        let is_open = matches!(node.leaf.stage, Stage::Waiting | Stage::Resting { .. });
        (node.is_leaf() && is_open).then(|| {
            TaskReset {
                task_id: node.definition.task_id.clone(),
                epoch: node.leaf.epoch + 1,
                at: moment.at,
                by: moment.by.clone(),
            }
            .into()
        })
    }

    fn give_up_below(
        &self,
        spot: Spot,
        blocker: &Blocker,
        resolve: &ResolveBlocker,
        moment: &Moment,
    ) -> Vec<Event> {
        let reason = resolve.note.clone().unwrap_or_else(|| blocker.message.clone());
        let is_open = |leaf: &Spot| {
            let stage = &self.tree.node(*leaf).leaf.stage;
            matches!(stage, Stage::Waiting | Stage::Resting { .. } | Stage::Held(_))
        };
        let open = self.tree.leaves_below(spot).into_iter().filter(is_open);
        let given_up = open.map(|leaf| {
            let task_id = self.tree.node(leaf).definition.task_id.clone();
            WorkEvent::from(TaskGivenUp { task_id, reason: reason.clone(), at: moment.at }).into()
        });
        given_up.collect()
    }
}

fn resolved(blocker: &Blocker, resolve: &ResolveBlocker, moment: &Moment) -> Event {
    let resolved = BlockerResolved {
        blocker_id: blocker.blocker_id.clone(),
        resolution: resolve.resolution,
        option: resolve.option.clone(),
        input: resolve.input.clone(),
        agent_id: resolve.agent_id.clone(),
        note: resolve.note.clone(),
        at: moment.at,
        by: moment.by.clone(),
    };
    RecordEvent::from(resolved).into()
}

/// A blocker that goes without a person having chosen how.
pub(in crate::execution) fn gone(
    blocker: &Blocker,
    resolution: Resolution,
    moment: &Moment,
) -> Event {
    let resolved = BlockerResolved {
        blocker_id: blocker.blocker_id.clone(),
        resolution,
        option: None,
        input: None,
        agent_id: None,
        note: None,
        at: moment.at,
        by: moment.by.clone(),
    };
    RecordEvent::from(resolved).into()
}
