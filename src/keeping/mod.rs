//! Keeping: backups of the archive beside whoever writes it, and restoring them. A backup is a
//! folder of lines that says of itself what it must hold; nothing is restored that does not fit.
//! And archives of what is over.

mod archive;
mod backup;
mod error;
mod files;
mod lines;
mod log;
mod manifest;
mod restore;
mod rows;

pub use archive::{ARCHIVE_FORMAT, ArchiveManifest, ArchiveWriter, is_archive, verify_archive};
pub use backup::back_up;
pub use error::KeepingError;
pub use files::MANIFEST_FILE;
pub use manifest::{BackupFile, FORMAT, Manifest, Schema};
pub use restore::{check, restore};
