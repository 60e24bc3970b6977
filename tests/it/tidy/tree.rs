//! Reads the files of this repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file's path from the root, with `/` between its parts, and its text.
pub(super) type File = (String, String);

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 6] = [".git", "target", "node_modules", "ax-data", "corpus", "artifacts"];

/// The ends of the names of files that are text.
const TEXTS: [&str; 15] = [
    "rs", "toml", "md", "sql", "lock", "json", "yml", "yaml", "sh", "svelte", "ts", "js", "css",
    "html", "run",
];

/// All Rust files in these folders, sorted by path.
pub(super) fn sources(folders: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    for folder in folders {
        walk(
            &root().join(folder),
            &|path| path.extension().is_some_and(|it| it == "rs"),
            &mut files,
        );
    }
    files.sort();
    files
}

/// All text files of the repository, sorted by path.
pub(super) fn texts() -> Vec<File> {
    let mut files = Vec::new();
    walk(root(), &is_text, &mut files);
    files.sort();
    files
}

/// The text of one file.
pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is part of the repository")
}

/// The names in a folder, sorted; none when it is not there.
pub(super) fn names(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_text(path: &Path) -> bool {
    let end = path.extension().or(path.file_name()).unwrap_or_default().to_string_lossy();
    TEXTS.contains(&end.as_ref())
}

fn walk(folder: &Path, is_wanted: &dyn Fn(&Path) -> bool, files: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !FOREIGN.contains(&name.as_str()) {
            walk(&path, is_wanted, files);
        } else if path.is_file() && is_wanted(&path) {
            files.push((from_root(&path), fs::read_to_string(&path).expect("it is UTF-8")));
        }
    }
}

fn from_root(path: &Path) -> String {
    let short: PathBuf = path.strip_prefix(root()).expect("it was found below the root").into();
    short.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
