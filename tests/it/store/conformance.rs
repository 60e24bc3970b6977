//! What every database does alike: appending.

use super::backend::{event, exactly, keyed, on_every_backend, stream, workspace, write, writes};
use anyhow::{Context, Result};
use planexe_ax::store::{
    AppendError, Appended, Expected, LogFilter, Position, StreamCondition, Version,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_request_can_be_read_back_byte_for_byte() -> Result<()> {
    on_every_backend(async |store| {
        let request =
            writes(vec![("a", Expected::NoStream, vec![1, 2]), ("b", Expected::Any, vec![3])]);
        let appended = store.append(request).await?;
        let receipt = appended.receipt();
        assert_eq!(receipt.first_position, Position::new(1));
        assert_eq!(receipt.last_position, Position::new(3));
        let versions = [(stream("a"), Version::new(2)), (stream("b"), Version::new(1))];
        assert_eq!(receipt.versions, versions);
        let events = store.read_log(Position::ZERO, &LogFilter::default(), 10).await?;
        let first = events.first().context("an event")?;
        assert_eq!(first.payload, event(1).payload);
        assert_eq!(first.metadata, event(1).metadata);
        assert_eq!(first.event_id, event(1).event_id);
        assert_eq!(first.recorded_at, event(1).recorded_at);
        let own = store.read_stream(&workspace(), &stream("a"), Version::new(1), 10).await?;
        assert_eq!(own, events[1..2]);
        assert_eq!(store.head().await?.position, Position::new(3));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_must_be_as_expected() -> Result<()> {
    on_every_backend(async |store| {
        store.append(write("a", Expected::NoStream, 1)).await?;
        store.append(write("a", exactly(1), 2)).await?;
        store.append(write("a", Expected::Any, 3)).await?;
        for wrong in [Expected::NoStream, exactly(0), exactly(2), exactly(4)] {
            let refused = store.append(write("a", wrong, 4)).await;
            let Err(AppendError::Conflict { stream: named, expected, actual }) = refused else {
                anyhow::bail!("not refused: {refused:?}");
            };
            assert_eq!((named, expected, actual.get()), (stream("a"), wrong, 3));
        }
        assert_eq!(store.head().await?.position, Position::new(3));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_a_stream_that_is_not_written_is_kept() -> Result<()> {
    on_every_backend(async |store| {
        store.append(write("a", Expected::NoStream, 1)).await?;
        let mut request = write("b", Expected::NoStream, 2);
        request.conditions = vec![StreamCondition { stream: stream("a"), expected: exactly(2) }];
        let refused = store.append(request.clone()).await;
        assert!(matches!(refused, Err(AppendError::Conflict { .. })), "{refused:?}");
        request.conditions[0].expected = exactly(1);
        store.append(request).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_request_get_the_first_answer_and_store_nothing_more() -> Result<()> {
    on_every_backend(async |store| {
        let request = keyed(write("a", Expected::Any, 1), "k", 1);
        let first = store.append(request.clone()).await?;
        let Appended::Repeated(stored) = store.append(request).await? else {
            anyhow::bail!("it was stored twice");
        };
        assert_eq!(stored.receipt, *first.receipt());
        assert_eq!(stored.answer, b"answer to k");
        let other = store.append(keyed(write("a", Expected::Any, 2), "k", 2)).await;
        assert!(matches!(other, Err(AppendError::KeyReused)), "{other:?}");
        assert_eq!(store.head().await?.position, Position::new(1));
        let looked_up = store.stored_answer(&workspace(), "agent:a", "k").await?;
        assert_eq!(looked_up, Some(stored));
        assert_eq!(store.stored_answer(&workspace(), "agent:b", "k").await?, None);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_at_the_same_time_are_stored_once() -> Result<()> {
    on_every_backend(async |store| {
        let mut tasks = Vec::new();
        for number in 0..200_u64 {
            let key = format!("k{}", number % 20);
            let request = keyed(write("a", Expected::Any, number % 20), &key, 1);
            let store = store.clone();
            tasks.push(tokio::spawn(async move { store.append(request).await }));
        }
        let mut receipts = std::collections::BTreeMap::new();
        for (number, task) in tasks.into_iter().enumerate() {
            let receipt = task.await??.receipt().clone();
            assert_eq!(*receipts.entry(number % 20).or_insert(receipt.clone()), receipt);
        }
        assert_eq!(store.head().await?.position, Position::new(20));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_in_a_batch_hurts_nobody_else_and_leaves_no_gap() -> Result<()> {
    on_every_backend(async |store| {
        let mut tasks = Vec::new();
        for number in 0..300_u64 {
            let (name, expected) = match number % 3 {
                0 => (format!("s{number}"), Expected::NoStream),
                1 => ("shared".to_owned(), Expected::Any),
                _ => (format!("s{number}"), exactly(9)),
            };
            let (store, request) = (store.clone(), write(&name, expected, number));
            tasks.push(tokio::spawn(async move { (number % 3, store.append(request).await) }));
        }
        for task in tasks {
            let (kind, outcome) = task.await?;
            assert_eq!(outcome.is_err(), kind == 2, "{outcome:?}");
        }
        let events = store.read_log(Position::ZERO, &LogFilter::default(), 1000).await?;
        let positions: Vec<u64> = events.iter().map(|event| event.position.get()).collect();
        assert_eq!(positions, (1..=200).collect::<Vec<u64>>());
        let shared = store.read_stream(&workspace(), &stream("shared"), Version::ZERO, 200).await?;
        let versions: Vec<u64> = shared.iter().map(|event| event.version.get()).collect();
        assert_eq!(versions, (1..=100).collect::<Vec<u64>>());
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_events_keeps_its_key_and_answer() -> Result<()> {
    on_every_backend(async |store| {
        store.append(write("a", Expected::Any, 1)).await?;
        let request = keyed(writes(vec![("a", exactly(1), vec![])]), "nothing", 1);
        let first = store.append(request.clone()).await?;
        assert_eq!(first.receipt().last_position, Position::new(1));
        assert_eq!(first.receipt().versions, []);
        assert!(matches!(store.append(request).await?, Appended::Repeated(_)));
        store.append(write("a", exactly(1), 2)).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_or_cannot_be_kept_is_refused_before_it_is_queued() -> Result<()> {
    on_every_backend(async |store| {
        let large = writes(vec![("a", Expected::Any, (0..1001).collect())]);
        assert!(matches!(store.append(large).await, Err(AppendError::TooLarge { .. })));
        let bad = keyed(write("a", Expected::Any, 1), "k\0", 1);
        assert!(matches!(store.append(bad).await, Err(AppendError::BadText(_))));
        let most = writes(vec![("a", Expected::Any, (0..1000).collect())]);
        store.append(most).await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_finishes_what_waits_and_takes_no_more() -> Result<()> {
    for backend in super::backend::Backend::every().await? {
        let store = backend.open().await?;
        let tasks: Vec<_> = (0..50)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { store.append(write("a", Expected::Any, number)).await })
            })
            .collect();
        store.append(write("a", Expected::Any, 99)).await?;
        store.close().await;
        let mut stored = 1;
        for task in tasks {
            match task.await? {
                Ok(_) => stored += 1,
                Err(error) => assert!(matches!(error, AppendError::Closed), "{error}"),
            }
        }
        let again = backend.open().await?;
        assert_eq!(again.head().await?.position, Position::new(stored));
        again.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_what_it_took_is_stored() -> Result<()> {
    for backend in super::backend::Backend::every().await? {
        let config = planexe_ax::store::StoreConfig { queue_requests_max: 4, ..backend.config() };
        let store = backend.open_with(&config).await?;
        let tasks: Vec<_> = (0..400)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move { store.append(write("a", Expected::Any, number)).await })
            })
            .collect();
        let (mut stored, mut busy) = (0, 0);
        for task in tasks {
            match task.await? {
                Ok(_) => stored += 1,
                Err(AppendError::Busy) => busy += 1,
                Err(error) => return Err(error.into()),
            }
        }
        assert_eq!(stored + busy, 400);
        assert_eq!(store.head().await?.position, Position::new(stored));
        store.close().await;
    }
    Ok(())
}
