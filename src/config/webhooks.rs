//! The flags about webhooks, and what they come to.

use super::{ConfigError, Database};
use crate::webhooks::{KeySource, Network, SealKey, WebhooksConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::fmt;
use std::path::{Path, PathBuf};

/// The name of the file in the folder of a SQLite database with the key that seals secrets.
const KEY_FILE: &str = "secret.key";

/// The flags about webhooks.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct WebhookSettings {
    /// A file with the key that seals the secrets of webhooks: 32 bytes in base64 or hexadecimal,
    /// the same for all servers on one database; beside a SQLite file one is made when it is needed
    #[arg(long, env = "AX_SECRET_KEY_FILE", value_name = "FILE", global = true)]
    pub secret_key_file: Option<PathBuf>,

    /// The key itself, where it cannot be in a file: by the environment only
    #[arg(long, env = "AX_SECRET_KEY", hide = true, hide_env_values = true, global = true)]
    pub secret_key: Option<HiddenText>,

    /// Lets webhooks be sent by http too, on port 80 and the ports that are opened
    #[arg(long, env = "AX_WEBHOOKS_ALLOW_HTTP", global = true)]
    pub webhooks_allow_http: bool,

    /// The ports that webhooks may be sent to beside 443
    #[arg(long, env = "AX_WEBHOOKS_PORTS", value_name = "PORTS", value_delimiter = ',')]
    #[arg(global = true)]
    pub webhooks_ports: Vec<u16>,

    /// The networks that webhooks may be sent to though they are not public, such as 10.1.0.0/16
    #[arg(long, env = "AX_WEBHOOKS_NETWORKS", value_name = "NETWORKS", value_delimiter = ',')]
    #[arg(global = true)]
    pub webhooks_networks: Vec<String>,

    /// Certificates (PEM) of authorities that are trusted beside the public ones
    #[arg(long, env = "AX_WEBHOOKS_CA_FILE", value_name = "FILE", global = true)]
    pub webhooks_ca_file: Option<PathBuf>,
}

/// A text that is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenText(pub String);

impl std::str::FromStr for HiddenText {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

impl WebhookSettings {
    /// Checks the settings.
    pub(super) fn resolve(&self, database: &Database) -> Result<WebhooksConfig, ConfigError> {
        let mut config = WebhooksConfig::new(self.key(database)?);
        config.targets.allows_http = self.webhooks_allow_http;
        config.targets.ports.clone_from(&self.webhooks_ports);
        let networks = self.webhooks_networks.iter().map(|text| Network::parse(text));
        config.targets.networks = networks
            .collect::<Result<_, _>>()
            .map_err(|error| ConfigError::Webhooks(error.to_string()))?;
        if let Some(path) = &self.webhooks_ca_file {
            config.authorities = authorities(path)?;
        }
        Ok(config)
    }

    fn key(&self, database: &Database) -> Result<KeySource, ConfigError> {
        let wrong = |error: String| ConfigError::Webhooks(error);
        match (&self.secret_key, &self.secret_key_file, database) {
            (Some(_), Some(_), _) => {
                Err(wrong("set AX_SECRET_KEY or AX_SECRET_KEY_FILE, not both".to_owned()))
            }
            (Some(HiddenText(text)), None, _) => {
                let key = SealKey::parse(text);
                Ok(KeySource::Given(key.map_err(|error| wrong(format!("AX_SECRET_KEY: {error}")))?))
            }
            (None, Some(path), _) => {
                KeySource::of_file(path).map_err(|error| wrong(error.to_string()))
            }
            (None, None, Database::Sqlite(path)) => {
                Ok(KeySource::MadeIn(path.with_file_name(KEY_FILE)))
            }
            (None, None, Database::Postgres(_)) => Ok(KeySource::Nowhere),
        }
    }
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
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

    fn sqlite() -> Database {
        Database::Sqlite("dir/ax.db".into())
    }

    #[test]
    fn a_key_is_given_or_made_beside_a_file_and_only_there() {
        let none = WebhookSettings::default();
        let made = none.resolve(&sqlite()).expect("it is taken").key;
        assert!(matches!(made, KeySource::MadeIn(path) if path == Path::new("dir/secret.key")));
        let postgres = Database::Postgres("postgres://db/plans".to_owned());
        assert!(matches!(none.resolve(&postgres).expect("taken").key, KeySource::Nowhere));
        let key = Some(HiddenText("00".repeat(32)));
        let given = WebhookSettings { secret_key: key.clone(), ..none.clone() };
        assert!(matches!(given.resolve(&postgres).expect("taken").key, KeySource::Given(_)));
        assert!(!format!("{given:?}").contains("0000"));
        let secret_key_file = Some("/nowhere/key".into());
        let both = WebhookSettings { secret_key: key, secret_key_file, ..none.clone() };
        assert!(both.resolve(&postgres).is_err());
        let file = WebhookSettings { secret_key: None, ..both };
        let refused = file.resolve(&sqlite()).expect_err("it is not there").to_string();
        assert!(refused.contains("/nowhere/key"), "{refused}");
        let secret_key = Some(HiddenText("s3cret".to_owned()));
        let refused = WebhookSettings { secret_key, ..none }.resolve(&sqlite());
        assert!(!refused.expect_err("it is none").to_string().contains("s3cret"));
    }

    #[test]
    fn a_network_that_is_none_is_refused() {
        let webhooks_networks = vec!["10.0.0.0/40".to_owned()];
        let settings = WebhookSettings { webhooks_networks, ..WebhookSettings::default() };
        assert!(settings.resolve(&sqlite()).is_err());
    }
}
