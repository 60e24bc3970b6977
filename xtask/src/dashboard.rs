//! Tries the dashboard: its types against the API's description, its folds, and every view in a
//! real Chromium against the program itself. What it needs of npm lies in `target/dashboard`.

use crate::{
    args::Args,
    postgres::is_root_on_debian,
    run::{self, cargo, command, succeeds},
    steps::{Outcome, Steps},
};
use anyhow::Context;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where a Chromium may be.
const BROWSERS: [&str; 3] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/// What is not copied.
const LEFT_OUT: &str = "node_modules";
/// The lock file that the installed packages were taken from.
const INSTALLED: &str = "installed.lock.json";

const USAGE: &str = "\
cargo xtask dashboard

Tries the dashboard alone: its types against the API's description, its folds, and every view in
Chromium against the program. `cargo xtask test` does the same among everything else.

  AX_UI=require       fail where it cannot be built or tried
  AX_PICTURES=write   take the pictures of docs/screenshots anew
  CHROMIUM=file       the browser, where it is in no usual place
";

/// Runs the task; whether everything passed.
pub(crate) fn task(args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    args.end()?;
    let mut all = Steps::default();
    steps(&mut all);
    Ok(all.summarise())
}

/// The steps: types, folds, browser. What cannot be tried is said, and fails under `AX_UI=require`.
pub(crate) fn steps(steps: &mut Steps) {
    let wish = env::var("AX_UI").unwrap_or_default();
    if wish == "skip" {
        steps.step("dashboard", || Ok(Outcome::Skipped("AX_UI=skip".to_owned())));
        return;
    }
    let mut place = None;
    steps.step("dashboard types", || {
        if run::printed(&mut command("npm", &["--version"])).is_none() {
            return Ok(missing(&wish, "no npm: install Node.js 20 or newer"));
        }
        let made = prepared()?;
        let is_right = types(&made)?;
        place = Some(made);
        Ok(Outcome::of(is_right))
    });
    let Some(place) = place else { return };
    steps.tests(
        "dashboard folds",
        &mut node(&place, &["node_modules/vitest/vitest.mjs", "run", "--dir", "src"]),
    );
    match browser() {
        Some(browser) => in_browser(steps, &place, &browser),
        None => steps.step("dashboard views", || {
            Ok(missing(&wish, "no Chromium: apt-get install chromium, or set CHROMIUM"))
        }),
    }
}

fn missing(wish: &str, what: &str) -> Outcome {
    eprintln!("NOT TRIED: {what}");
    if wish == "require" { Outcome::Failed } else { Outcome::Skipped(what.to_owned()) }
}

/// A copy of the sources with all packages beside it, those for development too.
fn prepared() -> anyhow::Result<PathBuf> {
    let place = run::target_dir().join("dashboard");
    let sources = run::root().join("dashboard").join("ui");
    for name in ["src", "e2e"] {
        let old = place.join(name);
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    copy(&sources, &place)?;
    let lock = fs::read(place.join("package-lock.json"))?;
    let installed = place.join(INSTALLED);
    if fs::read(&installed).is_ok_and(|it| it == lock) {
        return Ok(place);
    }
    let mut npm = command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let is_there = succeeds(npm.args(["--loglevel", "error"]).current_dir(&place))?;
    anyhow::ensure!(is_there, "npm cannot install what the dashboard's tests need");
    fs::write(installed, lock)?;
    Ok(place)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().context("an entry has a name")?;
        if path.is_dir() && name != LEFT_OUT {
            copy(&path, &to.join(name))?;
        } else if path.is_file() {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// Makes the types from the API's description, and holds every source to them.
fn types(place: &Path) -> anyhow::Result<bool> {
    let description = run::root().join("docs").join("openapi.json");
    let mut make = node(place, &["node_modules/openapi-typescript/bin/cli.js"]);
    make.arg(description).args(["-o", "src/api/schema.d.ts"]);
    let check = ["node_modules/svelte-check/bin/svelte-check", "--fail-on-warnings"];
    Ok(succeeds(&mut make)? && succeeds(&mut node(place, &check))?)
}

fn node(place: &Path, args: &[&str]) -> Command {
    let mut node = command("node", args);
    node.current_dir(place).env("NO_COLOR", "1");
    node
}

/// A Chromium; installed where that is possible.
fn browser() -> Option<PathBuf> {
    let find = || {
        let named = env::var_os("CHROMIUM").map(PathBuf::from);
        named.into_iter().chain(BROWSERS.map(PathBuf::from)).find(|it| it.is_file())
    };
    if find().is_none() && is_root_on_debian() {
        let install = ["install", "--yes", "--quiet", "--no-install-recommends", "chromium"];
        let mut install = command("apt-get", &install);
        install.env("DEBIAN_FRONTEND", "noninteractive");
        for step in [&mut command("apt-get", &["update", "--quiet"]), &mut install] {
            succeeds(step).ok()?;
        }
    }
    find()
}

/// What measures it, in a browser, with a server as it is sent out.
pub(crate) fn bench() -> anyhow::Result<Command> {
    let browser = browser().context("no Chromium: apt-get install chromium, or set CHROMIUM")?;
    let place = prepared()?;
    let is_built = succeeds(&mut cargo(&["build", "--release", "--bin", "ax"]))?;
    anyhow::ensure!(is_built, "the server cannot be built");
    let program = run::target_dir().join("release").join("ax");
    let mut bench = node(&place, &["e2e/bench.mjs"]);
    bench.env("AX", program).env("CHROMIUM", browser);
    Ok(bench)
}

fn in_browser(steps: &mut Steps, place: &Path, browser: &Path) {
    let program = run::target_dir().join("debug").join("ax");
    steps.run("dashboard build", &mut cargo(&["build", "--bin", "ax"]));
    let mut views = node(place, &["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    let Ok(files) = fs::read_dir(place.join("e2e")) else { return };
    let mut files: Vec<_> = files.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    views.args(files).env("AX", program).env("CHROMIUM", browser).env("AX_ROOT", run::root());
    steps.tests("dashboard views", &mut views);
}
