//! What the two services of PlanExe answer, in the shapes in which they were recorded.

use super::fake::{Asked, KEY, Known, Stand};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// An answer.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
}

impl Told {
    pub(super) fn new(status: u16, kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, kind, body: body.into() }
    }

    fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }
}

pub(super) fn answer(known: &mut Known, asked: &Asked) -> Told {
    let path = asked.target.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("POST", ["runs"]) => taken(known, &asked.body),
        ("GET", ["runs", run]) => Told::json(200, &run_told(known, run)),
        ("GET", ["runs", run, "files"]) => files(known, run),
        ("GET", ["runs", run, "zip"]) => zip(known, run),
        ("POST", ["runs", run, "stop"]) => stopped(known, run),
        ("POST", ["mcp"]) => mcp(known, asked),
        ("GET", ["download", run, "run.zip"]) => download(known, asked, run),
        _ => Told::json(404, &json!({"detail": "Not Found"})),
    }
}

fn absent(run: &str) -> Told {
    Told::json(404, &json!({"detail": format!("Run directory does not exist: /run/{run}")}))
}

fn taken(known: &mut Known, body: &str) -> Told {
    let form: Value = serde_json::from_str(body).unwrap_or_default();
    let lacks = ["submit_or_retry", "plan_prompt", "llm_model", "speed_vs_detail"]
        .into_iter()
        .find(|name| !form[name].is_string());
    if let Some(name) = lacks {
        let detail = json!([{"type": "missing", "loc": ["body", name], "msg": "Field required"}]);
        return Told::json(422, &json!({"detail": detail}));
    }
    let run = match form["submit_or_retry"].as_str() {
        Some("submit") => known.begin(),
        _ => {
            let run = form["run_id"].as_str().unwrap_or_default().to_owned();
            if !known.runs.contains_key(&run) {
                return absent(&run);
            }
            known.runs.insert(run.clone(), Stand::At(0));
            run
        }
    };
    Told::json(
        200,
        &json!({"run_id": run, "run_dir": format!("/run/{run}"),
            "display_run_dir": format!("/run/{run}"), "pid": 12, "status": "running"}),
    )
}

/// A run that nobody knows is answered 200 too, and a pipeline that failed returns 0.
fn run_told(known: &mut Known, run: &str) -> Value {
    let stand = known.stand(run);
    let (running, code, complete, stop, silent) = match stand {
        None => (false, None, false, false, None),
        Some(Stand::At(_)) => (true, None, false, false, Some(0.3)),
        Some(Stand::Silent(seconds)) => (true, None, false, false, Some(f64::from(seconds))),
        Some(Stand::Complete) => (false, Some(0), true, false, Some(2.5)),
        Some(Stand::Failed) => (false, Some(0), false, false, Some(2.5)),
        Some(Stand::Stopped) => (false, Some(-15), false, true, Some(2.5)),
        Some(Stand::Lost) => (false, None, false, false, Some(27.2)),
    };
    json!({"run_id": run, "run_dir": format!("/run/{run}"),
        "display_run_dir": format!("/run/{run}"), "run_dir_exists": stand.is_some(),
        "pid": 12, "running": running, "returncode": code, "pipeline_complete": complete,
        "stop_requested": stop, "last_update_seconds_ago": silent})
}

fn files(known: &mut Known, run: &str) -> Told {
    let count = match known.runs.get(run) {
        None => return absent(run),
        Some(Stand::At(percent)) => usize::from(*percent) * 154 / 100,
        Some(_) => 154,
    };
    let files: Vec<String> = (0..count).map(|number| format!("file_{number}.json")).collect();
    Told::json(200, &json!({"run_id": run, "run_dir": "/run", "files": files}))
}

fn zip(known: &mut Known, run: &str) -> Told {
    match known.runs.contains_key(run) {
        true => Told::new(200, "application/zip", known.archive.clone()),
        false => absent(run),
    }
}

fn stopped(known: &mut Known, run: &str) -> Told {
    let Some(stand) = known.runs.get_mut(run) else {
        return Told::json(404, &json!({"detail": format!("Run not found: {run}")}));
    };
    *stand = Stand::Stopped;
    let said = json!({"run_id": run, "stopped": true, "message": "Stop signal sent.",
        "returncode": null});
    Told::json(200, &said)
}

/// A key that is missing is answered 200, with an error.
fn mcp(known: &mut Known, asked: &Asked) -> Told {
    let call: Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let id = &call["id"];
    if !asked.head.to_ascii_lowercase().contains(&format!("x-api-key: {KEY}")) {
        let error = json!({"code": -32_001, "message": "Unauthorized"});
        return Told::json(200, &json!({"jsonrpc": "2.0", "id": id, "error": error}));
    }
    let arguments = &call["params"]["arguments"];
    let plan = arguments["plan_id"].as_str().unwrap_or_default();
    let said = match call["params"]["name"].as_str().unwrap_or_default() {
        "plan_create" => json!({"plan_id": known.begin(), "created_at": "2026-11-21T09:25:48Z"}),
        "plan_status" => plan_told(known, plan),
        "plan_stop" => plan_stopped(known, plan),
        "plan_resume" => plan_resumed(known, plan),
        "plan_file_info" => file_told(known, plan),
        other => refusal("INTERNAL_ERROR", &format!("Unknown tool: {other}")),
    };
    let content = json!([{"type": "text", "text": said.to_string()}]);
    let result = json!({"content": content, "structuredContent": said, "isError": false});
    let message = json!({"jsonrpc": "2.0", "id": id, "result": result});
    // MCP allows both forms.
    if known.count().is_multiple_of(2) {
        return Told::json(200, &message);
    }
    let stream = format!("event: message\r\ndata: {message}\r\n\r\n");
    Told::new(200, "text/event-stream; charset=utf-8", stream)
}

fn refusal(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

fn no_plan(plan: &str) -> Value {
    refusal("PLAN_NOT_FOUND", &format!("Plan not found: {plan}"))
}

fn plan_told(known: &mut Known, plan: &str) -> Value {
    let Some(stand) = known.stand(plan) else { return no_plan(plan) };
    let (state, percent, elapsed) = match stand {
        Stand::At(0) => ("pending", 0, 1),
        Stand::At(percent) => ("processing", percent, 60),
        Stand::Silent(seconds) => ("processing", 30, seconds + 30),
        Stand::Complete => ("completed", 100, 60),
        Stand::Failed | Stand::Lost => ("failed", 76, 60),
        Stand::Stopped => ("stopped", 40, 60),
    };
    let silent = matches!(stand, Stand::Silent(_));
    let last = if silent { "2026-11-21T09:26:18Z" } else { "2026-11-21T09:26:48Z" };
    let mut told = json!({"plan_id": plan, "state": state,
        "progress_percentage": f64::from(percent) + 0.6, "steps_completed": 27,
        "steps_total": 125, "current_step": "Select Scenario",
        "timing": {"started_at": "2026-11-21T09:25:48Z", "elapsed_sec": elapsed,
            "last_progress_at": last},
        "files_count": 34, "files": []});
    if state == "failed" {
        told["error"] = json!({"failure_reason": "generation_error",
            "failed_step": "Draft Documents To Find", "recoverable": true,
            "message": "Unable to generate the report."});
    }
    told
}

fn plan_stopped(known: &mut Known, plan: &str) -> Value {
    match known.runs.get_mut(plan) {
        None => no_plan(plan),
        Some(stand) => {
            *stand = Stand::Stopped;
            json!({"state": "stopped", "stop_requested": true})
        }
    }
}

fn plan_resumed(known: &mut Known, plan: &str) -> Value {
    match known.runs.get_mut(plan) {
        None => no_plan(plan),
        Some(Stand::Complete) => refusal("PLAN_NOT_FAILED", "Plan is not failed"),
        Some(stand) => {
            *stand = Stand::At(0);
            json!({"plan_id": plan, "state": "pending", "resume_count": 1})
        }
    }
}

fn file_told(known: &Known, plan: &str) -> Value {
    if !known.runs.contains_key(plan) {
        return no_plan(plan);
    }
    let here = format!("http://{}/download/{plan}/run.zip?token=1795254073.91b4", known.address);
    let hash = Sha256::digest(&known.archive);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({"content_type": "application/zip", "sha256": hash,
        "download_size": known.archive.len(),
        "download_url": known.archive_at.clone().unwrap_or(here),
        "expires_at": "2026-11-21T09:41:13.990646+00:00"})
}

fn download(known: &Known, asked: &Asked, run: &str) -> Told {
    if !asked.target.contains("?token=1795254073.91b4") {
        return Told::json(401, &json!({"detail": "Invalid or expired token"}));
    }
    match known.runs.contains_key(run) {
        true => Told::new(200, "application/zip", known.archive.clone()),
        false => absent(run),
    }
}
