//! Makes sure that the programs of a PostgreSQL server are there: the tests start one of their own.

use crate::{
    run,
    steps::{Outcome, Steps},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

const HOW_TO_INSTALL: &str = "\
no PostgreSQL server was found in PG_BIN, in PATH or in /usr/lib/postgresql/*/bin
  Debian, Ubuntu:  sudo apt-get install postgresql
  Fedora:          sudo dnf install postgresql-server
  macOS:           brew install postgresql
It need not run: the tests start a throwaway server of their own.
AX_TEST_PG=skip leaves out what needs it.";

/// A step that finds PostgreSQL, installs it where that is possible, or says what to install.
pub(crate) fn ensure(steps: &mut Steps) {
    steps.step("postgresql", || {
        if std::env::var_os("AX_TEST_PG").is_some_and(|value| value == "skip") {
            return Ok(Outcome::Skipped("AX_TEST_PG=skip".to_owned()));
        }
        if find().is_none() && is_root_on_debian() {
            install()?;
        }
        match find() {
            Some(dir) => eprintln!("PostgreSQL is in {}", dir.display()),
            None => eprintln!("error: {HOW_TO_INSTALL}"),
        }
        Ok(Outcome::of(find().is_some()))
    });
}

/// The folder that holds `initdb` and `postgres`.
fn find() -> Option<PathBuf> {
    let named = std::env::var_os("PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<_> = named.into_iter().chain(std::env::split_paths(&path)).collect();
    places.extend(installed_versions());
    places.into_iter().find(|dir| dir.join("initdb").exists() && dir.join("postgres").exists())
}

fn installed_versions() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut dirs: Vec<_> = entries.flatten().map(|entry| entry.path().join("bin")).collect();
    dirs.sort();
    dirs.reverse();
    dirs
}

pub(crate) fn is_root_on_debian() -> bool {
    let is_root = run::printed(&mut run::command("id", &["-u"])).is_some_and(|id| id.trim() == "0");
    is_root && Path::new("/etc/debian_version").exists()
}

fn install() -> anyhow::Result<()> {
    run::succeeds(&mut run::command("apt-get", &["update", "--quiet"]))?;
    let mut install =
        run::command("apt-get", &["install", "--yes", "--quiet", "--no-install-recommends"]);
    install.arg("postgresql").env("DEBIAN_FRONTEND", "noninteractive");
    run::succeeds(&mut install)?;
    Ok(())
}
