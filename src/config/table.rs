//! Everything that can be set, each in one entry: flag, variable, name in the file, what it takes,
//! what it is when nothing is said. The page `docs/CONFIGURATION.md` is written from it.

use super::audit::AUDIT;
use super::decomposition::DECOMPOSITION;
use super::outbound::OUTBOUND;
use super::planexe::PLANEXE;
use super::setting::{Kind, Setting, setting};
use super::webhooks::WEBHOOKS;

const MS_MAX: u64 = 600_000;
const HOURS_MAX: u64 = 100_000;
const SECONDS_MAX: u64 = 360_000_000;
const MIB: u64 = 1 << 20;

/// Everything that can be set, in the order in which it is shown.
pub const SETTINGS: &[Setting] = &joined();

/// The settings, by the files that they stand in.
const PARTS: [&[Setting]; 6] = [HERE, &WEBHOOKS, &OUTBOUND, &AUDIT, &DECOMPOSITION, &PLANEXE];
const COUNT: usize = HERE.len()
    + WEBHOOKS.len()
    + OUTBOUND.len()
    + AUDIT.len()
    + DECOMPOSITION.len()
    + PLANEXE.len();

/// What stands here, and behind it what has a file of its own.
const fn joined() -> [Setting; COUNT] {
    let mut all = [HERE[0]; COUNT];
    let (mut part, mut before, mut at) = (0, 0, 0);
    while at < COUNT {
        if at - before == PARTS[part].len() {
            before = at;
            part += 1;
        }
        all[at] = PARTS[part][at - before];
        at += 1;
    }
    all
}

const HERE: &[Setting] = &[
    Setting {
        key: "database",
        env: "DATABASE_URL",
        default: "",
        kind: Kind::Database,
        is_secret: true,
        help: "Where the log is kept; a SQLite file in the data directory when nothing is said",
    },
    setting("data_dir", "AX_DATA_DIR", "./ax-data", Kind::Path, "Where ax keeps its files"),
    setting(
        "listen",
        "AX_LISTEN",
        "127.0.0.1:8000",
        Kind::Address,
        "Where ax listens; port 0 takes any that is free",
    ),
    setting(
        "metrics_listen",
        "AX_METRICS_LISTEN",
        "",
        Kind::Address,
        "Where /metrics and /api/admin are served instead, on a listener of their own",
    ),
    setting(
        "log",
        "AX_LOG",
        "info",
        Kind::Text,
        "What ax logs: error, warn, info, debug, trace, or a filter such as \
         planexe_ax::store=debug",
    ),
    setting("log_format", "AX_LOG_FORMAT", "text", Kind::Choice(&["text", "json"]), "How it logs"),
    setting(
        "traces_url",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        Kind::Text,
        "The collector that traces are sent to, by OTLP over HTTP in JSON, such as \
         http://127.0.0.1:4318; none when nothing is said",
    ),
    setting(
        "demo",
        "AX_DEMO",
        "true",
        Kind::YesNo,
        "Whether a server of one person begins with a demonstration when its log is empty; \
         --no-demo says no",
    ),
    setting(
        "execution.enabled",
        "PLANEXE_EXECUTION_ENABLED",
        "true",
        Kind::YesNo,
        "Whether executions are made and tasks given out; what is under way is reported and read \
         in any case",
    ),
    setting(
        "execution.timeout_hours",
        "PLANEXE_EXECUTION_TIMEOUT_HOURS",
        "168",
        Kind::Whole(1, HOURS_MAX),
        "How old a new execution may grow before a person is asked",
    ),
    setting(
        "execution.task_timeout_hours",
        "AX_EXECUTION_TASK_TIMEOUT_HOURS",
        "24",
        Kind::Whole(1, HOURS_MAX),
        "How long one attempt at a task may take, where the task names no limit",
    ),
    setting(
        "execution.lease_seconds",
        "AX_EXECUTION_LEASE_SECONDS",
        "1800",
        Kind::Whole(10, SECONDS_MAX),
        "How long a lease lasts without a sign of life",
    ),
    setting(
        "execution.agent_silence_seconds",
        "AX_EXECUTION_AGENT_SILENCE_SECONDS",
        "1800",
        Kind::Whole(1, SECONDS_MAX),
        "How long an agent may be silent before it counts as lost",
    ),
    setting(
        "execution.agent_wait_hours",
        "AX_EXECUTION_AGENT_WAIT_HOURS",
        "24",
        Kind::Whole(1, HOURS_MAX),
        "How long an execution waits for its lost agent before that escalates",
    ),
    setting(
        "execution.blocker_wait_hours",
        "AX_EXECUTION_BLOCKER_WAIT_HOURS",
        "48",
        Kind::Whole(1, HOURS_MAX),
        "How long a blocker waits before it escalates",
    ),
    setting(
        "execution.cancel_grace_seconds",
        "AX_EXECUTION_CANCEL_GRACE_SECONDS",
        "60",
        Kind::Whole(0, SECONDS_MAX),
        "How long a running task may take to wind down after a cancel",
    ),
    setting(
        "execution.attempts_max",
        "AX_EXECUTION_ATTEMPTS_MAX",
        "3",
        Kind::Whole(1, 1_000),
        "How often a task is tried, where the task does not say",
    ),
    setting(
        "execution.backoff_seconds",
        "AX_EXECUTION_BACKOFF_SECONDS",
        "300",
        Kind::Whole(0, SECONDS_MAX),
        "The first wait before another attempt, where the task does not say",
    ),
    setting(
        "execution.losses_max",
        "AX_EXECUTION_LOSSES_MAX",
        "3",
        Kind::Whole(1, 1_000),
        "How often in a row an agent may fall silent over a task before a person looks at it",
    ),
    setting(
        "agents.poll_interval_seconds",
        "PLANEXE_AGENT_POLL_INTERVAL_SECONDS",
        "300",
        Kind::Whole(1, SECONDS_MAX),
        "How often an agent that does not wait is told to ask for work again",
    ),
    setting(
        "streams.websocket_enabled",
        "PLANEXE_WEBSOCKET_ENABLED",
        "true",
        Kind::YesNo,
        "Whether live streams are served over WebSocket; Server-Sent Events are in any case",
    ),
    setting(
        "streams.server_max",
        "AX_STREAMS_SERVER_MAX",
        "12000",
        Kind::Whole(1, 1_000_000),
        "How many live streams a server has open at once",
    ),
    setting(
        "streams.workspace_max",
        "AX_STREAMS_WORKSPACE_MAX",
        "10000",
        Kind::Whole(1, 1_000_000),
        "How many of them may belong to one workspace",
    ),
    setting(
        "streams.caller_max",
        "AX_STREAMS_CALLER_MAX",
        "1000",
        Kind::Whole(1, 1_000_000),
        "How many of them may belong to one caller",
    ),
    setting(
        "streams.stall_ms_max",
        "AX_STREAMS_STALL_MS_MAX",
        "30000",
        Kind::Whole(100, MS_MAX),
        "How long a client may take nothing of what it is sent before its connection ends",
    ),
    setting(
        "streams.origins",
        "AX_STREAMS_ORIGINS",
        "",
        Kind::Texts,
        "Other sites whose pages may open live streams, such as https://board.example",
    ),
    setting(
        "secret_key_file",
        "AX_SECRET_KEY_FILE",
        "",
        Kind::Path,
        "A file with the key that seals the secrets of webhooks: 32 bytes in base64 or \
         hexadecimal, the same for all servers on one database; beside a SQLite file one is made \
         when it is needed",
    ),
    Setting {
        key: "secret_key",
        env: "AX_SECRET_KEY",
        default: "",
        kind: Kind::Text,
        is_secret: true,
        help: "The key itself, where it cannot be in a file",
    },
    setting(
        "archive.retention_days",
        "PLANEXE_EVENT_LOG_RETENTION_DAYS",
        "90",
        Kind::Whole(0, 36_500),
        "After how many days an execution that is over is old enough for `ax archive`; 0 for \
         never. The log itself is kept for ever",
    ),
    setting(
        "store.read_connections_max",
        "AX_STORE_READ_CONNECTIONS_MAX",
        "8",
        Kind::Whole(1, 1_000),
        "How many connections read the log at once",
    ),
    setting(
        "store.queue_requests_max",
        "AX_STORE_QUEUE_REQUESTS_MAX",
        "4096",
        Kind::Whole(1, 1_000_000),
        "How many requests may wait to be stored",
    ),
    setting(
        "http.connections_max",
        "AX_HTTP_CONNECTIONS_MAX",
        "12000",
        Kind::Whole(1, 1_000_000),
        "How many connections are open at once; a further one is answered 503",
    ),
    setting(
        "http.in_flight_max",
        "AX_HTTP_IN_FLIGHT_MAX",
        "256",
        Kind::Whole(1, 100_000),
        "How many requests are worked on at once; health, metrics, heartbeats, parked polls and \
         streams are not counted",
    ),
    setting(
        "http.workspace_percent_max",
        "AX_HTTP_WORKSPACE_PERCENT_MAX",
        "50",
        Kind::Whole(1, 100),
        "How much of http.in_flight_max one workspace may take, in percent; a further request of \
         it is answered 429. A server of one person has no such limit",
    ),
    setting(
        "http.queue_max",
        "AX_HTTP_QUEUE_MAX",
        "1024",
        Kind::Whole(0, 1_000_000),
        "How many requests may wait for their turn; a further one is answered 503 at once",
    ),
    setting(
        "http.body_bytes_max",
        "AX_HTTP_BODY_BYTES_MAX",
        "1048576",
        Kind::Whole(1_024, 64 * MIB),
        "How large a body may be",
    ),
    setting(
        "http.import_bytes_max",
        "AX_HTTP_IMPORT_BYTES_MAX",
        "33554432",
        Kind::Whole(1_024, 64 * MIB),
        "How large a plan may be that is sent, an archive or a text",
    ),
    setting(
        "http.header_bytes_max",
        "AX_HTTP_HEADER_BYTES_MAX",
        "16384",
        Kind::Whole(1_024, MIB),
        "How large the headers of a request may be, names and values together",
    ),
    setting(
        "http.url_bytes_max",
        "AX_HTTP_URL_BYTES_MAX",
        "8192",
        Kind::Whole(256, 32_768),
        "How long the path and the query may be",
    ),
    setting(
        "http.head_ms_max",
        "AX_HTTP_HEAD_MS_MAX",
        "10000",
        Kind::Whole(10, MS_MAX),
        "How long a connection may take to send the head of its next request, idle or not, before \
         it is closed",
    ),
    setting(
        "http.body_ms_max",
        "AX_HTTP_BODY_MS_MAX",
        "10000",
        Kind::Whole(10, MS_MAX),
        "How long a body may take to arrive",
    ),
    setting(
        "http.request_ms_max",
        "AX_HTTP_REQUEST_MS_MAX",
        "15000",
        Kind::Whole(10, MS_MAX),
        "How long a request may take, its body included; parked polls and streams are not counted",
    ),
    setting(
        "http.linger_ms",
        "AX_HTTP_LINGER_MS",
        "1000",
        Kind::Whole(0, 9_000),
        "How long open connections are still listened to when the server stops: whatever was on \
         its way is answered",
    ),
    setting(
        "rates.agent_requests_per_minute",
        "AX_RATES_AGENT_REQUESTS_PER_MINUTE",
        "100",
        Kind::Whole(0, 1_000_000),
        "How many requests an agent may make in a minute; 0 for no limit. Heartbeats, polls that \
         wait and streams are not counted",
    ),
    setting(
        "rates.user_requests_per_minute",
        "AX_RATES_USER_REQUESTS_PER_MINUTE",
        "0",
        Kind::Whole(0, 1_000_000),
        "How many requests a person may make in a minute; 0 for no limit",
    ),
    setting(
        "rates.failed_logins_per_minute",
        "AX_RATES_FAILED_LOGINS_PER_MINUTE",
        "60",
        Kind::Whole(0, 1_000_000),
        "How many keys, tickets and links that open nothing one address may show in a minute \
         before it is turned away; each key that there is counts by itself, so that nobody locks \
         its bearer out; 0 for no limit",
    ),
];
