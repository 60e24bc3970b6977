//! What subscribers are told, and when.

use super::house::{
    House, acme, begin, execution, feed_on, frames_upto, next, note, on_every, topic,
};
use super::validators::Saw;
use crate::projector::story::{Story, write_all};
use crate::store::backend::Backend;
use anyhow::{Context, Result, bail, ensure};
use planexe_ax::clock::Clock;
use planexe_ax::domain::{AgentId, Timestamp, WorkspaceId};
use planexe_ax::feed::{
    ExecutionState, Feed, FeedConfig, Filter, Frame, LagReason, Since, Snapshot, TaskState, Topic,
};
use planexe_ax::store::Position;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

fn snapshot_of(frame: &Frame) -> Result<Snapshot> {
    match frame {
        Frame::Snapshot(snapshot) => Ok(snapshot.clone()),
        Frame::ExecutionUpdate(_)
        | Frame::TaskUpdate(_)
        | Frame::Event(_)
        | Frame::Heartbeat(_)
        | Frame::Lagged(_) => bail!("{frame:?} comes first"),
    }
}

/// What a client holds that takes a snapshot and what follows.
struct Client {
    execution: Option<ExecutionState>,
    tasks: BTreeMap<Arc<str>, TaskState>,
}

impl Client {
    fn of(snapshot: &Snapshot) -> Self {
        let tasks = snapshot.tasks.iter().map(|task| (Arc::clone(&task.task_id), task.clone()));
        Self { execution: snapshot.execution.clone(), tasks: tasks.collect() }
    }

    fn take(&mut self, frame: &Frame) {
        match frame {
            Frame::Snapshot(snapshot) => *self = Self::of(snapshot),
            Frame::ExecutionUpdate(update) => self.execution = Some(update.execution.clone()),
            Frame::TaskUpdate(update) => {
                self.tasks.remove(&update.task.task_id);
                if !update.task.is_removed {
                    self.tasks.insert(Arc::clone(&update.task.task_id), update.task.clone());
                }
            }
            Frame::Event(_) | Frame::Heartbeat(_) | Frame::Lagged(_) => {}
        }
    }

    fn agrees_with(&self, other: &Self) -> bool {
        self.execution == other.execution && self.tasks == other.tasks
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_and_what_follows_add_up_to_how_things_stand_at_the_end() -> Result<()> {
    on_every(async |house| {
        for seed in 30..45 {
            let mut story = Story::of(seed);
            story.go_on(&house.store, 3).await?;
            let mut subscription = house.subscribe(&topic(seed), Since::Now);
            let mut client = Client::of(&snapshot_of(&*next(&mut subscription).await?)?);
            while !story.is_over() {
                story.go_on(&house.store, 4).await?;
            }
            let head = house.head().await?;
            let mut position = Position::ZERO;
            while position < head || !is_silent(&mut subscription, &mut client).await? {
                let frame = next(&mut subscription).await?;
                client.take(&frame);
                position = frame.position();
            }
            let mut fresh = house.subscribe(&topic(seed), Since::Now);
            let stands = Client::of(&snapshot_of(&*next(&mut fresh).await?)?);
            ensure!(client.agrees_with(&stands), "the updates of {seed} do not add up");
            let mut again = house.subscribe(&topic(seed), Since::After(head));
            let resumed = Client::of(&snapshot_of(&*next(&mut again).await?)?);
            ensure!(resumed.agrees_with(&stands), "who resumes {seed} sees something else");
        }
        house.close().await;
        Ok(())
    })
    .await
}

/// Whether the next frame says that nothing is on its way.
async fn is_silent(
    subscription: &mut planexe_ax::feed::Subscription,
    client: &mut Client,
) -> Result<bool> {
    let frame = next(subscription).await?;
    client.take(&frame);
    Ok(matches!(*frame, Frame::Heartbeat(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_before_the_windows_show_it() -> Result<()> {
    on_every(async |house| {
        write_all(&house.store, 1..3, 50).await?;
        let head = house.head().await?;
        let reached = watch::Sender::new(Position::ZERO);
        let config = FeedConfig { heartbeat_ms: 20, ..FeedConfig::new(Clock::System) };
        let feed = Feed::start(house.store.clone(), reached.subscribe(), config);
        let workspace = Topic::Workspace(acme());
        let mut subscription = feed.subscribe(workspace, Filter::default(), Since::Now);
        let mut saw = Saw::default();
        for shown in (1..=head.get()).step_by(7).chain([head.get()]).map(Position::new) {
            reached.send_replace(shown);
            while saw.events.last().is_none_or(|last| *last < shown) {
                let frame = next(&mut subscription).await?;
                ensure!(frame.position() <= shown, "the windows do not show {frame:?} yet");
                saw.take(&frame)?;
                if matches!(*frame, Frame::Snapshot(_)) && frame.position() == shown {
                    break;
                }
            }
            ensure!(*feed.published().borrow() <= shown, "more is told than is shown");
        }
        feed.stop().await;
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hears_nothing_learns_that_there_was_nothing() -> Result<()> {
    let house = House::on(Backend::sqlite()?).await?;
    let (clock, hands) = Clock::simulated(Timestamp::from_unix_ms(1_700_000_000_000));
    let feed = Feed::start(house.store.clone(), house.store.wake(), FeedConfig::new(clock));
    begin(&house.store, 1).await?;
    let mut subscription = feed.subscribe(topic(1), Filter::default(), Since::Now);
    next(&mut subscription).await?;
    begin(&house.store, 2).await?;
    let head = house.head().await?;
    feed.published().wait_for(|position| *position == head).await?;
    let waiting = tokio::spawn(async move { next(&mut subscription).await });
    while hands.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    hands.advance_ms(14_999);
    tokio::task::yield_now().await;
    ensure!(!waiting.is_finished(), "it is not time yet");
    hands.advance_ms(1);
    let frame = waiting.await??;
    ensure!(matches!(*frame, Frame::Heartbeat(_)), "{frame:?} is no heartbeat");
    ensure!(frame.position() == head, "what concerns others is covered");
    feed.stop().await;
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_hears_nothing_of_another() -> Result<()> {
    on_every(async |house| {
        let other = WorkspaceId::parse("other")?;
        begin(&house.store, 1).await?;
        let events = Story::of(1).written_for(&other, 4);
        house.store.append(events).await?;
        let agent = AgentId::parse("a1")?;
        let topics = [topic(1), Topic::Workspace(acme()), Topic::Agent(acme(), agent)];
        let since = Since::After(Position::ZERO);
        let mut readers: Vec<_> = topics.iter().map(|it| house.subscribe(it, since)).collect();
        for reader in &mut readers {
            while !matches!(*next(reader).await?, Frame::Snapshot(_)) {}
        }
        house.store.append(note(&other, 1, "a secret of theirs")).await?;
        house.store.append(note(&acme(), 1, "a word of ours")).await?;
        let head = house.head().await?;
        for reader in &mut readers {
            for frame in frames_upto(reader, head).await? {
                let json = serde_json::to_string(&*frame)?;
                ensure!(!json.contains("secret"), "{json}");
                ensure!(!matches!(&*frame, Frame::Event(event) if event.position < head), "{json}");
            }
        }
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_lets_through_what_is_wanted_and_no_more() -> Result<()> {
    let house = House::on(Backend::sqlite()?).await?;
    write_all(&house.store, 1..12, 50).await?;
    let head = house.head().await?;
    let kinds = vec!["task_granted".to_owned(), "task_failed".to_owned()];
    let filter = Filter { kinds: kinds.clone(), ..Filter::default() };
    let since = Since::After(Position::ZERO);
    let mut subscription = house.feed.subscribe(Topic::Workspace(acme()), filter, since);
    let mut seen = Vec::new();
    for frame in frames_upto(&mut subscription, head).await? {
        ensure!(!matches!(*frame, Frame::TaskUpdate(_)), "a workspace hears of no task unasked");
        if let Frame::Event(event) = &*frame {
            seen.push(event.position);
        }
    }
    let filter = planexe_ax::store::LogFilter { kinds, ..Default::default() };
    let expected = house.store.read_log(Position::ZERO, &filter, 5_000).await?;
    let expected: Vec<_> = expected.iter().map(|event| event.position).collect();
    ensure!(!expected.is_empty() && seen == expected, "{seen:?} instead of {expected:?}");
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_listens_to_is_forgotten() -> Result<()> {
    let house = House::on(Backend::sqlite()?).await?;
    begin(&house.store, 1).await?;
    begin(&house.store, 2).await?;
    let mut counts = house.feed.counts();
    let mut one = house.subscribe(&topic(1), Since::Now);
    let mut two = house.subscribe(&topic(2), Since::Now);
    next(&mut one).await?;
    next(&mut two).await?;
    counts.wait_for(|counts| *counts == (2, 2)).await?;
    drop(one);
    counts.wait_for(|counts| *counts == (1, 1)).await?;
    drop(two);
    counts.wait_for(|counts| *counts == (0, 0)).await?;
    house.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_from_behind_the_end_of_the_log_is_told_and_begins_anew() -> Result<()> {
    let house = House::on(Backend::sqlite()?).await?;
    begin(&house.store, 1).await?;
    let head = house.head().await?;
    let mut subscription = house.subscribe(&topic(1), Since::After(head.plus(100)));
    let frame = next(&mut subscription).await?;
    let Frame::Lagged(lagged) = &*frame else { bail!("{frame:?} comes first") };
    ensure!(lagged.reason == LagReason::LogWentBack && lagged.position == head, "{lagged:?}");
    let snapshot = snapshot_of(&*next(&mut subscription).await?)?;
    let execution = snapshot.execution.context("the execution is there")?;
    ensure!(*execution.execution_id == *execution_name(1), "it is another one");
    house.close().await;
    Ok(())
}

fn execution_name(seed: u64) -> String {
    execution(seed).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_stops_ends_its_subscriptions() -> Result<()> {
    let house = House::on(Backend::sqlite()?).await?;
    begin(&house.store, 1).await?;
    let feed = feed_on(&house.store);
    let mut subscription = feed.subscribe(topic(1), Filter::default(), Since::Now);
    next(&mut subscription).await?;
    feed.stop().await;
    while let Some(frame) = subscription.next().await {
        ensure!(matches!(*frame, Frame::Heartbeat(_)), "{frame:?} comes after the end");
    }
    house.close().await;
    Ok(())
}
