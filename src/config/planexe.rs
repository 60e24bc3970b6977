//! What is set about a PlanExe that makes plans, and what it comes to.

use super::setting::{Kind, Setting, setting};
use super::webhooks::authorities;
use super::{ConfigError, Values};
use crate::models::ApiKey;
use crate::outbound::{Endpoint, Proxy};
use crate::planexe::{PlanexeConfig, Protocol};
use std::path::Path;

const MS_MAX: u64 = 600_000;
const DAY_MS: u64 = 86_400_000;
/// How large a file with a key may be.
const KEY_FILE_BYTES_MAX: usize = 65_536;

/// The settings of the section.
pub(super) const PLANEXE: [Setting; 14] = [
    setting(
        "planexe.url",
        "AX_PLANEXE_URL",
        "",
        Kind::Text,
        "Where a PlanExe is that makes plans, such as http://127.0.0.1:8000; without it plans \
         are only read in",
    ),
    setting(
        "planexe.protocol",
        "AX_PLANEXE_PROTOCOL",
        "worker_plan",
        Kind::Choice(&["worker_plan", "mcp_cloud"]),
        "Which of its services that is: worker_plan over HTTP, or mcp_cloud over MCP",
    ),
    Setting {
        key: "planexe.api_key",
        env: "AX_PLANEXE_API_KEY",
        default: "",
        kind: Kind::Text,
        is_secret: true,
        help: "The key that is shown to it, where it cannot be in a file",
    },
    setting(
        "planexe.api_key_file",
        "AX_PLANEXE_API_KEY_FILE",
        "",
        Kind::Path,
        "A file with that key",
    ),
    setting(
        "planexe.ca_file",
        "AX_PLANEXE_CA_FILE",
        "",
        Kind::Path,
        "Certificates (PEM) of authorities that are trusted for it beside the public ones",
    ),
    setting(
        "planexe.profile",
        "AX_PLANEXE_PROFILE",
        "",
        Kind::Text,
        "The models that it uses where a request names none, such as baseline or premium; its own \
         choice when nothing is said",
    ),
    setting(
        "planexe.speed",
        "AX_PLANEXE_SPEED",
        "all_details_but_slow",
        Kind::Choice(&["all_details_but_slow", "fast_but_skip_details"]),
        "How thorough worker_plan is",
    ),
    setting(
        "planexe.timeout_ms",
        "AX_PLANEXE_TIMEOUT_MS",
        "30000",
        Kind::Whole(10, MS_MAX),
        "How long it may take to answer",
    ),
    setting(
        "planexe.download_ms_max",
        "AX_PLANEXE_DOWNLOAD_MS_MAX",
        "120000",
        Kind::Whole(10, MS_MAX),
        "How long the archive of a run may take to come",
    ),
    setting(
        "planexe.poll_ms",
        "AX_PLANEXE_POLL_MS",
        "5000",
        Kind::Whole(10, MS_MAX),
        "How often it is asked how far a plan is; mcp_cloud takes 60 requests a minute",
    ),
    setting(
        "planexe.stall_ms_max",
        "AX_PLANEXE_STALL_MS_MAX",
        "600000",
        Kind::Whole(1_000, DAY_MS),
        "How long it may write nothing before a plan in the making is shown as stalled",
    ),
    setting(
        "planexe.unreachable_ms_max",
        "AX_PLANEXE_UNREACHABLE_MS_MAX",
        "1800000",
        Kind::Whole(0, DAY_MS),
        "How long it may not answer before a plan in the making counts as failed",
    ),
    setting(
        "planexe.run_ms_max",
        "AX_PLANEXE_RUN_MS_MAX",
        "14400000",
        Kind::Whole(1_000, 7 * DAY_MS),
        "How long it may take for a plan before it is stopped",
    ),
    setting(
        "planexe.at_once_max",
        "AX_PLANEXE_AT_ONCE_MAX",
        "4",
        Kind::Whole(1, 100),
        "How many plans may be in the making at once",
    ),
];

/// How a PlanExe is asked; none where none is set up.
pub(super) fn planexe(
    values: &Values,
    proxy: Option<&Proxy>,
    warnings: &mut Vec<String>,
) -> Result<Option<PlanexeConfig>, ConfigError> {
    let Some(url) = values.text("planexe.url") else { return Ok(None) };
    let address = Endpoint::parse(url)
        .map_err(|error| wrong(format!("`{url}` is no planexe.url: {error}")))?;
    let key = key(values)?;
    if key.is_some() && address.is_in_the_clear() {
        warnings.push(format!("the key of PlanExe goes to {url} in the clear"));
    }
    let ca_file = values.text("planexe.ca_file").map(Path::new);
    let protocol = match values.text("planexe.protocol") {
        Some("mcp_cloud") => Protocol::McpCloud,
        Some(_) | None => Protocol::WorkerPlan,
    };
    Ok(Some(PlanexeConfig {
        address,
        protocol,
        key,
        authorities: ca_file.map(authorities).transpose()?.unwrap_or_default(),
        proxy: proxy.cloned(),
        profile: values.text("planexe.profile").map(str::to_owned),
        speed: values.text("planexe.speed").unwrap_or_default().to_owned(),
        timeout_ms: values.whole("planexe.timeout_ms"),
        download_ms_max: values.whole("planexe.download_ms_max"),
        poll_ms: values.whole("planexe.poll_ms"),
        stall_ms_max: values.whole("planexe.stall_ms_max"),
        unreachable_ms_max: values.whole("planexe.unreachable_ms_max"),
        run_ms_max: values.whole("planexe.run_ms_max"),
        at_once_max: values.count("planexe.at_once_max"),
    }))
}

fn wrong(what: impl Into<String>) -> ConfigError {
    ConfigError::Planexe(what.into())
}

fn key(values: &Values) -> Result<Option<ApiKey>, ConfigError> {
    let file = values.text("planexe.api_key_file").map(Path::new);
    let (text, place) = match (values.text("planexe.api_key"), file) {
        (Some(_), Some(_)) => {
            return Err(wrong("set AX_PLANEXE_API_KEY or AX_PLANEXE_API_KEY_FILE, not both"));
        }
        (Some(text), None) => (text.to_owned(), "AX_PLANEXE_API_KEY".to_owned()),
        (None, Some(path)) => (read(path)?, path.display().to_string()),
        (None, None) => return Ok(None),
    };
    let key = ApiKey::parse(&text);
    key.map(Some).ok_or_else(|| wrong(format!("{place} holds no key: one word of plain letters")))
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("{place} cannot be read: {error}")))?;
    match text.len() > KEY_FILE_BYTES_MAX {
        true => Err(wrong(format!("{place} has more than {KEY_FILE_BYTES_MAX} bytes"))),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Flags};
    use crate::planexe::Protocol;

    fn resolved(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let found = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, it)| *it);
        let environment = |name: &str| found(name).map(str::to_owned);
        Config::resolve_in(&Flags::default(), &environment).map_err(|error| error.to_string())
    }

    #[test]
    fn a_planexe_is_set_up_by_its_address_and_its_key_is_shown_to_nobody() {
        assert!(resolved(&[]).expect("nothing is said").planexe.is_none());
        let cloud = resolved(&[
            ("AX_PLANEXE_URL", "http://planexe.example/lab/"),
            ("AX_PLANEXE_PROTOCOL", "mcp_cloud"),
            ("AX_PLANEXE_API_KEY", "pex_secret"),
        ]);
        let cloud = cloud.expect("it is good");
        let planexe = cloud.planexe.as_ref().expect("it is set up");
        assert_eq!(planexe.protocol, Protocol::McpCloud);
        assert!(cloud.warnings.iter().any(|warning| warning.contains("in the clear")));
        assert!(!format!("{cloud:?}").contains("pex_secret"));
        for (name, value) in [
            ("AX_PLANEXE_URL", "planexe.example"),
            ("AX_PLANEXE_URL", "http://key@planexe.example"),
            ("AX_PLANEXE_PROTOCOL", "soap"),
            ("AX_PLANEXE_API_KEY", "two words"),
            ("AX_PLANEXE_API_KEY_FILE", "/nowhere/key"),
        ] {
            let refused = resolved(&[("AX_PLANEXE_URL", "http://127.0.0.1:8000"), (name, value)]);
            let url_is_wrong = resolved(&[(name, value)]);
            let is_url = name == "AX_PLANEXE_URL";
            assert!(
                if is_url { url_is_wrong.is_err() } else { refused.is_err() },
                "{name}={value}"
            );
        }
    }
}
