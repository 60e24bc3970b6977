//! How many streams there may be, how fast and how patient each is, and who has how many open.

pub use crate::config::StreamLimits;
use crate::domain::WorkspaceId;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::problem::Problem;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The streams that are open; clones are the same ones.
#[derive(Clone)]
pub struct Streams {
    limits: Arc<StreamLimits>,
    counts: Arc<Mutex<Counts>>,
    open: watch::Sender<usize>,
}

#[derive(Default)]
struct Counts {
    workspaces: BTreeMap<WorkspaceId, usize>,
    callers: BTreeMap<(WorkspaceId, String), usize>,
}

/// One stream's place among them, until it is dropped.
pub(in crate::http) struct Place {
    streams: Streams,
    workspace: WorkspaceId,
    caller: String,
}

impl Streams {
    /// None is open yet.
    pub fn new(limits: StreamLimits) -> Self {
        Self { limits: Arc::new(limits), counts: Arc::default(), open: watch::Sender::new(0) }
    }

    /// How many are open.
    pub fn open(&self) -> watch::Receiver<usize> {
        self.open.subscribe()
    }

    /// Waits until none is open any more.
    pub(in crate::http) async fn ended(&self) {
        let mut open = self.open.subscribe();
        let ended = open.wait_for(|open| *open == 0).await;
        ended.expect("the sender lives as long as `self`, which this wait borrows");
    }

    pub(in crate::http) fn limits(&self) -> &StreamLimits {
        &self.limits
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more stream of a caller, as long as there is one.
    pub(super) fn take(&self, caller: &Caller) -> Result<Place, Problem> {
        let (workspace, caller) = (caller.workspace.clone(), caller.actor.to_string());
        let mut counts = self.counts();
        let key = (workspace.clone(), caller.clone());
        let in_workspace = counts.workspaces.get(&workspace).copied().unwrap_or(0);
        let of_caller = counts.callers.get(&key).copied().unwrap_or(0);
        let (limits, in_all) = (&self.limits, *self.open.borrow());
        for (open, max, whose) in [
            (of_caller, limits.caller_max, "you have"),
            (in_workspace, limits.workspace_max, "the workspace has"),
            (in_all, limits.server_max, "the server has"),
        ] {
            if open >= max {
                let detail = format!("{whose} {open} streams open, and {max} is the most");
                return Err(Problem::new(Code::TooManyStreams, detail));
            }
        }
        *counts.workspaces.entry(workspace.clone()).or_default() += 1;
        *counts.callers.entry(key).or_default() += 1;
        self.open.send_modify(|open| *open += 1);
        Ok(Place { streams: self.clone(), workspace, caller })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.streams.counts();
        fall(&mut counts.workspaces, &self.workspace);
        fall(&mut counts.callers, &(self.workspace.clone(), self.caller.clone()));
        self.streams.open.send_modify(|open| *open -= 1);
    }
}

fn fall<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
