//! Brings what is to be read: a folder, a file, what is piped in; never more than may be read.

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::planexe::Planexe;
use crate::plans::{
    Bundle, Input, Kind, Options, PlanError, Reading, ZIP_BYTES_MAX, is_left_out, read, read_bundle,
};
use anyhow::{Context, anyhow};
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What is piped in is called so in the report.
const PIPED: &str = "stdin";
/// A run that PlanExe sends is called so in the report.
const RUN: &str = "the run";
/// The most entries of a folder that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// What a path is called in the report.
fn name_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.display().to_string())
}

/// Reads a plan from a folder, a file, or what is piped in.
pub(super) fn from(path: &Path, options: &Options) -> Result<Reading, Failure> {
    if path == Path::new("-") {
        let bytes = limited(io::stdin().lock(), PIPED)?;
        let input = Input { bytes: &bytes, name: PIPED, kind: None };
        return read(input, options).map_err(refused);
    }
    let about = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()));
    if about.map_err(|error| Exit::Usage.because(error))?.is_dir() {
        return read_bundle(folder(path)?, options).map_err(refused);
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()));
    let name = name_of(path);
    let bytes = limited(file.map_err(|error| Exit::Usage.because(error))?, &name)?;
    let kind = Kind::of_name(&name);
    read(Input { bytes: &bytes, name: &name, kind }, options).map_err(refused)
}

/// What lies at a path, as it is sent to a server.
pub(super) enum Found {
    /// The texts of a folder, by their names.
    Files(Map<String, Value>),
    /// A file, and its name.
    Bytes(String, Vec<u8>),
}

/// Brings what is to be sent to a server.
pub(super) fn bytes(path: &Path) -> Result<Found, Failure> {
    if path == Path::new("-") {
        return Ok(Found::Bytes(PIPED.to_owned(), limited(io::stdin().lock(), PIPED)?));
    }
    let about = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()));
    if !about.map_err(|error| Exit::Usage.because(error))?.is_dir() {
        return Ok(Found::Bytes(name_of(path), whole(path)?));
    }
    let (mut files, folders) = entries(path)?;
    if let ([], [only]) = (files.as_slice(), folders.as_slice()) {
        (files, _) = entries(only)?;
    }
    let mut texts = Map::new();
    for path in files.iter().filter(|path| !is_left_out(&name_of(path))) {
        let text = String::from_utf8_lossy(&whole(path)?).into_owned();
        texts.insert(name_of(path), text.into());
    }
    Ok(Found::Files(texts))
}

fn whole(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()));
    limited(file.map_err(|error| Exit::Usage.because(error))?, &name_of(path))
}

/// The run of PlanExe that is meant; none where it is a path.
pub(super) fn run_named(path: &Path, is_run: bool) -> Option<&str> {
    let is_address = |text: &&str| text.starts_with("http://") || text.starts_with("https://");
    path.to_str().filter(|text| is_run || is_address(text))
}

/// Reads a run of the PlanExe that is set up; no other server is asked.
pub(super) async fn from_planexe(
    named: &str,
    config: &Config,
    options: &Options,
) -> Result<Reading, Failure> {
    let Some(config) = &config.planexe else {
        return Err(Exit::Usage.because(anyhow!(
            "no PlanExe is set up: set planexe.url (AX_PLANEXE_URL) to where one runs, or import \
             the archive of its run as a file"
        )));
    };
    let run_id = config.run_named(named).map_err(|error| Exit::Usage.because(error))?;
    let fetched = Planexe::new(config.clone()).fetch(&run_id).await;
    let bytes = fetched.map_err(|fault| Exit::NotPossible.because(fault))?;
    let input = Input { bytes: &bytes, name: RUN, kind: Some(Kind::Zip) };
    read(input, options).map_err(refused)
}

fn refused(error: PlanError) -> Failure {
    Exit::NotPossible.because(error)
}

/// As many bytes as may be read, and no more.
fn limited(source: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(ZIP_BYTES_MAX).unwrap_or(u64::MAX);
    let taken = source.take(most.saturating_add(1)).read_to_end(&mut bytes);
    taken
        .map_err(|error| Exit::Other.because(anyhow!(error).context(format!("reading {name}"))))?;
    if bytes.len() > ZIP_BYTES_MAX {
        let told = anyhow!("{name} has more than {ZIP_BYTES_MAX} bytes (ZIP_BYTES_MAX)");
        return Err(Exit::NotPossible.because(told));
    }
    Ok(bytes)
}

/// The plain files of a folder, or of the one folder in it. Links are not followed.
fn folder(path: &Path) -> Result<Bundle, Failure> {
    let (files, folders) = entries(path)?;
    let mut bundle = Bundle::new();
    if let ([], [only]) = (files.as_slice(), folders.as_slice()) {
        let (files, _) = entries(only)?;
        take(&files, &mut bundle)?;
        return Ok(bundle);
    }
    take(&files, &mut bundle)?;
    Ok(bundle)
}

/// The plain files and the folders in a folder, by name.
fn entries(path: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Failure> {
    let unreadable = |error: io::Error| {
        let told = anyhow!(error).context(format!("cannot read the folder {}", path.display()));
        Exit::Usage.because(told)
    };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(path).map_err(unreadable)?.take(ENTRIES_MAX) {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let is_hidden = is_left_out(&entry.file_name().to_string_lossy());
        match (kind.is_file(), kind.is_dir()) {
            (true, _) => files.push(entry.path()),
            (_, true) if !is_hidden => folders.push(entry.path()),
            _ => {}
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn take(files: &[PathBuf], bundle: &mut Bundle) -> Result<(), Failure> {
    for path in files {
        let name = name_of(path);
        if is_left_out(&name) {
            bundle.skip(&name);
            continue;
        }
        let about = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()));
        let size = about.map_err(|error| Exit::Usage.because(error))?.len();
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        bundle.check_room(&name, size).map_err(refused)?;
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()));
        let bytes = limited(file.map_err(|error| Exit::Usage.because(error))?, &name)?;
        bundle.insert(&name, bytes).map_err(refused)?;
    }
    Ok(())
}
