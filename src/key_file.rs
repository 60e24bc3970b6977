//! Files with secrets: read with a word about who else can read them, and made whole or not at all,
//! for their owner only.

use crate::engine::Random;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// How large a file with a secret may be.
const FILE_BYTES_MAX: u64 = 1_024;

/// The text of a file with a secret.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    let meta = std::fs::metadata(path)?;
    if meta.permissions().mode() & 0o077 != 0 {
        let path = path.display();
        tracing::warn!("others on this machine can read the key in {path}: chmod 600 it");
    }
    if meta.len() > FILE_BYTES_MAX {
        let what = format!("it has more than {FILE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    std::fs::read_to_string(path)
}

/// Makes a file with a secret; the first one who makes it makes it for all.
pub(crate) fn make(path: &Path, text: &str, random: &Random) -> io::Result<()> {
    let draft = path.with_extension(format!("key.{:016x}", random.number()));
    let written = write_draft(&draft, text).and_then(|()| match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let removed = std::fs::remove_file(&draft);
    written.and(removed)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        Some(_) | None => Ok(()),
    }
}

fn write_draft(draft: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(format!("{text}\n").as_bytes())?;
    file.sync_all()
}
