//! To where webhooks reach: names, pinned addresses, certificates, and nothing inside.

use super::house::{House, deliveries, everything, on_every, only};
use super::receiver::{Act, Receiver};
use anyhow::{Context, Result, ensure};
use planexe_ax::store::outbox::DeliveryState;
use planexe_ax::webhooks::{Network, Resolver, WebhooksConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::IpAddr;
use std::sync::Arc;

pub(super) fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

pub(super) fn by_name(receiver: &Receiver, scheme: &str) -> String {
    format!("{scheme}://hooks.example:{}/hook", receiver.address.port())
}

/// What becomes of a notice to an address.
pub(super) async fn tried(
    house: &House,
    config: WebhooksConfig,
    url: &str,
    times: usize,
) -> Result<String> {
    tried_as(house, config, ("wh_1", url), times).await
}

/// The same, for a webhook that is called so.
pub(super) async fn tried_as(
    house: &House,
    config: WebhooksConfig,
    (id, url): (&str, &str),
    times: usize,
) -> Result<String> {
    let webhooks = house.sender_with(config).await?;
    house.register(&webhooks, id, everything(url)).await?;
    house.happens(&format!("agent_of_{id}")).await?;
    webhooks.work_off().await?;
    for _ in 1..times {
        house.hands.set(only(&webhooks, id).await?.next_attempt_at);
        webhooks.work_off().await?;
    }
    let delivery = deliveries(&webhooks, id).await?.pop().context("nothing was to be sent")?;
    webhooks.stop().await;
    Ok(match delivery.state {
        DeliveryState::Delivered => "delivered".to_owned(),
        DeliveryState::Pending | DeliveryState::Failed | DeliveryState::Dead => {
            delivery.last_failure.unwrap_or_default()
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_inside_is_never_connected_to_however_it_flips() -> Result<()> {
    on_every(&[], async |house, canary| {
        let mut config = house.config(&[&canary]);
        // An address for documentation is let through here, so that there is one to flip from.
        config.targets.networks = vec![Network::parse("192.0.2.0/24")?];
        config.resolver = Resolver::told([
            addresses(&["127.0.0.1"]),
            addresses(&["192.0.2.7", "127.0.0.1"]),
            addresses(&["127.0.0.1", "192.0.2.7"]),
            addresses(&["::ffff:127.0.0.1"]),
            addresses(&["::1", "::", "0.0.0.0"]),
            addresses(&["192.0.2.7"]),
            addresses(&["127.0.0.1"]),
        ]);
        let said = tried(&house, config, &by_name(&canary, "http"), 7).await?;
        ensure!(said.contains("not public"), "{said}");
        ensure!(canary.connections() == 0, "the canary was reached");
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_inside_is_not_connected_to_though_it_was_registered() -> Result<()> {
    on_every(&[], async |house, canary| {
        let mut config = house.config(&[&canary]);
        config.targets.networks = Vec::new();
        let said = tried(&house, config, &canary.url(), 1).await?;
        ensure!(said.contains("any more") && canary.connections() == 0, "{said}");
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_addresses_are_never_connected_to_whatever_is_opened() -> Result<()> {
    on_every(&[], async |house, canary| {
        let mut config = house.config(&[&canary]);
        config.targets.own_addresses = vec![Network::parse("127.0.0.1")?];
        config.resolver = Resolver::told([addresses(&["127.0.0.1"])]);
        let said = tried(&house, config, &by_name(&canary, "http"), 1).await?;
        ensure!(said.contains("not public") && canary.connections() == 0, "{said}");
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_was_checked_is_the_one_that_is_connected_to() -> Result<()> {
    on_every(&[Act::Answer(200, "")], async |house, receiver| {
        let mut config = house.config(&[&receiver]);
        config.resolver = Resolver::told([addresses(&["127.0.0.1"]), addresses(&["192.0.2.9"])]);
        let url = by_name(&receiver, "http");
        ensure!(tried(&house, config, &url, 1).await? == "delivered");
        let received = receiver.received();
        let host = format!("hooks.example:{}", receiver.address.port());
        ensure!(received[0].header("host")? == host, "{received:?}");
        house.close().await
    })
    .await
}

/// An authority, and a server that it vouches for under this name.
pub(super) fn vouched(name: &str) -> Result<(CertificateDer<'static>, Arc<ServerConfig>)> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let own = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&own, &authority)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok((authority.der().clone(), Arc::new(server)))
}

#[tokio::test(flavor = "multi_thread")]
async fn https_needs_a_certificate_for_the_name_by_a_known_authority() -> Result<()> {
    on_every(&[], async |house, _| {
        let (authority, server) = vouched("hooks.example")?;
        let receiver = Receiver::start_with(&[], Some(server)).await?;
        let mut config = house.config(&[&receiver]);
        config.targets.allows_http = false;
        config.resolver = Resolver::told([addresses(&["127.0.0.1"])]);
        let webhooks = house.sender_with(config.clone()).await?;
        let url = by_name(&receiver, "https");
        let secret = house.register(&webhooks, "wh_1", everything(&url)).await?;
        house.happens("agent_1").await?;
        webhooks.work_off().await?;
        let said = only(&webhooks, "wh_1").await?.last_failure.unwrap_or_default();
        ensure!(said.contains("certificate") && receiver.received().is_empty(), "{said}");
        webhooks.stop().await;
        house.hands.set(house.hands.now().plus_ms(3_600_000));
        config.authorities = vec![authority];
        let trusting = house.sender_with(config).await?;
        trusting.work_off().await?;
        let received = receiver.received();
        ensure!(received.len() == 1 && received[0].signed_with(&secret)?.1, "{received:?}");
        trusting.stop().await;
        house.close().await
    })
    .await
}
