//! The way to a server: what is sent, what comes back, and when it is sent again.

use crate::call::Call;
use crate::connection::{self, Connection};
use crate::error::{ClientError, Problem, Unreachable};
use crate::key::Key;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::response::Parts;
use hyper::{Method, Request, Response, StatusCode};
use rustls::ClientConfig;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

/// Who asks.
const AGENT: &str = concat!("planexe-ax-client/", env!("CARGO_PKG_VERSION"));
/// How long an answer may take, beside what was asked to be waited for.
const ANSWER_MS_MAX: u64 = 30_000;
/// What is waited before something is sent again, the first time; it doubles.
const WAIT_MS: u64 = 200;
/// The longest that is waited before something is sent again.
const WAIT_MS_MAX: u64 = 10_000;
/// How much of what cannot be understood is told.
const TOLD_BYTES_MAX: usize = 120;

/// How often a request is sent that nobody answered, or that the server asks to send again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often it is sent at most.
    pub tries_max: u32,
}

impl Patience {
    /// For who waits at a terminal.
    pub const SHORT: Self = Self { tries_max: 3 };
    /// For who works without being watched: about ten minutes.
    pub const LONG: Self = Self { tries_max: 64 };
    /// For who wants to know at once.
    pub const NONE: Self = Self { tries_max: 1 };
}

/// The way to a server. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Client {
    url: Url,
    tls: Arc<ClientConfig>,
    key: Option<Key>,
    patience: Patience,
    /// The position of the last write: what is read afterwards has seen it.
    written: Arc<AtomicU64>,
}

/// An answer that is not a refusal.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// An answer as far as its head.
pub(crate) struct Begun {
    pub(crate) connection: Connection,
    pub(crate) response: Response<Incoming>,
}

impl Client {
    /// A client of the server at this address, such as `http://127.0.0.1:8000`.
    pub fn new(address: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address(address.to_owned());
        let mut url = Url::parse(address).map_err(|_| wrong())?;
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_whole = url.query().is_none() && url.fragment().is_none();
        let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
        if !(is_http && is_plain && is_whole) {
            return Err(wrong());
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self {
            url,
            tls: connection::tls(),
            key: None,
            patience: Patience::SHORT,
            written: Arc::new(AtomicU64::new(0)),
        })
    }

    /// The same, with this key.
    pub fn with_key(self, key: Option<Key>) -> Self {
        Self { key, ..self }
    }

    /// The same, with that patience.
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Where the server is.
    pub fn address(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// Whether it shows a key.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Remembers where a write stands.
    pub(crate) fn wrote(&self, position: u64) {
        self.written.fetch_max(position, Ordering::Relaxed);
    }

    /// The position that what is read must have seen, where anything was written.
    pub(crate) fn written(&self) -> Option<u64> {
        Some(self.written.load(Ordering::Relaxed)).filter(|position| *position > 0)
    }

    pub(crate) fn get<'a>(&'a self, path: &[&'a str]) -> Call<'a> {
        Call::new(self, Method::GET, path)
    }

    pub(crate) fn call<'a>(&'a self, method: Method, path: &[&'a str]) -> Call<'a> {
        Call::new(self, method, path)
    }

    /// The address of what lies below the server's.
    pub(crate) fn below(&self, path: &[&str]) -> Result<Url, ClientError> {
        if let Some(wrong) = path.iter().find(|part| matches!(**part, "" | "." | "..")) {
            return Err(ClientError::Id((*wrong).to_owned()));
        }
        let mut url = self.url.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(path),
            Err(()) => return Err(ClientError::Address(self.url.to_string())),
        };
        Ok(url)
    }

    /// Sends a request until it is answered, refused for good, or patience is at its end.
    pub(crate) async fn answered(&self, asked: &Asked) -> Result<Answer, ClientError> {
        let mut wait_ms = WAIT_MS;
        let mut tries = 1;
        loop {
            let failure = match self.once(asked).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if tries >= self.patience.tries_max || !failure.is_retryable() {
                return Err(failure);
            }
            let wished = failure.problem().and_then(|problem| problem.retry_after);
            let wait = wished.unwrap_or(Duration::from_millis(wait_ms));
            tokio::time::sleep(wait.min(Duration::from_millis(WAIT_MS_MAX))).await;
            tries += 1;
            wait_ms = wait_ms.saturating_mul(2).min(WAIT_MS_MAX);
        }
    }

    async fn once(&self, asked: &Asked) -> Result<Answer, ClientError> {
        let (head, body) = self.whole(asked).await?;
        if head.status.is_success() {
            return Ok(Answer { status: head.status, body });
        }
        Err(self.refusal(head.status, &head.headers, &body))
    }

    /// Sends a request once; all of its answer, whatever it says.
    pub(crate) async fn whole(&self, asked: &Asked) -> Result<(Parts, Bytes), ClientError> {
        let limit = Duration::from_millis(ANSWER_MS_MAX) + asked.wait;
        let answer = async {
            let Begun { mut connection, response } = self.begun(asked).await?;
            let (head, body) = response.into_parts();
            let body = connection.all(body).await.map_err(|why| self.unreachable(why))?;
            Ok((head, body))
        };
        let answered = tokio::time::timeout(limit, answer).await;
        answered.unwrap_or_else(|_| Err(self.unreachable(Unreachable::TooSlow(limit))))
    }

    /// Sends a request once; its answer as far as the head.
    pub(crate) async fn begun(&self, asked: &Asked) -> Result<Begun, ClientError> {
        let request = self.request(asked)?;
        let opened = Connection::open(&self.url, &self.tls).await;
        let mut connection = opened.map_err(|why| self.unreachable(why))?;
        let response = connection.ask(request).await.map_err(|why| self.unreachable(why))?;
        Ok(Begun { connection, response })
    }

    fn request(&self, asked: &Asked) -> Result<Request<Full<Bytes>>, ClientError> {
        let wrong = || ClientError::Address(self.url.to_string());
        let host = self.url.host_str().ok_or_else(wrong)?;
        let host = match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let path = match asked.url.query() {
            Some(query) => format!("{}?{query}", asked.url.path()),
            None => asked.url.path().to_owned(),
        };
        let mut request = Request::new(Full::new(asked.body.clone()));
        *request.method_mut() = asked.method.clone();
        *request.uri_mut() = path.parse().map_err(|_| wrong())?;
        let headers = request.headers_mut();
        headers.extend(asked.headers.clone());
        headers.insert(header::HOST, HeaderValue::from_str(&host).map_err(|_| wrong())?);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(key) = &self.key {
            headers.insert(header::AUTHORIZATION, key.header());
        }
        Ok(request)
    }

    pub(crate) fn unreachable(&self, why: Unreachable) -> ClientError {
        ClientError::Unreachable { server: self.address().to_owned(), why }
    }

    /// That something else came than what this server answers.
    pub(crate) fn not_understood(&self, what: impl Into<String>) -> ClientError {
        ClientError::NotUnderstood { server: self.address().to_owned(), what: what.into() }
    }

    /// What a server said that refused.
    pub(crate) fn refusal(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> ClientError {
        let Ok(mut problem) = serde_json::from_slice::<Problem>(body) else {
            let text = String::from_utf8_lossy(body.get(..TOLD_BYTES_MAX).unwrap_or(body));
            return self.not_understood(format!("{status} {}", text.trim()));
        };
        problem.retry_after = headers
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        ClientError::Refused(Box::new(problem))
    }
}

/// A request, as it is sent each time.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How long the server was asked to wait before it answers.
    pub(crate) wait: Duration,
}

#[cfg(test)]
mod tests {
    use super::Client;

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for wrong in ["", "localhost:8000", "ftp://x", "http://", "http://a:b@x", "http://x?a=b"] {
            assert!(Client::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        let client = Client::new("https://ax.example/below/").expect("it is one");
        let url = client.below(&["api", "plans", "../../x y?z"]).expect("it is an id");
        assert_eq!(url.as_str(), "https://ax.example/below/api/plans/..%2F..%2Fx%20y%3Fz");
        for wrong in ["", ".", ".."] {
            assert!(client.below(&["api", "plans", wrong]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_client_does_not_print_its_key() {
        let client = Client::new("http://127.0.0.1:1").expect("it is one");
        let client = client.with_key(super::Key::parse("ax_k1_canary"));
        assert!(!format!("{client:?}").contains("canary"));
    }
}
