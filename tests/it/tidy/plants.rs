//! Planted bugs: each that the code knows stands in the table, and each test of the table exists.

use super::tree::File;

/// Where `cargo test` finds integration tests, with what their files lie in.
const BINARIES: [&str; 5] = [
    "tests/it/",
    "src/audit/tests/proving/",
    "src/domain/tests/rules/",
    "src/domain/tests/",
    "src/plans/tests/reading/",
];

/// What the table of planted bugs and the code do not agree on.
pub(super) fn loose(table: &str, files: &[File]) -> Vec<String> {
    let planted = planted_in(files);
    let lines = table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let lines: Vec<&str> = lines.collect();
    let mut found = Vec::new();
    let mut bugs = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(test) = line.strip_prefix("    ") {
            if !files.iter().any(|file| has_test(file, test)) {
                found.push(format!("there is no test {test}"));
            }
            continue;
        }
        let bug = line.split(' ').next().unwrap_or_default();
        bugs.push(bug);
        if !planted.contains(&bug) {
            found.push(format!("{bug} is planted nowhere"));
        }
        if lines.get(at + 1).is_none_or(|next| !next.starts_with("    ")) {
            found.push(format!("{bug} has no test that must see it"));
        }
    }
    let unseen = planted.iter().filter(|bug| !bugs.contains(bug));
    found.extend(unseen.map(|bug| format!("{bug} is planted, and no test must see it")));
    found
}

fn planted_in(files: &[File]) -> Vec<&str> {
    let sources = files.iter().filter(|(path, _)| path.starts_with("src/"));
    let named = sources.flat_map(|(_, text)| text.split("is_planted(\"").skip(1));
    named.filter_map(|behind| behind.split('"').next()).collect()
}

/// Whether the file holds the test that `cargo test` calls so.
fn has_test((path, text): &File, test: &str) -> bool {
    let (room, name) = test.rsplit_once("::").unwrap_or(("", test));
    let rooms = BINARIES.iter().filter_map(|binary| path.strip_prefix(binary));
    let mut rooms = rooms.filter_map(|file| file.strip_suffix(".rs"));
    let is_its_room = rooms.any(|file| {
        let is_root = room.is_empty() && !file.contains('/');
        is_root || file.replace('/', "::") == room
    });
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let begins = [format!("fn {name}("), format!("async fn {name}(")];
    is_its_room
        && lines.windows(2).any(|pair| {
            let is_marked = pair[0] == "#[test]" || pair[0].starts_with("#[tokio::test");
            is_marked && begins.iter().any(|begin| pair[1].starts_with(begin))
        })
}
