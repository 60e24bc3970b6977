//! The file of settings: TOML, each name known, each value at its line.

use super::setting::Setting;
use super::values::{Known, Source};
use super::{ConfigError, SETTINGS};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name of the file in the data directory.
pub(super) const NAME: &str = "ax.toml";
/// Those beside its owner who may do anything with a file.
const OTHERS: u32 = 0o077;
/// How many letters a name may differ in from the one that was meant.
const TYPOS_MAX: usize = 3;

/// A file of settings, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    path: PathBuf,
    values: BTreeMap<&'static str, (String, usize)>,
    is_open_to_others: bool,
}

impl File {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let failed = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(failed)?;
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        let values = parse(path, &text)?;
        Ok(Self { path: path.to_owned(), values, is_open_to_others: mode & OTHERS != 0 })
    }

    /// What it says of a setting.
    pub(super) fn value(&self, setting: &Setting) -> Option<Known> {
        let (text, line) = self.values.get(setting.key)?;
        Some(Known { text: text.clone(), source: Source::File(self.path.clone(), *line) })
    }

    /// What to warn of: a secret that others on this machine can read.
    pub(super) fn warning(&self) -> Option<String> {
        let secret = SETTINGS.iter().find(|it| it.is_secret && self.values.contains_key(it.key))?;
        let (path, key) = (self.path.display(), secret.key);
        self.is_open_to_others
            .then(|| format!("{path} holds `{key}`, and others can read it: chmod 600 {path}"))
    }
}

fn parse(path: &Path, text: &str) -> Result<BTreeMap<&'static str, (String, usize)>, ConfigError> {
    let line_of = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_of(span.start)),
        what: error.message().to_owned(),
    })?;
    let mut values = BTreeMap::new();
    for (key, value) in flat(table.get_ref()) {
        let line = line_of(value.span().start);
        let unknown = || ConfigError::Unknown {
            path: path.to_owned(),
            line,
            key: key.clone(),
            hint: hint(&key),
        };
        let setting = SETTINGS.iter().find(|it| it.key == key).ok_or_else(unknown)?;
        let text = text_of(value.get_ref()).ok_or_else(|| ConfigError::Value {
            key: setting.key,
            place: format!("{} line {line}", path.display()),
            value: format!("of the kind {}", value.get_ref().type_str()),
            wanted: setting.kind.wanted(),
        })?;
        values.insert(setting.key, (text, line));
    }
    Ok(values)
}

/// Every value with its full name.
fn flat<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(String, &'t Spanned<DeValue<'i>>)> {
    let mut all = Vec::new();
    for (name, value) in table {
        let name = name.get_ref();
        match value.get_ref().as_table() {
            None => all.push((name.to_string(), value)),
            Some(section) => {
                all.extend(section.iter().map(|(it, value)| (format!("{name}.{it}"), value)));
            }
        }
    }
    all
}

/// A value as it would be written in a flag; none when it is of a kind that no setting takes.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    if let Some(items) = value.as_array() {
        let texts = items.iter().map(|item| item.get_ref().as_str());
        return texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(","));
    }
    let number = || value.as_integer().filter(|it| it.radix() == 10).map(|it| it.as_str());
    let text = value.as_str().or_else(number);
    text.map(str::to_owned).or_else(|| value.as_bool().map(|it| it.to_string()))
}

/// The setting that was meant, when one is near.
fn hint(key: &str) -> String {
    let bare = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let near = |it: &&Setting| bare(it.key) == bare(key) || distance(it.key, key) <= TYPOS_MAX;
    let nearest = SETTINGS.iter().filter(near).min_by_key(|it| distance(it.key, key));
    match nearest.map(Setting::place) {
        Some((None, name)) => format!("did you mean `{name}`?"),
        Some((Some(section), name)) => format!("did you mean `{name}` in `[{section}]`?"),
        None => "`ax config show` lists what there is".to_owned(),
    }
}

/// In how many letters two names differ.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (place, its) in other.iter().enumerate() {
            let changed = before + usize::from(letter != *its);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
