//! Notices that go through a proxy, and those that go nowhere.

use super::house::{House, on_every};
use super::proxy::Proxy;
use super::reaching::{addresses, by_name, tried, tried_as, vouched};
use super::receiver::Receiver;
use anyhow::{Result, ensure};
use planexe_ax::outbound;
use planexe_ax::webhooks::{Resolver, WebhooksConfig};

/// By the proxy, to a name that leads to this machine.
fn through(proxy: &Proxy, house: &House, receiver: &Receiver) -> Result<WebhooksConfig> {
    let mut config = house.config(&[receiver]);
    config.resolver = Resolver::told([addresses(&["127.0.0.1"])]);
    config.proxy = Some(outbound::Proxy::parse(&proxy.url())?);
    Ok(config)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_proxy_every_notice_goes_through_it_to_the_address_that_was_checked() -> Result<()> {
    on_every(&[], async |house, plain| {
        let proxy = Proxy::start().await?;
        let config = through(&proxy, &house, &plain)?;
        ensure!(tried(&house, config, &by_name(&plain, "http"), 1).await? == "delivered");
        ensure!(proxy.asked() == [format!("127.0.0.1:{}", plain.address.port())]);
        let host = format!("hooks.example:{}", plain.address.port());
        ensure!(plain.received()[0].header("host")? == host, "{:?}", plain.received());
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_through_a_proxy_is_secured_up_to_the_receiver() -> Result<()> {
    on_every(&[], async |house, _| {
        let (authority, server) = vouched("hooks.example")?;
        let receiver = Receiver::start_with(&[], Some(server)).await?;
        let proxy = Proxy::start().await?;
        let mut config = through(&proxy, &house, &receiver)?;
        config.authorities = vec![authority];
        ensure!(tried(&house, config, &by_name(&receiver, "https"), 1).await? == "delivered");
        ensure!(proxy.asked().len() == 1 && receiver.received().len() == 1);
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn names_may_be_left_to_the_proxy_and_numbers_are_checked_all_the_same() -> Result<()> {
    on_every(&[], async |house, receiver| {
        let proxy = Proxy::start().await?;
        let mut config = through(&proxy, &house, &receiver)?;
        config.resolver = Resolver::told([]);
        config.has_names_by_proxy = true;
        let name = by_name(&receiver, "http");
        ensure!(tried(&house, config.clone(), &name, 1).await? == "delivered");
        ensure!(proxy.asked() == [format!("hooks.example:{}", receiver.address.port())]);
        config.targets.networks = Vec::new();
        let said = tried_as(&house, config, ("wh_2", &receiver.url()), 1).await?;
        let is_by_name = |place: &String| place.starts_with("hooks.example:");
        ensure!(said.contains("any more") && proxy.asked().iter().all(is_by_name), "{said}");
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_closed_is_not_even_asked_of_the_proxy() -> Result<()> {
    on_every(&[], async |house, canary| {
        let proxy = Proxy::start().await?;
        let mut config = through(&proxy, &house, &canary)?;
        config.targets.networks = Vec::new();
        let said = tried(&house, config, &by_name(&canary, "http"), 1).await?;
        ensure!(said.contains("not public") && proxy.asked().is_empty(), "{said}");
        house.close().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_or_is_not_there_is_named_and_nothing_goes_around_it() -> Result<()> {
    on_every(&[], async |house, canary| {
        let closed = Proxy::closed().await?;
        let config = through(&closed, &house, &canary)?;
        let url = by_name(&canary, "http");
        let said = tried(&house, config.clone(), &url, 1).await?;
        ensure!(said.contains("lets nothing through") && closed.asked().len() == 1, "{said}");
        drop(closed);
        let said = tried_as(&house, config, ("wh_2", &url), 1).await?;
        ensure!(said.contains("proxy of this server cannot be reached"), "{said}");
        ensure!(canary.connections() == 0, "it was reached without the proxy");
        house.close().await
    })
    .await
}
