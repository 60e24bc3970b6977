//! The protocol of `mcp_cloud`: tools over MCP, each call a request of its own.

use super::fault::{Fault, quoted};
use super::run::is_run;
use super::wire::{Answer, Wire};
use super::worker::refusal;
use super::{Order, Standing};
use crate::domain::Title;
use crate::domain::event::plan::GenerationFault;
use hyper::Method;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What a call is refused with that has no valid key.
const AUTH_ERROR: i64 = -32_001;
/// What it is refused with to go on with a plan that did not fail: then it does go on.
const NOT_FAILED: &str = "PLAN_NOT_FAILED";

#[derive(Deserialize)]
struct Envelope {
    result: Option<CallResult>,
    error: Option<RpcError>,
}

#[derive(Deserialize)]
struct RpcError {
    code: i64,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct CallResult {
    #[serde(default)]
    content: Vec<Content>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    text: String,
}

/// What a tool says.
enum Told {
    /// What it was asked for.
    Value(Value),
    /// Why not.
    Error { code: String, message: String },
}

/// A plan, as it is told.
#[derive(Deserialize)]
struct PlanTold {
    state: String,
    progress_percentage: Option<f64>,
    current_step: Option<String>,
    #[serde(default)]
    timing: Timing,
    error: Option<Failure>,
}

#[derive(Default, Deserialize)]
struct Timing {
    started_at: Option<String>,
    elapsed_sec: Option<f64>,
    last_progress_at: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    message: Option<String>,
    failed_step: Option<String>,
    recoverable: Option<bool>,
}

/// Where an archive is.
#[derive(Deserialize)]
struct FileTold {
    sha256: Option<String>,
    download_size: Option<usize>,
    download_url: Option<String>,
    reason: Option<String>,
}

/// Asks for a plan, or to go on with one.
pub(super) async fn order(
    wire: &Wire,
    order: &Order<'_>,
    run_id: Option<&str>,
) -> Result<String, Fault> {
    let mut arguments = json!({});
    if let Some(profile) = order.profile {
        arguments["model_profile"] = profile.into();
    }
    let Some(run_id) = run_id else {
        arguments["prompt"] = order.prompt.into();
        let told = call(wire, "plan_create", &arguments).await?;
        let made = told["plan_id"].as_str().filter(|id| is_run(id));
        return made.map(str::to_owned).ok_or_else(|| Fault::bad_answer("no plan_id"));
    };
    arguments["plan_id"] = run_id.into();
    match tool(wire, "plan_resume", &arguments).await? {
        Told::Error { code, message } if code != NOT_FAILED => Err(coded(&code, &message)),
        Told::Error { .. } | Told::Value(_) => Ok(run_id.to_owned()),
    }
}

/// How a plan stands.
pub(super) async fn standing(wire: &Wire, run_id: &str) -> Result<Standing, Fault> {
    let told = call(wire, "plan_status", &json!({"plan_id": run_id})).await?;
    let told: PlanTold =
        serde_json::from_value(told).map_err(|_| Fault::bad_answer("not the state of a plan"))?;
    match told.state.as_str() {
        "pending" | "processing" | "running" | "stopping" => Ok(Standing::Working {
            percent: percent(told.progress_percentage),
            step: told.current_step.and_then(|step| Title::parse(&quoted(&step)).ok()),
            silent_ms: told.timing.silent_ms(),
        }),
        "completed" => Ok(Standing::Finished),
        "stopped" => {
            let message = "the plan was stopped at PlanExe";
            Err(Fault::resumable(GenerationFault::StoppedThere, message))
        }
        "failed" => Err(failed(told.error)),
        other => Err(Fault::bad_answer(&format!("the state {}", quoted(other)))),
    }
}

/// A number of hundredths, as a whole one.
fn percent(told: Option<f64>) -> u8 {
    let told = told.filter(|percent| percent.is_finite()).unwrap_or_default();
    let whole = format!("{:.0}", told.clamp(0.0, 99.0).floor());
    whole.parse().unwrap_or_default()
}

fn failed(failure: Option<Failure>) -> Fault {
    let Some(Failure { message, failed_step, recoverable }) = failure else {
        return Fault::resumable(GenerationFault::Failed, "PlanExe says that the plan failed");
    };
    let after = failed_step.map(|step| format!(" after {}", quoted(&step))).unwrap_or_default();
    let said = message.map(|text| format!(": {}", quoted(&text))).unwrap_or_default();
    let message = format!("PlanExe failed{after}{said}");
    let is_resumable = recoverable.unwrap_or(true);
    Fault { is_resumable, ..Fault::lasting(GenerationFault::Failed, message) }
}

impl Timing {
    /// How long nothing was written, by PlanExe's own clock.
    fn silent_ms(&self) -> Option<u64> {
        let elapsed = Duration::try_from_secs_f64(self.elapsed_sec?).ok()?;
        let elapsed_ms = i128::try_from(elapsed.as_millis()).ok()?;
        let ms = |text: &str| {
            let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
            Some(at.unix_timestamp_nanos() / 1_000_000)
        };
        let started = ms(self.started_at.as_deref()?)?;
        let last = self.last_progress_at.as_deref().and_then(ms).unwrap_or(started);
        u64::try_from((started + elapsed_ms - last).max(0)).ok()
    }
}

/// Stops a plan; one that is not there needs no stopping.
pub(super) async fn stop(wire: &Wire, run_id: &str) -> Result<(), Fault> {
    match call(wire, "plan_stop", &json!({"plan_id": run_id})).await {
        Err(fault) if fault.kind == GenerationFault::Lost => Ok(()),
        Err(fault) => Err(fault),
        Ok(_) => Ok(()),
    }
}

/// The archive of a plan: where it is, PlanExe says; what comes is what it said.
pub(super) async fn fetch(
    wire: &Wire,
    run_id: &str,
    (bytes_max, timeout): (usize, Duration),
) -> Result<Bytes, Fault> {
    let asked = json!({"plan_id": run_id, "artifact": "zip"});
    let told = call(wire, "plan_file_info", &asked).await?;
    let told: FileTold =
        serde_json::from_value(told).map_err(|_| Fault::bad_answer("no place of the archive"))?;
    let Some(url) = told.download_url else {
        let reason = told.reason.map(|it| format!(" ({})", quoted(&it))).unwrap_or_default();
        let message = format!("PlanExe has no archive of the plan yet{reason}");
        return Err(Fault::passing(GenerationFault::BadArchive, message));
    };
    if told.download_size.is_some_and(|size| size > bytes_max) {
        let message = format!("the archive has more than {bytes_max} bytes");
        return Err(Fault::lasting(GenerationFault::BadArchive, message));
    }
    let asked = wire.asked(Method::GET, "", None).for_archive((bytes_max, timeout));
    let answer = wire.fetch(&url, asked).await?;
    if answer.status != 200 {
        let message = format!("PlanExe answers {} where its archive should be", answer.status);
        return Err(Fault::passing(GenerationFault::BadArchive, message));
    }
    let is_whole =
        told.sha256.is_none_or(|wanted| wanted.eq_ignore_ascii_case(&hash(&answer.body)));
    if !is_whole {
        let message = "the archive that came is not the one that PlanExe named (SHA-256)";
        return Err(Fault::passing(GenerationFault::BadArchive, message));
    }
    Ok(answer.body)
}

fn hash(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        write!(text, "{byte:02x}").expect("texts take everything");
    }
    text
}

/// Calls a tool that must not refuse.
async fn call(wire: &Wire, name: &str, arguments: &Value) -> Result<Value, Fault> {
    match tool(wire, name, arguments).await? {
        Told::Value(told) => Ok(told),
        Told::Error { code, message } => Err(coded(&code, &message)),
    }
}

/// Calls a tool; what it says is in the text of its answer, also where an error stands beside it.
async fn tool(wire: &Wire, name: &str, arguments: &Value) -> Result<Told, Fault> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": name, "arguments": arguments}});
    let answer = wire.ask(&wire.asked(Method::POST, "/mcp/", Some(body.to_string()))).await?;
    if answer.status != 200 {
        return Err(refusal(&answer));
    }
    let told: Envelope = serde_json::from_slice(&message(&answer))
        .map_err(|_| Fault::bad_answer("not the JSON of MCP"))?;
    if let Some(RpcError { code, message }) = told.error {
        return Err(match code {
            AUTH_ERROR => coded("INVALID_USER_API_KEY", &message),
            _ => Fault::bad_answer(&quoted(&message)),
        });
    }
    let result = told.result.ok_or_else(|| Fault::bad_answer("no result"))?;
    let text = result.content.first().map(|content| content.text.as_str()).unwrap_or_default();
    let told: Value = serde_json::from_str(text).map_err(|_| match text {
        "" => Fault::bad_answer("an empty result"),
        said => Fault::bad_answer(&quoted(said)),
    })?;
    let said = |name: &str| told["error"][name].as_str().unwrap_or_default().to_owned();
    let is_refusal = told["error"]["code"].is_string() && told["plan_id"].is_null();
    Ok(match is_refusal {
        true => Told::Error { code: said("code"), message: said("message") },
        false => Told::Value(told),
    })
}

/// The message in an answer: alone, or as the last event of a stream.
fn message(answer: &Answer) -> Vec<u8> {
    if !answer.kind.starts_with("text/event-stream") {
        return answer.body.to_vec();
    }
    let text = String::from_utf8_lossy(&answer.body);
    let mut data = text.lines().filter_map(|line| line.strip_prefix("data:"));
    data.next_back().map(|data| data.trim().as_bytes().to_vec()).unwrap_or_default()
}

/// What a code of PlanExe means.
fn coded(code: &str, message: &str) -> Fault {
    let said = match quoted(message) {
        said if said.is_empty() => String::new(),
        said => format!(": {said}"),
    };
    let lasting = |kind, message: &str| Fault::lasting(kind, format!("{message}{said}"));
    match code {
        "PLAN_NOT_FOUND" | "TASK_NOT_FOUND" => {
            lasting(GenerationFault::Lost, "PlanExe does not know the plan any more")
        }
        "PLAN_NOT_RESUMABLE" => {
            lasting(GenerationFault::Failed, "PlanExe cannot go on with the plan: begin anew")
        }
        "PIPELINE_VERSION_MISMATCH" => lasting(
            GenerationFault::VersionMismatch,
            "the plan was begun by another version of PlanExe: begin anew",
        ),
        "INVALID_USER_API_KEY" | "USER_API_KEY_REQUIRED" => lasting(
            GenerationFault::Unauthorized,
            "PlanExe does not take the key, or wants one (planexe.api_key_file)",
        ),
        "INSUFFICIENT_CREDITS" => {
            lasting(GenerationFault::Credits, "there are no credits left at PlanExe")
        }
        "MODEL_PROFILES_UNAVAILABLE" | "INVALID_ARGUMENT" => {
            lasting(GenerationFault::Refused, "PlanExe refuses this")
        }
        "generation_failed" => lasting(GenerationFault::Failed, "PlanExe failed"),
        "content_unavailable" => {
            lasting(GenerationFault::BadArchive, "PlanExe has lost the archive of the plan")
        }
        "INTERNAL_ERROR" => Fault::passing(
            GenerationFault::Unreachable,
            format!("something is wrong with PlanExe{said}"),
        ),
        other => Fault::bad_answer(&format!("{}{said}", quoted(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_counted_by_planexes_own_clock() {
        let timing = |elapsed_sec, last: Option<&str>| Timing {
            started_at: Some("2026-11-21T09:25:48Z".to_owned()),
            elapsed_sec,
            last_progress_at: last.map(str::to_owned),
        };
        let last = Some("2026-11-21T09:25:58Z");
        assert_eq!(timing(Some(70.5), last).silent_ms(), Some(60_500));
        assert_eq!(timing(Some(70.0), None).silent_ms(), Some(70_000));
        assert_eq!(timing(Some(1.0), last).silent_ms(), Some(0));
        assert_eq!(timing(Some(f64::NAN), last).silent_ms(), None);
        assert_eq!(timing(Some(-1.0), Some("soon")).silent_ms(), None);
    }

    #[test]
    fn what_is_done_is_between_nothing_and_nearly_all() {
        for (told, percent_done) in
            [(None, 0), (Some(21.6), 21), (Some(100.0), 99), (Some(-3.0), 0), (Some(f64::NAN), 0)]
        {
            assert_eq!(percent(told), percent_done, "{told:?}");
        }
    }
}
