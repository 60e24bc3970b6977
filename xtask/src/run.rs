//! Runs programs: from the repository's root, showing what is run.

use crate::counts::Counts;
use anyhow::Context;
use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies in the root's folder")
}

/// Where builds go.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A command that runs in the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// A cargo command that runs in the root of the repository.
pub(crate) fn cargo(args: &[&str]) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

/// The line that one would type.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let set = command.get_envs().filter_map(|(name, value)| {
        Some(format!("{}={}", name.to_string_lossy(), value?.to_string_lossy()))
    });
    let words = std::iter::once(program).chain(command.get_args());
    set.chain(words.map(|word| word.to_string_lossy().into_owned())).collect::<Vec<_>>().join(" ")
}

/// Runs it with its output on the screen; whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> anyhow::Result<bool> {
    let line = shown(command);
    eprintln!("\n$ {line}");
    let status = command.status().with_context(|| format!("cannot run `{line}`"))?;
    Ok(status.success())
}

/// Runs it silently and gives what it printed, when it succeeded.
pub(crate) fn printed(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs it and hands each line of its output on, then says whether it succeeded.
/// Lines of the standard output and of the error output come together.
pub(crate) fn each_line(
    command: &mut Command,
    mut seen: impl FnMut(&str, Source),
) -> anyhow::Result<bool> {
    let line = shown(command);
    eprintln!("\n$ {line}");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot run `{line}`"))?;
    let out = child.stdout.take().expect("its output is piped");
    let err = child.stderr.take().expect("its error output is piped");
    let (sender, lines) = std::sync::mpsc::sync_channel(LINES_WAITING_MAX);
    thread::scope(|scope| {
        let sender_of_err = sender.clone();
        scope.spawn(move || forward(out, Source::Output, &sender));
        scope.spawn(move || forward(err, Source::Errors, &sender_of_err));
        for (line, source) in lines {
            seen(&line, source);
        }
    });
    Ok(child.wait()?.success())
}

/// Runs tests with their output on the screen and counts them.
pub(crate) fn counted(command: &mut Command) -> anyhow::Result<(bool, Counts)> {
    let mut counts = Counts::default();
    let is_success = each_line(command, |line, _| {
        counts.read(line);
        eprintln!("{line}");
    })?;
    Ok((is_success, counts))
}

/// Where a line was printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Output,
    Errors,
}

/// How many lines may wait to be shown.
const LINES_WAITING_MAX: usize = 1024;

type Lines = std::sync::mpsc::SyncSender<(String, Source)>;

fn forward(from: impl Read, source: Source, to: &Lines) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        if to.send((text, source)).is_err() {
            return;
        }
        line.clear();
    }
}
