//! The servers that somebody works with, by names of their own: a file that only they can read, and
//! files of keys that only they can read.

use crate::exit::{Exit, Failure};
use anyhow::{Context as _, anyhow};
use planexe_ax_client::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Names the file.
const CONTEXTS: &str = "AX_CONTEXTS";
/// The rights of what only its owner may read.
const OWN: u32 = 0o600;
const OTHERS: u32 = 0o077;
/// How long a file of contexts, or of a key, may be.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Contexts {
    /// The one in use.
    pub(in crate::cli) current: Option<String>,
    #[serde(default)]
    pub(in crate::cli) contexts: BTreeMap<String, Context>,
}

/// A server, and the file of the key to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Context {
    pub(in crate::cli) server: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) key_file: Option<PathBuf>,
}

impl Contexts {
    /// Where they are kept; none where there is no home.
    pub(in crate::cli) fn path() -> Option<PathBuf> {
        let named = |name: &str| {
            let value = std::env::var_os(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        named(CONTEXTS).or_else(|| {
            let folder = named("XDG_CONFIG_HOME");
            let folder = folder.or_else(|| Some(named("HOME")?.join(".config")))?;
            Some(folder.join("ax").join("contexts.json"))
        })
    }

    /// Reads them; nothing where there are none yet.
    pub(in crate::cli) fn read() -> Result<Self, Failure> {
        let Some(path) = Self::path() else { return Ok(Self::default()) };
        let text = match limited(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                let told = anyhow!(error).context(format!("cannot read {}", path.display()));
                return Err(Exit::Usage.because(told));
            }
        };
        serde_json::from_str(&text).map_err(|error| {
            let told = anyhow!("{} is no file of contexts: {error}", path.display());
            Exit::Usage.because(told)
        })
    }

    /// Keeps them, all at once, for their owner alone.
    pub(in crate::cli) fn write(&self) -> Result<(), Failure> {
        let path = Self::path().ok_or_else(|| {
            Exit::Usage.because(anyhow!("there is no home: name a file in {CONTEXTS}"))
        })?;
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Exit::Other.because(error))?;
        keep(&path, &text)
    }

    /// The context of this name, or what may have been meant.
    pub(in crate::cli) fn named(&self, name: &str) -> Result<&Context, Failure> {
        self.contexts.get(name).ok_or_else(|| {
            let names: Vec<_> = self.contexts.keys().map(String::as_str).collect();
            let known = match names.as_slice() {
                [] => "there is none yet: ax context add".to_owned(),
                names => format!("there are {}", names.join(", ")),
            };
            Exit::Usage.because(anyhow!("there is no context `{name}`: {known}"))
        })
    }
}

impl Context {
    /// The key to it, where there is one.
    pub(in crate::cli) fn key(&self) -> Result<Option<Key>, Failure> {
        let Some(path) = &self.key_file else { return Ok(None) };
        key_in(path).map(Some)
    }
}

/// The key in a file that nobody else may read.
pub(in crate::cli) fn key_in(path: &Path) -> Result<Key, Failure> {
    let wrong = |told: anyhow::Error| Exit::Usage.because(told);
    let about = fs::metadata(path)
        .with_context(|| format!("the file of the key {} cannot be read", path.display()));
    if about.map_err(wrong)?.permissions().mode() & OTHERS != 0 {
        return Err(wrong(anyhow!(
            "others may read the key in {0}: say chmod 600 {0}, and have the key replaced if they \
             did",
            path.display()
        )));
    }
    let text = limited(path)
        .with_context(|| format!("the file of the key {} cannot be read", path.display()));
    Key::parse(&text.map_err(wrong)?)
        .ok_or_else(|| wrong(anyhow!("there is no key in {}", path.display())))
}

fn limited(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    io::Read::read_to_string(&mut io::Read::take(file, FILE_BYTES_MAX), &mut text)?;
    Ok(text)
}

/// Writes a file that only its owner may read, all at once.
pub(in crate::cli) fn keep(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(OWN).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| {
        Exit::Other.because(anyhow!(error).context(format!("cannot write {}", path.display())))
    })
}
