//! A shell that runs the commands of a page, with the real program in its path.

use anyhow::{Context, Result, bail};
use planexe_ax_testkit::Folder;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Stands alone on a line behind the output of a block.
const END: &str = "--- end of the block ---";
/// Where pages say that a server listens, when they name no other place.
const USUAL: &str = "127.0.0.1:8000";
/// A server somewhere, as pages call it.
const SOMEWHERE: &str = "https://ax.example";

/// A shell, and what it began.
pub(super) struct Terminal {
    shell: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// What is said in place of what pages say.
    words: Vec<(String, String)>,
    /// What servers print: they go on while somebody could read it.
    printed: Vec<BufReader<File>>,
    folder: Folder,
}

impl Terminal {
    pub(super) fn open() -> Result<Self> {
        let folder = Folder::new()?;
        let program = Path::new(env!("CARGO_BIN_EXE_ax")).parent().context("it is in a folder")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let places = std::iter::once(program.to_owned()).chain(std::env::split_paths(&path));
        let mut command = Command::new("bash");
        for (name, _) in std::env::vars_os() {
            let is_ours = name.to_str().is_some_and(|name| {
                ["AX_", "DATABASE_URL", "OTEL_", "PLANEXE_"].iter().any(|it| name.starts_with(it))
            });
            if is_ours {
                command.env_remove(name);
            }
        }
        command.env("PATH", std::env::join_paths(places)?).env("HOME", folder.path());
        command.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().context("bash runs the commands")?;
        let output = BufReader::new(shell.stdout.take().context("it is piped")?);
        let input = shell.stdin.take();
        let (words, printed) = (Vec::new(), Vec::new());
        let mut terminal = Self { shell, input, output, words, printed, folder };
        terminal.write("exec 2>&1; set -eu; trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n")?;
        Ok(terminal)
    }

    /// Says something else than a page does.
    pub(super) fn say_instead(&mut self, page: &str, said: &str) {
        self.words.push((page.to_owned(), said.to_owned()));
    }

    fn write(&mut self, text: &str) -> Result<()> {
        Ok(self.input.as_mut().context("it is open")?.write_all(text.as_bytes())?)
    }

    fn adapted(&self, text: &str) -> String {
        self.words.iter().fold(text.to_owned(), |text, (page, said)| text.replace(page, said))
    }

    /// Runs commands, each of which must go well.
    pub(super) fn run(&mut self, text: &str) -> Result<()> {
        let text = self.adapted(text);
        self.write(&format!("{{\n{text}\n}} < /dev/null\necho; echo '{END}'\n"))?;
        let mut told = String::new();
        loop {
            let before = told.len();
            if self.output.read_line(&mut told)? == 0 {
                bail!("a command failed:\n{told}");
            }
            if told[before..].trim_end() == END {
                return Ok(());
            }
        }
    }

    /// Begins a server at a place of its own, and waits until it says where that is.
    pub(super) fn begin(&mut self, text: &str) -> Result<()> {
        let text = self.adapted(text.trim());
        let named = text.split_once("--listen ").map_or(USUAL, |(_, rest)| rest);
        let named = named.split_whitespace().next().context("it names a place")?.to_owned();
        let text = text.replace(&format!("--listen {named}"), "");
        let pipe = format!("printed-{}", self.printed.len());
        self.run(&format!("mkfifo {pipe}"))?;
        let data = match text.contains("--database sqlite:") {
            true => String::new(),
            false => format!("--data-dir data-{}", self.printed.len()),
        };
        self.write(&format!(
            "{{ exec {text} {data} --listen 127.0.0.1:0 > {pipe} 2>> log; }} < /dev/null &\n"
        ))?;
        let mut printed = BufReader::new(File::open(self.folder.path().join(&pipe))?);
        let mut first = String::new();
        printed.read_line(&mut first)?;
        let (_, address) = first.trim().rsplit_once("http://").with_context(|| {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            format!("{text}: {first}{}", log.unwrap_or_default())
        })?;
        self.say_instead(&named, address);
        self.say_instead(SOMEWHERE, &format!("http://{address}"));
        self.printed.push(printed);
        self.wait_for("/readyz")
    }

    /// Waits until the server that was begun last has an answer.
    pub(super) fn wait_for(&mut self, path: &str) -> Result<()> {
        let (_, server) = self.words.last().context("a server was begun")?;
        let again = "--retry 60 --retry-all-errors --retry-delay 1";
        self.run(&format!("curl -sf {again} -o answer {server}{path}"))
    }

    /// Ends the shell, and with it what it began.
    pub(super) fn close(mut self) -> Result<()> {
        drop(self.input.take());
        self.shell.wait()?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.input.take());
        drop(self.shell.wait());
    }
}
