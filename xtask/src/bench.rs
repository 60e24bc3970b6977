//! `cargo xtask bench`: the figures, each with its baseline from the same run.

use crate::{
    args::Args,
    dashboard,
    figure::Figure,
    run::{Source, cargo, each_line},
    table,
};
use anyhow::bail;

/// The bench targets: each a program that prints a JSON object a line for each figure.
const TARGETS: [&str; 8] = ["archive", "audit", "engine", "feed", "http", "plans", "ui", "windows"];
/// The one that is measured in a browser.
const IN_BROWSER: &str = "ui";

const HEAD: [&str; 7] = ["figure", "value", "unit", "baseline", "ratio", "reach", "reached"];

const USAGE: &str = "\
cargo xtask bench [--json] [archive | audit | engine | feed | http | plans | ui | windows]

Measures each figure and its baseline in one run and prints the ratios as a table. Fails when a
figure falls short of what it should reach.

  --json    print the figures as a JSON array, and nothing else, on the standard output
";

/// Runs the task; whether every figure was measured and reached.
pub(crate) fn task(mut args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    let is_json = args.flag("--json");
    let targets = chosen(args.name()?.as_deref())?;
    let mut figures = Vec::new();
    let mut failed = Vec::new();
    for target in targets {
        if !measure(target, &mut figures)? {
            failed.push(target);
        }
    }
    if is_json {
        print_json(&figures);
    } else {
        print_table(&figures);
    }
    for target in &failed {
        eprintln!("error: the bench `{target}` failed: its figures are not complete");
    }
    Ok(failed.is_empty() && !figures.iter().any(Figure::is_missed))
}

fn chosen(name: Option<&str>) -> anyhow::Result<Vec<&'static str>> {
    let Some(name) = name else { return Ok(TARGETS.to_vec()) };
    match TARGETS.iter().find(|target| **target == name) {
        Some(target) => Ok(vec![target]),
        None => bail!("there is no bench `{name}`, only: {}", TARGETS.join(", ")),
    }
}

fn measure(target: &str, figures: &mut Vec<Figure>) -> anyhow::Result<bool> {
    let before = figures.len();
    let mut bench = match target {
        IN_BROWSER => dashboard::bench()?,
        _other => cargo(&["bench", "--bench", target]),
    };
    let is_success = each_line(&mut bench, |line, source| match (source, Figure::parse(line)) {
        (Source::Output, Some(figure)) => figures.push(figure),
        (Source::Output | Source::Errors, _) => eprintln!("{line}"),
    })?;
    Ok(is_success && figures.len() > before)
}

fn print_json(figures: &[Figure]) {
    let lines: Vec<_> = figures.iter().map(Figure::json).collect();
    println!("[\n{}\n]", lines.join(",\n"));
}

fn print_table(figures: &[Figure]) {
    let rows = figures.iter().map(|figure| HEAD.map(|name| figure.cell(name)).to_vec());
    println!("\n{}", table::render(&HEAD, &rows.collect::<Vec<_>>()));
    let missed = figures.iter().filter(|figure| figure.is_missed()).count();
    println!("{} figures, {missed} not reached", figures.len());
}
