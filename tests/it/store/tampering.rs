//! Promise 23: what is changed in a log behind the product's back is found, and where.

use super::backend::{Backend, keyed, on_every_backend, write, writes};
use anyhow::{Result, bail};
use planexe_ax::store::{Damage, Expected, Head, Store, VerifyError, Version};

const EVENTS: u64 = 60;

/// A log of batches of several events for several streams, closed again.
async fn written(backend: &Backend) -> Result<Head> {
    let store = backend.open().await?;
    for number in (1..=EVENTS).step_by(3) {
        let name = format!("s{}", number % 4);
        let numbers = vec![number, number + 1];
        let request =
            writes(vec![(&name, Expected::Any, numbers), ("t", Expected::Any, vec![number + 2])]);
        store.append(keyed(request, &number.to_string(), 1)).await?;
    }
    store.append(keyed(writes(vec![]), "nothing", 1)).await?;
    let head = store.head().await?;
    store.verify().await?;
    store.close().await;
    Ok(head)
}

/// Takes the triggers away that keep the log as it is.
pub(crate) async fn allow_tampering(backend: &Backend) -> Result<()> {
    let statements = match backend {
        Backend::Postgres(_) => {
            "alter table event disable trigger user; \
             alter table batch disable trigger user; \
             alter table append_key disable trigger user"
        }
        Backend::Sqlite(_) | Backend::Memory(_) => {
            "drop trigger event_is_not_updated; \
             drop trigger event_is_not_deleted; drop trigger batch_is_not_updated; \
             drop trigger batch_is_not_deleted; drop trigger append_key_is_not_updated"
        }
    };
    backend.execute(statements).await
}

async fn found(store: &Store, anchor: &Head) -> Result<(u64, Damage)> {
    match store.verify_since(anchor).await {
        Err(VerifyError::Damaged { position, damage }) => Ok((position.get(), damage)),
        other => bail!("nothing was found: {other:?}"),
    }
}

/// Tampers with a fresh log on each database, and checks what is found at which position.
async fn tamper(statements: &str, expected: impl Fn(u64, Damage) -> bool) -> Result<()> {
    tamper_beside(statements, |error| match error {
        VerifyError::Damaged { position, damage } => expected(position.get(), damage.clone()),
        VerifyError::Answer { .. } | VerifyError::Store(_) => false,
    })
    .await
}

/// The same, where what is found need not have a position.
async fn tamper_beside(statements: &str, expected: impl Fn(&VerifyError) -> bool) -> Result<()> {
    for backend in Backend::every().await? {
        if matches!(backend, Backend::Memory(_)) {
            continue;
        }
        let anchor = written(&backend).await?;
        allow_tampering(&backend).await?;
        backend.execute(statements).await?;
        let store = backend.open().await?;
        match store.verify_since(&anchor).await {
            Ok(verified) => bail!("nothing was found in {verified:?} ({statements})"),
            Err(error) => assert!(expected(&error), "{error} ({statements})"),
        }
        store.close().await;
    }
    Ok(())
}

/// Places that differ with every run of the suite; the statement says which when it fails.
fn places() -> [u64; 3] {
    use std::hash::{BuildHasher, RandomState};
    [1, 2, 3].map(|lane: u64| 2 + RandomState::new().hash_one(lane) % (EVENTS - 4))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_bit_in_any_column_is_found() -> Result<()> {
    let changes = [
        "payload = metadata",
        "metadata = payload",
        "kind = 'task_stolen'",
        "schema_version = 2",
        "recorded_at_ms = recorded_at_ms + 1",
        "leaf_hash = (select e.leaf_hash from event e where e.position = 1)",
        "stream_id = 999 - stream_id",
        "version = version + 1000",
    ];
    let places = places();
    for (index, change) in changes.iter().enumerate() {
        let place = places[index % places.len()];
        let statement = format!("update event set {change} where position = {place}");
        tamper(&statement, |position, damage| position == place && damage != Damage::Inserted)
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_event_is_found() -> Result<()> {
    for place in places() {
        let statement = format!("delete from event where position = {place}");
        tamper(&statement, |position, damage| position == place && damage == Damage::Missing)
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_removed_with_the_rest_moved_up_is_found() -> Result<()> {
    for place in places() {
        let statements = format!(
            "delete from event where position = {place}; \
             update event set position = -position where position > {place}; \
             update event set position = -position - 1 where position < 0"
        );
        tamper(&statements, |position, _| position == place).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inserted_event_is_found_behind_the_head_and_in_the_middle() -> Result<()> {
    let copy = "insert into event select position + 100, stream_id, version + 100, event_id, kind, \
         schema_version, recorded_at_ms, payload, metadata, leaf_hash \
         from event where position = 9";
    tamper(copy, |position, damage| position == 109 && damage == Damage::Inserted).await?;
    for place in places() {
        let statements = format!(
            "update event set position = -position where position >= {place}; \
             update event set position = 1 - position where position < 0; \
             insert into event select {place}, stream_id, version + 100, event_id, kind, \
             schema_version, recorded_at_ms, payload, metadata, leaf_hash from event \
             where position = 1"
        );
        tamper(&statements, |position, _| position == place).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_events_that_changed_places_are_found_at_the_first() -> Result<()> {
    for place in places() {
        let other = place + 2;
        let statements = format!(
            "update event set position = -1 where position = {place}; \
             update event set position = {place} where position = {other}; \
             update event set position = {other} where position = -1"
        );
        tamper(&statements, |position, damage| position == place && damage == Damage::Replaced)
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_was_cut_off_is_found_even_with_all_its_records() -> Result<()> {
    tamper("delete from event where position > 40", |position, damage| {
        position == 41 && damage == Damage::Missing
    })
    .await?;
    let records = "delete from event where position > 39; \
         delete from batch where first_position > 39";
    tamper(records, |position, damage| position == 40 && damage == Damage::BatchMissing).await?;
    let head = "delete from event where position > 39; \
         delete from batch where first_position > 39; \
         update log_head set position = 39, batch_no = (select max(batch_no) from batch), \
         batch_hash = (select hash from batch order by batch_no desc limit 1)";
    tamper(head, |position, damage| position == 40 && damage == Damage::Anchor).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_noted_elsewhere_than_its_events_are_is_found() -> Result<()> {
    let noted_at =
        |change: &str| format!("update stream set version = {change} where name = 'execution/t'");
    for (change, wrong) in [("version + 1", 21), ("version - 1", 19), ("0", 0), ("20 + 1000", 1020)]
    {
        let (noted, found) = (Version::new(wrong), Version::new(20));
        let expected = Damage::Stream { noted, found };
        tamper(&noted_at(change), |position, damage| position == 3 && damage == expected).await?;
    }
    let stray = "insert into stream (stream_id, workspace, name, version) \
         values (12, 'acme', 'execution/stray', 1)";
    let expected = Damage::Stream { noted: Version::new(1), found: Version::ZERO };
    tamper(stray, |position, damage| position == 12 && damage == expected).await?;
    let moved = "update stream set stream_id = 5003 where stream_id = 3; \
         update event set stream_id = 5003 where stream_id = 3";
    let expected = Damage::StreamStart { found: 3.into() };
    tamper(moved, |position, damage| position == 5003 && damage == expected).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_answer_that_is_about_other_events_is_found() -> Result<()> {
    let changes = [
        ("receipt = '{}'", "cannot be read"),
        (r#"receipt = replace(receipt, '"last_position":6', '"last_position":61')"#, "not there"),
        (r#"receipt = replace(receipt, '"first_position":4', '"first_position":0')"#, "not there"),
        (r#"receipt = replace(receipt, '"first_position":4', '"first_position":8')"#, "others"),
        ("receipt = replace(receipt, 'execution/t', 'execution/u')", "others"),
        (r#"receipt = replace(receipt, '"last_position":6', '"last_position":9')"#, "others"),
        ("workspace = 'elsewhere'", "others"),
    ];
    for (change, expected) in changes {
        let statement = format!("update append_key set {change} where key = '4'");
        tamper_beside(&statement, |error| match error {
            VerifyError::Answer { key, what, .. } => key == "4" && what.contains(expected),
            VerifyError::Damaged { .. } | VerifyError::Store(_) => false,
        })
        .await?;
    }
    let nothing = "update append_key set receipt = replace(receipt, '60', '61') \
         where key = 'nothing'";
    tamper_beside(nothing, |error| matches!(error, VerifyError::Answer { .. })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_verified_while_it_grows() -> Result<()> {
    on_every_backend(async |store| {
        let growing = {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..200_u64 {
                    let (stream, key) = (format!("s{}", number % 50), number.to_string());
                    let request = keyed(write(&stream, Expected::Any, number), &key, 1);
                    store.append(request).await?;
                }
                anyhow::Ok(())
            })
        };
        while !growing.is_finished() {
            store.verify().await?;
        }
        growing.await?
    })
    .await
}

/// Who rewrites an event together with its hash, and the record and hash of its batch, is found
/// because the next batch chains to what was there before.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_rewritten_with_its_hashes_does_not_fit_the_next() -> Result<()> {
    let honest = Backend::sqlite()?;
    let anchor = written(&honest).await?;
    let Backend::Sqlite(file) = &honest else { bail!("it is a file") };
    let forged = Backend::sqlite()?;
    let store = forged.open().await?;
    let Backend::Sqlite(forged_file) = &forged else { bail!("it is a file") };
    store.close().await;
    let same_log = format!(
        "attach '{}' as honest; \
         update log_head set log_id = (select log_id from honest.log_head)",
        file.path().display()
    );
    forged_file.execute(&same_log).await?;
    let store = forged.open().await?;
    let forgery = vec![9001, 9002];
    let name = "s1";
    store
        .append(writes(vec![(name, Expected::Any, forgery), ("t", Expected::Any, vec![9003])]))
        .await?;
    store.close().await;
    allow_tampering(&honest).await?;
    let rewrite = format!(
        "attach '{}' as forged; \
         delete from event where position <= 3; delete from batch where batch_no = 1; \
         insert into event select * from forged.event; \
         insert into batch select * from forged.batch",
        forged_file.path().display()
    );
    file.execute(&rewrite).await?;
    let store = honest.open().await?;
    let (position, damage) = found(&store, &anchor).await?;
    assert_eq!((position, damage), (4, Damage::Chain));
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_databases_refuse_to_change_what_the_log_holds() -> Result<()> {
    for backend in Backend::every().await? {
        if matches!(backend, Backend::Memory(_)) {
            continue;
        }
        let store = backend.open().await?;
        let request = keyed(write("a", Expected::Any, 1), "k", 1);
        store.append(request).await?;
        for table in ["event", "batch", "append_key"] {
            let column = if table == "append_key" { "answer" } else { "leaf_prefixes" };
            let column = if table == "event" { "payload" } else { column };
            let update = format!("update {table} set {column} = {column}");
            assert!(backend.execute(&update).await.is_err(), "{update}");
            let delete = format!("delete from {table}");
            assert!(backend.execute(&delete).await.is_err(), "{delete}");
            if matches!(backend, Backend::Postgres(_)) {
                let truncate = format!("truncate {table}");
                assert!(backend.execute(&truncate).await.is_err(), "{truncate}");
            }
        }
        store.verify().await?;
        store.close().await;
    }
    Ok(())
}
