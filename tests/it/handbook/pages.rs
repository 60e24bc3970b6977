//! The pages, and the commands in them.

use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// A block of commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// To be run one after the other.
    Commands(String),
    /// One that goes on while the others are run.
    Background(String),
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its path: the first one that people see, and all below `docs`.
pub(super) fn pages() -> Result<Vec<(String, String)>> {
    let mut paths = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| named(path)).collect()
}

fn named(path: &Path) -> Result<(String, String)> {
    let name = path.strip_prefix(root())?.to_str().context("a path is a text")?.to_owned();
    Ok((name, fs::read_to_string(path)?))
}

/// The blocks of a page that are marked `sh`, each with its line.
pub(super) fn parts(page: &str) -> Vec<(usize, Part)> {
    let mut parts = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (at, line) in page.lines().enumerate() {
        let fence = line.strip_prefix("```");
        open = match (open, fence) {
            (None, Some(words)) => Some((at + 1, words.trim(), String::new())),
            (None, None) => None,
            (Some((line, "sh", text)), Some("")) => {
                parts.push((line, Part::Commands(text)));
                None
            }
            (Some((line, "sh background", text)), Some("")) => {
                parts.push((line, Part::Background(text)));
                None
            }
            (Some(_), Some("")) => None,
            (Some((begin, words, text)), _) => Some((begin, words, text + line + "\n")),
        };
    }
    parts
}

#[test]
fn only_what_is_marked_is_run() {
    let page = "```sh\na\nb\n```\n\n```\nc\n```\n```sh background\nd\n```\n```json\n{}\n```\n";
    let wanted =
        [(1, Part::Commands("a\nb\n".to_owned())), (9, Part::Background("d\n".to_owned()))];
    assert_eq!(parts(page), wanted);
}
