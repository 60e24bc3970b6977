//! Which plan each execution carries out, as far as somebody asked.

use crate::domain::{PlanId, StreamKind, WorkspaceId};
use crate::store::{RecordedEvent, Store, StoreError, Version};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many are kept.
const PLANS_MAX: usize = 10_000;

type Known = BTreeMap<(WorkspaceId, String), PlanId>;

/// Which plan each execution carries out; clones are the same.
#[derive(Clone, Default)]
pub(super) struct Plans(Arc<Mutex<Known>>);

#[derive(Deserialize)]
struct Created {
    plan_id: PlanId,
}

impl Plans {
    /// The plan of the execution that an event happened to.
    pub(super) async fn of(
        &self,
        store: &Store,
        event: &RecordedEvent,
    ) -> Result<Option<PlanId>, StoreError> {
        if event.stream.kind() != StreamKind::Execution {
            return Ok(None);
        }
        let id = (event.workspace.clone(), event.stream.id().to_owned());
        if let Some(plan_id) = self.known().get(&id) {
            return Ok(Some(plan_id.clone()));
        }
        let first = store.read_stream(&event.workspace, &event.stream, Version::ZERO, 1).await?;
        let created = first.first().map(|event| serde_json::from_slice::<Created>(&event.payload));
        let Some(Ok(Created { plan_id })) = created else { return Ok(None) };
        let mut known = self.known();
        if known.len() >= PLANS_MAX {
            known.clear();
        }
        known.insert(id, plan_id.clone());
        Ok(Some(plan_id))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
