//! What is set about webhooks, and what it comes to.

use super::setting::{Kind, Setting, setting};
use super::{ConfigError, Database, Values};
use crate::outbound::Proxy;
use crate::webhooks::{BadNetwork, KeySource, Network, SealKey, WebhooksConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;

/// The name of the file in the folder of a SQLite database with the key that seals secrets.
const KEY_FILE: &str = "secret.key";

/// The settings of the section.
pub(super) const WEBHOOKS: [Setting; 6] = [
    setting(
        "webhooks.allow_http",
        "AX_WEBHOOKS_ALLOW_HTTP",
        "false",
        Kind::YesNo,
        "Whether webhooks may be sent by http too, on port 80 and the ports that are opened",
    ),
    setting(
        "webhooks.ports",
        "AX_WEBHOOKS_PORTS",
        "",
        Kind::Texts,
        "The ports that webhooks may be sent to beside 443",
    ),
    setting(
        "webhooks.networks",
        "AX_WEBHOOKS_NETWORKS",
        "",
        Kind::Texts,
        "The networks that webhooks may be sent to though they are not public, such as 10.1.0.0/16",
    ),
    setting(
        "webhooks.ca_file",
        "AX_WEBHOOKS_CA_FILE",
        "",
        Kind::Path,
        "Certificates (PEM) of authorities that are trusted beside the public ones",
    ),
    setting(
        "webhooks.own_addresses",
        "AX_WEBHOOKS_OWN_ADDRESSES",
        "",
        Kind::Texts,
        "The addresses under which others reach this server, such as its load balancer's: no \
         webhook is sent there; those of the machine itself are known",
    ),
    setting(
        "webhooks.names_by_proxy",
        "AX_WEBHOOKS_NAMES_BY_PROXY",
        "false",
        Kind::YesNo,
        "Whether the proxy looks the names of receivers up, and lets nothing through to addresses \
         inside, as smokescreen does; otherwise names are looked up and checked here, and the \
         proxy is asked for the address",
    ),
];

/// How webhooks are sent.
pub(super) fn webhooks(
    values: &Values,
    database: &Database,
    proxy: Option<&Proxy>,
) -> Result<WebhooksConfig, ConfigError> {
    let file = values.text("secret_key_file").map(Path::new);
    let mut config = WebhooksConfig::new(key(values.text("secret_key"), file, database)?);
    config.targets.allows_http = values.is_on("webhooks.allow_http");
    let ports = values.texts("webhooks.ports").into_iter().map(|text| {
        let port = text.parse();
        port.map_err(|_| ConfigError::Webhooks(format!("`{text}` is no port: webhooks.ports")))
    });
    config.targets.ports = ports.collect::<Result<_, _>>()?;
    config.targets.networks = networks(values, "webhooks.networks")?;
    config.targets.own_addresses = networks(values, "webhooks.own_addresses")?;
    config.proxy = proxy.cloned();
    config.has_names_by_proxy = values.is_on("webhooks.names_by_proxy");
    if config.has_names_by_proxy && proxy.is_none() {
        let what = "webhooks.names_by_proxy needs a proxy: set outbound.proxy";
        return Err(ConfigError::Webhooks(what.to_owned()));
    }
    if let Some(path) = values.text("webhooks.ca_file") {
        config.authorities = authorities(Path::new(path))?;
    }
    Ok(config)
}

fn networks(values: &Values, key: &str) -> Result<Vec<Network>, ConfigError> {
    let texts = values.texts(key);
    let networks = texts.iter().map(|text| Network::parse(text));
    let wrong = |error: BadNetwork| ConfigError::Webhooks(format!("{key}: {error}"));
    networks.collect::<Result<_, _>>().map_err(wrong)
}

fn key(
    given: Option<&str>,
    file: Option<&Path>,
    database: &Database,
) -> Result<KeySource, ConfigError> {
    let wrong = |error: String| ConfigError::Webhooks(error);
    match (given, file, database) {
        (Some(_), Some(_), _) => {
            Err(wrong("set AX_SECRET_KEY or AX_SECRET_KEY_FILE, not both".to_owned()))
        }
        (Some(text), None, _) => {
            let key = SealKey::parse(text);
            Ok(KeySource::Given(key.map_err(|error| wrong(format!("AX_SECRET_KEY: {error}")))?))
        }
        (None, Some(path), _) => KeySource::of_file(path).map_err(|error| wrong(error.to_string())),
        (None, None, Database::Sqlite(path)) => {
            Ok(KeySource::MadeIn(path.with_file_name(KEY_FILE)))
        }
        (None, None, Database::Postgres(_)) => Ok(KeySource::Nowhere),
    }
}

pub(super) fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let unreadable = |error: String| {
        ConfigError::Webhooks(format!("no certificates can be read in {}: {error}", path.display()))
    };
    let read =
        CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
    let read = read.collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| unreadable(error.to_string()))?;
    if read.is_empty() { Err(unreadable("it holds none".to_owned())) } else { Ok(read) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_given_or_made_beside_a_file_and_only_there() {
        let sqlite = Database::Sqlite("dir/ax.db".into());
        let made = key(None, None, &sqlite).expect("it is taken");
        assert!(matches!(made, KeySource::MadeIn(path) if path == Path::new("dir/secret.key")));
        let postgres = Database::Postgres("postgres://db/plans".to_owned());
        assert!(matches!(key(None, None, &postgres).expect("taken"), KeySource::Nowhere));
        let text = "00".repeat(32);
        let given = key(Some(&text), None, &postgres).expect("it is taken");
        assert!(matches!(given, KeySource::Given(_)));
        let file = Some(Path::new("/nowhere/key"));
        assert!(key(Some(&text), file, &postgres).is_err());
        let refused = key(None, file, &sqlite).expect_err("it is not there").to_string();
        assert!(refused.contains("/nowhere/key"), "{refused}");
        let refused = key(Some("s3cret"), None, &sqlite).expect_err("it is none").to_string();
        assert!(!refused.contains("s3cret"), "{refused}");
    }
}
