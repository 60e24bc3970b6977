//! Folders that are whole or not there: written beside and renamed, with a manifest that is written
//! last and read first.

use super::error::KeepingError;
use super::lines::{Reading, Writing};
use super::manifest::BackupFile;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The name of a manifest.
pub const MANIFEST_FILE: &str = "manifest.json";
/// How large a manifest may be.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// A folder that is being written; removed when it is dropped before it is settled.
pub(super) struct Draft {
    path: PathBuf,
    folder: PathBuf,
    is_settled: bool,
}

impl Draft {
    /// Begins a folder that is not there yet.
    pub(super) fn begin(folder: &Path) -> Result<Self, KeepingError> {
        if folder.exists() {
            return Err(KeepingError::IsThere(folder.to_owned()));
        }
        let mut name = folder.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let path = PathBuf::from(name);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| KeepingError::unwritten(&path, error))?;
        Ok(Self { path, folder: folder.to_owned(), is_settled: false })
    }

    /// Where it is written.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, once all of it is on the disk.
    pub(super) fn settle(mut self) -> Result<(), KeepingError> {
        let Self { path, folder, .. } = &self;
        let settle = || -> io::Result<()> {
            File::open(path)?.sync_all()?;
            fs::rename(path, folder)?;
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
        };
        settle().map_err(|error| KeepingError::unwritten(folder, error))?;
        self.is_settled = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_settled
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, "{} is left: remove it", self.path.display());
        }
    }
}

/// As much of a manifest as every version has.
#[derive(Deserialize)]
struct Beginning {
    format: String,
    #[serde(default)]
    program: String,
}

/// What the manifest in a folder calls its form; none when there is no manifest.
pub(super) fn format_of(folder: &Path) -> Option<String> {
    let file = File::open(folder.join(MANIFEST_FILE)).ok()?;
    let mut bytes = Vec::new();
    file.take(MANIFEST_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(serde_json::from_slice::<Beginning>(&bytes).ok()?.format)
}

/// Reads a manifest of this form.
pub(super) fn read_manifest<T: DeserializeOwned>(
    folder: &Path,
    wanted: &str,
) -> Result<T, KeepingError> {
    let path = folder.join(MANIFEST_FILE);
    let wrong = |what: &str| KeepingError::wrong(MANIFEST_FILE, what);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(KeepingError::NotABackup(folder.to_owned()));
        }
        opened => opened.map_err(|error| KeepingError::unread(&path, error))?,
    };
    let mut bytes = Vec::new();
    let read = file.take(MANIFEST_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|error| KeepingError::unread(&path, error))?;
    let begins: Beginning = serde_json::from_slice(&bytes)
        .map_err(|_| wrong("it is no manifest of this program, or too large"))?;
    if begins.format != wanted {
        return Err(unknown(begins, wanted));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| wrong(&format!("it is not as a manifest must be: {error}")))
}

/// A form with the same name and another number is a newer program's.
fn unknown(Beginning { format, program }: Beginning, wanted: &str) -> KeepingError {
    let name = |format: &str| format.split('/').next().map(str::to_owned);
    if name(&format) != name(wanted) {
        return KeepingError::wrong(MANIFEST_FILE, format!("it is of a {format}, not a {wanted}"));
    }
    KeepingError::Newer { program, found: format!("the form {format}"), known: wanted.to_owned() }
}

/// Writes a manifest; then the folder is whole.
pub(super) fn write_manifest(folder: &Path, manifest: &impl Serialize) -> Result<(), KeepingError> {
    let path = folder.join(MANIFEST_FILE);
    let write = || -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(manifest)?;
        text.push(b'\n');
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(&text)?;
        file.sync_all()
    };
    write().map_err(|error| KeepingError::unwritten(&path, error))
}

/// Writes a text of a few lines.
pub(super) fn write_text(
    folder: &Path,
    name: &str,
    text: &str,
) -> Result<BackupFile, KeepingError> {
    let mut file = Writing::begin(folder, name)?;
    for line in text.lines() {
        file.line(&mut line.as_bytes().to_vec())?;
    }
    file.end()
}

/// Reads such a text, when it is what the manifest names.
pub(super) fn read_text(folder: &Path, expected: &BackupFile) -> Result<String, KeepingError> {
    let mut file = Reading::begin(folder, expected)?;
    let mut text = String::new();
    loop {
        let line = match file.next()? {
            Some(line) => std::str::from_utf8(line).map(str::to_owned),
            None => return Ok(text),
        };
        text += &line.map_err(|_| file.wrong("it is no text"))?;
        text.push('\n');
    }
}
