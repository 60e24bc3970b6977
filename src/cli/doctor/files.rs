//! The files: whether they can be written, whether there is room, and who else may read them.

use super::{Finding, contexts};
use crate::cli::remote::contexts::Contexts;
use crate::config::{Config, Database, Source};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Less room than this is little.
const ROOM_BYTES: u64 = 1 << 30;
/// Less than this is none.
const ROOM_BYTES_MIN: u64 = 64 << 20;
/// What others may do with a file.
const OTHERS: u32 = 0o077;
/// What all others may do with a file.
const ANYBODY: u32 = 0o007;
const MEGABYTE: u64 = 1 << 20;

/// Looks at them.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![folder(&config.data_dir)];
    findings.extend(room(&config.data_dir));
    findings.extend(secrets(config));
    findings
}

/// Whether the data directory can be written.
fn folder(path: &Path) -> Finding {
    const CHECK: &str = "data directory";
    let place = path.display();
    if !path.exists() {
        return Finding::good(CHECK, format!("{place} is not there yet: the first start makes it"));
    }
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    match rustix::fs::access(path, access) {
        Ok(()) => Finding::good(CHECK, format!("{place} can be written")),
        Err(error) => Finding::fault(CHECK, format!("{place} cannot be written: {error}")),
    }
}

/// How much room there is, in the data directory or where it will be.
fn room(path: &Path) -> Option<Finding> {
    const CHECK: &str = "disk";
    let there = path.ancestors().find(|path| path.exists()).map(Path::to_owned);
    let there = there.unwrap_or_else(|| PathBuf::from("."));
    let about = rustix::fs::statvfs(&there).ok()?;
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    let told = format!("{} has {} MB free", there.display(), free / MEGABYTE);
    if free < ROOM_BYTES_MIN {
        return Some(Finding::fault(CHECK, format!("{told}: make room")));
    }
    if free < ROOM_BYTES {
        return Some(Finding::warning(CHECK, format!("{told}: that is little")));
    }
    Some(Finding::good(CHECK, told))
}

/// Whether anybody else may read what is secret.
fn secrets(config: &Config) -> Vec<Finding> {
    let mut own: Vec<(PathBuf, u32)> = Vec::new();
    own.extend(config.values.text("secret_key_file").map(|path| (path.into(), OTHERS)));
    for (setting, known) in config.values.all() {
        if let (true, Source::File(path, _)) = (setting.is_secret, &known.source) {
            own.push((path.clone(), OTHERS));
        }
    }
    if let Database::Sqlite(path) = &config.database {
        own.push((path.clone(), ANYBODY));
    }
    let mut findings = Vec::new();
    match contexts() {
        Ok(known) => {
            own.extend(Contexts::path().map(|path| (path, OTHERS)));
            own.extend(known.contexts.into_values().filter_map(|it| Some((it.key_file?, OTHERS))));
        }
        Err(finding) => findings.push(finding),
    }
    own.sort();
    own.dedup();
    findings.extend(own.iter().filter_map(|(path, rights)| readable(path, *rights)));
    if findings.is_empty() {
        findings.push(Finding::good("secrets", "nobody else may read them"));
    }
    findings
}

fn readable(path: &Path, rights: u32) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    if mode & rights == 0 {
        return None;
    }
    let place = path.display();
    let told = format!("others may read {place}: say chmod 600 {place}");
    let is_key = rights == OTHERS;
    Some(if is_key { Finding::fault("secrets", told) } else { Finding::warning("secrets", told) })
}
