//! Chat completions, as OpenAI and many others speak them: the answer is held to a JSON schema.

use super::by_model::{Ask, Said};
use super::{ModelConfig, NoAnswer};
use serde_json::{Value, json};

pub(super) const PATH: &str = "/chat/completions";

/// What is asked.
pub(super) fn body(config: &ModelConfig, ask: &Ask<'_>) -> Value {
    json!({
        "model": config.name,
        "messages": [
            {"role": "system", "content": ask.system},
            {"role": "user", "content": ask.user},
        ],
        "max_completion_tokens": ask.tokens_max,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": ask.name, "strict": true, "schema": ask.schema},
        },
    })
}

pub(super) fn headers(config: &ModelConfig) -> Vec<(&'static str, String)> {
    let key = config.key.iter();
    key.map(|key| ("authorization", format!("Bearer {}", key.reveal()))).collect()
}

/// What was answered.
pub(super) fn said(answer: &Value) -> Result<Said, NoAnswer> {
    let choice = answer.pointer("/choices/0").ok_or(NoAnswer::Useless)?;
    let is_cut = choice["finish_reason"] == "length";
    let is_refused = choice.pointer("/message/refusal").is_some_and(Value::is_string);
    let usage = &answer["usage"];
    Ok(Said {
        text: choice.pointer("/message/content").and_then(Value::as_str).map(str::to_owned),
        is_whole: !is_cut && !is_refused,
        input_tokens: usage["prompt_tokens"].as_u64(),
        output_tokens: usage["completion_tokens"].as_u64(),
    })
}
