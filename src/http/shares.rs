//! How much of the server one workspace may take: a share of the requests that are worked on at
//! once, so that one that asks a lot holds up itself and nobody else. Whose a request is, is known
//! behind the gate, where it has its turn already: one too many gives that back at once.

use super::caller::{Caller, Who};
use super::code::Code;
use super::crowd::Load;
use super::problem::Problem;
use crate::config::Door;
use crate::domain::WorkspaceId;
use crate::planted::is_planted;
use crate::telemetry::metrics::SHED;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What those who were turned away are to wait.
const RETRY_SECONDS: u64 = 1;

/// How many requests of each workspace are worked on.
pub(super) struct Shares {
    max: usize,
    counts: Mutex<BTreeMap<WorkspaceId, usize>>,
}

/// A place in a workspace's share, until it is dropped.
struct Place<'a> {
    shares: &'a Shares,
    workspace: WorkspaceId,
}

impl Shares {
    pub(super) fn new(door: &Door) -> Self {
        let max = door.in_flight_max.saturating_mul(door.workspace_percent_max) / 100;
        Self { max: max.max(1), counts: Mutex::default() }
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<WorkspaceId, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, workspace: &WorkspaceId) -> Result<Place<'_>, Problem> {
        let mut counts = self.counts();
        let count = counts.entry(workspace.clone()).or_default();
        if *count >= self.max && !is_planted("workspace_share_not_kept") {
            SHED.count();
            return Err(self.refusal());
        }
        *count += 1;
        Ok(Place { shares: self, workspace: workspace.clone() })
    }

    fn refusal(&self) -> Problem {
        let max = self.max;
        let detail = format!(
            "{max} requests of this workspace are under way, which is all of its share: nothing \
             was done"
        );
        Problem::new(Code::ShareTaken, detail).after_seconds(RETRY_SECONDS)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut counts = self.shares.counts();
        if let Some(count) = counts.get_mut(&self.workspace) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.workspace);
            }
        }
    }
}

/// Lets a request through while its workspace has a place left. On a server of one person there is
/// nobody else to keep places for.
pub(super) async fn keep(
    State(shares): State<Arc<Shares>>,
    request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>();
    let caller = caller.filter(|caller| caller.who != Who::OnePerson);
    let Some(caller) = caller.filter(|_| Load::of(&request).is_counted()) else {
        return next.run(request).await;
    };
    let workspace = caller.workspace.clone();
    match shares.take(&workspace) {
        Ok(_place) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
