//! An agent's loop: claim a task, keep it alive while it is worked on, report what came of it, and
//! stop when the server says so.

use crate::client::{Client, Patience};
use crate::error::ClientError;
use crate::work::{Beat, GrantedTask, Report, Verdict, Work, WorkWish};
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long an agent rests after a poll that brought nothing.
const REST_MS: u64 = 250;

/// How an agent works.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// Only what needs one of these actions.
    pub actions: Option<Vec<String>>,
    /// How long a poll waits for work.
    pub wait_seconds: u64,
    /// How long the agent may be silent about a task.
    pub lease_seconds: Option<u64>,
    /// How often it says that it is there.
    pub heartbeat: Duration,
}

/// What does well for most.
impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            actions: None,
            wait_seconds: 25,
            lease_seconds: None,
            heartbeat: Duration::from_secs(20),
        }
    }
}

/// An agent at work.
#[derive(Debug, Clone)]
pub struct Worker {
    client: Client,
    agent_id: String,
    options: WorkerOptions,
}

/// A task in the hands of who works on it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The task.
    pub task: GrantedTask,
    far: Arc<watch::Sender<Far>>,
    verdict: watch::Receiver<Verdict>,
}

/// How far the work is.
#[derive(Debug, Clone, Default)]
struct Far {
    percent: Option<u8>,
    checkpoint: Option<Value>,
}

impl Job {
    /// Says how far the work is; the next sign of life carries it.
    pub fn progress(&self, percent: u8, checkpoint: Option<Value>) {
        self.far.send_modify(|far| {
            far.percent = Some(percent.min(100));
            far.checkpoint = checkpoint.or_else(|| far.checkpoint.take());
        });
    }

    /// Whether the task is to be given back soon.
    pub fn is_to_pause(&self) -> bool {
        *self.verdict.borrow() == Verdict::Pause
    }
}

/// What came of a task.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is done.
    Completed {
        /// What came of it.
        output: Value,
        /// For people.
        message: Option<String>,
    },
    /// It failed.
    Failed(Failure),
    /// It cannot go on before somebody helps.
    Blocked {
        /// What is wrong or asked.
        message: String,
        /// What could be done.
        suggestions: Vec<String>,
    },
    /// It is given back.
    Released,
}

/// Why a task failed.
#[derive(Debug, Clone, Default)]
pub struct Failure {
    /// A word for it.
    pub error_type: String,
    /// For people.
    pub message: String,
    /// Whether it may be tried again; the server decides where nothing is said.
    pub is_retryable: Option<bool>,
    /// Whether a person is to look.
    pub needs_person: bool,
}

/// How the work on a task ended.
enum Ended {
    With(Outcome),
    Told(Verdict),
    Stopped,
}

impl Worker {
    /// An agent at work, by this client, which bears the agent's key.
    pub fn new(client: &Client, agent_id: &str, options: WorkerOptions) -> Self {
        let client = client.clone().with_patience(Patience::LONG);
        Self { client, agent_id: agent_id.to_owned(), options }
    }

    /// Works until it is stopped. What it has in hand then is given back.
    pub async fn run<F>(
        &self,
        stop: impl Future<Output = ()>,
        mut work: F,
    ) -> Result<(), ClientError>
    where
        F: AsyncFnMut(Job) -> Outcome,
    {
        let mut stop = pin!(stop);
        let wish = WorkWish {
            actions: self.options.actions.clone(),
            wait_seconds: self.options.wait_seconds,
            lease_seconds: self.options.lease_seconds,
        };
        loop {
            // A poll that is dropped loses nothing: who asks again gets the same.
            let claimed = tokio::select! {
                claimed = self.claim(&wish) => claimed?,
                () = &mut stop => return Ok(()),
            };
            let Some((task, is_to_stop)) = claimed else { continue };
            if is_to_stop {
                self.give_back(&task, Ended::Told(Verdict::Cancel)).await?;
                continue;
            }
            if !self.report(&task, &Report::new("task_started")).await? {
                continue;
            }
            let (far, seen) = watch::channel(Far::default());
            let (verdict, told) = watch::channel(Verdict::Ok);
            let job = Job { task: task.clone(), far: Arc::new(far), verdict: told };
            let doing = work(job);
            let ended = tokio::select! {
                outcome = doing => Ended::With(outcome),
                told = self.keep(&task, seen, &verdict) => Ended::Told(told?),
                () = &mut stop => Ended::Stopped,
            };
            let is_stopped = matches!(ended, Ended::Stopped);
            self.give_back(&task, ended).await?;
            if is_stopped {
                return Ok(());
            }
        }
    }

    /// A task, and whether it is to be given back at once. Where there is none, it rests a little:
    /// a server that drains answers at once.
    async fn claim(&self, wish: &WorkWish) -> Result<Option<(GrantedTask, bool)>, ClientError> {
        let told = self.client.work(&self.agent_id, wish).await?.map(|work| work.told);
        let Some(Work { next_task: Some(task), force_pause, force_cancel, .. }) = told else {
            tokio::time::sleep(Duration::from_millis(REST_MS)).await;
            return Ok(None);
        };
        Ok(Some((task, force_pause || force_cancel)))
    }

    /// Gives signs of life until the work is to stop.
    async fn keep(
        &self,
        task: &GrantedTask,
        far: watch::Receiver<Far>,
        verdict: &watch::Sender<Verdict>,
    ) -> Result<Verdict, ClientError> {
        loop {
            tokio::time::sleep(self.options.heartbeat).await;
            let Far { percent, checkpoint } = far.borrow().clone();
            let lease = task.lease.clone();
            let beat = Beat { lease, progress_percent: percent, checkpoint };
            let told = self.client.heartbeat(&self.agent_id, &[beat]).await?;
            for (_, told) in told.into_iter().filter(|(lease, _)| *lease == task.lease) {
                match told {
                    Verdict::Lost | Verdict::Reset | Verdict::Cancel => return Ok(told),
                    Verdict::Ok | Verdict::Pause | Verdict::Unknown => {
                        verdict.send_replace(told);
                    }
                }
            }
        }
    }

    async fn give_back(&self, task: &GrantedTask, ended: Ended) -> Result<(), ClientError> {
        let report = match ended {
            Ended::With(outcome) => report_of(outcome),
            Ended::Told(Verdict::Lost | Verdict::Reset) => return Ok(()),
            Ended::Told(Verdict::Cancel | Verdict::Ok | Verdict::Pause | Verdict::Unknown)
            | Ended::Stopped => Report::new("task_released"),
        };
        self.report(task, &report).await.map(|_| ())
    }

    /// Reports; says whether it counts: it does not where the task is not the agent's any more.
    async fn report(&self, task: &GrantedTask, report: &Report) -> Result<bool, ClientError> {
        match self.client.report(&self.agent_id, task, report).await {
            Ok(_) => Ok(true),
            Err(error) if error.problem().is_some_and(|problem| problem.status == 409) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn report_of(outcome: Outcome) -> Report {
    match outcome {
        Outcome::Completed { output, message } => {
            let report = Report::new("task_complete").with("output_data", output);
            match message {
                Some(message) => report.with("message", message),
                None => report,
            }
        }
        Outcome::Failed(Failure { error_type, message, is_retryable, needs_person }) => {
            let report = Report::new("task_error").with("error_type", error_type);
            let report = report.with("error_message", message);
            let report = report.with("human_review_required", needs_person);
            match is_retryable {
                Some(is_retryable) => report.with("retryable", is_retryable),
                None => report,
            }
        }
        Outcome::Blocked { message, suggestions } => {
            let report = Report::new("task_blocked").with("message", message);
            report.with("suggestions", suggestions)
        }
        Outcome::Released => Report::new("task_released"),
    }
}
