//! `cargo xtask docs`: writes the generated documents and builds the API pages.

use crate::{args::Args, run::cargo, steps::Steps};

const USAGE: &str = "\
cargo xtask docs

Writes the documents that are generated from the types (the tests under `docs::` check that they
are current, and write them when AX_DOCS=write is set), then builds the API pages and fails on a
broken link.
";

/// Runs the task; whether everything was written and built.
pub(crate) fn task(args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    args.end()?;
    let mut steps = Steps::default();
    let mut write = cargo(&["test", "--workspace", "--lib", "--tests", "docs::"]);
    steps.tests("generated documents", write.env("AX_DOCS", "write"));
    let mut pages = cargo(&["doc", "--workspace", "--no-deps"]);
    steps.run("api pages", pages.env("RUSTDOCFLAGS", "-D warnings"));
    Ok(steps.summarise())
}
