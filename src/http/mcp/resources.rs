//! Plans and executions as resources: addresses that clients can list, put together and read.

use super::fitting::fitted;
use super::message::{Fault, NO_SUCH_RESOURCE};
use super::result::NOTE;
use super::revision::Revision;
use super::within::{Ask, Asking, Told};
use crate::domain::{ExecutionId, PlanId};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

const EXECUTIONS: &str = "ax://executions/";
const PLANS: &str = "ax://plans/";
const JSON: &str = "application/json";
/// How many are listed at once.
const PAGE: &str = "50";
/// How long a title may be in a list.
const TITLE_CHARS_MAX: usize = 200;

/// How such addresses are put together.
pub(super) fn templates() -> Value {
    json!({"resourceTemplates": [
        template("ax://executions/{execution_id}", "execution",
            "An execution: status, progress, rules."),
        template("ax://executions/{execution_id}/tasks", "tasks of an execution",
            "The first tasks of an execution, in the order of the plan."),
        template("ax://plans/{plan_id}", "plan", "A plan: its goal, and what it was made from."),
        template("ax://plans/{plan_id}/tasks", "tasks of a plan",
            "The first tasks of a plan, in its order."),
    ]})
}

fn template(uri: &str, name: &str, about: &str) -> Value {
    json!({"uriTemplate": uri, "name": name, "description": about, "mimeType": JSON})
}

/// A page of what there is: executions first, then plans.
pub(super) async fn list(asking: &Asking<'_>, cursor: Option<&Value>) -> Result<Value, Fault> {
    let wrong = || Fault::wrong_params("this is no cursor of ours");
    let cursor = cursor.map(|cursor| cursor.as_str().ok_or_else(wrong)).transpose()?;
    let (kind, at) = cursor.unwrap_or("executions/").split_once('/').ok_or_else(wrong)?;
    let (uri, id) = match kind {
        "executions" => (EXECUTIONS, "execution_id"),
        "plans" => (PLANS, "plan_id"),
        _ => return Err(wrong()),
    };
    let at = Some(at).filter(|at| !at.is_empty());
    let ask = Ask::get(format!("/api/{kind}")).with("limit", Some(PAGE)).with("cursor", at);
    let mut page = told(asking, ask).await?.body;
    let found = page[kind].take();
    let listed = |row: &Value| {
        let id = row[id].as_str()?;
        let title: String = row["title"].as_str()?.chars().take(TITLE_CHARS_MAX).collect();
        Some(json!({"uri": format!("{uri}{id}"), "name": id, "title": title, "mimeType": JSON}))
    };
    let rows = found.as_array().into_iter().flatten();
    let mut result = json!({"resources": rows.filter_map(listed).collect::<Vec<_>>()});
    match (page["next_cursor"].as_str(), kind) {
        (Some(next), _) => result["nextCursor"] = format!("{kind}/{next}").into(),
        (None, "executions") => result["nextCursor"] = "plans/".into(),
        (None, _) => {}
    }
    Ok(result)
}

/// What stands at an address.
pub(super) async fn read(
    asking: &Asking<'_>,
    params: &Map<String, Value>,
    revision: Revision,
) -> Result<Value, Fault> {
    let uri = params.get("uri").and_then(Value::as_str);
    let uri = uri.ok_or_else(|| Fault::wrong_params("resources/read needs uri, a text"))?;
    let ask = of(uri).ok_or_else(|| absent(uri, revision))?;
    let told = told(asking, ask).await;
    let body = told.map_err(|fault| if fault.is_absence() { absent(uri, revision) } else { fault });
    let text = fitted(body?.body).to_string();
    Ok(json!({"contents": [{"uri": uri, "mimeType": JSON, "text": text,
        "_meta": {"planexe-ax/note": NOTE}}]}))
}

/// The question behind an address; none where it is none of ours.
fn of(uri: &str) -> Option<Ask> {
    let (kind, rest) = match (uri.strip_prefix(EXECUTIONS), uri.strip_prefix(PLANS)) {
        (Some(rest), _) => ("executions", rest),
        (None, Some(rest)) => ("plans", rest),
        (None, None) => return None,
    };
    let (id, has_tasks) = rest.strip_suffix("/tasks").map_or((rest, false), |id| (id, true));
    let is_id = match kind {
        "executions" => ExecutionId::parse(id).is_ok(),
        _ => PlanId::parse(id).is_ok(),
    };
    let ask = match has_tasks {
        true => Ask::get(format!("/api/{kind}/{id}/tasks")),
        false => Ask::get(format!("/api/{kind}/{id}")),
    };
    is_id.then_some(ask)
}

async fn told(asking: &Asking<'_>, ask: Ask) -> Result<Told, Fault> {
    let told = asking.ask(ask).await;
    let told = told.ok_or_else(|| Fault::internal("this cannot be told here"))?;
    if told.status.is_success() {
        return Ok(told);
    }
    let (code, detail) = (told.body["code"].clone(), told.body["detail"].clone());
    let why = detail.as_str().unwrap_or("it failed").to_owned();
    let fault = match told.status {
        StatusCode::NOT_FOUND => Fault::internal(why).coded(NO_SUCH_RESOURCE),
        StatusCode::BAD_REQUEST => Fault::wrong_params(why),
        _ => Fault::internal(why),
    };
    Err(fault.with(json!({"code": code})))
}

/// There is no such resource, or it belongs to another workspace: the two are told alike.
fn absent(uri: &str, revision: Revision) -> Fault {
    let fault = Fault::wrong_params("there is no such resource").with(json!({"uri": uri}));
    match revision {
        Revision::Modern => fault,
        Revision::WithHandshake => fault.coded(NO_SUCH_RESOURCE),
    }
}
