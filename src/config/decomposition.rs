//! What is set about breaking tasks down, and what it comes to.

use super::setting::{Kind, Setting, setting};
use super::webhooks::authorities;
use super::{ConfigError, Values};
use crate::decompose::{Patterns, TABLE_BYTES_MAX};
use crate::domain::Budget;
use crate::models::{ApiKey, DecompositionConfig, ModelConfig, Provider};
use crate::outbound::{Endpoint, Proxy};
use std::path::Path;

/// A cent, in millionths of a dollar.
const CENT_MICROUSD: u64 = 10_000;
const TOKENS_MAX: u64 = 1_000_000_000_000;
const CENTS_MAX: u64 = 1_000_000_000;
/// How large a file with a key may be.
const KEY_FILE_BYTES_MAX: usize = 65_536;

/// The settings of the section.
pub(super) const DECOMPOSITION: [Setting; 13] = [
    setting(
        "decomposition.model",
        "PLANEXE_DECOMPOSITION_MODEL",
        "",
        Kind::Text,
        "The language model that breaks tasks down; when nothing is said, the table of patterns \
         does",
    ),
    setting(
        "decomposition.provider",
        "AX_DECOMPOSITION_PROVIDER",
        "auto",
        Kind::Choice(&["auto", "openai", "anthropic"]),
        "How it is asked: by chat completions, or by messages; auto goes by the model's name",
    ),
    setting(
        "decomposition.base_url",
        "AX_DECOMPOSITION_BASE_URL",
        "",
        Kind::Text,
        "Where it is asked, such as https://models.example/v1 or http://127.0.0.1:11434/v1; the \
         provider's own address when nothing is said",
    ),
    Setting {
        key: "decomposition.api_key",
        env: "AX_DECOMPOSITION_API_KEY",
        default: "",
        kind: Kind::Text,
        is_secret: true,
        help: "The key that is shown to its server, where it cannot be in a file",
    },
    setting(
        "decomposition.api_key_file",
        "AX_DECOMPOSITION_API_KEY_FILE",
        "",
        Kind::Path,
        "A file with that key",
    ),
    setting(
        "decomposition.ca_file",
        "AX_DECOMPOSITION_CA_FILE",
        "",
        Kind::Path,
        "Certificates (PEM) of authorities that are trusted for it beside the public ones",
    ),
    setting(
        "decomposition.timeout_ms",
        "AX_DECOMPOSITION_TIMEOUT_MS",
        "30000",
        Kind::Whole(10, 600_000),
        "How long it may take to answer; it is asked twice for one task at most",
    ),
    setting(
        "decomposition.tokens_per_day_max",
        "AX_DECOMPOSITION_TOKENS_PER_DAY_MAX",
        "1000000",
        Kind::Whole(0, TOKENS_MAX),
        "How many tokens it may use up in a day by UTC, in and out together; 0 for no limit",
    ),
    setting(
        "decomposition.cents_per_day_max",
        "AX_DECOMPOSITION_CENTS_PER_DAY_MAX",
        "0",
        Kind::Whole(0, CENTS_MAX),
        "How many US cents it may cost in a day, by the prices below; 0 for no limit",
    ),
    setting(
        "decomposition.tokens_per_plan_max",
        "AX_DECOMPOSITION_TOKENS_PER_PLAN_MAX",
        "200000",
        Kind::Whole(0, TOKENS_MAX),
        "How many tokens it may use up for one plan; 0 for no limit",
    ),
    setting(
        "decomposition.prices",
        "AX_DECOMPOSITION_PRICES",
        "",
        Kind::Texts,
        "What a million tokens cost in US cents, those that go in first, such as 300,1500; cost is \
         counted by them",
    ),
    setting(
        "decomposition.patterns",
        "AX_DECOMPOSITION_PATTERNS",
        "",
        Kind::Path,
        "A table of patterns of one's own (TOML), that goes before the one that is built in",
    ),
    setting(
        "decomposition.confidence_permille_min",
        "AX_DECOMPOSITION_CONFIDENCE_PERMILLE_MIN",
        "700",
        Kind::Whole(0, 1_000),
        "The confidence, in thousandths, under which a person reviews a decomposition",
    ),
];

/// How tasks are broken down.
pub(super) fn decomposition(
    values: &Values,
    proxy: Option<&Proxy>,
    warnings: &mut Vec<String>,
) -> Result<DecompositionConfig, ConfigError> {
    let patterns = match values.text("decomposition.patterns").map(Path::new) {
        Some(path) => patterns(path)?,
        None => Patterns::built_in(),
    };
    let model = match values.text("decomposition.model") {
        Some(name) => model(values, name, proxy, warnings)?,
        None => None,
    };
    let tokens_per_plan_max = values.whole("decomposition.tokens_per_plan_max");
    Ok(DecompositionConfig { patterns, model, tokens_per_plan_max })
}

fn wrong(what: impl Into<String>) -> ConfigError {
    ConfigError::Decomposition(what.into())
}

fn read(path: &Path, bytes_max: usize) -> Result<String, ConfigError> {
    let place = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("{place} cannot be read: {error}")))?;
    if text.len() > bytes_max {
        return Err(wrong(format!("{place} has more than {bytes_max} bytes")));
    }
    Ok(text)
}

fn patterns(path: &Path) -> Result<Patterns, ConfigError> {
    let text = read(path, TABLE_BYTES_MAX)?;
    Patterns::extended_by(&text).map_err(|error| wrong(format!("{}: {error}", path.display())))
}

/// The model; none where its own provider would want a key and there is none.
fn model(
    values: &Values,
    name: &str,
    proxy: Option<&Proxy>,
    warnings: &mut Vec<String>,
) -> Result<Option<ModelConfig>, ConfigError> {
    let provider = match values.text("decomposition.provider") {
        Some("openai") => Provider::OpenAi,
        Some("anthropic") => Provider::Anthropic,
        Some(_) | None => Provider::of(name),
    };
    let own_url = values.text("decomposition.base_url");
    let url = own_url.unwrap_or(provider.usual_url());
    let endpoint = Endpoint::parse(url)
        .map_err(|error| wrong(format!("`{url}` is no decomposition.base_url: {error}")))?;
    let key = key(values)?;
    if key.is_none() && own_url.is_none() {
        warnings.push(format!(
            "there is no key for the language model {name}: the table of patterns breaks tasks \
             down; set AX_DECOMPOSITION_API_KEY_FILE, or decomposition.base_url for one that needs \
             no key"
        ));
        return Ok(None);
    }
    if key.is_some() && endpoint.is_in_the_clear() {
        warnings.push(format!("the key of the language model goes to {url} in the clear"));
    }
    let ca_file = values.text("decomposition.ca_file").map(Path::new);
    let authorities = ca_file.map(authorities).transpose()?.unwrap_or_default();
    let limit = |key: &str| Some(values.whole(key)).filter(|&max| max > 0);
    let cents = limit("decomposition.cents_per_day_max");
    let [input_cents, output_cents] = prices(values)?;
    Ok(Some(ModelConfig {
        name: name.to_owned(),
        provider,
        endpoint,
        key,
        authorities,
        proxy: proxy.cloned(),
        timeout_ms: values.whole("decomposition.timeout_ms"),
        per_day: Budget {
            tokens_max: limit("decomposition.tokens_per_day_max"),
            cost_microusd_max: cents.map(|cents| cents.saturating_mul(CENT_MICROUSD)),
        },
        input_cents,
        output_cents,
    }))
}

fn key(values: &Values) -> Result<Option<ApiKey>, ConfigError> {
    let file = values.text("decomposition.api_key_file").map(Path::new);
    let (text, place) = match (values.text("decomposition.api_key"), file) {
        (Some(_), Some(_)) => {
            let what = "set AX_DECOMPOSITION_API_KEY or AX_DECOMPOSITION_API_KEY_FILE, not both";
            return Err(wrong(what));
        }
        (Some(text), None) => (text.to_owned(), "AX_DECOMPOSITION_API_KEY".to_owned()),
        (None, Some(path)) => (read(path, KEY_FILE_BYTES_MAX)?, path.display().to_string()),
        (None, None) => return Ok(None),
    };
    let key = ApiKey::parse(&text);
    key.map(Some).ok_or_else(|| wrong(format!("{place} holds no key: one word of plain letters")))
}

fn prices(values: &Values) -> Result<[u64; 2], ConfigError> {
    let texts = values.texts("decomposition.prices");
    if texts.is_empty() {
        return Ok([0, 0]);
    }
    let prices: Option<Vec<u64>> = texts.iter().map(|text| text.parse().ok()).collect();
    let prices = prices.and_then(|prices| <[u64; 2]>::try_from(prices).ok());
    let prices = prices.filter(|prices| prices.iter().all(|&cents| cents <= CENTS_MAX));
    let what = "decomposition.prices are two whole numbers of cents, such as 300,1500";
    prices.ok_or_else(|| wrong(what))
}
