//! What the driver itself gets wrong, and the transaction must not.

use super::connect::{connect, options};
use super::migrate::migrate;
use super::write::PostgresWriter;
use crate::domain::{StreamName, Timestamp, WorkspaceId};
use crate::store::error::{CommitError, StoreError};
use crate::store::hash::leaf_of_new;
use crate::store::plan::{Prepared, plan_batch};
use crate::store::types::{AppendRequest, Expected, NewEvent, StreamWrite};
use anyhow::{Context, Result, anyhow};
use planexe_ax_testkit::{Database, postgres_is_skipped};
use uuid::Uuid;

async fn writer() -> Result<Option<(Database, PostgresWriter)>> {
    if postgres_is_skipped() {
        return Ok(None);
    }
    let database = Database::shared().await?;
    let options = options(&database.url)?;
    migrate(&mut connect(&options).await?).await?;
    Ok(Some((database, PostgresWriter::new(&options))))
}

fn request() -> Result<Prepared> {
    let (workspace, stream) = (WorkspaceId::parse("w")?, StreamName::parse("plan/p")?);
    let event = NewEvent {
        event_id: Uuid::nil(),
        kind: "k".into(),
        schema_version: 1,
        payload: vec![1],
        metadata: vec![2],
        recorded_at: Timestamp::from_unix_ms(3),
    };
    let leaves = vec![leaf_of_new(&workspace, &stream, &event)];
    let writes = vec![StreamWrite { stream, expected: Expected::Any, events: vec![event] }];
    let request =
        AppendRequest { workspace, writes, conditions: vec![], key: None, answer: vec![] };
    Ok(Prepared { request, leaves, follows: false })
}

#[tokio::test]
async fn a_commit_that_was_a_rollback_is_not_taken_for_one() -> Result<()> {
    let Some((database, mut writer)) = writer().await? else { return Ok(()) };
    let requests = [request()?];
    let mut tx = writer.begin_locked().await?;
    let plan = plan_batch(tx.read(&requests).await?, &requests);
    tx.write(&plan).await?;
    let swallowed = tx.break_behind_its_back().await;
    assert!(swallowed.is_err());
    let committed = tx.commit(&plan).await;
    assert!(
        matches!(committed, Err(CommitError::Refused(StoreError::NotCommitted))),
        "{committed:?}"
    );
    assert_eq!(database.number("select count(*) from event").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_is_not_even_sent_to_commit() -> Result<()> {
    let Some((database, mut writer)) = writer().await? else { return Ok(()) };
    let requests = [request()?];
    let mut tx = writer.begin_locked().await?;
    let plan = plan_batch(tx.read(&requests).await?, &requests);
    tx.write(&plan).await?;
    tx.write(&plan).await.err().context("the second is a duplicate")?;
    let committed = tx.commit(&plan).await;
    assert!(matches!(committed, Err(CommitError::Refused(StoreError::Tainted))), "{committed:?}");
    assert_eq!(database.number("select count(*) from event").await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_was_planned_on_a_head_that_has_moved_is_not_written() -> Result<()> {
    let Some((database, mut writer)) = writer().await? else { return Ok(()) };
    let requests = [request()?];
    let mut late = writer.begin().await?;
    let plan = plan_batch(late.read(&requests).await?, &requests);
    let mut other = PostgresWriter::new(&options(&database.url)?);
    let mut tx = other.begin().await?;
    let same = plan_batch(tx.read(&requests).await?, &requests);
    tx.commit(&same).await.map_err(|error| anyhow!("{error:?}"))?;
    let committed = late.commit(&plan).await;
    assert!(
        matches!(committed, Err(CommitError::Refused(StoreError::NotCommitted))),
        "{committed:?}"
    );
    assert_eq!(database.number("select count(*) from event").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_unit_of_work_that_does_not_finish_takes_its_connection_with_it() -> Result<()> {
    let Some((_database, mut writer)) = writer().await? else { return Ok(()) };
    let requests = [request()?];
    for _ in 0..20 {
        let mut tx = writer.begin_locked().await?;
        let plan = plan_batch(tx.read(&requests).await?, &requests);
        tokio::select! {
            biased;
            _ = tx.write(&plan) => {}
            () = std::future::ready(()) => {}
        }
        drop(tx);
    }
    let mut tx = writer.begin_locked().await?;
    let plan = plan_batch(tx.read(&requests).await?, &requests);
    tx.write(&plan).await?;
    tx.commit(&plan).await.map_err(|error| anyhow!("{error:?}"))?;
    let found = writer.find_batch(plan.batch.batch_no).await?;
    assert_eq!(found, Some(plan.batch.hash));
    Ok(())
}

#[tokio::test]
async fn a_statement_that_arrives_after_it_was_looked_for_finds_the_head_moved() -> Result<()> {
    let Some((database, mut writer)) = writer().await? else { return Ok(()) };
    let requests = [request()?];
    let mut late = writer.begin().await?;
    let plan = plan_batch(late.read(&requests).await?, &requests);
    let mut settling = PostgresWriter::new(&options(&database.url)?);
    assert_eq!(settling.find_batch(plan.batch.batch_no).await?, None);
    let committed = late.commit(&plan).await;
    assert!(
        matches!(committed, Err(CommitError::Refused(StoreError::NotCommitted))),
        "{committed:?}"
    );
    assert_eq!(database.number("select count(*) from event").await?, 0);
    Ok(())
}
