//! What is not taken for a backup, and where none is restored.

use super::house::{back_up, every, restore, written};
use crate::store::backend::Backend;
use crate::store::tampering::allow_tampering;
use anyhow::{Context, Result, ensure};
use planexe_ax::keeping::{KeepingError, MANIFEST_FILE, Manifest, check};
use planexe_ax::store::keep::TargetError;
use planexe_ax_testkit::Folder;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A backup of a few executions, and the database that it is of.
async fn taken(backend: &Backend, folder: &Folder) -> Result<PathBuf> {
    let to = folder.path().join("backup");
    written(backend, 3).await?;
    back_up(backend, &to).await?;
    Ok(to)
}

/// Why a backup is not restored; then nothing is in the database.
async fn refused(from: &Path, target: &Backend) -> Result<KeepingError> {
    let restored = restore(from, target).await;
    let error = restored.err().context("it was restored")?.downcast::<KeepingError>()?;
    ensure!(is_empty(target).await?, "something was written: {error}");
    Ok(error)
}

async fn is_empty(backend: &Backend) -> Result<bool> {
    Ok(match backend {
        Backend::Memory(_) => true,
        Backend::Sqlite(file) => !file.path().exists(),
        Backend::Postgres(database) => {
            let tables = "select count(*) from pg_tables where schemaname = current_schema()";
            database.number(tables).await? == 0
        }
    })
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

fn change_manifest(from: &Path, change: impl FnOnce(&mut Value)) -> Result<()> {
    let path = from.join(MANIFEST_FILE);
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path)?)?;
    change(&mut manifest);
    Ok(fs::write(path, manifest.to_string())?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_holds_something_is_left_as_it_is() -> Result<()> {
    for backend in every().await? {
        let folder = Folder::new()?;
        let from = taken(&backend, &folder).await?;
        let store = backend.open().await?;
        let before = store.head().await?;
        store.close().await;
        let error = restore(&from, &backend).await.err().context("it was restored")?;
        let error = error.downcast::<KeepingError>()?;
        let is_it = matches!(&error, KeepingError::Target(TargetError::NotEmpty { .. }));
        ensure!(is_it && error.to_string().contains("is there already"), "{error}");
        let store = backend.open().await?;
        ensure!(store.head().await? == before, "it was changed");
        store.close().await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_windows_or_the_journal_of_another_file_stand_in_the_way() -> Result<()> {
    let (backend, folder) = (Backend::sqlite()?, Folder::new()?);
    let from = taken(&backend, &folder).await?;
    for left in ["ax.db-wal", "ax.views.db"] {
        let target = planexe_ax_testkit::SqliteFile::new()?;
        fs::write(target.folder().join(left), "")?;
        let error = refused(&from, &Backend::Sqlite(target)).await?.to_string();
        ensure!(error.contains(left) && error.contains("move all files"), "{error}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_by_a_newer_program_is_refused_by_its_name() -> Result<()> {
    for backend in every().await? {
        let folder = Folder::new()?;
        let from = taken(&backend, &folder).await?;
        let target = every().await?.pop().context("there is one")?;
        change_manifest(&from, |it| {
            it["program"] = "9.1.0".into();
            it["schema"] = serde_json::json!({"number": 99, "name": "0099_moons"});
        })?;
        let error = refused(&from, &target).await?;
        ensure!(matches!(error, KeepingError::Newer { .. }), "{error}");
        let told = error.to_string();
        ensure!(told.contains("ax 9.1.0") && told.contains("0099_moons"), "{told}");
        change_manifest(&from, |it| it["format"] = "planexe-ax-backup/2".into())?;
        let told = refused(&from, &target).await?.to_string();
        ensure!(told.contains("planexe-ax-backup/2") && told.contains("install"), "{told}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_which_anything_was_changed_is_not_restored() -> Result<()> {
    let (backend, folder) = (Backend::sqlite()?, Folder::new()?);
    let from = taken(&backend, &folder).await?;
    let manifest = Manifest::read(&from)?;
    for file in manifest.files.iter().filter(|file| file.bytes > 0) {
        let path = from.join(&file.name);
        let whole = fs::read(&path)?;
        let mut changed = whole.clone();
        let at = changed.len() / 2;
        changed[at] ^= 1;
        for wrong in [changed, whole[..whole.len() - 1].to_vec(), Vec::new()] {
            fs::write(&path, wrong)?;
            for target in every().await? {
                let error = refused(&from, &target).await?;
                ensure!(matches!(&error, KeepingError::Wrong { .. }), "{error}");
            }
        }
        fs::remove_file(&path)?;
        let error = check(&from).err().context("it was taken")?;
        ensure!(matches!(&error, KeepingError::File { .. }), "{error}");
        fs::write(&path, whole)?;
    }
    check(&from)?;
    Ok(())
}

/// Whoever changes an event and every hash of the backup after it does not find the chain's hashes.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_does_not_fit_its_chain_is_found_by_its_place() -> Result<()> {
    let (backend, folder) = (Backend::sqlite()?, Folder::new()?);
    let from = taken(&backend, &folder).await?;
    let path = from.join("events-000000000001.jsonl");
    let text = fs::read_to_string(&path)?.replacen("system:engine", "system:angine", 1);
    rewrite(&from, "events-000000000001.jsonl", &text)?;
    let error = check(&from).err().context("it was taken")?.to_string();
    ensure!(error.contains("events-000000000001.jsonl, line 1: the event was changed"), "{error}");
    let cut: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    rewrite(&from, "events-000000000001.jsonl", &cut)?;
    let error = check(&from).err().context("it was taken")?.to_string();
    ensure!(error.contains("should be here is missing"), "{error}");
    Ok(())
}

/// Changes a file, and what the manifest says of it.
fn rewrite(from: &Path, name: &str, text: &str) -> Result<()> {
    use sha2::Digest as _;
    fs::write(from.join(name), text)?;
    let hash: [u8; 32] = sha2::Sha256::digest(text).into();
    change_manifest(from, |it| {
        let files = it["files"].as_array_mut().expect("it is a list");
        let file = files.iter_mut().find(|file| file["name"] == name).expect("it is named");
        file["lines"] = text.lines().count().into();
        file["bytes"] = text.len().into();
        file["sha256"] = planexe_ax::audit::to_hex(&hash).into();
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_whole_does_not_look_like_one() -> Result<()> {
    for backend in every().await? {
        let folder = Folder::new()?;
        let from = taken(&backend, &folder).await?;
        allow_tampering(&backend).await?;
        backend.execute("update event set kind = 'task_stolen' where position = 9").await?;
        let to = folder.path().join("second");
        let error = back_up(&backend, &to).await.err().context("it was taken")?;
        ensure!(error.to_string().contains("position 9: the event was changed"), "{error}");
        ensure!(names(folder.path())? == ["backup"], "{:?}", names(folder.path())?);
        let error = back_up(&backend, &from).await.err().context("it was taken")?;
        ensure!(error.to_string().contains("replaces nothing"), "{error}");
        let broken_off = folder.path().join("backup.7.part");
        fs::rename(&from, &broken_off)?;
        fs::remove_file(broken_off.join(MANIFEST_FILE))?;
        let target = every().await?.pop().context("there is one")?;
        let error = refused(&broken_off, &target).await?;
        ensure!(matches!(&error, KeepingError::NotABackup(_)), "{error}");
    }
    Ok(())
}
