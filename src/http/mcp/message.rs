//! The messages: JSON-RPC 2.0, one in each request. What is wrong with a message itself is told as
//! an error of the protocol; what comes of a tool is a result, also where it could not be done.

use crate::http::body;
use crate::http::problem::Problem;
use crate::http::schemas::{Any, AnyObject};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// The only version of JSON-RPC that is spoken.
const JSON_RPC: &str = "2.0";
/// The message is no JSON.
const NOT_JSON: i32 = -32_700;
/// The message is none of the protocol.
const NOT_A_REQUEST: i32 = -32_600;
/// There is no such method.
const NO_SUCH_METHOD: i32 = -32_601;
/// The method is right, and what it is given is not.
const WRONG_PARAMS: i32 = -32_602;
/// The server cannot do it.
const INTERNAL: i32 = -32_603;
/// What older clients are told where there is no such resource.
pub(super) const NO_SUCH_RESOURCE: i32 = -32_002;
/// The headers say something else than the body.
const HEADER_MISMATCH: i32 = -32_020;
/// The revision of the protocol is not spoken here.
const UNSUPPORTED_REVISION: i32 = -32_022;

/// A message of the Model Context Protocol: a request, or a notification where it has no id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = McpMessage)]
pub(in crate::http) struct Message {
    /// `2.0`.
    #[schema(value_type = String, pattern = "^2\\.0$")]
    #[expect(dead_code, reason = "it is looked at when it is read")]
    jsonrpc: JsonRpc,
    #[serde(default, deserialize_with = "named")]
    #[schema(value_type = RequestId, required = false)]
    pub(super) id: Option<RequestId>,
    /// Such as `tools/call`.
    #[schema(min_length = 1)]
    pub(super) method: String,
    #[serde(default)]
    #[schema(value_type = AnyObject)]
    pub(super) params: Map<String, Value>,
}

/// What the answer to a request is recognised by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(as = McpRequestId)]
pub(in crate::http) enum RequestId {
    Text(String),
    Number(i64),
}

/// An id that is said is none of nothing: without one, a message is a notification.
fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RequestId>, D::Error> {
    RequestId::deserialize(deserializer)
        .map(Some)
        .map_err(|_| D::Error::custom("an id is a text or a whole number"))
}

#[derive(Debug)]
struct JsonRpc;

impl<'de> Deserialize<'de> for JsonRpc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            JSON_RPC => Ok(Self),
            _ => Err(D::Error::custom("jsonrpc is \"2.0\"")),
        }
    }
}

/// What a message is answered: a result, or an error of the protocol.
#[derive(ToSchema)]
#[schema(as = McpAnswer)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct AnswerForm {
    jsonrpc: String,
    id: Option<RequestId>,
    #[schema(value_type = Option<AnyObject>)]
    result: Option<String>,
    error: Option<FaultForm>,
}

/// An error of the protocol.
#[derive(ToSchema)]
#[schema(as = McpError)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct FaultForm {
    code: i32,
    message: String,
    #[schema(value_type = Option<Any>)]
    data: Option<String>,
}

/// What is wrong with a message.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    code: i32,
    message: String,
    data: Option<Value>,
}

impl Fault {
    fn new(status: StatusCode, code: i32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), data: None }
    }

    pub(super) fn not_json(why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, NOT_JSON, why)
    }

    pub(super) fn not_a_request(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, NOT_A_REQUEST, why)
    }

    /// The method is not there; how the answer as a whole is marked is the revision's to say.
    pub(super) fn no_such_method(method: &str, status: StatusCode) -> Self {
        let message = format!("there is no method {method:?} here");
        Self::new(status, NO_SUCH_METHOD, message)
    }

    /// What is given to a method that is there.
    pub(super) fn wrong_params(message: impl Into<String>) -> Self {
        Self::new(StatusCode::OK, WRONG_PARAMS, message)
    }

    /// What each request must bear is missing.
    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, WRONG_PARAMS, message)
    }

    pub(super) fn header_mismatch(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, HEADER_MISMATCH, message)
    }

    pub(super) fn unsupported(requested: &str, supported: &[&str]) -> Self {
        let fault = Self::new(
            StatusCode::BAD_REQUEST,
            UNSUPPORTED_REVISION,
            format!("this revision of the protocol is not spoken here: {requested:?}"),
        );
        fault.with(json!({"supported": supported, "requested": requested}))
    }

    /// Something that the server was asked for could not be done.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::OK, INTERNAL, message)
    }

    /// The same, under another code.
    pub(super) fn coded(self, code: i32) -> Self {
        Self { code, ..self }
    }

    /// Whether it says that there is no such resource.
    pub(super) fn is_absence(&self) -> bool {
        self.code == NO_SUCH_RESOURCE
    }

    pub(super) fn with(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}

/// Reads the message; where it cannot be read, the id that it may have had.
pub(super) fn read(bytes: &[u8]) -> Result<Message, (Option<RequestId>, Fault)> {
    let told = |problem: &Problem| problem.detail().to_owned();
    let value: Value =
        body::read(bytes).map_err(|problem| (None, Fault::not_json(&told(&problem))))?;
    if value.is_array() {
        let why = "send each message by itself: several in one request are not taken";
        return Err((None, Fault::not_a_request(why)));
    }
    let id = value.get("id").and_then(|id| RequestId::deserialize(id).ok());
    body::typed(value).map_err(|problem| (id, Fault::not_a_request(told(&problem))))
}

/// The answer to a request.
pub(super) fn answer(id: Option<RequestId>, outcome: Result<Value, Fault>) -> Response {
    let mut answer = Map::new();
    answer.insert("jsonrpc".into(), JSON_RPC.into());
    if let Some(id) = id {
        answer.insert("id".into(), json!(id));
    }
    let status = match outcome {
        Ok(result) => {
            answer.insert("result".into(), result);
            StatusCode::OK
        }
        Err(Fault { status, code, message, data }) => {
            let mut error = json!({"code": code, "message": message});
            if let Some(data) = data {
                error["data"] = data;
            }
            answer.insert("error".into(), error);
            status
        }
    };
    (status, Json(answer)).into_response()
}
