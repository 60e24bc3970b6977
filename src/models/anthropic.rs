//! Messages, as Anthropic speaks them: the answer is the input of a tool that must be used.

use super::by_model::{Ask, Said};
use super::{ModelConfig, NoAnswer};
use serde_json::{Value, json};

pub(super) const PATH: &str = "/v1/messages";
/// The version of that manner of speaking.
const VERSION: &str = "2023-06-01";

/// What is asked.
pub(super) fn body(config: &ModelConfig, ask: &Ask<'_>) -> Value {
    json!({
        "model": config.name,
        "max_tokens": ask.tokens_max,
        "system": ask.system,
        "messages": [{"role": "user", "content": ask.user}],
        "tools": [{
            "name": ask.name,
            "description": "Takes the steps of the task.",
            "input_schema": ask.schema,
        }],
        "tool_choice": {"type": "tool", "name": ask.name},
    })
}

pub(super) fn headers(config: &ModelConfig) -> Vec<(&'static str, String)> {
    let key = config.key.iter().map(|key| ("x-api-key", key.reveal().to_owned()));
    key.chain([("anthropic-version", VERSION.to_owned())]).collect()
}

/// What was answered.
pub(super) fn said(answer: &Value) -> Result<Said, NoAnswer> {
    let blocks = answer["content"].as_array().ok_or(NoAnswer::Useless)?;
    let input = blocks.iter().find(|block| block["type"] == "tool_use").map(|it| &it["input"]);
    let usage = &answer["usage"];
    Ok(Said {
        text: input.map(Value::to_string),
        is_whole: !matches!(answer["stop_reason"].as_str(), Some("max_tokens" | "refusal")),
        input_tokens: usage["input_tokens"].as_u64(),
        output_tokens: usage["output_tokens"].as_u64(),
    })
}
