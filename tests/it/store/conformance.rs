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
