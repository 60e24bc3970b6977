//! The API's description (OpenAPI 3.1), made from the routes themselves, and completed with what
//! holds for all of them: where a path's parts come from, how a failure is told, and an example for
//! each operation.

use super::report_body::SYNONYMS;
use super::reports::ReportResults;
use super::schemas::Any;
use super::writing::{Rehearsal, Written};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

/// The examples, by operation: what is sent, and what is answered.
const EXAMPLES: &str = include_str!("examples.json");

/// What stands in the paths of the examples.
const PLACES: [(&str, &str); 9] = [
    ("agent_plan_id", "01a20006-66ad-7e5d-90ea-4617fcb7bb4a"),
    ("agent_id", "agent_larry_001"),
    ("blocker_id", "blk_1"),
    ("code", "lease_lost"),
    ("context_id", "ctx_6167656e742f636c61756465-646565702d31-6e6f746573-676f616c"),
    ("execution_id", "exec_carol_breeder_20260211_001"),
    ("member_id", "carol"),
    ("plan_id", "plan_carol_breeder_sys_20260211"),
    ("task_id", "task_1_1_b"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "PlanExe-AX",
        description = "Carries plans out: agents take work and report on it, people command and \
                       approve, and everything that happens is in a log that nobody can change.",
        license(name = "MIT", identifier = "MIT"),
    ),
    components(schemas(super::problem::Document, Any, Written, Rehearsal, ReportResults)),
    tags(
        (name = "agents", description = "Who there is, and what each can do"),
        (name = "work", description = "How agents get work and keep it"),
        (name = "executions", description = "Plans that are carried out"),
        (name = "reports", description = "What agents say of their work"),
        (name = "streams", description = "What happens, while it happens"),
        (name = "plans", description = "What there is to carry out"),
        (name = "agent plans", description = "Plans that agents bring, with their logs and memory"),
        (name = "mcp", description = "Tools for agents by the Model Context Protocol"),
        (name = "webhooks", description = "Notices to other servers"),
        (name = "access", description = "Keys, members, sessions"),
        (name = "operators", description = "How the machine is"),
        (name = "auditors", description = "What was recorded"),
    ),
)]
pub(super) struct Description;

/// The description, completed.
pub(super) fn completed(document: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a description is JSON");
    let examples: Map<String, Value> =
        serde_json::from_str(EXAMPLES).expect("the examples are JSON");
    document["components"]["securitySchemes"] = schemes();
    document["components"]["responses"] = json!({"Problem": problem()});
    for (word, meaning) in SYNONYMS {
        let fields = &mut document["components"]["schemas"]["Report"]["properties"];
        fields[word] = fields[meaning].clone();
        fields[word]["description"] = format!("The documents' word for `{meaning}`.").into();
    }
    widen(&mut document);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            complete(path, operation, &examples);
        }
    }
    document
}

/// Null is any JSON too: a choice between the two would take it twice, which is not once.
fn widen(part: &mut Value) {
    let any = json!({"$ref": "#/components/schemas/Any"});
    let choices = part.get("oneOf").and_then(Value::as_array);
    if choices.is_some_and(|choices| choices.contains(&any)) {
        *part = any;
        return;
    }
    match part {
        Value::Object(members) => members.values_mut().for_each(widen),
        Value::Array(items) => items.iter_mut().for_each(widen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn schemes() -> Value {
    json!({
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key. The word in the list of an operation is the right that it \
                            needs: the roles that have it are in docs/ACCESS.md.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": super::gate::SESSION_COOKIE,
            "description": "A browser that logged in.",
        },
    })
}

fn problem() -> Value {
    json!({
        "description": "It could not be done: a problem document with a stable code.",
        "headers": {"X-Request-Id": request_id()},
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    })
}

fn request_id() -> Value {
    json!({"description": "Names the request in the server's log.", "schema": {"type": "string"}})
}

fn complete(path: &str, operation: &mut Value, examples: &Map<String, Value>) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let places = path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = places.map(place).collect();
    let own = operation["parameters"].take();
    parameters.extend(own.as_array().cloned().unwrap_or_default());
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    } else if let Some(operation) = operation.as_object_mut() {
        operation.remove("parameters");
    }
    let security = operation["security"].as_array().cloned().unwrap_or_default();
    if let Some(right) = security.first().and_then(|it| it.get("key")) {
        operation["security"] = json!([{"key": right}, {"session": right}]);
    }
    operation["responses"]["default"] = json!({"$ref": "#/components/responses/Problem"});
    let is_write = parameters_of(operation).any(|it| it["name"] == "dry_run");
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        let content = answer.pointer_mut("/content/application~1json/schema");
        if let (true, true, Some(schema)) = (is_write, status.starts_with('2'), content) {
            *schema = written(schema.take());
        }
    }
    let example = examples.get(&id);
    show_examples(operation, example.unwrap_or(&Value::Null));
    if is_write && operation["responses"].get("200").is_none() {
        operation["responses"]["200"] = rehearsal();
    }
}

/// What a write is answered that is only rehearsed.
fn rehearsal() -> Value {
    json!({
        "description": "It was only rehearsed.",
        "headers": {"X-Request-Id": request_id()},
        "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Rehearsal"},
            "example": {"dry_run": true, "events": []},
        }},
    })
}

/// A part of a path.
fn place(name: &str) -> Value {
    let schema = match name {
        "context_id" => json!({"type": "string", "minLength": 1}),
        _ => json!({"$ref": "#/components/schemas/Id"}),
    };
    let mut place = json!({"name": name, "in": "path", "required": true, "schema": schema});
    if let Some((_, example)) = PLACES.iter().find(|(known, _)| *known == name) {
        place["example"] = (*example).into();
    }
    place
}

fn parameters_of(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

/// What a write is answered: what it made, with its place in the log; or what it would do.
fn written(schema: Value) -> Value {
    let part = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let several = schema["$ref"].as_str().is_some_and(|it| it.ends_with("/ReportTaken"));
    let mut answers = vec![json!({"allOf": [schema, part("Written")]}), part("Rehearsal")];
    if several {
        answers.push(part("ReportResults"));
    }
    json!({"anyOf": answers})
}

/// Puts the examples where they belong: beside the body, and beside the first good answer.
fn show_examples(operation: &mut Value, example: &Value) {
    let json = "application/json";
    if let (Some(sent), Some(content)) =
        (example.get("request"), operation.pointer_mut("/requestBody/content/application~1json"))
    {
        content["example"] = sent.clone();
    }
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    for (status, answer) in answers {
        if status == "default" {
            continue;
        }
        answer["headers"]["X-Request-Id"] = request_id();
        let shown = example.get("response").filter(|_| status.starts_with('2'));
        let content = answer.get_mut("content").and_then(|content| content.get_mut(json));
        if let (Some(shown), Some(content)) = (shown, content) {
            content["example"] = shown.clone();
        }
    }
}
