//! Definitions of tasks are kept once for all executions of a plan that are folded in memory.

use super::StreamKey;
use crate::domain::State;
use crate::domain::execution::tree::SharedDefinitions;
use crate::domain::{PlanId, WorkspaceId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many plans are known; executions of further ones share nothing.
const PLANS_MAX: usize = 256;

/// A plan of a workspace, at a version.
type PlanKey = (WorkspaceId, PlanId, u64);

/// What the executions of each plan have in common.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    plans: Mutex<BTreeMap<PlanKey, SharedDefinitions>>,
}

impl Definitions {
    /// Lets an execution share what others of its plan have; it only costs less memory.
    pub(super) fn share(&self, key: &StreamKey, state: &mut State) {
        let Some(header) = state.execution().and_then(|execution| execution.header()) else {
            return;
        };
        let plan = (key.workspace.clone(), header.plan_id.clone(), header.plan_version);
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if plans.len() >= PLANS_MAX && !plans.contains_key(&plan) {
            plans.retain(|_, shared| shared.is_in_use());
            if plans.len() >= PLANS_MAX {
                return;
            }
        }
        state.share_definitions(plans.entry(plan).or_default());
    }
}
