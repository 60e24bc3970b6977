//! What the program says of itself: each command has examples, and understands them.

use super::house::Person;
use anyhow::{Context, Result, ensure};
use planexe_ax::cli::{page, understands};

/// A section of the page for each command: its name, and what it says.
fn sections(page: &str) -> Vec<(String, String)> {
    let parts = page.split("\n## `").skip(1);
    let named = parts.filter_map(|part| part.split_once("`\n"));
    named.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// The examples of a section, as words.
fn examples(text: &str) -> Vec<Vec<String>> {
    let lines = text.split_once("Examples:\n").map(|(_, rest)| rest).unwrap_or_default();
    let lines = lines.lines().take_while(|line| line.starts_with("  "));
    lines.filter_map(|line| Some(words(&line[line.find("ax ").or(line.find("ax"))?..]))).collect()
}

/// What a shell makes of a line, as far as one command goes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, '|' | '>' | '<' | '&' | ')') => break,
            (None, ' ') => words.push(String::new()),
            (None, '\'') => quote = Some('\''),
            (Some(open), c) if c == open => quote = None,
            (_, c) => words.last_mut().expect("there is one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_has_an_example_that_it_understands() -> Result<()> {
    let page = page();
    let sections = sections(&page);
    ensure!(sections.len() > 50, "{} sections", sections.len());
    for (name, text) in &sections {
        let is_leaf = !text.contains("\nCommands:\n");
        let examples = examples(text);
        ensure!(!is_leaf || !examples.is_empty(), "{name} has no example");
        for example in &examples {
            understands(example).map_err(|why| anyhow::anyhow!("{name}: {example:?}: {why}"))?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn help_goes_to_the_output_and_ends_well() -> Result<()> {
    let person = Person::alone()?;
    for words in [vec!["--help"], vec!["exec", "watch", "--help"], vec!["serve", "-h"]] {
        let told = person.told(&words)?;
        ensure!(told.contains("Examples:"), "{words:?}: {told}");
    }
    let told = person.told(&["exec", "list", "--help"])?;
    let settings = told.lines().find(|line| line.contains("--database"));
    settings.map_or(Ok(()), |line| Err(anyhow::anyhow!("a setting of the server: {line}")))?;
    let server = told.lines().find(|line| line.contains("--server"));
    server.context("it says which server").map(|_| ())
}
