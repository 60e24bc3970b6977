//! `ax completions`: what a shell needs to complete the words of this program.

use super::out;
use crate::exit::{Exit, Failure};
use clap_complete::Shell;

/// Which shell.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Asked {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish"])]
    shell: String,
}

/// Prints it.
pub(super) fn completions(asked: &Asked) -> Result<(), Failure> {
    let shell = match asked.shell.as_str() {
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => Shell::Bash,
    };
    let mut written = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "ax", &mut written);
    let text = String::from_utf8(written).map_err(|error| Exit::Other.because(error))?;
    out::raw(&text)
}
