//! How language models are asked: where, as whom, and how much.

use crate::decompose::Patterns;
use crate::domain::Budget;
use rustls::pki_types::CertificateDer;
use std::fmt;
use std::sync::Arc;
use url::{Host, Url};

/// How tasks are broken down.
#[derive(Debug, Clone, Default)]
pub struct DecompositionConfig {
    /// The table of patterns.
    pub patterns: Patterns,
    /// The language model; none: the rules alone.
    pub model: Option<ModelConfig>,
    /// The tokens that language models may use up for one plan; 0 for no limit.
    pub tokens_per_plan_max: u64,
}

/// A language model, and how it is asked.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Its name.
    pub name: String,
    /// The manner in which it is asked.
    pub provider: Provider,
    /// Where.
    pub endpoint: Endpoint,
    /// As whom.
    pub key: Option<ApiKey>,
    /// Authorities that are trusted beside the public ones.
    pub authorities: Vec<CertificateDer<'static>>,
    /// How long it may take to answer.
    pub timeout_ms: u64,
    /// What it may use up in a day.
    pub per_day: Budget,
    /// What tokens cost that go in, in cents for a million.
    pub input_cents: u64,
    /// What tokens cost that come out.
    pub output_cents: u64,
}

/// The manner in which a language model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Chat completions with a JSON schema.
    OpenAi,
    /// Messages with a tool that must be used.
    Anthropic,
}

impl Provider {
    /// The one that a model of that name is asked through, where nothing is said.
    pub fn of(model: &str) -> Self {
        let is_claude = model.to_lowercase().contains("claude");
        if is_claude { Self::Anthropic } else { Self::OpenAi }
    }

    /// Where it is asked, where nothing is said.
    pub fn usual_url(self) -> &'static str {
        match self {
            Self::OpenAi => "https://api.openai.com/v1",
            Self::Anthropic => "https://api.anthropic.com",
        }
    }
}

/// A key that is shown to nobody but the language model's server.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Arc<str>);

impl ApiKey {
    /// Takes a key; none when the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        is_plain.then(|| Self(text.into()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// Where a language model is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) is_https: bool,
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) authority: String,
    /// What every path begins with; without a slash at its end.
    pub(super) path: String,
}

/// Why an address is none of a language model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// It cannot be read.
    #[error("write an address such as https://models.example/v1")]
    Unreadable,
    /// It holds a user, a password, a query or a fragment.
    #[error("an address of a model holds no user, password, query or fragment")]
    Extras,
}

impl Endpoint {
    /// Reads an address.
    pub fn parse(url: &str) -> Result<Self, BadEndpoint> {
        let url = Url::parse(url).map_err(|_| BadEndpoint::Unreadable)?;
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(BadEndpoint::Unreadable),
        };
        let has_extras = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if has_extras {
            return Err(BadEndpoint::Extras);
        }
        let host = url.host().ok_or(BadEndpoint::Unreadable)?.to_owned();
        let port = url.port_or_known_default().ok_or(BadEndpoint::Unreadable)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self { is_https, host, port, authority, path })
    }

    /// Whether what is sent there can be read on the way: plain HTTP to another machine.
    pub fn is_in_the_clear(&self) -> bool {
        let is_here = match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        !self.is_https && !is_here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_model_is_read_and_what_is_none_refused() {
        let endpoint = Endpoint::parse("https://models.example/v1/").expect("an address");
        assert_eq!((endpoint.path.as_str(), endpoint.port), ("/v1", 443));
        assert!(!endpoint.is_in_the_clear());
        let here = Endpoint::parse("http://127.0.0.1:11434").expect("an address");
        assert_eq!((here.authority.as_str(), here.path.as_str()), ("127.0.0.1:11434", ""));
        assert!(!here.is_in_the_clear());
        assert!(Endpoint::parse("http://gpu.example/").is_ok_and(|it| it.is_in_the_clear()));
        for url in ["", "models.example", "file:///etc/passwd", "ftp://models.example"] {
            assert_eq!(Endpoint::parse(url), Err(BadEndpoint::Unreadable), "{url}");
        }
        for url in ["https://key@models.example", "https://m.example/?key=1", "https://m.example#a"]
        {
            assert_eq!(Endpoint::parse(url), Err(BadEndpoint::Extras), "{url}");
        }
    }

    #[test]
    fn a_key_is_shown_to_nobody() {
        let key = ApiKey::parse(" k-123 ").expect("a key");
        assert_eq!(format!("{key:?}"), "ApiKey(hidden)");
        assert!(ApiKey::parse("two words").is_none() && ApiKey::parse(" ").is_none());
    }
}
