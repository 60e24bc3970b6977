//! The settings: what contradicts each other, though each by itself may be so.

use super::Finding;
use crate::config::Config;

const CHECK: &str = "settings";
const HOUR_MS: u64 = 3_600_000;

/// Pairs of numbers of which the first should not be greater.
const ORDERED: [(&str, &str); 6] = [
    ("streams.caller_max", "streams.workspace_max"),
    ("streams.workspace_max", "streams.server_max"),
    ("http.in_flight_max", "http.connections_max"),
    ("http.body_bytes_max", "http.import_bytes_max"),
    ("http.body_ms_max", "http.request_ms_max"),
    ("execution.task_timeout_hours", "execution.timeout_hours"),
];

/// Looks at them.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings: Vec<_> =
        config.warnings.iter().map(|warning| Finding::warning(CHECK, warning)).collect();
    for (less, more) in ORDERED {
        let (one, other) = (config.values.whole(less), config.values.whole(more));
        if one > other {
            let told = format!(
                "{less} is {one}, and {more} only {other}: the second is reached first, whatever \
                 the first says"
            );
            findings.push(Finding::warning(CHECK, told));
        }
    }
    if config.metrics_listen == Some(config.listen) && config.listen.port() != 0 {
        let told = format!("listen and metrics_listen are both {}: choose two", config.listen);
        findings.push(Finding::fault(CHECK, told));
    }
    let lease_ms = config.values.whole("execution.lease_seconds").saturating_mul(1_000);
    let timeout_ms = config.values.whole("execution.task_timeout_hours").saturating_mul(HOUR_MS);
    if lease_ms > timeout_ms {
        let told = "execution.lease_seconds is longer than execution.task_timeout_hours: a silent \
                    agent is never noticed before its task times out";
        findings.push(Finding::warning(CHECK, told));
    }
    if let Some(address) = config.public().filter(|_| config.has_demonstration) {
        let told = format!(
            "{address} can be reached from other machines, so there is no \
                            demonstration, though demo is on"
        );
        findings.push(Finding::good(CHECK, told));
    }
    if findings.is_empty() {
        findings.push(Finding::good(CHECK, "they do not contradict each other"));
    }
    findings
}
