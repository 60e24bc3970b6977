//! The real `ax`, told to speak to a server, with a home of its own.

use crate::program::ax;
use anyhow::{Context, Result, ensure};
use planexe_ax_testkit::Folder;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Somebody at a terminal, or a program.
pub(crate) struct Person {
    pub(crate) dir: Folder,
    url: Option<String>,
    key: Option<String>,
}

impl Person {
    /// Who speaks to the server there.
    pub(crate) fn at(url: &str) -> Result<Self> {
        Ok(Self { dir: Folder::new()?, url: Some(url.to_owned()), key: None })
    }

    /// Who knows of no server.
    pub(crate) fn alone() -> Result<Self> {
        Ok(Self { dir: Folder::new()?, url: None, key: None })
    }

    pub(crate) fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = ax(words, &self.dir);
        command.env_remove("NO_COLOR").env("TERM", "xterm").env("HOME", self.path());
        command.stdin(Stdio::null());
        for (name, value) in [("AX_URL", &self.url), ("AX_KEY", &self.key)] {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Result<Output> {
        Ok(tokio::task::block_in_place(|| self.command(words).output())?)
    }

    /// What is printed, of what must work.
    pub(crate) fn told(&self, words: &[&str]) -> Result<String> {
        let output = self.run(words)?;
        ensure!(output.status.code() == Some(0), "{words:?}: {}", said(&output));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The same, read as JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Result<Value> {
        let told = self.told(words)?;
        serde_json::from_str(&told).with_context(|| format!("{words:?}: {told}"))
    }

    /// What is said on the error output, of what must end so and print nothing.
    pub(crate) fn refused(&self, code: i32, words: &[&str]) -> Result<String> {
        let output = self.run(words)?;
        let said = said(&output);
        ensure!(output.status.code() == Some(code), "{words:?}: {:?}: {said}", output.status);
        ensure!(output.stdout.is_empty(), "{words:?}: {:?}", output.stdout);
        ensure!(said.starts_with("error: ") && !said.contains("panicked"), "{words:?}: {said}");
        Ok(said)
    }

    /// The command, on a terminal of that size.
    pub(crate) fn on_terminal(&self, columns: u16, rows: u16, words: &[&str]) -> Command {
        let quoted = |word: &&str| format!("'{}'", word.replace('\'', r"'\''"));
        let words: Vec<_> = words.iter().map(quoted).collect();
        let program = env!("CARGO_BIN_EXE_ax");
        let line = format!("stty cols {columns} rows {rows}; exec {program} {}", words.join(" "));
        let plain = self.command(&[]);
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// What stands on the terminal, of what must work.
    pub(crate) fn screen(&self, columns: u16, rows: u16, words: &[&str]) -> Result<String> {
        let mut command = self.on_terminal(columns, rows, words);
        let output = tokio::task::block_in_place(|| command.output());
        let output = output.context("script (of util-linux) makes the terminal")?;
        let text = String::from_utf8(output.stdout)?.replace("\r\n", "\n");
        ensure!(output.status.code() == Some(0), "{words:?}: {text}");
        Ok(text)
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A text from a terminal without its colours.
pub(crate) fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}
