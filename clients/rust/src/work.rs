//! Work, as an agent has it: claimed, kept alive, reported on and given back.

use crate::answers::Written;
use crate::call::{After, Told, WriteTerms};
use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What an agent asks for.
#[derive(Debug, Clone, Default)]
pub struct WorkWish {
    /// Only what needs one of these actions.
    pub actions: Option<Vec<String>>,
    /// How long the server is to wait until there is something.
    pub wait_seconds: u64,
    /// How long the agent may be silent about what it gets.
    pub lease_seconds: Option<u64>,
}

/// Work that an agent has now.
#[derive(Debug, Clone, Deserialize)]
pub struct Work {
    /// Whether there is some.
    #[serde(default)]
    pub work_available: bool,
    /// The task.
    #[serde(default)]
    pub next_task: Option<GrantedTask>,
    /// Whether the agent is to pause.
    #[serde(default)]
    pub force_pause: bool,
    /// Whether the agent is to stop.
    #[serde(default)]
    pub force_cancel: bool,
}

/// A task in an agent's hands.
#[derive(Debug, Clone, Deserialize)]
pub struct GrantedTask {
    /// The execution that it belongs to.
    pub execution_id: String,
    /// Its id.
    pub task_id: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// What is to be done, as a word.
    #[serde(default)]
    pub action: Option<String>,
    /// With what.
    #[serde(default)]
    pub params: Value,
    /// Which attempt this is, from 1.
    #[serde(default)]
    pub attempt: u32,
    /// What shows that the task is the agent's.
    pub lease: String,
    /// What an attempt before left.
    #[serde(default)]
    pub checkpoint: Value,
    /// What is known of the plan and of what was done before.
    #[serde(default)]
    pub context: Value,
}

/// What a server says of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go on.
    Ok,
    /// Finish, or keep a checkpoint, and give the task back.
    Pause,
    /// Give the task back within the grace that is left.
    Cancel,
    /// Stop at once: the task is another's.
    Lost,
    /// Stop at once: the task begins anew.
    Reset,
    /// A word of a later version.
    #[serde(other)]
    Unknown,
}

/// A sign of life for one lease.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Beat {
    /// The lease.
    pub lease: String,
    /// How much is done, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress_percent: Option<u8>,
    /// What the next attempt is to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Value>,
}

#[derive(Deserialize)]
struct Verdicts {
    leases: Vec<OneVerdict>,
}

#[derive(Deserialize)]
struct OneVerdict {
    lease: String,
    verdict: Verdict,
}

/// What an agent says of a task.
#[derive(Debug, Clone)]
pub struct Report {
    body: Map<String, Value>,
}

impl Report {
    /// What happened: `task_started`, `task_progress`, `task_complete`, `task_error`,
    /// `task_blocked` or `task_released`.
    pub fn new(event_type: &str) -> Self {
        let mut body = Map::new();
        body.insert("event_type".to_owned(), event_type.into());
        Self { body }
    }

    /// And this beside.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }
}

impl Client {
    /// Asks for work; none when there is none. Who asks again gets the same again.
    pub async fn work(
        &self,
        agent_id: &str,
        wish: &WorkWish,
    ) -> Result<Option<Told<Work>>, ClientError> {
        let call = self.get(&["api", "agents", agent_id, "work"]);
        let call = call.with("supported_actions", wish.actions.as_ref().map(|it| it.join(",")));
        let wait = (wish.wait_seconds > 0).then(|| format!("{}s", wish.wait_seconds));
        let call = call.with("wait", wait).with("lease_seconds", wish.lease_seconds);
        let told: Option<Told<Work>> =
            call.waiting(Duration::from_secs(wish.wait_seconds)).told_if_any().await?;
        Ok(told.filter(|work| work.told.work_available))
    }

    /// Keeps leases alive; what the server says of each.
    pub async fn heartbeat(
        &self,
        agent_id: &str,
        beats: &[Beat],
    ) -> Result<Vec<(String, Verdict)>, ClientError> {
        let call = self.call(Method::POST, &["api", "agents", agent_id, "heartbeat"]);
        let told: Told<Verdicts> = call.sending(&json!({"leases": beats})).told().await?;
        let verdicts = told.told.leases.into_iter();
        Ok(verdicts.map(|one| (one.lease, one.verdict)).collect())
    }

    /// Reports on a task that the agent holds.
    pub async fn report(
        &self,
        agent_id: &str,
        task: &GrantedTask,
        report: &Report,
    ) -> Result<Told<Written>, ClientError> {
        let mut body = report.body.clone();
        let lease = Some(("lease", task.lease.as_str()));
        let named = [("agent_id", agent_id), ("task_id", task.task_id.as_str())];
        for (name, value) in named.into_iter().chain(lease) {
            body.insert(name.to_owned(), value.into());
        }
        let path = ["api", "executions", &task.execution_id, "events"];
        let call = self.call(Method::POST, &path).sending(&body);
        match call.written(&WriteTerms::default()).await? {
            After::Stored(told) => Ok(told),
            After::Rehearsed(_) => Err(self.not_understood("a rehearsal nobody asked for")),
        }
    }
}
