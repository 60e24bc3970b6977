//! The guards: each looks at one file and names what breaks a rule.

use super::{code, functions};

/// How long a function may be.
const FUNCTION_LINES_MAX: usize = 70;
/// How long a file may be.
const FILE_LINES_MAX: usize = 400;
/// How long a line may be.
const LINE_COLUMNS_MAX: usize = 100;

/// A file, and what of it is code.
pub(super) struct Source<'a> {
    path: &'a str,
    text: &'a str,
    code: String,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &'a str, text: &'a str) -> Self {
        Self { path, text, code: code::of(text) }
    }

    /// The lines of the code in which one of the words stands on its own.
    fn naming(&self, words: &[&str], why: &str) -> Vec<String> {
        let lines = self.code.lines().enumerate();
        let found = lines.flat_map(|(at, line)| {
            let named = words.iter().filter(move |word| has_word(line, word));
            named.map(move |word| (at, word))
        });
        found.map(|(at, word)| finding(self.path, at, &format!("`{word}`: {why}"))).collect()
    }

    fn is_in(&self, rooms: &[&str]) -> bool {
        rooms.iter().any(|room| self.path.starts_with(room))
    }
}

/// A rule about one source file.
pub(super) type Guard = fn(&Source<'_>) -> Vec<String>;

/// All rules about one source file.
pub(super) const ALL: [Guard; 9] = [
    long_functions,
    long_files,
    long_lines,
    sql_outside_the_archive,
    web_outside_the_door,
    clock_outside_the_clock,
    no_module_doc,
    forbidden_attributes,
    unfinished,
];

fn long_functions(source: &Source<'_>) -> Vec<String> {
    let all = functions::of(&source.code).into_iter();
    all.filter(|function| function.lines > FUNCTION_LINES_MAX)
        .map(|long| {
            let what = format!("`{}` has {} lines, not 70 at most", long.name, long.lines);
            finding(source.path, long.line - 1, &what)
        })
        .collect()
}

fn long_files(source: &Source<'_>) -> Vec<String> {
    let lines = source.text.lines().count();
    let what = format!("the file has {lines} lines, not {FILE_LINES_MAX} at most: divide it");
    if lines > FILE_LINES_MAX { vec![finding(source.path, 0, &what)] } else { Vec::new() }
}

fn long_lines(source: &Source<'_>) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    lines
        .filter(|(_, line)| line.chars().count() > LINE_COLUMNS_MAX)
        .map(|(at, _)| finding(source.path, at, "the line has more than 100 columns"))
        .collect()
}

fn sql_outside_the_archive(source: &Source<'_>) -> Vec<String> {
    if source.is_in(&["src/store/", "src/store.rs", "tests/testkit/", "tests/it/store", "benches/"])
    {
        return Vec::new();
    }
    source.naming(&["sqlx"], "only src/store speaks to the database")
}

fn web_outside_the_door(source: &Source<'_>) -> Vec<String> {
    if source.is_in(&["src/http/"]) {
        return Vec::new();
    }
    source.naming(&["axum"], "only src/http is the door")
}

fn clock_outside_the_clock(source: &Source<'_>) -> Vec<String> {
    if source.is_in(&["src/clock.rs", "xtask/", "benches/", "tests/testkit/"]) {
        return Vec::new();
    }
    let readings = ["SystemTime::now", "Instant::now", "now_utc", "now_local"];
    source.naming(&readings, "only src/clock.rs reads the clock")
}

fn no_module_doc(source: &Source<'_>) -> Vec<String> {
    let is_there = source.text.starts_with("//! ");
    let what = "the file does not begin with `//!` and what it is for";
    if is_there { Vec::new() } else { vec![finding(source.path, 0, what)] }
}

fn forbidden_attributes(source: &Source<'_>) -> Vec<String> {
    let lines = source.code.lines().enumerate();
    let found = lines.flat_map(|(at, line)| {
        let bad = ["#[ignore", "#[allow", "#![allow"].into_iter();
        bad.filter(move |attribute| line.contains(attribute)).map(move |bad| (at, bad))
    });
    found.map(|(at, bad)| finding(source.path, at, &format!("`{bad}` is not for us"))).collect()
}

fn unfinished(source: &Source<'_>) -> Vec<String> {
    let mut found = source.naming(&["todo!", "unimplemented!"], "finish it");
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let lines = source.text.lines().enumerate();
    let marked = lines.filter(|(_, line)| marks.iter().any(|mark| has_word(line, mark)));
    found.extend(marked.map(|(at, _)| finding(source.path, at, "a note to do it later: do it")));
    found
}

/// What a pure crate's manifest takes on that is not pure.
pub(super) fn impure(path: &str, manifest: &str) -> Vec<String> {
    let pure = [
        "miniz_oxide",
        "planexe-ax-domain",
        "serde",
        "serde_json",
        "serde_path_to_error",
        "sha2",
        "thiserror",
        "time",
        "uuid",
    ];
    let is_table = |name: &str| name == "toml" && path == "src/decompose/Cargo.toml";
    let proofs = ["base64", "ring"];
    let is_proof = |name: &str| proofs.contains(&name) && path == "src/audit/Cargo.toml";
    let mut section = "";
    let mut found = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if line.starts_with('[') {
            section = line;
        }
        let is_entry = section == "[dependencies]" && !line.starts_with(['[', '#']);
        let is_section = line.starts_with("[dependencies.") || line.starts_with("[target.");
        let is_known = pure.contains(&name) || is_table(name) || is_proof(name);
        let is_stranger = is_entry && !name.is_empty() && !is_known;
        if is_stranger || is_section {
            found.push(finding(path, at, &format!("`{line}` is not for a pure crate")));
        }
    }
    found
}

/// Where the migrations of the two databases are not the same, or their numbers have a gap.
pub(super) fn migrations(postgres: &[String], sqlite: &[String]) -> Vec<String> {
    let only = |these: &[String], those: &[String], where_to: &str| -> Vec<String> {
        let lone = these.iter().filter(|name| !those.contains(name));
        lone.map(|name| format!("{name} is missing in migrations/{where_to}")).collect()
    };
    let mut found = only(postgres, sqlite, "sqlite");
    found.extend(only(sqlite, postgres, "postgres"));
    let numbered = postgres.iter().enumerate();
    let misnumbered = numbered.filter(|(at, name)| !name.starts_with(&format!("{:04}_", at + 1)));
    found.extend(misnumbered.map(|(at, name)| format!("{name} should have number {:04}", at + 1)));
    found
}

/// Where a text names a folder that only one machine has.
pub(super) fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let folders = ["work", "home", "root"].map(|name| format!("/{name}/"));
    let lines = text.lines().enumerate();
    let is_named = |line: &str| folders.iter().any(|folder| has_word(line, folder));
    let found = lines.filter(|(_, line)| is_named(line));
    found.map(|(at, _)| finding(path, at, "a path of one machine")).collect()
}

/// Whether the word stands in the line and is no end of a longer one; nor, when it ends in a
/// letter, a beginning.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, behind) = line.split_at(at);
        let behind = behind.strip_prefix(word).unwrap_or_default();
        let goes_on = word.ends_with(is_part) && behind.starts_with(is_part);
        !before.ends_with(is_part) && !goes_on
    })
}

fn finding(path: &str, at: usize, what: &str) -> String {
    format!("{path}:{}: {what}", at + 1)
}
