//! Messages of the Model Context Protocol, handed on to the server as they are.

use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;
use serde_json::Value;
use std::time::Duration;

/// How long a tool may take beside what any request may: it may wait for work.
const TOOL_WAIT: Duration = Duration::from_secs(90);

impl Client {
    /// Sends a message once, with these headers, and gives what is answered, be it a result or an
    /// error of the protocol; nothing where nothing is to be answered.
    pub async fn speak_mcp(
        &self,
        message: &Value,
        headers: &[(&'static str, String)],
    ) -> Result<Option<Value>, ClientError> {
        let mut call = self.call(Method::POST, &["mcp"]).sending(message).waiting(TOOL_WAIT);
        for (name, value) in headers {
            call = call.saying(name, value)?;
        }
        let (head, body) = self.whole(&call.asked()?).await?;
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        match answer.filter(|answer| answer.get("jsonrpc").is_some()) {
            Some(answer) => Ok(Some(answer)),
            None if head.status.is_success() && body.is_empty() => Ok(None),
            None => Err(self.refusal(head.status, &head.headers, &body)),
        }
    }
}
