//! Promise 15: every event, once and in order, from any position, through any number of
//! connections, servers and lost wake-ups.

use super::house::{House, acme, feed_on, frames_upto, next, on_every, topic};
use super::validators::Saw;
use crate::projector::story::write_all;
use crate::store::backend::Backend;
use anyhow::{Result, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::feed::{Feed, FeedConfig, Filter, Reached, Since, Topic};
use planexe_ax::projections::windows;
use planexe_ax::projector::{Projector, ProjectorConfig};
use planexe_ax::store::views::Views;
use planexe_ax::store::{Position, Store};
use planexe_ax_testkit::postgres_is_skipped;
use tokio::task::JoinSet;

/// How many connections a subscriber goes through.
fn reconnects() -> u64 {
    if std::env::var("AX_TIER").is_ok_and(|tier| tier == "long") { 1_000 } else { 100 }
}

/// Reads a few frames, cuts the connection, and resumes behind the last frame, perhaps at another
/// server.
async fn follow(feeds: Vec<Feed>, store: Store, topic: Topic, seed: u64) -> Result<()> {
    let (mut saw, mut at, mut random) = (Saw::default(), Position::ZERO, seed | 1);
    for round in 0..reconnects() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888);
        let feed = &feeds[usize::try_from(random >> 40)? % feeds.len()];
        let mut subscription = feed.subscribe(topic.clone(), Filter::default(), Since::After(at));
        saw.reconnects(at);
        for _ in 0..(random >> 33) % (4 + round / 4) {
            let frame = next(&mut subscription).await?;
            saw.take(&frame)?;
        }
        at = subscription.position();
    }
    let head = store.head().await?.position;
    let last = &feeds[0];
    let mut subscription = last.subscribe(topic.clone(), Filter::default(), Since::After(at));
    saw.reconnects(at);
    for frame in frames_upto(&mut subscription, head).await? {
        saw.take(&frame)?;
    }
    saw.check(&store, &topic, Position::ZERO).await
}

async fn follow_all(feeds: &[Feed], store: &Store) -> Result<()> {
    let mut readers = JoinSet::new();
    let plan = planexe_ax::domain::PlanId::parse("p1")?;
    let topics = [topic(1), topic(2), Topic::Workspace(acme()), Topic::Plan(acme(), plan)];
    for (seed, topic) in (77_u64..).zip(topics) {
        readers.spawn(follow(feeds.to_vec(), store.clone(), topic, seed));
    }
    write_all(store, 1..20, 3).await?;
    while let Some(followed) = readers.join_next().await {
        followed??;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_sees_everything_once_through_all_its_connections_also_long() -> Result<()> {
    on_every(async |house| {
        follow_all(std::slice::from_ref(&house.feed), &house.store).await?;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_resumes_at_another_server_misses_nothing() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let house = House::on(Backend::postgres().await?).await?;
    let other = house.backend.open().await?;
    let other_feed = feed_on(&other);
    follow_all(&[house.feed.clone(), other_feed.clone()], &house.store).await?;
    other_feed.stop().await;
    other.close().await;
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_server_commits_comes_though_nobody_hears_its_notifications() -> Result<()> {
    const KILL: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and query ilike 'listen%'";
    if postgres_is_skipped() {
        return Ok(());
    }
    let house = House::on(Backend::postgres().await?).await?;
    let other = house.backend.open().await?;
    let topic = Topic::Workspace(acme());
    let mut subscription = house.subscribe(&topic, Since::After(Position::ZERO));
    let mut saw = Saw::default();
    for seeds in [1..4, 4..7, 7..10] {
        house.backend.execute(KILL).await?;
        write_all(&other, seeds, 5).await?;
        for frame in frames_upto(&mut subscription, house.head().await?).await? {
            saw.take(&frame)?;
        }
    }
    ensure!(!saw.events.is_empty(), "nothing was told");
    saw.check(&other, &topic, Position::ZERO).await?;
    other.close().await;
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_projector_does_not_lead_tells_what_the_windows_show() -> Result<()> {
    if postgres_is_skipped() {
        return Ok(());
    }
    let house = House::on(Backend::postgres().await?).await?;
    let (leads, waits) =
        (Views::open(&house.backend.config()).await?, Views::open(&house.backend.config()).await?);
    let config = ProjectorConfig { runs_by_itself: false, ..ProjectorConfig::default() };
    let start = |views: &Views| {
        let (store, views) = (house.store.clone(), views.clone());
        Projector::start(store, views, windows(), Clock::System, config.clone())
    };
    let (leader, other) = (start(&leads), start(&waits));
    ensure!(leader.catch_up().await?, "it leads");
    ensure!(!other.catch_up().await?, "it waits");
    let reached = Reached::follow(&house.store, waits.clone(), other.reached());
    let feed = Feed::start(house.store.clone(), reached.position(), FeedConfig::new(Clock::System));
    let topic = Topic::Workspace(acme());
    let since = Since::After(Position::ZERO);
    let mut subscription = feed.subscribe(topic.clone(), Filter::default(), since);
    write_all(&house.store, 1..4, 50).await?;
    ensure!(*feed.published().borrow() == Position::ZERO, "the windows show nothing yet");
    leader.catch_up().await?;
    let mut saw = Saw::default();
    for frame in frames_upto(&mut subscription, house.head().await?).await? {
        saw.take(&frame)?;
    }
    saw.check(&house.store, &topic, Position::ZERO).await?;
    feed.stop().await;
    reached.stop().await;
    leader.stop().await;
    other.stop().await;
    leads.close().await;
    waits.close().await;
    house.close().await;
    Ok(())
}
