//! What every database does alike: reading, snapshots, presence.

use super::backend::{event, on_every_backend, stream, workspace, write, writes};
use anyhow::Result;
use planexe_ax::domain::{Timestamp, WorkspaceId};
use planexe_ax::store::{
    AgentPresence, EndedLease, Expected, LogFilter, Position, Renewal, Snapshot, Store, Tailer,
    Version,
};

async fn some_events(store: &Store) -> Result<()> {
    for number in 1..=30 {
        let name = format!("s{}", number % 3);
        let mut request = write(&name, Expected::Any, number);
        if number % 2 == 0 {
            request.writes[0].events[0].kind = "task_completed".into();
        }
        if number > 20 {
            request.workspace = WorkspaceId::parse("other")?;
        }
        store.append(request).await?;
    }
    Ok(())
}

async fn positions(store: &Store, filter: LogFilter, limit: usize) -> Result<Vec<u64>> {
    let events = store.read_log(Position::new(2), &filter, limit).await?;
    Ok(events.iter().map(|event| event.position.get()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_by_kind_stream_workspace_and_time() -> Result<()> {
    on_every_backend(async |store| {
        some_events(&store).await?;
        let all = LogFilter::default;
        assert_eq!(positions(&store, all(), 3).await?, [3, 4, 5]);
        let kinds = vec!["task_completed".to_owned()];
        assert_eq!(positions(&store, LogFilter { kinds, ..all() }, 3).await?, [4, 6, 8]);
        let kinds_left_out = vec!["task_completed".to_owned(), "unknown".to_owned()];
        assert_eq!(positions(&store, LogFilter { kinds_left_out, ..all() }, 3).await?, [3, 5, 7]);
        let other = Some(WorkspaceId::parse("other")?);
        let found = positions(&store, LogFilter { workspace: other.clone(), ..all() }, 2).await?;
        assert_eq!(found, [21, 22]);
        let filter = LogFilter { workspace: other, stream: Some(stream("s1")), ..all() };
        assert_eq!(positions(&store, filter, 9).await?, [22, 25, 28]);
        let (since, until) = (Some(event(7).recorded_at), Some(event(9).recorded_at));
        assert_eq!(positions(&store, LogFilter { since, until, ..all() }, 9).await?, [7, 8]);
        let unknown = vec!["unknown".to_owned()];
        assert!(positions(&store, LogFilter { kinds: unknown, ..all() }, 9).await?.is_empty());
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_the_same_name_in_two_workspaces_are_two() -> Result<()> {
    on_every_backend(async |store| {
        store.append(write("a", Expected::NoStream, 1)).await?;
        let mut request = write("a", Expected::NoStream, 2);
        request.workspace = WorkspaceId::parse("other")?;
        store.append(request.clone()).await?;
        let events = store.read_stream(&request.workspace, &stream("a"), Version::ZERO, 9).await?;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].payload, event(2).payload);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_from_anywhere_sees_every_event_once_and_in_order() -> Result<()> {
    on_every_backend(async |store| {
        store.append(writes(vec![("old", Expected::Any, (1..=1000).collect())])).await?;
        let mut followers: Vec<Tailer> =
            [0, 1, 500, 1000].map(|after| Tailer::new(store.clone(), Position::new(after))).into();
        let writing = {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 1..=200 {
                    store.append(write("new", Expected::Any, number)).await?;
                }
                anyhow::Ok(())
            })
        };
        for follower in &mut followers {
            let mut next = follower.delivered().next();
            while next <= Position::new(1200) {
                for event in follower.next().await? {
                    assert_eq!(event.position, next);
                    next = next.next();
                }
            }
        }
        writing.await?
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_found_by_its_fold_and_never_gets_older() -> Result<()> {
    on_every_backend(async |store| {
        let snapshot = |fingerprint: u8, version, state: &[u8]| Snapshot {
            workspace: workspace(),
            stream: stream("a"),
            fingerprint: [fingerprint; 16],
            version: Version::new(version),
            state: state.to_vec(),
        };
        store.save_snapshot(&snapshot(1, 5, b"five")).await?;
        store.save_snapshot(&snapshot(1, 4, b"four")).await?;
        let loaded = store.load_snapshot(&workspace(), &stream("a"), [1; 16]).await?;
        assert_eq!(loaded, Some(snapshot(1, 5, b"five")));
        assert_eq!(store.load_snapshot(&workspace(), &stream("a"), [2; 16]).await?, None);
        store.save_snapshot(&snapshot(2, 3, b"three")).await?;
        let loaded = store.load_snapshot(&workspace(), &stream("a"), [2; 16]).await?;
        assert_eq!(loaded, Some(snapshot(2, 3, b"three")));
        Ok(())
    })
    .await
}

fn renewal(task: &str, epoch: u64, seen_at: i64) -> Renewal {
    Renewal {
        workspace: workspace(),
        agent_id: "worker".to_owned(),
        execution_id: "exec".to_owned(),
        task_id: task.to_owned(),
        epoch,
        seen_at: Timestamp::from_unix_ms(seen_at),
        progress_percent: (epoch > 1).then_some(40),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_moves_forward_only_and_ends_with_its_lease() -> Result<()> {
    on_every_backend(async |store| {
        let older = [renewal("t1", 1, 50), renewal("t1", 1, 40), renewal("t2", 3, 10)];
        store.renew(&older).await?;
        store.renew(&[renewal("t1", 1, 30), renewal("t2", 2, 99)]).await?;
        let kept = [renewal("t1", 1, 50), renewal("t2", 3, 10)];
        assert_eq!(store.lease_presence(&workspace(), "exec").await?, kept);
        assert_eq!(store.all_lease_presence().await?, kept);
        assert!(store.lease_presence(&workspace(), "none").await?.is_empty());
        let sign = |at| AgentPresence {
            workspace: workspace(),
            agent_id: "worker".to_owned(),
            last_seen_at: Timestamp::from_unix_ms(at),
        };
        assert_eq!(store.all_agent_presence().await?, [sign(99)]);
        store.see(&[sign(10), sign(120), sign(110)]).await?;
        assert_eq!(store.all_agent_presence().await?, [sign(120)]);
        let ended = |task: &str, epoch| EndedLease {
            workspace: workspace(),
            execution_id: "exec".to_owned(),
            task_id: task.to_owned(),
            epoch,
        };
        store.forget(&[ended("t1", 1), ended("t2", 2)]).await?;
        assert_eq!(store.all_lease_presence().await?, [renewal("t2", 3, 10)]);
        Ok(())
    })
    .await
}
