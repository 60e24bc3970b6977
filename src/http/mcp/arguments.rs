//! What a tool is given, held against what its description asks for. The descriptions are fixed
//! texts: nothing that an agent or a plan says comes into them. What the values mean is judged by
//! the operation that they go to.

use super::result::Refusal;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// The tools, as clients are told of them.
const TOOLS: &str = include_str!("tools.json");
static DESCRIBED: LazyLock<Vec<Value>> =
    LazyLock::new(|| serde_json::from_str(TOOLS).expect("a test reads the tools"));

/// The tools, in their order.
pub(super) fn described() -> &'static [Value] {
    &DESCRIBED
}

/// The arguments of a call, of which each is known, is there where it must be, and is of its kind.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Those of a call of this tool.
    pub(super) fn of(tool: &str, given: Map<String, Value>) -> Result<Self, Refusal> {
        let form = described().iter().find(|described| described["name"] == tool);
        let form = form.map_or(&Value::Null, |described| &described["inputSchema"]);
        for (name, value) in &given {
            let Some(wanted) = form["properties"].get(name) else {
                let known = form["properties"].as_object().into_iter().flat_map(Map::keys);
                let known: Vec<_> = known.map(String::as_str).collect();
                let known = known.join(", ");
                return Err(Refusal::new(format!(
                    "{tool} has no argument {name:?}. Use these alone: {known}."
                )));
            };
            let kind = wanted["type"].as_str();
            if !kind.is_none_or(|kind| is_of(kind, value)) {
                let kind = kind.unwrap_or_default();
                let text = format!("{name} is of the type {kind}. Correct it, and call it again.");
                return Err(Refusal::new(text));
            }
        }
        let required = form["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut missing = required.filter(|name| !given.contains_key(*name));
        match missing.next() {
            Some(name) => Err(Refusal::new(format!("{tool} needs {name}. Call it again with it."))),
            None => Ok(Self(given)),
        }
    }

    /// Takes an argument out.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Takes out one that is a text.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Value::String(text)) => Some(text),
            Some(_) | None => None,
        }
    }

    /// Takes out a number or a text, as it stands in an address.
    pub(super) fn word(&mut self, name: &str) -> Option<String> {
        let value = self.take(name)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    pub(super) fn is_set(&mut self, name: &str) -> bool {
        self.take(name) == Some(Value::Bool(true))
    }

    /// What is left, as the body of a request.
    pub(super) fn body(self) -> Value {
        Value::Object(self.0)
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _other => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, described};
    use serde_json::{Map, Value, json};

    fn refusal(tool: &str, given: Value) -> String {
        let Value::Object(given) = given else { return String::new() };
        format!("{:?}", Arguments::of(tool, given).expect_err("it is refused"))
    }

    #[test]
    fn every_tool_is_described_whole_and_refuses_what_it_does_not_know() {
        for tool in described() {
            for part in ["title", "description", "inputSchema", "outputSchema", "annotations"] {
                assert!(!tool[part].is_null(), "{tool}: {part}");
            }
            assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{tool}");
            assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
            let name = tool["name"].as_str().expect("a name");
            assert!(refusal(name, json!({"elsewhere": 1})).contains("elsewhere"), "{name}");
        }
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_named() {
        assert!(Arguments::of("get_work", Map::new()).is_ok());
        assert!(refusal("complete_task", json!({"task_id": "t1"})).contains("execution_id"));
        assert!(refusal("get_work", json!({"max": "2"})).contains("max is of the type integer"));
        assert!(refusal("get_work", json!({"max": -2})).contains("max is of the type integer"));
        assert!(refusal("get_work", json!({"agent_id": null})).contains("agent_id"));
    }
}
