//! Where the programs of PostgreSQL are, and as whom they run.

use anyhow::{Context, Result};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const MISSING: &str = "PostgreSQL is needed for this test: install it (Debian: apt install \
     postgresql), or name the folder of its programs in PG_BIN, or set AX_TEST_PG=skip";

/// The folder that holds `initdb` and `postgres`.
pub(crate) fn folder() -> Result<PathBuf> {
    let named = std::env::var_os("PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = named.into_iter().collect();
    candidates.extend(std::env::split_paths(&path));
    candidates.extend(installed());
    let found = candidates.into_iter().find(|folder| is_there(folder)).context(MISSING)?;
    let program = found.join("postgres").canonicalize()?;
    Ok(program.parent().context(MISSING)?.to_owned())
}

fn is_there(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

fn installed() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut folders: Vec<PathBuf> =
        versions.flatten().map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders
}

/// The user that the server runs as: PostgreSQL refuses to be root.
#[derive(Clone, Copy)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The user `postgres` when this process is root; none when it may run the server itself.
pub(crate) fn other_user() -> Result<Option<User>> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:")).context(MISSING)?;
    let mut fields = line.split(':').skip(2);
    let mut next = || fields.next().and_then(|field| field.parse().ok()).context(MISSING);
    Ok(Some(User { uid: next()?, gid: next()? }))
}

/// A program that runs as that user, apart from this process's group.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    command.process_group(0).current_dir("/").env_remove("PGDATA");
    if let Some(User { uid, gid }) = user {
        command.uid(uid).gid(gid);
    }
    command
}
