//! Finds source files that no `mod` reaches: their tests would never run.

use super::{code, tree::File};

/// The files that cargo itself finds.
const ROOTS: [&str; 3] = ["lib.rs", "main.rs", "build.rs"];

/// The folders of whose files cargo makes a program each.
const PROGRAMS: [&str; 2] = ["src/domain/tests", "projections/tests"];

/// The files among these that no other of them names as a module.
pub(super) fn forgotten(files: &[File]) -> Vec<String> {
    let is_reached = |path: &str| {
        let Some((parents, name)) = parents(path) else { return true };
        let is_program = |path: &str| folder_of(path).is_some_and(|f| PROGRAMS.contains(&f));
        let of_programs = PROGRAMS.iter().any(|folder| parents[0] == format!("{folder}/mod.rs"));
        let mut found = files
            .iter()
            .filter(|(path, _)| parents.contains(path) || (of_programs && is_program(path)));
        found.any(|(_, text)| code::of(text).contains(&format!("mod {name};")))
    };
    let lost = files.iter().filter(|(path, _)| !is_reached(path));
    lost.map(|(path, _)| format!("{path}: no `mod` reaches this file")).collect()
}

fn folder_of(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

/// The files of which one must name the module that `path` holds, and the module's name; none when
/// cargo finds the file itself.
fn parents(path: &str) -> Option<([String; 4], &str)> {
    let (mut folder, file) = path.rsplit_once('/')?;
    if ROOTS.contains(&file) || PROGRAMS.contains(&folder) {
        return None;
    }
    let mut name = file.strip_suffix(".rs")?;
    if name == "mod" {
        (folder, name) = folder.rsplit_once('/')?;
    }
    let inside = ["mod.rs", "lib.rs", "main.rs"].map(|file| format!("{folder}/{file}"));
    let [module, library, program] = inside;
    Some(([module, library, program, format!("{folder}.rs")], name))
}

#[cfg(test)]
mod tests {
    use super::forgotten;

    fn lost(files: &[(&str, &str)]) -> usize {
        let files = files.iter().map(|(path, text)| (path.to_string(), text.to_string()));
        forgotten(&files.collect::<Vec<_>>()).len()
    }

    #[test]
    fn a_file_that_no_mod_reaches_is_found() {
        assert_eq!(lost(&[("t/main.rs", "mod a;"), ("t/a.rs", ""), ("t/b.rs", "")]), 1);
        assert_eq!(lost(&[("t/main.rs", "// mod a;\n\"mod a;\""), ("t/a.rs", "")]), 1);
        assert_eq!(lost(&[("t/main.rs", "mod d;"), ("t/d/mod.rs", ""), ("t/d/x.rs", "")]), 1);
    }

    #[test]
    fn modules_in_folders_are_reached_by_either_layout() {
        assert_eq!(lost(&[("t/main.rs", "mod a;"), ("t/a.rs", "mod b;"), ("t/a/b.rs", "")]), 0);
        let folder = [("t/lib.rs", "pub mod d;"), ("t/d/mod.rs", "mod x;"), ("t/d/x.rs", "")];
        assert_eq!(lost(&folder), 0);
    }
}
