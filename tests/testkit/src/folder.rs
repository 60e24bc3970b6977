//! Folders for one test each. A process that is killed leaves its own behind: they carry its
//! number, and the next process clears them away.

use anyhow::Result;
use std::path::Path;
use std::sync::Once;
use tempfile::TempDir;

const PREFIX: &str = "ax-test-";

/// A folder of its own, gone with this value.
pub struct Folder(TempDir);

impl Folder {
    /// A new and empty one.
    pub fn new() -> Result<Self> {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| sweep(&std::env::temp_dir()));
        let prefix = format!("{PREFIX}{}-", std::process::id());
        Ok(Self(tempfile::Builder::new().prefix(&prefix).tempdir()?))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Removes what processes that are gone have left.
fn sweep(root: &Path) {
    let Ok(entries) = std::fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        let owner = number.and_then(|number| number.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_process_left_is_swept_and_what_a_living_one_has_is_not() -> Result<()> {
        let root = Folder::new()?;
        let above_all_processes = u32::MAX;
        let left = root.path().join(format!("{PREFIX}{above_all_processes}-abc"));
        let used = root.path().join(format!("{PREFIX}{}-abc", std::process::id()));
        let other = root.path().join("ax-other");
        for folder in [&left, &used, &other] {
            std::fs::create_dir(folder)?;
        }
        sweep(root.path());
        assert_eq!([left.exists(), used.exists(), other.exists()], [false, true, true]);
        Ok(())
    }
}
