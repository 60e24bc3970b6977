//! The protocol of `worker_plan`: runs over plain HTTP, without a key.

use super::fault::{Fault, quoted};
use super::run::is_run;
use super::wire::{Answer, Wire};
use super::{Order, Standing};
use crate::domain::event::plan::GenerationFault;
use hyper::Method;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

/// About how many files a whole run writes: there is no other measure of how far it is.
const FILES_OF_A_RUN: usize = 154;
/// So far a run is at most before it is complete.
const PERCENT_BEFORE_END: usize = 99;
/// The models that it uses where nothing is said.
const USUAL_PROFILE: &str = "baseline";

/// A run, as it is told.
#[derive(Debug, Deserialize)]
struct Told {
    run_dir_exists: bool,
    running: bool,
    returncode: Option<i64>,
    pipeline_complete: bool,
    #[serde(default)]
    stop_requested: bool,
    last_update_seconds_ago: Option<f64>,
}

#[derive(Deserialize)]
struct Taken {
    run_id: String,
}

#[derive(Deserialize)]
struct Files {
    files: Vec<serde::de::IgnoredAny>,
}

/// Asks for a run, or to go on with one.
pub(super) async fn order(
    wire: &Wire,
    order: &Order<'_>,
    speed: &str,
    run_id: Option<&str>,
) -> Result<String, Fault> {
    let mut body = json!({
        "submit_or_retry": if run_id.is_some() { "retry" } else { "submit" },
        "plan_prompt": order.prompt,
        "llm_model": "auto",
        "speed_vs_detail": speed,
        "model_profile": order.profile.unwrap_or(USUAL_PROFILE),
    });
    if let Some(run_id) = run_id {
        body["run_id"] = run_id.into();
    }
    let asked = wire.asked(Method::POST, "/runs", Some(body.to_string()));
    let answer = wire.ask(&asked).await?;
    if let (409, Some(run_id)) = (answer.status, run_id) {
        return Ok(run_id.to_owned());
    }
    let taken: Taken = read(&answer)?;
    if is_run(&taken.run_id) { Ok(taken.run_id) } else { Err(Fault::bad_answer("no run_id")) }
}

/// How a run stands.
pub(super) async fn standing(wire: &Wire, run_id: &str) -> Result<Standing, Fault> {
    let told: Told = get(wire, &format!("/runs/{run_id}")).await?;
    if !told.run_dir_exists {
        return Err(Fault::lasting(
            GenerationFault::Lost,
            "PlanExe does not know the run any more",
        ));
    }
    if told.running {
        let files: Files = get(wire, &format!("/runs/{run_id}/files")).await?;
        let percent = files.files.len().saturating_mul(100) / FILES_OF_A_RUN;
        let percent = u8::try_from(percent.min(PERCENT_BEFORE_END)).unwrap_or_default();
        let silent_ms = told.last_update_seconds_ago.map(milliseconds);
        return Ok(Standing::Working { percent, step: None, silent_ms });
    }
    if told.pipeline_complete {
        return Ok(Standing::Finished);
    }
    Err(ended(&told))
}

/// Why a run that does not run any more has no plan: a pipeline that failed returns 0.
fn ended(told: &Told) -> Fault {
    if told.stop_requested {
        return Fault::resumable(GenerationFault::StoppedThere, "the run was stopped at PlanExe");
    }
    match told.returncode {
        None => Fault::resumable(
            GenerationFault::Lost,
            "PlanExe was started anew while the run was under way, and lost it: ask for it again, \
             it goes on from the files that are there",
        ),
        Some(code) => Fault::resumable(
            GenerationFault::Failed,
            format!(
                "PlanExe ended the run with return code {code} and without a plan: its log.txt \
                 says why; models that are not set up are the usual reason"
            ),
        ),
    }
}

fn milliseconds(seconds: f64) -> u64 {
    std::time::Duration::try_from_secs_f64(seconds)
        .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// Stops a run; one that is not there or ended before needs no stopping.
pub(super) async fn stop(wire: &Wire, run_id: &str) -> Result<(), Fault> {
    let path = format!("/runs/{run_id}/stop");
    let answer = wire.ask(&wire.asked(Method::POST, &path, None)).await?;
    match answer.status {
        200..300 | 404 | 409 => Ok(()),
        _ => Err(refusal(&answer)),
    }
}

/// The archive of a run.
pub(super) async fn fetch(
    wire: &Wire,
    run_id: &str,
    limits: (usize, std::time::Duration),
) -> Result<Bytes, Fault> {
    let asked = wire.asked(Method::GET, &format!("/runs/{run_id}/zip"), None);
    let answer = wire.ask(&asked.for_archive(limits)).await?;
    match answer.status {
        200 => Ok(answer.body),
        404 => Err(Fault::lasting(GenerationFault::Lost, "PlanExe does not know the run any more")),
        _ => Err(refusal(&answer)),
    }
}

async fn get<T: serde::de::DeserializeOwned>(wire: &Wire, path: &str) -> Result<T, Fault> {
    read(&wire.ask(&wire.asked(Method::GET, path, None)).await?)
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Fault> {
    if answer.status != 200 {
        return Err(refusal(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| Fault::bad_answer("not the JSON of a run"))
}

/// What a status means that is no success, with what is said of it.
pub(super) fn refusal(answer: &Answer) -> Fault {
    let said = said(&answer.body);
    match answer.status {
        401 | 403 => Fault::lasting(
            GenerationFault::Unauthorized,
            "PlanExe does not take the key, or wants one: set planexe.api_key_file",
        ),
        402 => Fault::lasting(GenerationFault::Credits, "there are no credits left at PlanExe"),
        404 => Fault::lasting(GenerationFault::Lost, format!("PlanExe knows no such run{said}")),
        400 | 411 | 413 | 422 => {
            Fault::lasting(GenerationFault::Refused, format!("PlanExe refuses this{said}"))
        }
        429 => Fault::passing(GenerationFault::Unreachable, "PlanExe is asked too often"),
        status @ 500.. => Fault::passing(
            GenerationFault::Unreachable,
            format!("PlanExe answers {status}: something is wrong with it"),
        ),
        status => Fault::bad_answer(&format!("status {status}")),
    }
}

/// What the body of a refusal says.
fn said(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let detail = &body["detail"];
    let text = detail.as_str().or_else(|| detail[0]["msg"].as_str());
    text.map(|text| format!(": {}", quoted(text))).unwrap_or_default()
}
