//! How a task changes.

use super::{Applied, bad};
use crate::event::work::{
    LateReportAdopted, LateReportKept, LeaseExpired, Remarks, ReportKind, TaskFailed, TaskGranted,
    TaskReleased, TaskReset, TaskSkipped, WorkEvent,
};
use crate::execution::tree::{Closing, Closure, LateReport, Lease, Node, Spot, Stage};
use crate::execution::{Execution, ExecutionStatus};
use crate::planted::is_planted;
use crate::{Json, TaskId, Timestamp};
use std::sync::Arc;

impl Execution {
    pub(super) fn apply_work(&mut self, event: &WorkEvent) -> Applied {
        let kind = event.kind();
        self.made(kind)?;
        match event {
            WorkEvent::TaskGranted(event) => self.grant(kind, event),
            WorkEvent::TaskStarted(e) => {
                self.see(kind, &e.task_id, e.epoch, &e.remarks, e.at, |node| {
                    set_started(node);
                })
            }
            WorkEvent::TaskProgressed(e) => {
                self.see(kind, &e.task_id, e.epoch, &e.remarks, e.at, |node| {
                    set_started(node);
                    if let Some(percent) = e.progress_percent {
                        node.leaf.progress_percent = percent.min(100);
                    }
                    if let Some(checkpoint) = &e.checkpoint {
                        node.history_mut().checkpoint = Some(checkpoint.clone());
                    }
                })
            }
            WorkEvent::TaskCompletionHeld(e) => {
                let (spot, _) = self.held(kind, &e.task_id, e.epoch)?;
                self.finish(spot, Stage::Finishing, e.output.as_ref(), &e.remarks, e.at);
                Ok(())
            }
            WorkEvent::TaskCompleted(e) => {
                self.complete(kind, &e.task_id, e.epoch, e.output.as_ref(), &e.remarks, e.at)
            }
            WorkEvent::TaskResultKept(e) => {
                let spot = self.spot(kind, &e.task_id)?;
                self.add_usage(spot, &e.remarks);
                self.tree.note(spot, |node| node.output.clone_from(&e.output));
                Ok(())
            }
            WorkEvent::TaskReleased(event) => self.release(kind, event),
            WorkEvent::LeaseExpired(event) => self.expire(kind, event),
            WorkEvent::LeaseRevoked(e) => {
                let (spot, _) = self.held(kind, &e.task_id, e.epoch)?;
                self.reopen(spot, Closure::Revoked, e.at, |_| {});
                Ok(())
            }
            WorkEvent::TaskFailed(event) => self.fail(kind, event),
            WorkEvent::RetryScheduled(_)
            | WorkEvent::RetryCameDue(_)
            | WorkEvent::TaskGivenUp(_)
            | WorkEvent::TaskSkipped(_)
            | WorkEvent::TaskReset(_) => self.apply_turn(kind, event),
            WorkEvent::TaskReassigned(_)
            | WorkEvent::TaskPriorityChanged(_)
            | WorkEvent::LateReportKept(_)
            | WorkEvent::LateReportAdopted(_)
            | WorkEvent::DecompositionAdopted(_)
            | WorkEvent::DecompositionApproved(_)
            | WorkEvent::DecompositionRejected(_)
            | WorkEvent::DecompositionOverridden(_) => self.apply_change(kind, event),
        }
    }

    fn release(&mut self, kind: &'static str, e: &TaskReleased) -> Applied {
        let (spot, _) = self.held(kind, &e.task_id, e.epoch)?;
        self.add_usage(spot, &e.remarks);
        self.reopen(spot, Closure::Reported(ReportKind::Released), e.at, |node| {
            node.leaf.losses = 0;
            if let Some(checkpoint) = &e.checkpoint {
                node.history_mut().checkpoint = Some(checkpoint.clone());
            }
        });
        Ok(())
    }

    fn fail(&mut self, kind: &'static str, e: &TaskFailed) -> Applied {
        let (spot, _) = self.held(kind, &e.task_id, e.epoch)?;
        self.add_usage(spot, &e.remarks);
        self.reopen(spot, Closure::Reported(ReportKind::Failed), e.at, |node| {
            node.leaf.attempts_failed += 1;
            node.leaf.losses = 0;
            node.history_mut().last_error = Some(e.error.clone());
        });
        Ok(())
    }

    fn apply_turn(&mut self, kind: &'static str, event: &WorkEvent) -> Applied {
        if let WorkEvent::RetryScheduled(e) = event {
            let spot = self.waiting(kind, &e.task_id)?;
            let (since, retry_at) = (e.at, e.retry_at);
            self.change_leaf(spot, e.at, |n| n.leaf.stage = Stage::Resting { since, retry_at });
        }
        if let WorkEvent::RetryCameDue(e) = event {
            let spot = self.leaf_spot(kind, &e.task_id)?;
            if !matches!(self.tree.node(spot).leaf.stage, Stage::Resting { .. }) {
                return Err(bad(kind, &e.task_id, "it does not rest"));
            }
            self.change_leaf(spot, e.at, |node| node.leaf.stage = Stage::Waiting);
        }
        if let WorkEvent::TaskGivenUp(e) = event {
            let spot = self.waiting(kind, &e.task_id)?;
            self.change_leaf(spot, e.at, |node| {
                node.leaf.stage = Stage::GivenUp;
                node.times.ended_at = Some(e.at);
            });
        }
        if let WorkEvent::TaskSkipped(event) = event {
            self.skip(kind, event)?;
        }
        if let WorkEvent::TaskReset(event) = event {
            self.apply_reset(kind, event)?;
        }
        Ok(())
    }

    fn apply_change(&mut self, kind: &'static str, event: &WorkEvent) -> Applied {
        if let WorkEvent::TaskReassigned(e) = event {
            let spot = self.spot(kind, &e.task_id)?;
            self.tree.note(spot, |node| {
                Arc::make_mut(&mut node.definition).agent_id.clone_from(&e.agent_id);
            });
        }
        if let WorkEvent::TaskPriorityChanged(e) = event {
            let spot = self.spot(kind, &e.task_id)?;
            self.tree.set_priority(spot, e.priority);
        }
        if let WorkEvent::LateReportKept(event) = event {
            self.keep_late(kind, event)?;
        }
        if let WorkEvent::LateReportAdopted(event) = event {
            self.adopt_late(kind, event)?;
        }
        if let WorkEvent::DecompositionAdopted(event) = event {
            self.adopt_parts(kind, event)?;
        }
        if let WorkEvent::DecompositionApproved(e) = event {
            let spot = self.spot(kind, &e.task_id)?;
            if !self.tree.node(spot).awaits_review {
                return Err(bad(kind, &e.task_id, "its parts await no review"));
            }
            self.tree.change_gate(spot, e.at, |node| node.awaits_review = false);
        }
        if let WorkEvent::DecompositionRejected(e) = event {
            self.replace_parts(kind, &e.task_id, &[], &[], e.at)?;
        }
        if let WorkEvent::DecompositionOverridden(e) = event {
            self.replace_parts(kind, &e.task_id, &e.subtasks, &e.dependencies, e.at)?;
        }
        Ok(())
    }

    /// The leaf, when nobody has it and it is not over.
    fn waiting(
        &self,
        kind: &'static str,
        task_id: &TaskId,
    ) -> Result<Spot, crate::IllegalTransition> {
        let spot = self.leaf_spot(kind, task_id)?;
        let stage = &self.tree.node(spot).leaf.stage;
        if matches!(stage, Stage::Waiting | Stage::Resting { .. }) {
            return Ok(spot);
        }
        Err(bad(kind, task_id, "it is not waiting"))
    }

    fn grant(&mut self, kind: &'static str, event: &TaskGranted) -> Applied {
        let spot = self.leaf_spot(kind, &event.task_id)?;
        let leaf = &self.tree.node(spot).leaf;
        if self.phase.status() != ExecutionStatus::Running || self.whole_blocked > 0 {
            return Err(bad(kind, &event.task_id, "the execution gives no tasks out"));
        }
        if leaf.ready_since.is_none() {
            return Err(bad(kind, &event.task_id, "it is not ready"));
        }
        if event.epoch <= leaf.epoch && !is_planted("epoch_repeats") {
            return Err(bad(kind, &event.task_id, "the epoch does not rise"));
        }
        let lease = Lease {
            agent_id: event.agent_id.clone(),
            nonce: event.nonce,
            attempt: event.attempt,
            lease_ms: event.lease_ms,
            granted_at: event.at,
            last_seen_at: event.at,
            times_out_at: event.times_out_at,
            has_started: false,
        };
        self.change_leaf(spot, event.at, |node| {
            node.leaf.epoch = event.epoch;
            node.leaf.progress_percent = 0;
            node.leaf.stage = Stage::Held(Box::new(lease));
        });
        Ok(())
    }

    /// A report that keeps the task with the agent, and renews its lease.
    fn see(
        &mut self,
        kind: &'static str,
        task_id: &TaskId,
        epoch: u64,
        remarks: &Remarks,
        at: Timestamp,
        change: impl FnOnce(&mut Node),
    ) -> Applied {
        let (spot, _) = self.held(kind, task_id, epoch)?;
        self.add_usage(spot, remarks);
        self.change_leaf(spot, at, |node| {
            if let Stage::Held(lease) = &mut node.leaf.stage {
                lease.last_seen_at = lease.last_seen_at.max(at);
            }
            change(node);
        });
        Ok(())
    }

    fn complete(
        &mut self,
        kind: &'static str,
        task_id: &TaskId,
        epoch: u64,
        output: Option<&Json>,
        remarks: &Remarks,
        at: Timestamp,
    ) -> Applied {
        let spot = self.leaf_spot(kind, task_id)?;
        let node = self.tree.node(spot);
        if node.finishes_unmet > 0 && !self.phase.status().is_over() {
            return Err(bad(kind, task_id, "something holds back its finish"));
        }
        if node.leaf.stage == Stage::Finishing && node.leaf.epoch == epoch {
            self.change_leaf(spot, at, |node| node.leaf.stage = Stage::Complete);
            return Ok(());
        }
        let (spot, _) = self.held(kind, task_id, epoch)?;
        self.finish(spot, Stage::Complete, output, remarks, at);
        Ok(())
    }

    fn finish(
        &mut self,
        spot: Spot,
        stage: Stage,
        output: Option<&Json>,
        remarks: &Remarks,
        at: Timestamp,
    ) {
        self.add_usage(spot, remarks);
        self.reopen(spot, Closure::Reported(ReportKind::Completed), at, |node| {
            node.leaf.stage = stage;
            node.leaf.losses = 0;
            node.leaf.progress_percent = 100;
            node.has_begun = true;
            node.output = output.cloned();
        });
    }

    /// Ends the lease; the leaf is open again, unless `change` says otherwise.
    fn reopen(&mut self, spot: Spot, how: Closure, at: Timestamp, change: impl FnOnce(&mut Node)) {
        let stage = self.reopened();
        self.change_leaf(spot, at, |node| {
            let epoch = node.leaf.epoch;
            if let Some(lease) = node.leaf.lease() {
                let agent_id = lease.agent_id.clone();
                node.leaf.closing = Some(Box::new(Closing { agent_id, epoch, how }));
            }
            if stage == Stage::Cancelled {
                node.times.ended_at = Some(at);
            }
            node.leaf.stage = stage;
            change(node);
        });
    }

    fn expire(&mut self, kind: &'static str, event: &LeaseExpired) -> Applied {
        let (spot, _) = self.held(kind, &event.task_id, event.epoch)?;
        let losses = event.losses;
        self.reopen(spot, Closure::Expired, event.at, |node| node.leaf.losses = losses);
        Ok(())
    }

    fn skip(&mut self, kind: &'static str, event: &TaskSkipped) -> Applied {
        let spot = self.spot(kind, &event.task_id)?;
        let open = self.tree.leaves_below(spot);
        if open.iter().any(|&leaf| self.tree.node(leaf).leaf.lease().is_some()) {
            return Err(bad(kind, &event.task_id, "an agent holds it"));
        }
        for leaf in open {
            if self.tree.node(leaf).status().is_over() {
                continue;
            }
            self.change_leaf(leaf, event.at, |node| {
                node.leaf.stage = Stage::Skipped;
                node.times.ended_at = Some(event.at);
            });
        }
        Ok(())
    }

    fn apply_reset(&mut self, kind: &'static str, event: &TaskReset) -> Applied {
        let spot = self.waiting(kind, &event.task_id)?;
        if event.epoch <= self.tree.node(spot).leaf.epoch {
            return Err(bad(kind, &event.task_id, "the epoch does not rise"));
        }
        self.change_leaf(spot, event.at, |node| {
            node.leaf.stage = Stage::Waiting;
            node.leaf.epoch = event.epoch;
            node.leaf.attempts_failed = 0;
            node.leaf.losses = 0;
        });
        Ok(())
    }

    fn keep_late(&mut self, kind: &'static str, event: &LateReportKept) -> Applied {
        let spot = self.spot(kind, &event.task_id)?;
        self.add_usage(spot, &event.remarks);
        let late = LateReport {
            agent_id: event.agent_id.clone(),
            epoch: event.epoch,
            report: event.report,
            output: event.output.clone(),
            at: event.at,
        };
        self.tree.note(spot, |node| node.history_mut().late_reports.push(late));
        Ok(())
    }

    fn adopt_late(&mut self, kind: &'static str, event: &LateReportAdopted) -> Applied {
        let spot = self.leaf_spot(kind, &event.task_id)?;
        let node = self.tree.node(spot);
        let place = usize::try_from(event.late_report).unwrap_or(usize::MAX);
        let late = node.history.as_ref().and_then(|history| history.late_reports.get(place));
        let late = late.ok_or_else(|| bad(kind, &event.task_id, "it has no such late report"))?;
        let output = late.output.clone();
        let is_held_back = node.finishes_unmet > 0;
        match node.leaf.stage {
            Stage::Held(_) | Stage::Finishing | Stage::Skipped | Stage::GivenUp => {
                Err(bad(kind, &event.task_id, "it is neither open nor complete"))
            }
            Stage::Cancelled => Err(bad(kind, &event.task_id, "it was given up")),
            Stage::Waiting | Stage::Resting { .. } | Stage::Complete => {
                self.change_leaf(spot, event.at, |node| {
                    let is_open = node.leaf.stage != Stage::Complete;
                    if is_open {
                        let done = if is_held_back { Stage::Finishing } else { Stage::Complete };
                        node.leaf.stage = done;
                        node.leaf.progress_percent = 100;
                        node.has_begun = true;
                    }
                    node.output = output;
                });
                Ok(())
            }
        }
    }

    pub(super) fn add_usage(&mut self, spot: Spot, remarks: &Remarks) {
        if let Some(usage) = remarks.usage {
            self.usage = self.usage.plus(usage);
            self.tree.note(spot, |node| node.add_usage(remarks));
        }
    }
}

fn set_started(node: &mut Node) {
    node.has_begun = true;
    if let Stage::Held(lease) = &mut node.leaf.stage {
        lease.has_started = true;
    }
}
