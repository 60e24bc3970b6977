//! One request to a receiver: to a checked address, on a connection of its own, within a time, and
//! without reading more than a little of what it answers. Redirects and cookies are unknown here.

use super::WebhooksConfig;
use super::resolve::Resolver;
use super::target::{Target, TargetPolicy};
use crate::domain::Timestamp;
use crate::outbound::{Failed, Way};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::{Method, Request, Response};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Host;

/// How much of an answer is read; the rest is not waited for.
const ANSWER_BYTES_MAX: usize = 4 * 1_024;
/// How long the rest of an answer is waited for once its status is known.
const ANSWER_MS_MAX: u64 = 2_000;

/// What a receiver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// How much of the answer was read.
    pub(super) bytes: u64,
    /// That much of it; looked at and never kept.
    pub(super) said: Vec<u8>,
    /// How long it asked to be left alone.
    pub(super) retry_after: Option<RetryAfter>,
}

/// How long a receiver asked to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAfter {
    /// For so many milliseconds.
    Ms(u64),
    /// Until then.
    At(Timestamp),
}

impl RetryAfter {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Self::Ms(seconds.saturating_mul(1_000)));
        }
        let at = OffsetDateTime::parse(text, &Rfc2822).ok()?;
        Some(Self::At(Timestamp::from_unix_ms(at.unix_timestamp().saturating_mul(1_000))))
    }

    /// Until when that is.
    pub(super) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ms(wait_ms) => now.plus_ms(wait_ms),
            Self::At(at) => at,
        }
    }
}

/// Why there was no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the address is not one that this server sends to any more")]
    Target,
    #[error("the name of the receiver is not known")]
    Unresolved,
    #[error("the receiver is at an address that is not public, or at one of this server's own")]
    Closed,
    #[error("the receiver cannot be connected to")]
    Unreachable,
    #[error("the receiver has no valid certificate")]
    Certificate,
    #[error("the receiver did not answer in time")]
    TooSlow,
    #[error("the receiver broke off, or did not answer in HTTP")]
    Broken,
    #[error("the proxy of this server cannot be reached")]
    NoProxy,
    #[error("the proxy of this server lets nothing through to the receiver")]
    NotLetThrough,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) url: String,
    pub(super) id: String,
    pub(super) seconds: i64,
    pub(super) signatures: String,
    pub(super) body: Vec<u8>,
}

/// Sends requests.
#[derive(Clone)]
pub(super) struct Client {
    policy: TargetPolicy,
    resolver: Resolver,
    has_names_by_proxy: bool,
    way: Way,
    timeout: Duration,
}

impl Client {
    pub(super) fn new(config: &WebhooksConfig) -> Self {
        Self {
            policy: config.targets.clone(),
            resolver: config.resolver.clone(),
            has_names_by_proxy: config.has_names_by_proxy,
            way: Way::new(&config.authorities, config.proxy.clone()),
            timeout: Duration::from_millis(config.timeout_ms),
        }
    }

    /// Sends a request and says what was answered, within the time for all of it.
    pub(super) async fn post(&self, post: &Post) -> Result<Answer, NoAnswer> {
        let exchange = tokio::time::timeout(self.timeout, self.exchange(post));
        exchange.await.unwrap_or(Err(NoAnswer::TooSlow))
    }

    async fn exchange(&self, post: &Post) -> Result<Answer, NoAnswer> {
        let target = self.policy.target(&post.url).map_err(|_| NoAnswer::Target)?;
        let request = request(&target, post)?;
        let has_name = matches!(target.endpoint.host, Host::Domain(_));
        if has_name && self.has_names_by_proxy {
            return Ok(self.way.exchange_by_name(&target.endpoint, request, read).await?);
        }
        let addresses = self.resolver.addresses(&target, &self.policy).await?;
        Ok(self.way.exchange_at(&target.endpoint, &addresses, request, read).await?)
    }
}

impl From<Failed> for NoAnswer {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unresolved => Self::Unresolved,
            Failed::Unreachable => Self::Unreachable,
            Failed::Nameless => Self::Target,
            Failed::Certificate => Self::Certificate,
            Failed::Broken => Self::Broken,
            Failed::NoProxy => Self::NoProxy,
            Failed::NotLetThrough => Self::NotLetThrough,
        }
    }
}

fn request(target: &Target, post: &Post) -> Result<Request<Full<Bytes>>, NoAnswer> {
    let request = target
        .endpoint
        .request(Method::POST, &target.path)
        .header(CONTENT_TYPE, "application/json")
        .header("webhook-id", post.id.as_str())
        .header("webhook-timestamp", post.seconds)
        .header("webhook-signature", post.signatures.as_str())
        .body(Full::new(Bytes::from(post.body.clone())));
    request.map_err(|_| NoAnswer::Target)
}

/// What a response comes to. Its status counts, whatever becomes of the rest.
async fn read(response: Response<Incoming>) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(RetryAfter::parse);
    let mut said = Vec::new();
    let mut body = response.into_body();
    let reading = async {
        while said.len() < ANSWER_BYTES_MAX
            && let Some(Ok(frame)) = body.frame().await
        {
            let room = ANSWER_BYTES_MAX - said.len();
            let data = frame.data_ref().map_or(&[][..], |data| &data[..data.len().min(room)]);
            said.extend_from_slice(data);
        }
    };
    let limit = Duration::from_millis(ANSWER_MS_MAX);
    let is_whole = tokio::time::timeout(limit, reading).await.is_ok();
    let bytes = u64::try_from(said.len()).unwrap_or(u64::MAX);
    tracing::trace!(status, bytes, is_whole, "a receiver answered {status}");
    Answer { status, bytes, said, retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_says_in_seconds_or_by_a_date_how_long_to_wait() {
        assert_eq!(RetryAfter::parse(" 120 "), Some(RetryAfter::Ms(120_000)));
        let date = RetryAfter::parse("Tue, 14 Nov 2023 22:23:20 GMT");
        assert_eq!(date, Some(RetryAfter::At(Timestamp::from_unix_ms(1_700_000_600_000))));
        for text in ["", "soon", "-1", "1.5"] {
            assert_eq!(RetryAfter::parse(text), None, "{text}");
        }
    }
}
