//! The files of a run, by name: from a folder, an archive or JSON, with the same limits for all.

use crate::error::{ArchiveFault, PlanError};
use crate::planted::is_planted;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The most files in a bundle.
pub const BUNDLE_FILES_MAX: usize = 2_000;
/// The most bytes in all files of a bundle.
pub const BUNDLE_BYTES_MAX: usize = 64 << 20;
/// The most bytes in a file of a bundle.
pub const FILE_BYTES_MAX: usize = 16 << 20;
/// The longest name of a file, folders included.
pub const NAME_BYTES_MAX: usize = 255;

/// What a run leaves that is large and says nothing of the plan.
const LEFT_OUT: [&str; 2] = ["track_activity.jsonl", "log.txt"];

/// The files of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    skipped: BTreeSet<String>,
}

/// Whether a file of that name is not looked at: what systems and editors leave behind, and what is
/// large and says nothing of the plan.
pub fn is_left_out(name: &str) -> bool {
    let mut folders = name.split('/');
    let file = folders.next_back().unwrap_or_default();
    LEFT_OUT.contains(&file)
        || file.starts_with('.')
        || folders.any(|folder| folder == "__MACOSX" || folder.starts_with('.'))
}

/// The name with plain slashes, when it stays inside.
pub(crate) fn safe_name(name: &str) -> Result<String, ArchiveFault> {
    let plain = name.replace('\\', "/");
    let is_drive = plain.as_bytes().get(1) == Some(&b':');
    if plain.starts_with('/') || is_drive {
        return Err(ArchiveFault::Absolute);
    }
    let climbs = plain.split('/').any(|folder| folder == "..");
    if climbs && !is_planted("plan_archive_climbs") {
        return Err(ArchiveFault::Climbs);
    }
    if plain.is_empty() || plain.len() > NAME_BYTES_MAX || plain.chars().any(char::is_control) {
        return Err(ArchiveFault::BadName);
    }
    let folders = plain.split('/').filter(|folder| !folder.is_empty() && *folder != ".");
    Ok(folders.collect::<Vec<_>>().join("/"))
}

impl Bundle {
    /// An empty bundle.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a file, or skips it when it is not looked at.
    pub fn insert(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), PlanError> {
        let safe = safe_name(name).map_err(|fault| PlanError::archive(name, fault))?;
        if is_left_out(&safe) {
            self.skip(&safe);
            return Ok(());
        }
        if bytes.starts_with(crate::unzip::SIGNATURE) {
            return Err(PlanError::archive(name, ArchiveFault::Nested));
        }
        self.check_room(&safe, bytes.len())?;
        self.bytes += bytes.len();
        if self.files.insert(safe, bytes).is_some() {
            return Err(PlanError::archive(name, ArchiveFault::Twice));
        }
        Ok(())
    }

    /// Notes a file that is not looked at.
    pub fn skip(&mut self, name: &str) {
        if self.skipped.len() < BUNDLE_FILES_MAX {
            self.skipped.insert(name.to_owned());
        }
    }

    /// Says whether one more file of that size fits, before its bytes are read.
    pub fn check_room(&self, name: &str, bytes: usize) -> Result<(), PlanError> {
        let (count, total) = (self.files.len() + 1, self.bytes.saturating_add(bytes));
        if count > BUNDLE_FILES_MAX {
            let limit = ("BUNDLE_FILES_MAX", BUNDLE_FILES_MAX);
            return Err(PlanError::too_large("the run", "files", limit, count));
        }
        if bytes > FILE_BYTES_MAX {
            let limit = ("FILE_BYTES_MAX", FILE_BYTES_MAX);
            return Err(PlanError::too_large(name, "bytes", limit, bytes));
        }
        if total > BUNDLE_BYTES_MAX {
            let limit = ("BUNDLE_BYTES_MAX", BUNDLE_BYTES_MAX);
            return Err(PlanError::too_large("the run", "bytes", limit, total));
        }
        Ok(())
    }

    /// Takes a folder away that all files lie in.
    pub(crate) fn flatten(&mut self) {
        let Some(top) = self.files.keys().next().and_then(|name| name.split_once('/')) else {
            return;
        };
        let top = format!("{}/", top.0);
        if self.files.keys().all(|name| name.starts_with(&top)) {
            let files = std::mem::take(&mut self.files).into_iter();
            self.files = files.map(|(name, bytes)| (name[top.len()..].to_owned(), bytes)).collect();
        }
    }

    /// The files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }

    /// The names of what was not looked at.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = &str> {
        self.skipped.iter().map(String::as_str)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub(crate) fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for (name, fault) in [
            ("../x", ArchiveFault::Climbs),
            ("a/../../x", ArchiveFault::Climbs),
            ("a\\..\\x", ArchiveFault::Climbs),
            ("/etc/passwd", ArchiveFault::Absolute),
            ("\\\\server\\share", ArchiveFault::Absolute),
            ("C:\\x", ArchiveFault::Absolute),
            ("a\u{1b}[2J", ArchiveFault::BadName),
            ("", ArchiveFault::BadName),
        ] {
            assert_eq!(safe_name(name), Err(fault), "{name:?}");
        }
        assert_eq!(safe_name("./a//b.json").as_deref(), Ok("a/b.json"));
    }

    #[test]
    fn what_systems_leave_behind_is_not_looked_at_and_one_top_folder_is_taken_away() {
        let mut bundle = Bundle::new();
        for name in ["run/plan.txt", "run/.DS_Store", "__MACOSX/run/._plan.txt", "run/log.txt"] {
            bundle.insert(name, b"x".to_vec()).expect("it is taken");
        }
        bundle.flatten();
        assert_eq!(bundle.files().map(|(name, _)| name).collect::<Vec<_>>(), ["plan.txt"]);
        assert_eq!(bundle.skipped().count(), 3);
    }

    #[test]
    fn a_bundle_has_its_limits_by_name() {
        let mut bundle = Bundle::new();
        for place in 0..BUNDLE_FILES_MAX {
            bundle.insert(&format!("f{place}"), Vec::new()).expect("it fits");
        }
        let refused = bundle.insert("one_more", Vec::new()).expect_err("there is no room");
        assert!(refused.to_string().contains("BUNDLE_FILES_MAX"), "{refused}");
        let refused = Bundle::new().check_room("big", FILE_BYTES_MAX + 1);
        assert!(refused.is_err_and(|error| error.to_string().starts_with("big: ")));
    }
}
