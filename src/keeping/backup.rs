//! Taking a backup: everything is read at one moment, written beside, read back and checked, and
//! only then given its name.

use super::error::KeepingError;
use super::files::{Draft, write_manifest};
use super::lines::Writing;
use super::manifest::{
    BATCHES_FILE, BackupFile, FORMAT, KEYS_FILE, Manifest, Schema, rows_file, segments,
};
use super::restore::check;
use super::rows::{BatchLine, KeyLine, line_of};
use crate::audit::{SEGMENT_EVENTS, leaf_hash, segment_name, to_hex, write_line};
use crate::domain::Timestamp;
use crate::store::keep::{BesideTable, Moment, Original, PAGE_ROWS, schema_name};
use crate::store::{Damage, Head, StoreConfig, VerifyError};
use std::path::Path;

/// Takes a backup of the database at an address into a folder that is not there yet. A server may
/// write meanwhile. What is broken off leaves no folder with that name.
pub async fn back_up(
    config: &StoreConfig,
    folder: &Path,
    now: Timestamp,
) -> Result<Manifest, KeepingError> {
    let draft = Draft::begin(folder)?;
    let original = Original::open(config).await?;
    let written = write(&original, config, draft.path(), now).await;
    original.close().await;
    written?;
    let manifest = check(draft.path())?;
    draft.settle()?;
    Ok(manifest)
}

async fn write(
    original: &Original,
    config: &StoreConfig,
    draft: &Path,
    now: Timestamp,
) -> Result<(), KeepingError> {
    let mut moment = original.begin().await?;
    let schema = moment.schema();
    let name = schema_name(schema).ok_or(KeepingError::NoLog)?.to_owned();
    let head = moment.head().await?;
    let (webhooks_position, verifier) =
        (moment.webhooks_position().await?, moment.verifier().await?);
    let mut files = write_events(&mut moment, &head, draft).await?;
    files.push(write_batches(&mut moment, &head, draft).await?);
    files.push(write_keys(&mut moment, draft).await?);
    for table in BesideTable::ALL {
        files.push(write_rows(&mut moment, table, draft).await?);
    }
    moment.end().await?;
    let is_file = config.url.starts_with("sqlite:");
    write_manifest(
        draft,
        &Manifest {
            format: FORMAT.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at: now.to_string(),
            database: if is_file { "sqlite" } else { "postgres" }.to_owned(),
            schema: Schema { number: schema, name },
            log_id: head.log_id,
            position: head.position.get(),
            batch_no: head.batch_no,
            batch_hash: to_hex(&head.batch_hash),
            webhooks_position,
            verifier,
            files,
        },
    )
}

async fn write_events(
    moment: &mut Moment<'_>,
    head: &Head,
    draft: &Path,
) -> Result<Vec<BackupFile>, KeepingError> {
    let page_events = u64::try_from(PAGE_ROWS).unwrap_or(u64::MAX);
    let (mut files, mut line) = (Vec::new(), Vec::new());
    for first in segments(head.position.get()) {
        let last = head.position.get().min(first + SEGMENT_EVENTS - 1);
        let mut file = Writing::begin(draft, segment_name(first))?;
        let mut after = first - 1;
        while after < last {
            let to = last.min(after + page_events);
            for event in moment.events(after.into(), to.into()).await? {
                if leaf_hash(&event.audited().leaf) != event.leaf_hash {
                    let (position, damage) = (event.position, Damage::Changed);
                    return Err(VerifyError::Damaged { position, damage }.into());
                }
                line.clear();
                write_line(&event.audited(), &mut line);
                file.line(&mut line)?;
            }
            after = to;
        }
        files.push(file.end()?);
    }
    Ok(files)
}

async fn write_batches(
    moment: &mut Moment<'_>,
    head: &Head,
    draft: &Path,
) -> Result<BackupFile, KeepingError> {
    let mut file = Writing::begin(draft, BATCHES_FILE)?;
    let mut after = 0;
    while after < head.batch_no {
        let page = moment.batches(after).await?;
        let Some(last) = page.last() else { break };
        after = last.batch_no;
        for batch in page.iter().filter(|batch| batch.batch_no <= head.batch_no) {
            file.line(&mut json(&BatchLine::of(batch)))?;
        }
    }
    file.end()
}

async fn write_keys(moment: &mut Moment<'_>, draft: &Path) -> Result<BackupFile, KeepingError> {
    let mut file = Writing::begin(draft, KEYS_FILE)?;
    let mut after = (String::new(), String::new(), String::new());
    loop {
        let page = moment.keys(&after).await?;
        let Some(last) = page.last() else { return file.end() };
        after = (last.workspace.clone(), last.actor.clone(), last.key.clone());
        for kept in &page {
            file.line(&mut json(&KeyLine::of(kept)))?;
        }
    }
}

async fn write_rows(
    moment: &mut Moment<'_>,
    table: BesideTable,
    draft: &Path,
) -> Result<BackupFile, KeepingError> {
    let mut file = Writing::begin(draft, rows_file(table))?;
    let mut last = None;
    loop {
        let mut page = moment.rows(table, last.as_ref()).await?;
        for row in &page {
            file.line(&mut line_of(row))?;
        }
        last = page.pop();
        if last.is_none() {
            return file.end();
        }
    }
}

fn json(line: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(line).expect("texts and numbers always become JSON")
}
