//! One request to PlanExe, within a time, and without reading more than an answer may have. No
//! redirect is followed, and the key is shown to the address of the settings only.

use super::PlanexeConfig;
use super::fault::Fault;
use crate::domain::event::plan::GenerationFault;
use crate::models::ApiKey;
use crate::outbound::{Endpoint, Unread, Way, whole};
use crate::planted::is_planted;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Method, Request, Response};
use std::time::Duration;
use url::Url;

/// How large an answer may be that is no archive.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How the key is shown.
const KEY_HEADER: &str = "x-api-key";

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: String,
    pub(super) body: Bytes,
    location: Option<String>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: Method,
    /// Path and query, from the root of the server.
    pub(super) target: String,
    pub(super) body: Option<String>,
    /// Whether the key is shown.
    pub(super) is_keyed: bool,
    /// How large the answer may be.
    pub(super) bytes_max: usize,
    pub(super) timeout: Duration,
    /// What it is called when it is too large, or does not come whole.
    pub(super) fault: GenerationFault,
}

impl Asked {
    /// The same for an archive, which may be so large and take so long.
    pub(super) fn for_archive(self, (bytes_max, timeout): (usize, Duration)) -> Self {
        Self { bytes_max, timeout, fault: GenerationFault::BadArchive, ..self }
    }
}

/// The way to PlanExe.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) address: Endpoint,
    key: Option<ApiKey>,
    way: Way,
    timeout: Duration,
}

impl Wire {
    pub(super) fn new(config: &PlanexeConfig) -> Self {
        let PlanexeConfig { address, key, authorities, proxy, timeout_ms, .. } = config;
        let (address, key) = (address.clone(), key.clone());
        let timeout = Duration::from_millis(*timeout_ms);
        Self { address, key, way: Way::new(authorities, proxy.clone()), timeout }
    }

    /// A request below the address of the settings.
    pub(super) fn asked(&self, method: Method, path: &str, body: Option<String>) -> Asked {
        Asked {
            method,
            target: format!("{}{path}", self.address.path),
            body,
            is_keyed: true,
            bytes_max: ANSWER_BYTES_MAX,
            timeout: self.timeout,
            fault: GenerationFault::BadAnswer,
        }
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask(&self, asked: &Asked) -> Result<Answer, Fault> {
        self.ask_at(&self.address, asked).await
    }

    async fn ask_at(&self, address: &Endpoint, asked: &Asked) -> Result<Answer, Fault> {
        let exchange = tokio::time::timeout(asked.timeout, self.exchange(address, asked));
        let answer = exchange.await.unwrap_or_else(|_| Err(Fault::too_slow()))?;
        if !(300..400).contains(&answer.status) {
            return Ok(answer);
        }
        if is_planted("planexe_redirect_followed")
            && let Some(next) = answer.location.as_deref().and_then(|it| Url::parse(it).ok())
            && let Some(elsewhere) = Endpoint::of(&next)
        {
            let asked = Asked { target: next.path().to_owned(), ..asked.clone() };
            return Box::pin(self.exchange(&elsewhere, &asked)).await;
        }
        Err(Fault::redirects())
    }

    async fn exchange(&self, address: &Endpoint, asked: &Asked) -> Result<Answer, Fault> {
        let request = self.request(address, asked).ok_or_else(Fault::redirects)?;
        let read = |response| read(response, (asked.bytes_max, asked.fault));
        self.way.exchange(address, request, read).await?
    }

    /// None when the target is none of a request.
    fn request(&self, address: &Endpoint, asked: &Asked) -> Option<Request<Full<Bytes>>> {
        let kinds = "application/json, text/event-stream, application/zip";
        let mut request =
            address.request(asked.method.clone(), &asked.target).header(ACCEPT, kinds);
        if let Some(key) = self.key.as_ref().filter(|_| asked.is_keyed) {
            let mut value = HeaderValue::from_str(key.reveal()).ok()?;
            value.set_sensitive(true);
            request = request.header(KEY_HEADER, value);
        }
        let body = match &asked.body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Bytes::from(body.clone())
            }
            None => Bytes::new(),
        };
        if asked.method == Method::POST {
            request = request.header(CONTENT_LENGTH, body.len());
        }
        request.body(Full::new(body)).ok()
    }

    /// Asks an address that PlanExe named, when it is one of the same server; without the key.
    pub(super) async fn fetch(&self, url: &str, asked: Asked) -> Result<Answer, Fault> {
        let url = Url::parse(url).map_err(|_| Fault::bad_answer("no address of the archive"))?;
        let named = Endpoint::of(&url).filter(|named| {
            named.is_same_server(&self.address) || is_planted("planexe_address_not_checked")
        });
        let Some(named) = named else {
            let message = "PlanExe names another address for its archive than its own, and nothing \
                           is fetched there: set planexe.url to the address under which PlanExe \
                           knows itself";
            return Err(Fault::resumable(GenerationFault::BadArchive, message));
        };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let target = format!("{}{query}", url.path());
        let is_keyed = is_planted("planexe_key_shown_too_often");
        self.ask_at(&named, &Asked { target, is_keyed, ..asked }).await
    }
}

async fn read(
    response: Response<Incoming>,
    (bytes_max, fault): (usize, GenerationFault),
) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let kind = text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    let location = text(LOCATION).map(str::to_owned);
    let body = whole(response.into_body(), bytes_max).await.map_err(|unread| match unread {
        Unread::TooMuch => Fault::lasting(
            fault,
            format!("PlanExe sends more than {bytes_max} bytes, which is more than is read"),
        ),
        Unread::BrokenOff => {
            Fault::passing(fault, "what PlanExe sent did not come whole: the connection broke off")
        }
    })?;
    Ok(Answer { status, kind, body, location })
}
