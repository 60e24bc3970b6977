//! Proves from the dependency trees that the pure crates stay pure.

use crate::{run, steps::Outcome};
use anyhow::Context;

/// The crates that may know neither a runtime, a database, a door, a log nor chance.
const PURE: [&str; 5] = [
    "planexe-ax-audit",
    "planexe-ax-domain",
    "planexe-ax-decompose",
    "planexe-ax-plans",
    "planexe-ax-projections",
];

/// What they may not reach, however far away.
const FORBIDDEN: [&str; 5] = ["tokio", "sqlx", "axum", "tracing", "rand"];

/// Checks the trees of all pure crates.
pub(crate) fn check() -> anyhow::Result<Outcome> {
    let mut is_pure = true;
    for name in PURE {
        let args = ["tree", "--package", name, "--edges", "normal", "--prefix", "none"];
        let tree = run::printed(run::cargo(&args).args(["--all-features", "--format", "{p}"]))
            .with_context(|| format!("cannot read the dependency tree of {name}"))?;
        let found = forbidden(&tree);
        for crate_name in &found {
            eprintln!(
                "error: {name} depends on {crate_name}: cargo tree -p {name} -i {crate_name}"
            );
        }
        eprintln!("{name}: {} crates", tree.lines().filter(|line| !line.is_empty()).count());
        is_pure &= found.is_empty();
    }
    Ok(Outcome::of(is_pure))
}

fn forbidden(tree: &str) -> Vec<String> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let is_forbidden = |name: &&str| {
        FORBIDDEN.iter().any(|bad| {
            name.strip_prefix(bad)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
        })
    };
    names.filter(is_forbidden).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::forbidden;

    #[test]
    fn forbidden_crates_and_their_parts_are_found() {
        let tree = "planexe-ax-domain v0.1.0 (path)\nserde v1.0.0\nsqlx-core v0.9.0\nrand v0.9.1\n";
        assert_eq!(forbidden(tree), ["sqlx-core", "rand"]);
    }

    #[test]
    fn names_that_only_begin_alike_are_no_finding() {
        assert!(forbidden("randomness v1.0.0\ntokiosk v0.1.0\n").is_empty());
    }
}
