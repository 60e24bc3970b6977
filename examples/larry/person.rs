//! Mark, who owns the plan: he hands it over, and helps where an agent cannot.

use super::agent::{Http, LARRY, REST};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::thread::sleep;

/// How often he looks.
const LOOKS_MAX: u32 = 1_000;

/// Hands the prospecting plan over, and has Larry carry it out; the id of the execution.
pub(crate) fn order(http: &Http) -> Result<String> {
    let plan: Value = serde_json::from_str(include_str!("prospecting.json"))?;
    http.post("/api/plans", &plan)?;
    let order = json!({"plan_id": plan["plan_id"], "agent_id": LARRY});
    let (_, made) = http.post("/api/executions", &order)?;
    Ok(made["execution_id"].as_str().context("no execution_id")?.to_owned())
}

/// Waits for a blocker, and approves the way out that Larry suggests.
pub(crate) fn help(http: &Http, execution: &str, say: &dyn Fn(&str)) -> Result<()> {
    let path = format!("/api/executions/{execution}/blockers");
    for _ in 0..LOOKS_MAX {
        let (_, seen) = http.get(&path)?;
        let all = seen["blockers"].as_array().cloned().unwrap_or_default();
        let Some(open) = all.into_iter().find(|blocker| blocker["is_open"] == true) else {
            sleep(REST);
            continue;
        };
        let (id, way_out) =
            (open["blocker_id"].as_str().unwrap_or_default(), &open["suggestions"][0]);
        say(&format!("Mark:  approved: {}", way_out.as_str().unwrap_or_default()));
        let way = json!({"resolution": "approve_alternative", "option": way_out,
            "note": "her number is on the farm's map listing"});
        return http.post(&format!("{path}/{id}/resolve"), &way).map(|_| ());
    }
    bail!("no blocker came")
}
