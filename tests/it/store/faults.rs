//! The log in memory fails on demand: what must hold then holds on every database, because the
//! appender around it is the same.

use super::backend::{keyed, write};
use anyhow::Result;
use planexe_ax::store::{
    AppendError, Appended, Expected, MemoryFaults, MemoryLog, Position, Store, StoreConfig,
};
use uuid::Uuid;

fn log() -> MemoryLog {
    MemoryLog::new(Uuid::from_u128(7))
}

fn store(log: &MemoryLog, faults: MemoryFaults) -> Store {
    Store::memory(log, faults, &StoreConfig::new("memory:"))
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_happened_and_reported_a_failure_is_answered_as_stored_once() -> Result<()> {
    for seed in 0..20 {
        let log = log();
        let faults = MemoryFaults { seed, commit_then_error: 300, ..MemoryFaults::default() };
        let store = store(&log, faults);
        for number in 1..=50 {
            let appended = store.append(write("a", Expected::Any, number)).await?;
            assert_eq!(appended.receipt().last_position, Position::new(number));
        }
        assert_eq!(store.head().await?.position, Position::new(50));
        store.verify().await?;
        store.close().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_was_not_committed_is_never_acknowledged() -> Result<()> {
    let log = log();
    let faults = MemoryFaults { commit_fails: 1000, ..MemoryFaults::default() };
    let store = store(&log, faults);
    let refused = store.append(write("a", Expected::Any, 1)).await;
    assert!(matches!(refused, Err(AppendError::Store(_))), "{refused:?}");
    assert_eq!(store.head().await?.position, Position::ZERO);
    store.close().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_cannot_be_looked_up_is_unknown_and_the_key_settles_it() -> Result<()> {
    let log = log();
    let faults =
        MemoryFaults { commit_then_error: 1000, settle_fails: 1000, ..MemoryFaults::default() };
    let broken = store(&log, faults);
    let request = keyed(write("a", Expected::Any, 1), "k", 1);
    let outcome = broken.append(request.clone()).await;
    assert!(matches!(outcome, Err(AppendError::OutcomeUnknown)), "{outcome:?}");
    broken.close().await;
    let healthy = store(&log, MemoryFaults::default());
    assert!(matches!(healthy.append(request).await?, Appended::Repeated(_)));
    assert_eq!(healthy.head().await?.position, Position::new(1));
    healthy.close().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn repeating_until_acknowledged_stores_each_request_exactly_once() -> Result<()> {
    for seed in 0..20 {
        let log = log();
        let faults = MemoryFaults {
            seed,
            begin_fails: 100,
            write_fails: 100,
            commit_then_error: 200,
            commit_fails: 200,
            settle_fails: 500,
            read_fails: 0,
        };
        let stores = [store(&log, faults), store(&log, MemoryFaults { seed: seed + 99, ..faults })];
        for number in 1..=40_u64 {
            let request = keyed(write("a", Expected::Any, number), &format!("k{number}"), 1);
            let turn = usize::from(number % 2 == 0);
            while stores[turn].append(request.clone()).await.is_err() {}
        }
        assert_eq!(stores[0].head().await?.position, Position::new(40));
        stores[1].verify().await?;
        for store in stores {
            store.close().await;
        }
    }
    Ok(())
}
