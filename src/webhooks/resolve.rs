//! From a name to the addresses that may be connected to; in tests, as they say.

use super::client::NoAnswer;
use super::target::{Target, TargetPolicy};
use crate::outbound::ADDRESSES_MAX;
use crate::planted::is_planted;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use url::Host;

/// Where names are looked up.
#[derive(Debug, Clone, Default)]
pub enum Resolver {
    /// With the system.
    #[default]
    System,
    /// As it is told: each question gets the next answer, the last one again and again.
    Told(Arc<Mutex<VecDeque<Vec<IpAddr>>>>),
}

impl Resolver {
    /// One that gives these answers.
    pub fn told(answers: impl IntoIterator<Item = Vec<IpAddr>>) -> Self {
        Self::Told(Arc::new(Mutex::new(answers.into_iter().collect())))
    }

    async fn look_up(&self, name: &str, port: u16) -> Option<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name, port)).await.ok()?;
                Some(found.map(|address| address.ip()).collect())
            }
            Self::Told(answers) => {
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() }
            }
        }
    }

    /// The addresses to connect to, and no others: looked up once, each one checked. A name of
    /// which one address is closed is refused, whatever its others are.
    pub(super) async fn addresses(
        &self,
        target: &Target,
        policy: &TargetPolicy,
    ) -> Result<Vec<SocketAddr>, NoAnswer> {
        let found = match &target.endpoint.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => {
                let found = self.look_up(name, target.endpoint.port).await;
                found.filter(|found| !found.is_empty()).ok_or(NoAnswer::Unresolved)?
            }
        };
        let is_closed = |address: &IpAddr| !policy.opens(*address);
        if found.iter().any(is_closed) && !is_planted("webhook_address_not_checked") {
            return Err(NoAnswer::Closed);
        }
        let found = found.into_iter().take(ADDRESSES_MAX);
        Ok(found
            .map(|address| SocketAddr::new(address.to_canonical(), target.endpoint.port))
            .collect())
    }
}
