//! One thing that can be set: what it is called, what it takes, and what it is when nobody says
//! anything.

use super::database::{Database, without_password};
use std::net::SocketAddr;

/// What is shown in place of a secret.
const HIDDEN: &str = "(hidden)";

/// One thing that can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the file: `listen`, or `http.in_flight_max` for one of the section `[http]`.
    pub key: &'static str,
    /// The variable of the environment.
    pub env: &'static str,
    /// What it is when nothing is said; empty for nothing.
    pub default: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it holds a secret, and is never shown.
    pub is_secret: bool,
    /// What it is for.
    pub help: &'static str,
}

/// A setting that is no secret.
pub(super) const fn setting(
    key: &'static str,
    env: &'static str,
    default: &'static str,
    kind: Kind,
    help: &'static str,
) -> Setting {
    Setting { key, env, default, kind, is_secret: false, help }
}

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A path.
    Path,
    /// The address of a database.
    Database,
    /// An address to listen on.
    Address,
    /// `true` or `false`.
    YesNo,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number between these two, both included.
    Whole(u64, u64),
    /// A list of texts: with commas between them, or an array in the file.
    Texts,
}

impl Setting {
    /// Whether a flag sets it: a secret has none, others on the machine could see it; the address
    /// of a database has one, since not each holds a password.
    pub fn has_flag(&self) -> bool {
        !self.is_secret || self.kind == Kind::Database
    }

    /// Its flag, without the dashes.
    pub fn flag(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }

    /// Its section in the file, when it stands in one, and its name there.
    pub fn place(&self) -> (Option<&'static str>, &'static str) {
        match self.key.split_once('.') {
            Some((section, name)) => (Some(section), name),
            None => (None, self.key),
        }
    }

    /// A value for people: never with a secret in it.
    pub fn shown(&self, value: &str) -> String {
        if self.kind == Kind::Database {
            return without_password(value);
        }
        let is_hidden = self.is_secret && !value.is_empty();
        if is_hidden { HIDDEN.to_owned() } else { value.to_owned() }
    }

    /// Whether it can have this value.
    pub(super) fn takes(&self, value: &str) -> bool {
        if value.is_empty() {
            return self.default.is_empty();
        }
        match self.kind {
            Kind::Text | Kind::Path | Kind::Texts => true,
            Kind::Database => Database::parse(value).is_some(),
            Kind::Address => address(value).is_some(),
            Kind::YesNo => matches!(value, "true" | "false"),
            Kind::Choice(words) => words.contains(&value),
            Kind::Whole(min, max) => whole(value).is_some_and(|it| (min..=max).contains(&it)),
        }
    }
}

impl Kind {
    /// What to write, in words.
    pub fn wanted(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Database => "postgres://user:password@host/name or sqlite:path".to_owned(),
            Self::Address => "an address such as 127.0.0.1:8000".to_owned(),
            Self::YesNo => "true or false".to_owned(),
            Self::Choice(words) => words.join(" or "),
            Self::Whole(min, max) => format!("a whole number from {min} to {max}"),
            Self::Texts => "texts with commas between them".to_owned(),
        }
    }
}

/// An address to listen on.
pub(super) fn address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}").parse().ok(),
        None => text.parse().ok(),
    }
}

/// A whole number, with underscores between its digits where that helps to read it.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.replace('_', "").parse().ok()
}
