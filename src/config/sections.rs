//! The settings that belong together, as the rooms take them.

use super::{ConfigError, Values};
use crate::domain::{Policy, RetryPolicy};
use crate::outbound::Endpoint;

/// The limits of the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// How many connections are open at once.
    pub connections_max: usize,
    /// How many requests are worked on at once.
    pub in_flight_max: usize,
    /// How much of that one workspace may take, in percent.
    pub workspace_percent_max: usize,
    /// How many requests may wait for their turn.
    pub queue_max: usize,
    /// How large a body may be.
    pub body_bytes_max: usize,
    /// How large a plan may be that is sent.
    pub import_bytes_max: usize,
    /// How large the headers may be.
    pub header_bytes_max: usize,
    /// How long the path and the query may be.
    pub url_bytes_max: usize,
    /// How long a connection may take to send the head of its next request.
    pub head_ms_max: u64,
    /// How long a body may take to arrive.
    pub body_ms_max: u64,
    /// How long a request may take.
    pub request_ms_max: u64,
    /// How much longer a request may take that asks a language model.
    pub asking_ms_max: u64,
    /// How long open connections are still listened to when the server stops.
    pub linger_ms: u64,
}

impl Door {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            connections_max: values.count("http.connections_max"),
            in_flight_max: values.count("http.in_flight_max"),
            workspace_percent_max: values.count("http.workspace_percent_max"),
            queue_max: values.count("http.queue_max"),
            body_bytes_max: values.count("http.body_bytes_max"),
            import_bytes_max: values.count("http.import_bytes_max"),
            header_bytes_max: values.count("http.header_bytes_max"),
            url_bytes_max: values.count("http.url_bytes_max"),
            head_ms_max: values.whole("http.head_ms_max"),
            body_ms_max: values.whole("http.body_ms_max"),
            request_ms_max: values.whole("http.request_ms_max"),
            asking_ms_max: asking_ms_max(values),
            linger_ms: values.whole("http.linger_ms"),
        }
    }
}

/// How many questions to a language model one request may lead to, one after the other.
const QUESTIONS_MAX: u64 = 10;

fn asking_ms_max(values: &Values) -> u64 {
    let questions_ms = match values.text("decomposition.model") {
        Some(_) => values.whole("decomposition.timeout_ms").saturating_mul(QUESTIONS_MAX),
        None => 0,
    };
    let fetching_ms = match values.text("planexe.url") {
        Some(_) => values
            .whole("planexe.timeout_ms")
            .saturating_add(values.whole("planexe.download_ms_max")),
        None => 0,
    };
    questions_ms.saturating_add(fetching_ms)
}

/// How many requests a caller may make in a minute; 0 for no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// An agent.
    pub agent_per_minute: u64,
    /// A person.
    pub user_per_minute: u64,
    /// One address, with keys, tickets and links that open nothing.
    pub failures_per_minute: u64,
}

impl Rates {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            agent_per_minute: values.whole("rates.agent_requests_per_minute"),
            user_per_minute: values.whole("rates.user_requests_per_minute"),
            failures_per_minute: values.whole("rates.failed_logins_per_minute"),
        }
    }
}

/// How large a message of a client may be.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// How many messages a client may send in a second.
const MESSAGES_PER_SECOND_MAX: u32 = 20;
/// How often a client is asked whether it is there.
const PING_MS: u64 = 20_000;
/// How long a client may say nothing, asked or not.
const IDLE_MS_MAX: u64 = 60_000;

/// The limits of streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamLimits {
    /// How many streams this server has open at most.
    pub server_max: usize,
    /// How many of them may belong to one workspace.
    pub workspace_max: usize,
    /// How many of them may belong to one caller.
    pub caller_max: usize,
    /// How large a message of a client may be.
    pub message_bytes_max: usize,
    /// How many messages a client may send in a second.
    pub messages_per_second_max: u32,
    /// How often the client of a WebSocket is asked whether it is there.
    pub ping_ms: u64,
    /// How long it may say nothing.
    pub idle_ms_max: u64,
    /// How long a client, of whatever kind, may take nothing of what it is sent.
    pub stall_ms_max: u64,
}

impl StreamLimits {
    pub(super) fn of(values: &Values) -> Self {
        Self {
            server_max: values.count("streams.server_max"),
            workspace_max: values.count("streams.workspace_max"),
            caller_max: values.count("streams.caller_max"),
            message_bytes_max: MESSAGE_BYTES_MAX,
            messages_per_second_max: MESSAGES_PER_SECOND_MAX,
            ping_ms: PING_MS,
            idle_ms_max: IDLE_MS_MAX,
            stall_ms_max: values.whole("streams.stall_ms_max"),
        }
    }
}

impl Default for StreamLimits {
    fn default() -> Self {
        super::Config::default().streams
    }
}

const SECOND_MS: u64 = 1_000;
const HOUR_MS: u64 = 3_600 * SECOND_MS;

/// Where traces are sent; nowhere when nothing is said.
pub(super) fn collector(values: &Values) -> Result<Option<Endpoint>, ConfigError> {
    let url = values.text("traces_url").filter(|url| !url.is_empty());
    let read = |url: &str| {
        Endpoint::parse(url).map_err(|_| {
            ConfigError::Collector("traces_url is an address such as http://127.0.0.1:4318")
        })
    };
    url.map(read).transpose()
}

/// The rules for new executions.
pub(super) fn policy(values: &Values) -> Policy {
    let hours = |key: &str| values.whole(key).saturating_mul(HOUR_MS);
    let seconds = |key: &str| values.whole(key).saturating_mul(SECOND_MS);
    let number = |key: &str| u32::try_from(values.whole(key)).unwrap_or(u32::MAX);
    let usual = Policy::default();
    let confidence = values.whole("decomposition.confidence_permille_min");
    Policy {
        lease_ms: seconds("execution.lease_seconds"),
        timeout_ms: hours("execution.task_timeout_hours"),
        retry: RetryPolicy {
            attempts_max: number("execution.attempts_max"),
            backoff_ms: seconds("execution.backoff_seconds"),
            ..usual.retry
        },
        losses_max: number("execution.losses_max"),
        blocker_wait_ms: hours("execution.blocker_wait_hours"),
        agent_silence_ms: seconds("execution.agent_silence_seconds"),
        agent_wait_ms: hours("execution.agent_wait_hours"),
        execution_timeout_ms: hours("execution.timeout_hours"),
        cancel_grace_ms: seconds("execution.cancel_grace_seconds"),
        confidence_permille_min: u16::try_from(confidence).unwrap_or(u16::MAX),
        ..usual
    }
}
