//! What is set about webhooks, and what it comes to.

use super::{ConfigError, Database, Values};
use crate::webhooks::{KeySource, Network, SealKey, WebhooksConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;

/// The name of the file in the folder of a SQLite database with the key that seals secrets.
const KEY_FILE: &str = "secret.key";

/// How webhooks are sent.
pub(super) fn webhooks(
    values: &Values,
    database: &Database,
) -> Result<WebhooksConfig, ConfigError> {
    let file = values.text("secret_key_file").map(Path::new);
    let mut config = WebhooksConfig::new(key(values.text("secret_key"), file, database)?);
    config.targets.allows_http = values.is_on("webhooks.allow_http");
    let ports = values.texts("webhooks.ports").into_iter().map(|text| {
        let port = text.parse();
        port.map_err(|_| ConfigError::Webhooks(format!("`{text}` is no port: webhooks.ports")))
    });
    config.targets.ports = ports.collect::<Result<_, _>>()?;
    let networks = values.texts("webhooks.networks");
    let networks = networks.iter().map(|text| Network::parse(text));
    config.targets.networks = networks
        .collect::<Result<_, _>>()
        .map_err(|error| ConfigError::Webhooks(error.to_string()))?;
    if let Some(path) = values.text("webhooks.ca_file") {
        config.authorities = authorities(Path::new(path))?;
    }
    Ok(config)
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
