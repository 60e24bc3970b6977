//! What is set, and by whom: a flag goes before the environment, that before the file, that before
//! what it is when nothing is said.

use super::file::File;
use super::setting::{Setting, address, whole};
use super::{ConfigError, SETTINGS};
use crate::planted::is_planted;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag.
    Flag,
    /// The environment.
    Environment,
    /// The file, on this line.
    File(PathBuf, usize),
    /// Nobody.
    Default,
}

/// A value, and who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The value, as it was written.
    pub text: String,
    /// Who set it.
    pub source: Source,
}

/// The value of every setting.
#[derive(Clone, PartialEq, Eq)]
pub struct Values(BTreeMap<&'static str, Known>);

/// Some of them are secrets: how many there are is all that is told.
impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Values({})", self.0.len())
    }
}

impl Source {
    /// One word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File(..) => "file",
            Self::Default => "default",
        }
    }

    /// Where to change it.
    pub fn place(&self, setting: &Setting) -> String {
        match self {
            Self::Flag => format!("--{}", setting.flag()),
            Self::Environment => setting.env.to_owned(),
            Self::File(path, line) => format!("{} line {line}", path.display()),
            Self::Default => "default".to_owned(),
        }
    }
}

/// Where values may come from.
pub(super) struct Sources<'a> {
    pub(super) flags: &'a BTreeMap<&'static str, String>,
    pub(super) environment: &'a dyn Fn(&str) -> Option<String>,
    pub(super) file: Option<&'a File>,
}

impl Sources<'_> {
    /// What a setting comes to.
    pub(super) fn value(&self, setting: &Setting) -> Result<Known, ConfigError> {
        let flag = self.flags.get(setting.key).cloned();
        let flag = flag.map(|text| Known { text, source: Source::Flag });
        let environment = (self.environment)(setting.env).filter(|text| !text.is_empty());
        let environment = environment.map(|text| Known { text, source: Source::Environment });
        let file = self.file.and_then(|file| file.value(setting));
        let said = match is_planted("config_precedence_reversed") {
            true => file.or(environment).or(flag),
            false => flag.or(environment).or(file),
        };
        let default = || Known { text: setting.default.to_owned(), source: Source::Default };
        let known = said.unwrap_or_else(default);
        if setting.takes(&known.text) {
            return Ok(known);
        }
        Err(ConfigError::Value {
            key: setting.key,
            place: known.source.place(setting),
            value: setting.shown(&known.text),
            wanted: setting.kind.wanted(),
        })
    }
}

impl Values {
    /// Reads every setting.
    pub(super) fn of(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        let read = |setting: &Setting| Ok((setting.key, sources.value(setting)?));
        Ok(Self(SETTINGS.iter().map(read).collect::<Result<_, ConfigError>>()?))
    }

    /// Every setting with its value, in the order of the table.
    pub fn all(&self) -> impl Iterator<Item = (&'static Setting, &Known)> {
        SETTINGS.iter().map(|setting| (setting, self.known(setting.key)))
    }

    /// A value, and who set it.
    pub fn known(&self, key: &str) -> &Known {
        self.0.get(key).expect("the key stands in the table of settings")
    }

    /// A text; none when nothing is said.
    pub fn text(&self, key: &str) -> Option<&str> {
        Some(self.known(key).text.as_str()).filter(|text| !text.is_empty())
    }

    /// The texts of a list.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let texts = self.known(key).text.split(',').map(str::trim);
        texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }

    /// A whole number.
    pub fn whole(&self, key: &str) -> u64 {
        whole(&self.known(key).text).expect("its kind was checked: a number, never empty")
    }

    /// A whole number of things that are counted in memory.
    pub fn count(&self, key: &str) -> usize {
        usize::try_from(self.whole(key)).unwrap_or(usize::MAX)
    }

    /// Yes or no.
    pub fn is_on(&self, key: &str) -> bool {
        self.known(key).text == "true"
    }

    /// An address to listen on; none when nothing is said.
    pub fn address(&self, key: &str) -> Option<SocketAddr> {
        self.text(key).and_then(address)
    }
}
