//! One simulated agent: it claims, works as the lot says, and reports; and whoever answers for the
//! people.

use super::behaviour::{Behaviour, Odds, drawn, mixed};
use crate::cli::out::text::plain;
use planexe_ax_client::{
    Beat, Client, ClientError, GrantedTask, Report, Verdict, WayOut, WorkWish, WriteTerms,
};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long a poll waits for work.
const WAIT_SECONDS: u64 = 5;
/// How long an agent rests when there is nothing for it.
const REST_MS: u64 = 200;
/// How often it says how far it is.
const STEP_MS: u64 = 1_000;
/// The longest that a task takes of which the plan does not say how long.
const SECONDS_MAX: u64 = 5;
/// How many times as long a slow attempt takes.
const SLOWNESS: u64 = 4;
/// How long an attempt hangs before it is given back.
const HANG_SECONDS: u64 = 60;
/// How long an agent is silent beyond its lease.
const SILENT_MS: u64 = 2_000;

/// How the agents are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) seed: u64,
    pub(super) pace: u64,
    pub(super) lease_seconds: u64,
    pub(super) odds: Odds,
}

/// An agent at work.
pub(super) struct Simulated {
    pub(super) agent_id: String,
    pub(super) client: Client,
    pub(super) manner: Manner,
    /// The only execution that it works for.
    pub(super) execution_id: Option<String>,
    pub(super) say: mpsc::Sender<Deed>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// Something that was done.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Deed {
    by: String,
    execution_id: String,
    task_id: Option<String>,
    attempt: u32,
    did: &'static str,
}

impl Deed {
    pub(super) fn sentence(&self) -> String {
        let Self { by, execution_id, task_id, attempt, did } = self;
        let task = task_id.as_deref().map(plain).unwrap_or_default();
        let again = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
        format!("{} {did} {task} of {}{again}", plain(by), plain(execution_id))
    }
}

/// Whether a task is still the agent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    Holds,
    Gone,
}

impl Simulated {
    /// Works until it is stopped.
    pub(super) async fn work(mut self) -> Result<(), ClientError> {
        let wish = WorkWish {
            actions: None,
            wait_seconds: WAIT_SECONDS,
            lease_seconds: Some(self.manner.lease_seconds),
        };
        loop {
            let client = self.client.clone();
            let claimed = tokio::select! {
                claimed = client.work(&self.agent_id, &wish) => claimed?,
                () = until_stopped(&mut self.stopped) => return Ok(()),
            };
            let work = claimed.map(|told| told.told);
            let is_ended = work.as_ref().is_some_and(|work| work.force_cancel || work.force_pause);
            let Some(task) = work.and_then(|work| work.next_task) else {
                if self.pass(REST_MS).await == Hold::Gone {
                    return Ok(());
                }
                continue;
            };
            let is_other = self.execution_id.as_ref().is_some_and(|id| *id != task.execution_id);
            if is_ended || is_other {
                self.report(&task, &Report::new("task_released")).await?;
                self.tell(&task, "gave back").await;
                if self.pass(REST_MS).await == Hold::Gone {
                    return Ok(());
                }
                continue;
            }
            self.carry_out(&task).await?;
            if *self.stopped.borrow() {
                return Ok(());
            }
        }
    }

    async fn carry_out(&mut self, task: &GrantedTask) -> Result<(), ClientError> {
        let Manner { seed, odds, .. } = self.manner;
        let behaviour = drawn(seed, &task.task_id, task.attempt, &odds);
        if self.report(task, &Report::new("task_started")).await? == Hold::Gone {
            return Ok(());
        }
        self.tell(task, "began").await;
        match behaviour {
            Behaviour::Diligent => self.finish(task, 1).await,
            Behaviour::Slow => self.finish(task, SLOWNESS).await,
            Behaviour::Failing => {
                let report = Report::new("task_error").with("error_type", "simulated");
                let report = report.with("error_message", "the lot said that this goes wrong");
                let report = report.with("retryable", true).with("retry_after_seconds", 1);
                self.report(task, &report).await?;
                self.tell(task, "failed at").await;
                Ok(())
            }
            Behaviour::Hanging => {
                self.tell(task, "hangs on").await;
                let steps = HANG_SECONDS * 1_000 / STEP_MS;
                if self.steps(task, steps, false).await? == Hold::Holds {
                    self.report(task, &Report::new("task_released")).await?;
                    self.tell(task, "gave back").await;
                }
                Ok(())
            }
            Behaviour::Dying => {
                self.tell(task, "falls silent over").await;
                self.silence().await;
                Ok(())
            }
            Behaviour::Undead => {
                self.tell(task, "falls silent over").await;
                self.silence().await;
                let hold = self.report(task, &complete(task)).await?;
                let did = if hold == Hold::Holds { "completed" } else { "came too late for" };
                self.tell(task, did).await;
                Ok(())
            }
        }
    }

    /// Takes the time that it takes, and is done.
    async fn finish(&mut self, task: &GrantedTask, times: u64) -> Result<(), ClientError> {
        let wished = task.params["seconds"].as_u64();
        let drawn = mixed(self.manner.seed, &task.task_id, 0) % SECONDS_MAX + 1;
        let steps = wished.unwrap_or(drawn).saturating_mul(times).saturating_mul(1_000) / STEP_MS;
        if self.steps(task, steps.max(1), true).await? == Hold::Gone {
            return Ok(());
        }
        if self.report(task, &complete(task)).await? == Hold::Holds {
            self.tell(task, "completed").await;
        }
        Ok(())
    }

    /// Works for so many steps, with a sign of life after each. Says whether the task is still its
    /// own; one that is to be given back is.
    async fn steps(
        &mut self,
        task: &GrantedTask,
        steps: u64,
        gets_on: bool,
    ) -> Result<Hold, ClientError> {
        for step in 1..=steps {
            if self.pass(STEP_MS / self.manner.pace).await == Hold::Gone {
                self.report(task, &Report::new("task_released")).await?;
                return Ok(Hold::Gone);
            }
            if step == steps {
                break;
            }
            let percent = gets_on.then(|| u8::try_from(step * 100 / steps).unwrap_or(99));
            let beat =
                Beat { lease: task.lease.clone(), progress_percent: percent, checkpoint: None };
            for (_, verdict) in self.client.heartbeat(&self.agent_id, &[beat]).await? {
                match verdict {
                    Verdict::Ok | Verdict::Unknown => {}
                    Verdict::Pause | Verdict::Cancel => {
                        self.report(task, &Report::new("task_released")).await?;
                        self.tell(task, "gave back").await;
                        return Ok(Hold::Gone);
                    }
                    Verdict::Lost | Verdict::Reset => {
                        self.tell(task, "lost").await;
                        return Ok(Hold::Gone);
                    }
                }
            }
        }
        Ok(Hold::Holds)
    }

    async fn silence(&mut self) {
        self.pass(self.manner.lease_seconds.saturating_mul(1_000) + SILENT_MS).await;
    }

    /// Waits; says whether there is a reason to go on then.
    async fn pass(&mut self, ms: u64) -> Hold {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(ms)) => Hold::Holds,
            () = until_stopped(&mut self.stopped) => Hold::Gone,
        }
    }

    /// Reports; says whether it counted.
    async fn report(&self, task: &GrantedTask, report: &Report) -> Result<Hold, ClientError> {
        match self.client.report(&self.agent_id, task, report).await {
            Ok(_) => Ok(Hold::Holds),
            Err(error) if error.problem().is_some_and(|it| it.status == 409) => Ok(Hold::Gone),
            Err(error) => Err(error),
        }
    }

    /// Says what was done; that nobody listens any more is no harm.
    async fn tell(&self, task: &GrantedTask, did: &'static str) {
        let deed = Deed {
            by: self.agent_id.clone(),
            execution_id: task.execution_id.clone(),
            task_id: Some(task.task_id.clone()),
            attempt: task.attempt,
            did,
        };
        self.say.send(deed).await.unwrap_or_default();
    }
}

fn complete(task: &GrantedTask) -> Report {
    let result = task.params["result"].as_str().unwrap_or("simulated");
    Report::new("task_complete").with("output_data", json!({"result": result}))
}

/// Waits until it is to stop; for ever where nobody can say so any more.
async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    if stopped.wait_for(|is_stopped| *is_stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Answers what people are asked: with the first suggestion, else by having it tried again.
pub(super) async fn answer_questions(
    client: Client,
    execution_id: String,
    say: mpsc::Sender<Deed>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), ClientError> {
    loop {
        let open = client.blockers(&execution_id, None, None).await?.entries;
        for blocker in open.into_iter().filter(|blocker| blocker.is_open) {
            let option = blocker.suggestions[0].as_str().map(str::to_owned);
            let way = if option.is_some() { "approve_alternative" } else { "retry" };
            let way_out = WayOut { resolution: way.to_owned(), option, ..WayOut::default() };
            let terms = WriteTerms::default();
            let id = &blocker.blocker_id;
            match client.resolve_blocker(&execution_id, id, &way_out, &terms).await {
                Ok(_) => {
                    let deed = Deed {
                        by: "a person".to_owned(),
                        execution_id: execution_id.clone(),
                        task_id: blocker.task_id.clone(),
                        attempt: 0,
                        did: "answered for",
                    };
                    say.send(deed).await.unwrap_or_default();
                }
                Err(error) if error.problem().is_some_and(|it| it.status == 409) => {}
                Err(error) => return Err(error),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(REST_MS)) => {}
            () = until_stopped(&mut stopped) => return Ok(()),
        }
    }
}
