//! Promise 24: a backup that is taken under load is the beginning of the log, and verifies; what is
//! restored from it goes on as the log did, and keeps the answers that were given.

use super::house::{Acknowledged, Load, back_up, every, log, restore};
use crate::projector::house::House;
use crate::sealer::house::beside;
use crate::store::backend::Backend;
use anyhow::{Context, Result, ensure};
use planexe_ax::audit::{Checkpoint, verify_consistency};
use planexe_ax::keeping::Manifest;
use planexe_ax::store::keep::{BesideTable, LEFT_OUT};
use planexe_ax::store::{AppendError, Appended, Expected, Head, Store};
use planexe_ax_testkit::Folder;

/// How many requests are answered before, and again while, a backup is taken.
const BEFORE: u64 = 150;

fn rounds() -> u64 {
    if std::env::var("AX_TIER").is_ok_and(|tier| tier == "long") { 10 } else { 1 }
}

/// What is known of the log that a backup was taken of.
struct Original {
    store: Store,
    keys: Folder,
    signed: Checkpoint,
    all: Vec<Acknowledged>,
    manifest: Manifest,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_the_beginning_of_the_log_and_keeps_its_answers() -> Result<()> {
    for _ in 0..rounds() {
        for backend in every().await? {
            let folder = Folder::new()?;
            let to = folder.path().join("backup");
            let original = taken_under_load(&backend, &to).await?;
            for target in every().await? {
                restore(&to, &target).await?;
                check(&original, target).await?;
            }
            original.store.close().await;
        }
    }
    Ok(())
}

async fn taken_under_load(backend: &Backend, to: &std::path::Path) -> Result<Original> {
    let (store, keys) = (backend.open().await?, Folder::new()?);
    let mut load = Load::start(&store);
    load.advance(BEFORE).await?;
    let sealer = beside(backend, &store, &keys).await?;
    sealer.seal().await?;
    let newest = sealer.tree().newest_checkpoint().await?.context("nothing is signed")?;
    let key = sealer.key().await?.context("there is no key")?;
    let signed = Checkpoint::open(&newest.note, &key)?;
    sealer.stop().await;
    let manifest = back_up(backend, to).await?;
    load.advance(BEFORE).await?;
    let all = load.end().await?;
    Ok(Original { store, keys, signed, all, manifest })
}

async fn check(original: &Original, target: Backend) -> Result<()> {
    let house = House::on(target).await?;
    let head = house.store.head().await?;
    ensure!(head.position.get() == original.manifest.position, "{head:?}");
    check_log(original, &house.store, &head).await?;
    check_tree(original, &house).await?;
    check_windows(&house).await?;
    check_keys(original, &house.store, &head).await?;
    house.close().await;
    Ok(())
}

/// Event by event and batch by batch it is what the log was, and the log went on from there.
async fn check_log(original: &Original, restored: &Store, head: &Head) -> Result<()> {
    let to = head.position.get();
    ensure!(log(restored, to).await? == log(&original.store, to).await?, "it is another log");
    restored.verify().await?;
    original.store.verify_since(head).await?;
    ensure!(original.store.head().await?.position.get() > to, "nothing was written meanwhile");
    Ok(())
}

/// The tree has every event, and goes on from the checkpoint that was signed before.
async fn check_tree(original: &Original, house: &House) -> Result<()> {
    let sealer = beside(&house.backend, &house.store, &original.keys).await?;
    let size = sealer.tree().size().await?.get();
    ensure!(size == original.manifest.position, "the tree has {size} events");
    let proof = sealer.consistency(original.signed.size, size).await?;
    ensure!(proof.from == (original.signed.size, original.signed.root), "{proof:?}");
    let (from, root) = proof.from;
    verify_consistency((from, &root), (proof.to.0, &proof.to.1), &proof.path)?;
    sealer.seal().await?;
    sealer.stop().await;
    Ok(())
}

async fn check_windows(house: &House) -> Result<()> {
    let projector = house.projector(500);
    ensure!(projector.finish().await?, "it leads");
    house.check().await?;
    projector.stop().await;
    Ok(())
}

/// The same key gets the same answer, for another request it is refused; and what came behind the
/// backup is new.
async fn check_keys(original: &Original, restored: &Store, head: &Head) -> Result<()> {
    let (mut known, mut lost) = (0, 0);
    for Acknowledged { request, appended } in &original.all {
        let receipt = appended.receipt();
        if receipt.last_position > head.position {
            lost += 1;
            continue;
        }
        known += 1;
        let again = restored.append(request.clone()).await?;
        let Appended::Repeated(answer) = again else {
            anyhow::bail!("{:?} was stored twice", request.key);
        };
        ensure!(answer.receipt == *receipt && answer.answer == request.answer, "{answer:?}");
        let mut other = request.clone();
        other.key.as_mut().context("it has a key")?.request_hash = [2; 32];
        let refused = restored.append(other).await;
        ensure!(matches!(refused, Err(AppendError::KeyReused)), "{refused:?}");
    }
    ensure!(known > 0 && lost > 0, "{known} known, {lost} lost");
    let more = crate::store::backend::write("more", Expected::NoStream, 1);
    let more = restored.append(more).await?;
    ensure!(more.receipt().first_position == head.position.next(), "{more:?}");
    restored.verify_since(head).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_in_a_backup_or_left_out_for_a_reason() -> Result<()> {
    let log = ["event", "batch", "append_key"];
    let beside = BesideTable::ALL.map(BesideTable::name);
    let left_out = LEFT_OUT.map(|(name, _)| name);
    let known = [&log[..], &beside[..], &left_out[..]].concat();
    let list = known.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    for backend in every().await? {
        backend.open().await?.close().await;
        let (all, unknown) = match &backend {
            Backend::Memory(_) => continue,
            Backend::Sqlite(file) => {
                let of = "select count(*) from sqlite_schema where type = 'table'";
                let unknown = format!("{of} and name not in ({list})");
                (file.number(of).await?, file.number(&unknown).await?)
            }
            Backend::Postgres(database) => {
                let of = "select count(*) from pg_tables where schemaname = current_schema()";
                let unknown = format!("{of} and tablename not in ({list})");
                (database.number(of).await?, database.number(&unknown).await?)
            }
        };
        ensure!(unknown == 0, "{unknown} tables are neither kept nor left out");
        ensure!(usize::try_from(all)? == known.len(), "{all} tables, {} are known", known.len());
    }
    Ok(())
}
